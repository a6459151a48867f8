/** `npm run deploy:sandbox` and `npm run destroy:sandbox` (docs/operations.md). */
import { OptionError } from '../command-line.ts';
import { deploy, destroy } from './deploy.ts';
import { DEPLOY_HELP, DESTROY_HELP, parseDeploy, parseDestroy } from './options.ts';
import { thisWorld } from './world.ts';

const EXIT_USAGE = 2;
const STAGE = 'sandbox';

async function main([verb, ...words]: readonly string[]): Promise<number> {
  const isDeploy = verb === 'deploy';
  if (!isDeploy && verb !== 'destroy') throw new OptionError('deploy or destroy is expected');
  const command = isDeploy ? parseDeploy(words) : parseDestroy(words);
  if (command === null) {
    process.stdout.write(isDeploy ? DEPLOY_HELP : DESTROY_HELP);
    return 0;
  }
  return 'checkOnly' in command ? deploy(STAGE, command, thisWorld()) : destroy(STAGE, command, thisWorld());
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof OptionError ? EXIT_USAGE : 1;
}

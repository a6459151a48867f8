/** `npm run redrive`: the dead letters of a queue, listed or moved back (docs/operations.md). */
import { OptionError } from '../command-line.ts';
import { HELP, parseRedriveOptions } from './options.ts';
import { findPlace } from './place.ts';
import { redriveJson, redriveText } from './print.ts';
import { redrive } from './redrive.ts';

const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const options = parseRedriveOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const place = await findPlace(options.queue, options.where);
  try {
    const outcome = await redrive(place, options);
    const print = options.json ? redriveJson : redriveText;
    process.stdout.write(print(options, place.title, outcome, Date.now()));
    return outcome.troubles.length === 0 ? 0 : 1;
  } finally {
    place.client.destroy();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof OptionError ? EXIT_USAGE : 1;
}

/**
 * `npm run faults`: the money paths under every fault (design sections 4, 21). Fails on a violation, never because the
 * machine is slow.
 */

import { realFaults } from './real/main.ts';
import { repeatSeed, runMutations, runSeeds } from './virtual/commands.ts';
import { parseFaultOptions, UsageError } from './virtual/options.ts';

const EXIT_USAGE = 2;
const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--real')) return realFaults(words);
  const options = parseFaultOptions(words);
  switch (options.what) {
    case 'help':
      process.stdout.write(options.text);
      return 0;
    case 'seed':
      return repeatSeed(options);
    case 'mutations':
      return runMutations(options, note);
    case 'seeds':
      return runSeeds(options, note);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  note(
    error instanceof UsageError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? '')
        : String(error),
  );
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : 1;
}

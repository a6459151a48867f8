/** The command line of `npm run demo`: the feed's options of `npm start`, and nothing that needs an answer. */
import { OptionError } from '../../command-line.ts';
import { type CommandLine, parseOptions } from '../options.ts';

export type DemoOptions = Pick<
  CommandLine,
  'feed' | 'speed' | 'seed' | 'strict' | 'json' | 'verbose' | 'help'
>;

export const DEMO_HELP = `Moniqo's demo: opens protected positions, lets prices run, and shows how each one got out.

  npm run demo -- [options]

  --feed synthetic      prices that are made up (default)
  --feed replay:FILE    recorded trades from a CSV or CSV.gz file
  --speed N|max         replay: how many times faster than recorded (default: the whole file within the demo)
  --strict              replay: a malformed line ends the replay instead of being skipped and counted
  --seed N              synthetic: another seed, other prices
  --json                one JSON document on stdout; everything else on stderr
  --verbose             every log line on the terminal, not only warnings and errors
  --help                this text

Exit code 0: everything closed and every number agrees. It takes less than a minute.
`;

const NOT_HERE = [
  ...['--port', '--data', '--no-simulator', '--binance', '--i-understand-real-money'],
  '--polygon-url',
];
const LIVE = ['binance', 'polygon'];

/** @throws OptionError naming the option that is unknown or wrong */
export function parseDemoOptions(argv: readonly string[]): DemoOptions {
  const foreign = argv.find((word) => NOT_HERE.includes(word.split('=')[0] ?? ''));
  if (foreign !== undefined) throw new OptionError(`unknown option ${foreign}`);
  // Nobody has to find a key first to learn that it goes elsewhere.
  const options = parseOptions(argv, { POLYGON_API_KEY: 'not used' });
  if (options.feed !== undefined && LIVE.includes(options.feed)) {
    throw new OptionError(`--feed ${options.feed} goes with npm start`);
  }
  return options;
}

/** How much is traded, followed and read: what the bill is reckoned for. Pure. */
import { OptionError, readOptions, wholeNumber } from '../command-line.ts';
import type { Stage } from '../stacks/settings.ts';

export interface Load {
  readonly name: string;
  readonly stage: Stage;
  readonly users: number;
  /** Followed the whole month. */
  readonly symbols: number;
  /** Open the whole month. */
  readonly positions: number;
  readonly ordersPerDay: number;
  /** Wallets at an exchange. */
  readonly exchangeWallets: number;
  /** People who look at their positions every five seconds, around the clock. */
  readonly viewers: number;
  /** Ticks of one symbol in a second. */
  readonly ticksPerSecond: number;
}

const TICKS = 4;

/** Nobody trades, nothing is followed: what a sandbox costs for being there. */
export const IDLE: Load = {
  ...{ name: 'sandbox, idle', stage: 'sandbox', users: 1, symbols: 0, positions: 0, ordersPerDay: 0 },
  ...{ exchangeWallets: 0, viewers: 0, ticksPerSecond: 0 },
};

/** The sizes of the fact sheet (aws.md, line 293). */
export const SIZES: readonly Load[] = [
  IDLE,
  {
    ...{ name: 'sandbox, used', stage: 'sandbox', users: 1, symbols: 3, positions: 5, ordersPerDay: 50 },
    ...{ exchangeWallets: 1, viewers: 0, ticksPerSecond: TICKS },
  },
  {
    ...{ name: 'small', stage: 'prod', users: 100, symbols: 100, positions: 1_000, ordersPerDay: 5_000 },
    ...{ exchangeWallets: 100, viewers: 10, ticksPerSecond: TICKS },
  },
  {
    ...{ name: 'large', stage: 'prod', users: 10_000, symbols: 500, positions: 100_000 },
    ...{ ordersPerDay: 500_000, exchangeWallets: 10_000, viewers: 1_000, ticksPerSecond: TICKS },
  },
];

export const COST_HELP = `The monthly bill: what stands in the templates, and what was measured of each operation, times what you say.

  npm run cost                      sandbox (idle and used), small and large
  npm run cost -- --users 100 --symbols 100 --positions 1000 --orders-per-day 5000

  --stage sandbox|prod      whose templates (default prod)
  --users N                 with --symbols, --positions, --orders-per-day: a size of your own
  --exchange-wallets N      wallets at an exchange (default: as many as users)
  --viewers N               who look at their positions every 5 s, around the clock (default: a tenth of the users)
  --ticks-per-second N      of one symbol (default ${TICKS})
  --docs                    writes the tables of docs/cost.md anew
  --json                    one JSON document on stdout
  --help                    this text

Prices are of us-east-1 (infra/cost/prices.ts says of when), counts are in infra/cost/measured.json (npm run cost:measure).
`;

export interface CostCommand {
  readonly loads: readonly Load[];
  readonly docs: boolean;
  readonly json: boolean;
}

const NUMBERS = ['--users', '--symbols', '--positions', '--orders-per-day'] as const;
const MORE = ['--exchange-wallets', '--viewers', '--ticks-per-second'] as const;
const MOST = 1_000_000_000;

/** Null: help is asked for. @throws OptionError naming the option that is unknown, wrong or missing */
export function parseCost(argv: readonly string[]): CostCommand | null {
  const given = readOptions(argv, {
    withValue: new Set([...NUMBERS, ...MORE, '--stage']),
    flags: new Set(['--docs', '--json', '--help']),
  });
  if (given.has('--help')) return null;
  const [docs, json] = [given.has('--docs'), given.has('--json')];
  const own = [...NUMBERS, ...MORE, '--stage'].filter((name) => given.has(name));
  if (own.length === 0) return { loads: SIZES, docs, json };
  if (docs) throw new OptionError('--docs goes with no size of your own');
  const value = (name: string, absent?: number): number => {
    const text = given.get(name);
    if (text !== undefined) return wholeNumber(name, text, 0, MOST);
    if (absent === undefined)
      throw new OptionError(`${name} is missing: a size has all of ${NUMBERS.join(', ')}`);
    return absent;
  };
  const stage = given.get('--stage') ?? 'prod';
  if (stage !== 'sandbox' && stage !== 'prod') {
    throw new OptionError(`--stage ${stage}: sandbox or prod is expected`);
  }
  const users = value('--users');
  const load: Load = {
    name: 'yours',
    stage,
    users,
    symbols: value('--symbols'),
    positions: value('--positions'),
    ordersPerDay: value('--orders-per-day'),
    exchangeWallets: value('--exchange-wallets', users),
    viewers: value('--viewers', Math.ceil(users / 10)),
    ticksPerSecond: value('--ticks-per-second', TICKS),
  };
  return { loads: [load], docs, json };
}

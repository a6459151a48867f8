/** The command line of `npm run smoke`, and what it takes from the environment. Pure. */
import { decimal, parseDecimal } from '../../shared/domain/money/decimal.ts';
import { OptionError, readOptions } from '../command-line.ts';

export const HELP = `The way of one position from price to statement, on a system that runs: is this deployment good?

  npm run smoke -- --url https://ID.execute-api.REGION.amazonaws.com    a deployment, demo wallet
  npm run smoke                                                         the laptop system, started for it
  npm run smoke -- --binance testnet                                    the same at Binance's testnet, on the laptop system
  npm run smoke -- --binance testnet --url URL                          at the testnet, by a deployment that serves it

  --url URL            the API's address: https, or http on this machine (the output ApiUrl of the deployment)
  --push-url URL       the WebSocket's address (the output PushUrl): events of order and position are expected there too;
                       without it they are not tested, but on a system that was started for it
  --token-url URL      where a machine client gets its tokens: https://DOMAIN/oauth2/token
  --wallet ID          trades with this wallet; without it one is made (scope admin); one at the exchange is deleted at the end
  --symbol S           default BTC/USDT
  --spend N            in quote asset, default 50
  --binance testnet    a wallet at Binance's testnet, with your keys; simulator: that of a system on this machine
  --json               one JSON document on stdout; everything else on stderr
  --help               this text

Who you are, from the environment:
  MONIQO_TOKEN                              an access token; or, with --token-url:
  MONIQO_CLIENT_ID, MONIQO_CLIENT_SECRET    a machine client (docs/authorization.md); it needs --wallet
Keys of the testnet, from the environment, else they are asked for:
  BINANCE_TESTNET_API_KEY, and BINANCE_TESTNET_API_SECRET or BINANCE_TESTNET_PRIVATE_KEY (PEM)

Exit code 1: a step failed; it is said which and why. What it opened is closed again, after Ctrl-C too; what could not be
closed is said, with the request that does.

Not tested: that a stop or target fires, webhooks, alarms, margin; at an exchange the balance is not reckoned from the profit.
`;

export type SmokeVenue = 'demo' | 'binance_testnet' | 'binance_simulator';

export interface SmokeOptions {
  /** Null: the laptop system is started for it. */
  readonly url: string | null;
  /** Null: that of the system that is started for it, else the WebSocket is not tested. */
  readonly pushUrl: string | null;
  readonly tokenUrl: string | null;
  readonly walletId: string | null;
  readonly symbol: string;
  /** In quote asset. */
  readonly spend: string;
  readonly venue: SmokeVenue;
  readonly json: boolean;
}

const KNOWN = {
  withValue: new Set(['--url', '--push-url', '--token-url', '--wallet', '--symbol', '--spend', '--binance']),
  flags: new Set(['--json', '--help']),
};

const VENUES: Readonly<Record<string, SmokeVenue>> = {
  testnet: 'binance_testnet',
  simulator: 'binance_simulator',
};

/** What must never be on a command line, where other users of the machine and the shell's history see it. */
const SECRETS = /^--(token|secret|client-secret|api-key|api-secret|secret-key|private-key|password)(=|$)/;

const DEFAULT_SYMBOL = 'BTC/USDT';
const DEFAULT_SPEND = '50';

/** Null: help is asked for. @throws OptionError naming the option that is unknown or wrong, never with a secret's value */
export function parseSmokeOptions(argv: readonly string[]): SmokeOptions | null {
  const secret = argv.find((word) => SECRETS.test(word));
  if (secret !== undefined) {
    const [name] = secret.split('=');
    throw new OptionError(
      `${name} is not taken on the command line: put secrets into the environment (--help)`,
    );
  }
  const given = readOptions(argv, KNOWN);
  if (given.has('--help')) return null;
  const url = address('--url', given.get('--url'));
  const venue = readVenue(given.get('--binance'), url);
  return {
    url,
    pushUrl: address('--push-url', given.get('--push-url'), 'wss'),
    tokenUrl: address('--token-url', given.get('--token-url')),
    walletId: given.get('--wallet') ?? null,
    symbol: readSymbol(given.get('--symbol')),
    spend: readSpend(given.get('--spend')),
    venue,
    json: given.has('--json'),
  };
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export const isLoopback = (url: string): boolean => LOOPBACK.has(new URL(url).hostname);

/** By the encrypted scheme, the one that is not. */
const PLAIN = { https: 'http', wss: 'ws' } as const;

/** Tokens and keys go there: encrypted, or not off this machine. */
function address(name: string, text: string | undefined, safe: keyof typeof PLAIN = 'https'): string | null {
  if (text === undefined) return null;
  const plain = PLAIN[safe];
  if (!URL.canParse(text)) throw new OptionError(`${name}: an address like ${safe}://HOST is expected`);
  const { protocol, username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '' || search !== '' || hash !== '') {
    throw new OptionError(`${name}: an address without user, query or fragment is expected`);
  }
  if (protocol !== `${safe}:` && !(protocol === `${plain}:` && isLoopback(text))) {
    throw new OptionError(`${name}: ${safe} is expected (${plain} only on this machine)`);
  }
  return text.replace(/\/+$/, '');
}

function readVenue(text: string | undefined, url: string | null): SmokeVenue {
  if (text === undefined) return 'demo';
  const venue = Object.hasOwn(VENUES, text) ? VENUES[text] : undefined;
  if (venue === undefined) throw new OptionError(`--binance ${text}: testnet or simulator is expected`);
  if (venue === 'binance_simulator' && url !== null && !isLoopback(url)) {
    throw new OptionError('--binance simulator goes with a system on this machine only');
  }
  return venue;
}

function readSymbol(text: string = DEFAULT_SYMBOL): string {
  if (/^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/.test(text)) return text;
  throw new OptionError(`--symbol ${text}: a symbol like ${DEFAULT_SYMBOL} is expected`);
}

const MOST_SPEND = decimal('1000');

/** A smoke test proves that money moves rightly; for that it needs little of it. */
function readSpend(text: string = DEFAULT_SPEND): string {
  const amount = parseDecimal(text);
  if (amount?.isPositive() === true && !amount.isZero() && amount.lessThanOrEqualTo(MOST_SPEND)) return text;
  throw new OptionError(`--spend ${text}: an amount above 0 and at most ${MOST_SPEND} is expected`);
}

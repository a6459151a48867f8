/** Where each environment of the exchange answers (base URLs without a trailing slash). */
import type { BinanceEnvironment } from '../../domain/types.ts';

export interface BinanceEndpoints {
  /** `https://host[:port]`; paths begin with /api/v3. */
  readonly rest: string;
  /** The WebSocket API: requests and user data. */
  readonly wsApi: string;
  /** Market streams, without `/ws` or `/stream`. */
  readonly stream: string;
}

/** What an operator may set instead: a proxy, a simulator. */
export interface EndpointOverrides {
  readonly rest?: string | undefined;
  readonly wsApi?: string | undefined;
  readonly stream?: string | undefined;
}

const BUILT_IN: Readonly<Record<Exclude<BinanceEnvironment, 'binance_simulator'>, BinanceEndpoints>> = {
  binance: {
    rest: 'https://api.binance.com',
    wsApi: 'wss://ws-api.binance.com:443/ws-api/v3',
    stream: 'wss://stream.binance.com:9443',
  },
  binance_testnet: {
    rest: 'https://testnet.binance.vision',
    wsApi: 'wss://ws-api.testnet.binance.vision/ws-api/v3',
    stream: 'wss://stream.testnet.binance.vision',
  },
  binance_demo: {
    rest: 'https://demo-api.binance.com',
    wsApi: 'wss://demo-ws-api.binance.com/ws-api/v3',
    stream: 'wss://demo-stream.binance.com',
  },
};

/** Environments that answer /sapi, where a key's restrictions are read. */
export const hasKeyRestrictions = (environment: BinanceEnvironment): boolean =>
  environment === 'binance' || environment === 'binance_simulator';

const trimmed = (url: string): string => url.replace(/\/+$/, '');

function checked(name: string, text: string, protocols: readonly string[]): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !protocols.includes(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new RangeError(`${name}: a URL with ${protocols.join(' or ')} and no query is needed`);
  }
  if (url.username !== '' || url.password !== '') throw new RangeError(`${name}: no user or password in it`);
  return trimmed(text);
}

/** The endpoints of an environment. Throws RangeError for a URL that is none, and where one is missing. */
export function binanceEndpoints(
  environment: BinanceEnvironment,
  overrides: EndpointOverrides = {},
): BinanceEndpoints {
  const defaults = environment === 'binance_simulator' ? null : BUILT_IN[environment];
  const pick = (
    name: string,
    given: string | undefined,
    fallback: string | undefined,
    protocols: string[],
  ) => {
    const url = given ?? fallback;
    if (url === undefined)
      throw new RangeError(`${name}: ${environment} has no address of its own, it has to be given`);
    return checked(name, url, protocols);
  };
  return {
    rest: pick('BINANCE_REST_URL', overrides.rest, defaults?.rest, ['https:', 'http:']),
    wsApi: pick('BINANCE_WS_API_URL', overrides.wsApi, defaults?.wsApi, ['wss:', 'ws:']),
    stream: pick('BINANCE_STREAM_URL', overrides.stream, defaults?.stream, ['wss:', 'ws:']),
  };
}

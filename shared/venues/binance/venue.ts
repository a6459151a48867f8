/** One environment of the exchange for one process: its connections, its clock, its budget, and clients of them. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Decimal } from '../../domain/money/decimal.ts';
import type { BinanceEnvironment } from '../../domain/types.ts';
import type { RateBudget } from '../../ports/rate-budget.ts';
import type { Clock, Log } from '../../ports/runtime.ts';
import { NoRoomError, VenueUnavailableError } from '../../ports/venue.ts';
import { createCalls } from './calls.ts';
import { BinanceClient } from './client.ts';
import { createServerClock, DEFAULT_CLOCK, type ServerClock } from './clock.ts';
import { createDayVolumes } from './day-volume.ts';
import type { BinanceEndpoints } from './endpoints.ts';
import { createHttpTransport, DEFAULT_HTTP, type HttpSettings, type HttpTransport } from './http.ts';
import { BinanceMarketClient } from './market-client.ts';
import { problemText } from './outcomes.ts';
import { ParseError, parseJson } from './parse/fields.ts';
import { parseServerTime } from './parse/market.ts';
import { Requests } from './requests.ts';
import type { Signer } from './signing.ts';

export interface BinanceVenueParts {
  readonly environment: BinanceEnvironment;
  readonly endpoints: Pick<BinanceEndpoints, 'rest'>;
  /** Or how to make it from the venue's time, which is known here (epoch ms; the local clock until measured). */
  readonly budget: RateBudget | ((venueNow: () => number) => RateBudget);
  readonly clock: Clock;
  readonly log: Log;
  readonly http?: Partial<HttpSettings>;
  /** Another way to the exchange than connections of its own. */
  readonly transport?: HttpTransport;
  /** For tests: no waiting between the tries of a query. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface BinanceVenue {
  readonly environment: BinanceEnvironment;
  readonly clock: ServerClock;
  readonly budget: RateBudget;
  readonly market: BinanceMarketClient;
  /** 24 h volume in base by the venue's symbol (day-volume.ts). */
  readonly dayVolume: (venueSymbol: string) => Promise<Decimal | null>;
  /** `account`: what its unfilled orders are counted under; null where only its key is known yet. */
  clientFor(signer: Signer, account: string | null): BinanceClient;
  close(): void;
}

/** The name under which an account's orders are counted. */
export const budgetAccount = (environment: BinanceEnvironment, accountUid: string): string =>
  `${environment}:${accountUid}`;

/** Opens nothing until the first call. */
export function createBinanceVenue(parts: BinanceVenueParts): BinanceVenue {
  const { environment, endpoints, log } = parts;
  const now = (): number => parts.clock.now();
  // A connection's age is this machine's matter, whatever clock the system is given.
  const transport =
    parts.transport ?? createHttpTransport(endpoints.rest, { ...DEFAULT_HTTP, ...parts.http });
  const venueNow = (): number => clock.estimate();
  const budget = typeof parts.budget === 'function' ? parts.budget(venueNow) : parts.budget;
  const call = createCalls({ transport, budget, venueNow, log });

  /** Ranks as an exit: without the time nothing can be signed. */
  async function readTime(): Promise<number> {
    const result = await call({
      method: 'GET',
      path: '/api/v3/time',
      params: {},
      signature: null,
      account: null,
      rank: 'exit',
      weight: 1,
      orders: 0,
      isFree: false,
      timeoutMs: 3_000,
    });
    switch (result.kind) {
      case 'ok':
        return serverTime(result.body);
      case 'refused':
        throw unread(problemText(result.problem), result.retryAfterMs);
      case 'not_sent':
        throw unread(result.code, result.code === 'network' ? null : result.retryAfterMs);
      case 'lost':
        throw unread(result.reason, null);
    }
  }

  const monotonic = (): number => performance.now();
  const clock: ServerClock = createServerClock({ readTime, now, monotonic, log }, DEFAULT_CLOCK);
  const sleep = parts.sleep ?? ((ms: number) => wait(ms));
  const requestPorts = { call, clock, sleep, random: Math.random };
  const market = new BinanceMarketClient(new Requests(requestPorts, { signer: null, account: null }));
  return {
    environment,
    clock,
    budget,
    market,
    dayVolume: createDayVolumes({ ticker: (symbol) => market.ticker24h(symbol), now, log }),
    clientFor: (signer, account) => new BinanceClient(new Requests(requestPorts, { signer, account })),
    close: () => transport.close(),
  };
}

/** `retryAfterMs`: there was no room for the question. */
function unread(why: string, retryAfterMs: number | null): VenueUnavailableError {
  const message = `the time of the exchange: ${why}`;
  return retryAfterMs === null ? new VenueUnavailableError(message) : new NoRoomError(message, retryAfterMs);
}

function serverTime(body: string): number {
  try {
    return parseServerTime(parseJson(body, 'time'));
  } catch (error) {
    if (error instanceof ParseError) throw new VenueUnavailableError(error.message);
    throw error;
  }
}

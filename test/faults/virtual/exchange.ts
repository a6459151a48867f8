/**
 * The exchange of a run: the simulator's own, without its sockets. Requests come in through a transport that loses,
 * delays and garbles them; events go out to whoever listens.
 *
 * Every order that it takes is noted here, with the client id under which it came: the books are compared by these.
 */
import type { JsonObject } from '../../../infra/local/venues/binance/contract.ts';
import {
  createExchange,
  type SimulatedExchange,
} from '../../../infra/local/venues/binance/exchange/exchange.ts';
import { OWN_SYMBOLS } from '../../../infra/local/venues/binance/exchange/symbols.ts';
import { Core } from '../../../infra/local/venues/binance/server/core.ts';
import { EventGate } from '../../../infra/local/venues/binance/server/event-gate.ts';
import { Faults } from '../../../infra/local/venues/binance/server/faults.ts';
import { KeyStore, seededText } from '../../../infra/local/venues/binance/server/keys.ts';
import { DEFAULT_LIMITS, RateLimits } from '../../../infra/local/venues/binance/server/rate-limits.ts';
import type { SymbolSpec } from '../../../shared/domain/symbol-spec.ts';
import { parseExchangeInfo } from '../../../shared/venues/binance/exchange-info.ts';
import type { Kernel } from './kernel.ts';

export const VENUE_SYMBOL = 'BTCUSDT';
export const SYMBOL = 'BTC/USDT';
/** Few levels: each step of the price makes them anew. */
export const FULL_BOOK = { levels: 2, levelNotional: '400000', spreadTicks: 1, stepTicks: 20 };
const TRADED = ['BTCUSDT', 'BNBUSDT'];

/** Places for resting stops: few, so that positions compete for them. */
const MOST_STOPS = 2;

function withFewStops(entry: JsonObject): JsonObject {
  const filters = (entry['filters'] as readonly JsonObject[]).map((filter) =>
    filter['filterType'] === 'MAX_NUM_ALGO_ORDERS' ? { ...filter, maxNumAlgoOrders: MOST_STOPS } : filter,
  );
  return { ...entry, filters };
}

/** The member names of exchangeInfo never change within a process: read once. */
let entries: readonly JsonObject[] | null = null;
const symbolEntries = (): readonly JsonObject[] => {
  entries ??= OWN_SYMBOLS.filter((entry) => TRADED.includes(String(entry['symbol']))).map(withFewStops);
  return entries;
};

export interface AccountPlan {
  readonly uid: number;
  readonly walletId: string;
  readonly balances: Readonly<Record<string, string>>;
  readonly payFeesInBnb: boolean;
}

export interface TakenOrder {
  readonly uid: number;
  readonly venueOrderId: string;
  readonly clientId: string;
  readonly at: number;
}

export class Venue {
  readonly exchange: SimulatedExchange;
  readonly core: Core;
  readonly keys: KeyStore;
  readonly limits: RateLimits;
  readonly specs: readonly SymbolSpec[];
  /** Ahead of the true time by this. */
  skewMs = 0;
  /** Orders that came over the wire, in the order in which they were taken. */
  readonly taken: TakenOrder[] = [];
  onTaken: (order: TakenOrder) => void = () => undefined;
  onBug: (error: unknown) => void = (error) => {
    throw error;
  };
  readonly #kernel: Kernel;

  constructor(kernel: Kernel, accounts: readonly AccountPlan[]) {
    this.#kernel = kernel;
    this.exchange = createExchange({
      now: this.now,
      symbols: symbolEntries(),
      book: FULL_BOOK,
      order: { reports: 'events_first' },
    });
    this.keys = new KeyStore(this.now);
    this.limits = new RateLimits(DEFAULT_LIMITS, this.now, () => undefined);
    this.core = this.coreAt(this.now);
    for (const { uid, balances, payFeesInBnb } of accounts) {
      this.exchange.addAccount({ uid, balances, payFeesInBnb });
      this.keys.create({ uid, ...keyOf(uid) });
    }
    this.specs = specsOf(this.exchange);
  }

  readonly now = (): number => this.#kernel.now + this.skewMs;

  /** The same exchange with a clock that may stand still: what was taken in time is executed later. */
  coreAt(now: () => number): Core {
    const { exchange, keys, limits } = this;
    const none = new Faults(() => undefined);
    const gate = new EventGate(() => undefined, true);
    return new Core({ exchange, keys, limits, faults: none, gate, now, onBug: (error) => this.onBug(error) });
  }

  note(uid: number, answer: JsonObject): void {
    const at = this.#kernel.now;
    const reports = Array.isArray(answer['orderReports'])
      ? (answer['orderReports'] as JsonObject[])
      : [answer];
    for (const one of reports) {
      const order = { uid, venueOrderId: String(one['orderId']), clientId: String(one['clientOrderId']), at };
      this.taken.push(order);
      this.onTaken(order);
    }
  }
}

/** A HMAC key that is always the same for an account. */
const keys = new Map<number, { readonly apiKey: string; readonly secret: string }>();
export function keyOf(uid: number): { readonly apiKey: string; readonly secret: string } {
  let found = keys.get(uid);
  if (found === undefined) {
    found = { apiKey: seededText(`key ${uid}`), secret: seededText(`secret ${uid}`) };
    keys.set(uid, found);
  }
  return found;
}

let specs: readonly SymbolSpec[] | null = null;
function specsOf(exchange: SimulatedExchange): readonly SymbolSpec[] {
  specs ??= parseExchangeInfo(exchange.execute('exchangeInfo', null, {})).symbols;
  return specs;
}

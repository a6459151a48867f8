/** One instrument's subscriptions, and what of its messages counts; its prices are those of one symbol or more. */
import {
  isPolygonSession,
  POLYGON_CHANNELS,
  type PolygonChannelKind,
  type PolygonInstrument,
  polygonTopic,
} from '../../domain/polygon.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import type { CryptoTrade, StockTrade } from './messages.ts';
import { PolygonMarket, type QuoteSides, type Taken } from './polygon-market.ts';
import type { SeenTrades } from './seen-trades.ts';
import { TimeOrder } from './time-order.ts';
import { Topic } from './topic.ts';

/** Trades of several venues come by several ways: one that is later than this moves no last price back. */
const TRADES_TOLERANCE_MS = 1_000;
/** Quiet markets pause for longer than 5 s; what is older than this is too late by itself (trust-filter). */
const TRADES_RESTART_MS = 60_000;
/** A message that names no venue. */
const NO_VENUE = -1;

/** `old`: others of its venue, or much later trades of all of them, have overtaken it. */
export type Seen = Taken | 'old' | 'duplicate';

export class InstrumentStream {
  readonly instrument: PolygonInstrument;
  /** One for each symbol: `BTC/USD` and `BTC/USDT` are watched at one price. */
  readonly markets: PolygonMarket[] = [];
  readonly #topics = new Map<PolygonChannelKind, Topic>();
  readonly #trade: Topic | undefined;
  readonly #quote: Topic | undefined;
  readonly #seen: SeenTrades;
  readonly #quoteOrder = new Map<number, TimeOrder>();
  readonly #tradeOrder = new Map<number, TimeOrder>();
  readonly #trades = new TimeOrder(TRADES_TOLERANCE_MS, TRADES_RESTART_MS);

  constructor(instrument: PolygonInstrument, kinds: readonly PolygonChannelKind[], seen: SeenTrades) {
    this.instrument = instrument;
    this.#seen = seen;
    for (const kind of kinds) {
      const channel = POLYGON_CHANNELS[instrument.assetClass][kind];
      if (channel !== null) this.#topics.set(kind, new Topic(polygonTopic(channel, instrument.name)));
    }
    this.#trade = this.#topics.get('trade');
    this.#quote = this.#topics.get('quote');
  }

  get topics(): readonly Topic[] {
    return [...this.#topics.values()];
  }

  /** Where quotes are refused, trades are all there is; and the other way round. */
  noteRefusals(): void {
    const isRefused = (topic: Topic | undefined): boolean => topic?.state === 'refused';
    for (const market of this.markets) market.withholds(isRefused(this.#quote), isRefused(this.#trade));
  }

  add(spec: SymbolSpec): void {
    this.markets.push(new PolygonMarket(spec));
  }

  /** Answers how many of its prices had digits finer than the unit. */
  remove(symbol: string): number {
    const at = this.markets.findIndex(({ spec }) => spec.symbol === symbol);
    return at === -1 ? 0 : (this.markets.splice(at, 1)[0]?.rounded ?? 0);
  }

  hear(kind: PolygonChannelKind, now: number): void {
    this.#topics.get(kind)?.hear(now);
  }

  /** Why it does not count; null: it does, for all markets. `now`: receive time. */
  refuseTrade(trade: CryptoTrade | StockTrade, now: number): Seen | null {
    this.#trade?.hear(now);
    if (!this.#seen.isNew(trade)) return 'duplicate';
    const order = orderOf(this.#tradeOrder, trade.venue ?? NO_VENUE);
    if (order.isLate(trade.at, now) || this.#trades.isLate(trade.at, now)) return 'old';
    order.take(trade.at, now);
    this.#trades.take(trade.at, now);
    return null;
  }

  /** As of a trade. */
  refuseQuote(venue: number | null, at: number, now: number): Seen | null {
    this.#quote?.hear(now);
    const order = orderOf(this.#quoteOrder, venue ?? NO_VENUE);
    if (order.isLate(at, now)) return 'old';
    order.take(at, now);
    return null;
  }

  quote(market: PolygonMarket, venue: number | null, sides: QuoteSides, now: number): Taken {
    return market.quote(venue ?? NO_VENUE, sides, now);
  }

  /** Why it brings nothing or only a part; null = it is as it should be, or it is too early to tell. */
  failure(now: number, firstDataMs: number): string | null {
    const topics = this.topics;
    const failed = topics.filter(({ reason }) => reason !== null);
    if (failed.length > 0) return failed.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
    const since = Math.min(...topics.map(({ liveSince }) => liveSince ?? Number.POSITIVE_INFINITY));
    const isSilent = !topics.some(({ heard }) => heard) && now - since >= firstDataMs;
    if (!isSilent || !isPolygonSession(this.instrument, now)) return null;
    return `silent: no data within ${Math.round(firstDataMs / 1000)} s; Polygon confirms names that do not exist`;
  }
}

function orderOf(orders: Map<number, TimeOrder>, venue: number): TimeOrder {
  let order = orders.get(venue);
  if (order === undefined) {
    order = new TimeOrder(0);
    orders.set(venue, order);
  }
  return order;
}

/**
 * The demo wallet: a venue of our own behind the wallet port (design section 13).
 *
 * Always true:
 * - each step is one conditional transaction on the book, decided anew after a conflict;
 * - a client id is one order for ever: a repeat of the same order finds it, another one is refused;
 * - a placement is written no later than its receive window allows, checked anew before each try;
 * - what was once told to be absent for good is never placed: that is written, whatever clocks say, before it is told;
 * - fills are told through the executions queue, after the book has them. A report that got lost is found by a
 *   query, as at any venue.
 *
 * Known limit: orders do not compete for one tick's size; each sees all of it.
 */
import { decimal } from '../../domain/money/decimal.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import type { DemoWallet, ExecutionReport, Fill, TriggerFacts } from '../../domain/types.ts';
import type { DemoOrder, DemoSlice } from '../../ports/demo-store.ts';
import type { Outbox } from '../../ports/messages.ts';
import type { Log } from '../../ports/runtime.ts';
import type { SymbolDirectory } from '../../ports/symbols.ts';
import type { CachedPrice, PriceCache } from '../../ports/trigger-index.ts';
import type {
  CancelOutcome,
  DemoVenueBook,
  OrderSought,
  PlaceOutcome,
  PlaceRequest,
  QueryOutcome,
  VenueWallet,
} from '../../ports/venue.ts';
import { accountOf, type BookPorts, BookUnreadableError, createBook, type Decision, text } from './book.ts';
import { end, type Holding, isLive, type Market, type Terms, work } from './matching.ts';
import { isSameOrder, isVoid, place, voided } from './placing.ts';
import { acceptance, reportOf, streamReports } from './reports.ts';

export interface DemoPorts extends BookPorts {
  readonly prices: Pick<PriceCache, 'price'>;
  readonly outbox: Pick<Outbox, 'executions'>;
  readonly symbols: Pick<SymbolDirectory, 'find'>;
  readonly log: Log;
}

/** Ahead of venue time by more than this, a signature is refused, as the real venue does. */
const MAX_AHEAD_MS = 1000;
const NO_PRICE_RETRY_MS = 1000;
const BUSY_RETRY_MS = 250;

const sizeOf = (text: string) => (text === '' ? null : decimal(text));

const marketOf = (price: CachedPrice): Market => ({
  bid: decimal(price.bid),
  ask: decimal(price.ask),
  bidSize: sizeOf(price.bidSize),
  askSize: sizeOf(price.askSize),
  tickId: price.tickId,
});

export function createDemoWallet(wallet: DemoWallet, ports: DemoPorts): VenueWallet & DemoVenueBook {
  const { store, prices, outbox, symbols, clock, log } = ports;
  const { walletId, demo } = wallet;
  if (demo.feeRate.isNegative() || demo.feeRate.greaterThanOrEqualTo('0.5')) {
    throw new RangeError(`wallet ${walletId}: a fee rate of ${demo.feeRate.toFixed()}`);
  }
  const { load, inBook, openAccount } = createBook(wallet, ports);

  const terms = (spec: SymbolSpec): Terms => ({
    spec,
    feeRate: demo.feeRate,
    buyFeeIn: demo.buyFeeIn,
    now: clock.now(),
  });

  const specOf = async (symbol: string): Promise<SymbolSpec> => {
    const spec = await symbols.find('demo', symbol);
    if (spec === null) throw new Error(`the demo venue does not know ${symbol}`);
    return spec;
  };

  /** Those that the order as read knows of: a later step's trade must not be told with an older status. */
  const tradesOf = async (order: DemoOrder): Promise<readonly Fill[]> =>
    (await store.trades(walletId, order.clientId)).slice(0, order.tradeCount);

  const tell = async (order: DemoOrder, fills: readonly Fill[]): Promise<void> => {
    for (const report of streamReports(walletId, order, fills)) await outbox.executions(report);
  };

  /** The same for a placement, whose answer stands whether or not the telling works. */
  const tellPlaced = async (order: DemoOrder, fills: readonly Fill[]): Promise<void> => {
    if (fills.length === 0 && order.status === 'new') return;
    try {
      await tell(order, fills);
    } catch (error) {
      log.error('demo_report_not_sent', { walletId, clientId: order.clientId, error: text(error) });
    }
  };

  const staleness = (request: PlaceRequest): string | null => {
    const now = clock.now();
    if (now > request.signedAt + request.recvWindowMs) return 'timestamp outside of the receive window';
    if (request.signedAt > now + MAX_AHEAD_MS) return 'timestamp ahead of the venue time';
    return null;
  };

  const decidePlacement = (
    request: PlaceRequest,
    market: Market,
    spec: SymbolSpec,
    slice: DemoSlice,
  ): Decision<PlaceOutcome> => {
    if (slice.order !== null && isVoid(slice.order)) {
      const message = 'this attempt was given up meanwhile: it had not been placed';
      return { answer: { kind: 'not_executed', message } };
    }
    if (slice.order !== null) {
      if (isSameOrder(slice.order, request)) {
        return { answer: { kind: 'accepted', report: acceptance(walletId, slice.order) } };
      }
      const message = 'this client id belongs to another order';
      return { answer: { kind: 'refused', code: 'duplicate', message } };
    }
    const stale = staleness(request);
    if (stale !== null) return { answer: { kind: 'not_executed', message: stale } };
    const placed = place(request, walletId, accountOf(slice), market, terms(spec));
    if (!placed.ok) return { answer: { kind: 'refused', ...placed.error } };
    const answer = { kind: 'accepted', report: acceptance(walletId, placed.value.order) } as const;
    return { step: placed.value, answer };
  };

  const query = async (clientId: string, spec: SymbolSpec): Promise<QueryOutcome> => {
    const { order } = await load(clientId, spec, null);
    return order === null ? { kind: 'absent', venueNow: clock.now() } : answerOf(order);
  };

  const answerOf = async (order: DemoOrder): Promise<QueryOutcome> =>
    isVoid(order)
      ? { kind: 'absent', venueNow: clock.now() }
      : { kind: 'found', report: reportOf(walletId, order, await tradesOf(order), 'query') };

  /** A placement may be under way in another process, whose clock is not this one's: only the book can forbid it. */
  const forbid = async (sought: OrderSought): Promise<QueryOutcome> => {
    const spec = await specOf(sought.symbol);
    try {
      const decision = await inBook<DemoOrder>(sought.clientId, spec, (slice) => {
        if (slice.order !== null) return { answer: slice.order };
        const order = voided(walletId, sought, clock.now());
        return { step: { order, ...accountOf(slice), fills: [] }, answer: order };
      });
      if (decision === null) return { kind: 'unknown', message: 'others kept writing this account' };
      return await answerOf(decision.answer);
    } catch (error) {
      return { kind: 'unknown', message: text(error) };
    }
  };

  const look = async ({ symbol, clientId }: OrderSought): Promise<QueryOutcome> => {
    const spec = await specOf(symbol);
    try {
      return await query(clientId, spec);
    } catch (error) {
      return { kind: 'unknown', message: text(error) };
    }
  };

  return {
    keyVersion: null,
    async initialize() {
      await openAccount();
    },

    async testConnection() {
      try {
        await store.balances(walletId);
        return { ok: true };
      } catch (error) {
        return { ok: false, reason: text(error) };
      }
    },

    async balances() {
      const held = await store.balances(walletId);
      return held.map(({ asset, free, locked }) => ({ asset, free, locked }));
    },

    async marketPrice(symbol) {
      const price = await prices.price(symbol);
      if (price === null) return null;
      const { bid, ask } = marketOf(price);
      return { symbol, bid, ask, last: decimal(price.last), at: price.at };
    },

    // It trades at the feed's prices and has no market of its own.
    dayVolume: () => Promise.resolve(null),
    async venueTime() {
      return clock.now();
    },

    async placeOrder(request): Promise<PlaceOutcome> {
      const spec = await symbols.find('demo', request.symbol);
      if (spec === null) return { kind: 'refused', code: 'unknown_symbol', message: request.symbol };
      let market: Market;
      try {
        // A triggered exit meets the price of the tick that triggered it.
        const price = request.trigger === null ? await prices.price(request.symbol) : null;
        if (request.trigger !== null) market = request.trigger;
        else if (price !== null) market = marketOf(price);
        else return { kind: 'not_sent', code: 'no_price', retryAfterMs: NO_PRICE_RETRY_MS };
      } catch (error) {
        log.warn('demo_price_unreadable', { walletId, symbol: request.symbol, error: text(error) });
        return { kind: 'not_sent', code: 'no_price', retryAfterMs: NO_PRICE_RETRY_MS };
      }
      let decision: Decision<PlaceOutcome> | null;
      try {
        decision = await inBook(
          request.clientId,
          spec,
          (slice) => decidePlacement(request, market, spec, slice),
          request.margin?.positionId,
        );
      } catch (error) {
        if (error instanceof BookUnreadableError) {
          log.warn('demo_book_unreadable', { walletId, clientId: request.clientId, error: text(error) });
          return { kind: 'not_sent', code: 'venue_unavailable', retryAfterMs: NO_PRICE_RETRY_MS };
        }
        // The transaction may have been written: only a query can tell.
        return { kind: 'unknown', message: text(error) };
      }
      if (decision === null) return { kind: 'not_sent', code: 'busy', retryAfterMs: BUSY_RETRY_MS };
      if ('step' in decision) await tellPlaced(decision.step.order, decision.step.fills);
      return decision.answer;
    },

    async cancelOrder(symbol, clientId): Promise<CancelOutcome> {
      const spec = await specOf(symbol);
      try {
        const decision = await inBook<'cancelled' | 'not_live'>(clientId, spec, (slice) => {
          if (slice.order === null || !isLive(slice.order)) return { answer: 'not_live' };
          const holding: Holding = { order: slice.order, ...accountOf(slice), fills: [] };
          return { step: end(holding, 'cancelled', 'cancelled', terms(spec)), answer: 'cancelled' };
        });
        if (decision === null) return { kind: 'unknown', message: 'others kept writing this account' };
        if (!('step' in decision)) return { kind: 'not_live' };
        const { order } = decision.step;
        return { kind: 'cancelled', report: reportOf(walletId, order, await tradesOf(order), 'answer') };
      } catch (error) {
        return { kind: 'unknown', message: text(error) };
      }
    },

    /** Nobody queues here: whoever wants less cancels, and places what is left anew. */
    amendOrder: () => Promise.resolve({ kind: 'refused', message: 'the demo venue amends no orders' }),

    orderStatus: look,

    secondLook: forbid,

    async openOrders(symbol): Promise<readonly ExecutionReport[]> {
      const live = await store.liveOrders(walletId);
      return live
        .filter((order) => symbol === null || order.symbol === symbol)
        .map((order) => reportOf(walletId, order, [], 'query'));
    },

    async close() {
      // Nothing is held between calls: the book is in its table, the clients belong to the process.
    },

    async work(symbol, clientId, trigger: TriggerFacts) {
      const spec = await specOf(symbol);
      const decision = await inBook<DemoOrder | null>(clientId, spec, (slice) => {
        if (slice.order === null) return { answer: null };
        const holding: Holding = { order: slice.order, ...accountOf(slice), fills: [] };
        const after = work(holding, trigger, trigger.price, terms(spec));
        return after === holding ? { answer: slice.order } : { step: after, answer: after.order };
      });
      if (decision === null) throw new Error(`demo account ${walletId}: others kept writing it`);
      const order = decision.answer;
      if (order === null) {
        log.warn('demo_order_unknown', { walletId, clientId });
        return { live: false };
      }
      if ('step' in decision) await tell(order, decision.step.fills);
      // Finished, or worked by this tick before: its report may be what got lost.
      else if (!isLive(order) || trigger.tickId <= order.lastTickId) await tell(order, await tradesOf(order));
      return { live: isLive(order) };
    },

    async open(startingBalances) {
      await store.open(walletId, startingBalances, clock.now());
    },
  };
}

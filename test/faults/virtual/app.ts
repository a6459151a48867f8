/** Somebody in the exchange's own app, with the same accounts: cancels, sells and orders that nobody told us of. */
import { VenueError } from '../../../infra/local/venues/binance/contract.ts';
import { decimal, floorTo, minOf } from '../../../shared/domain/money/decimal.ts';
import { parseVenueClientId } from '../../../shared/usecases/derive-ids.ts';
import { VENUE_SYMBOL } from './exchange.ts';
import type { Kernel } from './kernel.ts';
import type { Outside } from './outside.ts';
import type { Market } from './prices.ts';
import type { Chance } from './random.ts';
import type { Trace } from './trace.ts';

export interface AppParts {
  readonly kernel: Kernel;
  readonly outside: Outside;
  readonly market: Market;
  readonly chance: Chance;
  readonly trace: Trace;
}

const STEP = decimal('0.00001');
const MOST_HELD = decimal('50');
const LIVE = ['NEW', 'PARTIALLY_FILLED'];

export class App {
  readonly #parts: AppParts;
  acts = 0;

  constructor(parts: AppParts) {
    this.#parts = parts;
  }

  /** Acts about every so many ms until then. */
  async run(everyMs: number, endAt: number): Promise<void> {
    const { kernel, chance } = this.#parts;
    for (;;) {
      await kernel.sleep(chance.between(1, 2 * everyMs));
      if (kernel.now >= endAt) return;
      this.#act();
    }
  }

  /** Cancels the newest order about every so many ms until then: often one of ours of which we know nothing yet. */
  async cancelNewest(everyMs: number, endAt: number): Promise<void> {
    const { kernel, chance, outside } = this.#parts;
    for (;;) {
      await kernel.sleep(chance.between(1, 2 * everyMs));
      if (kernel.now >= endAt) return;
      const { uid } = chance.pick(outside.plans);
      const newest = this.#live(uid).at(-1);
      if (newest === undefined) continue;
      this.acts += 1;
      this.#try(uid, 'order.cancel', { symbol: VENUE_SYMBOL, orderId: String(newest['orderId']) });
    }
  }

  /**
   * After the storm: orders of their own that still hold coins are taken back. While they do, the product cannot sell a
   * position whose coins they hold, tries each half minute, and alarms.
   */
  cancelOwn(): void {
    const { outside } = this.#parts;
    for (const { uid, isDemo } of outside.plans) {
      if (isDemo) continue;
      for (const order of outside.venue.exchange.books(uid).orders) {
        const isOwn = parseVenueClientId(String(order['clientOrderId'])) === null;
        if (!isOwn || !LIVE.includes(String(order['status']))) continue;
        this.#try(uid, 'order.cancel', { symbol: VENUE_SYMBOL, orderId: String(order['orderId']) });
      }
    }
  }

  #live(uid: number) {
    const { orders } = this.#parts.outside.venue.exchange.books(uid);
    return orders.filter((order) => LIVE.includes(String(order['status'])));
  }

  #act(): void {
    const { outside, chance, market } = this.#parts;
    const { uid } = chance.pick(outside.plans);
    const what = chance.weighted({ cancel: 6, sell: 2, buy: 1, limit: 2, hold: 2 });
    this.acts += 1;
    const quantity = `0.0${chance.between(10, 99)}`;
    switch (what) {
      case 'cancel': {
        const live = this.#live(uid);
        if (live.length === 0) return;
        const orderId = String(chance.pick(live)['orderId']);
        this.#try(uid, 'order.cancel', { symbol: VENUE_SYMBOL, orderId });
        return;
      }
      case 'sell':
      case 'buy':
        this.#try(uid, 'order.place', {
          symbol: VENUE_SYMBOL,
          side: what === 'sell' ? 'SELL' : 'BUY',
          type: 'MARKET',
          quantity,
        });
        return;
      case 'limit':
        this.#try(uid, 'order.place', {
          symbol: VENUE_SYMBOL,
          side: chance.happens(0.5) ? 'SELL' : 'BUY',
          type: 'LIMIT',
          timeInForce: 'GTC',
          quantity,
          price: market.away(chance.between(-15, 15)),
        });
        return;
      case 'hold':
        this.#hold(uid);
        return;
    }
  }

  /** A sell far from the market takes hold of coins that positions want to sell. */
  #hold(uid: number): void {
    const { outside, chance, market } = this.#parts;
    const { free = '0' } = outside.venue.exchange.books(uid).balances['BTC'] ?? {};
    const share = decimal(String(chance.between(30, 100))).dividedBy(100);
    const quantity = floorTo(minOf(decimal(free).times(share), MOST_HELD), STEP);
    if (!quantity.greaterThan(STEP)) return;
    this.#try(uid, 'order.place', {
      ...{ symbol: VENUE_SYMBOL, side: 'SELL', type: 'LIMIT', timeInForce: 'GTC' },
      ...{ quantity: quantity.toFixed(), price: market.away(400) },
    });
  }

  #try(
    uid: number,
    operation: 'order.cancel' | 'order.place',
    params: Readonly<Record<string, string>>,
  ): void {
    const { outside, trace } = this.#parts;
    trace.note(`app.${operation}`, () => `${uid} ${JSON.stringify(params)}`);
    try {
      outside.venue.exchange.execute(operation, uid, params);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
    }
  }
}

/** The accounts' owners in the exchange's own app: they cancel orders of ours, and trade the same coins beside us. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../infra/local/venues/binance/contract.ts';
import type { SimulatorControl } from '../../support/simulator.ts';
import type { Draw } from './draw.ts';
import { MARKETS, type Market, venueSymbol } from './market.ts';
import type { Tally } from './tally.ts';

const LEAST_PAUSE_MS = 2_500;
const LONGEST_PAUSE_MS = 8_000;
/** Of each base asset, in steps of its quantity. */
const AMOUNTS: Readonly<Record<string, string>> = {
  'BTC/USDT': '0.0004',
  'ETH/USDT': '0.01',
  'SOL/USDT': '0.15',
  'BNB/USDT': '0.04',
};
const OPEN = new Set(['NEW', 'PARTIALLY_FILLED']);
const NO_LIST = -1;

export class Meddler {
  readonly #control: SimulatorControl;
  readonly #uids: readonly number[];
  readonly #draw: Draw;
  readonly #tally: Tally;
  /** By account: the orders that were made in the app, as `SYMBOL:ID`. */
  readonly orders = new Map<number, Set<string>>();

  constructor(control: SimulatorControl, uids: readonly number[], draw: Draw, tally: Tally) {
    this.#control = control;
    this.#uids = uids;
    this.#draw = draw;
    this.#tally = tally;
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const pauseMs = this.#draw.between(LEAST_PAUSE_MS, LONGEST_PAUSE_MS);
      await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
      if (!stop.aborted) await this.#act();
    }
  }

  async #act(): Promise<void> {
    const uid = this.#draw.pick(this.#uids);
    const market = this.#draw.pick(MARKETS);
    await this.#draw.weighted<() => Promise<void>>([
      [3, () => this.#cancel(uid)],
      [3, () => this.#trade(uid, market, 'SELL')],
      [2, () => this.#trade(uid, market, 'BUY')],
    ])();
  }

  /** One that rests, ours. */
  async #cancel(uid: number): Promise<void> {
    const { orders } = await this.#control.books(uid);
    const open = orders.filter((order) => OPEN.has(String(order['status'])));
    if (open.length === 0) return;
    const order = this.#draw.pick(open);
    const isListed = order['orderListId'] !== NO_LIST;
    const params: Readonly<Record<string, string>> = isListed
      ? { symbol: String(order['symbol']), orderListId: String(order['orderListId']) }
      : { symbol: String(order['symbol']), orderId: String(order['orderId']) };
    await this.#does(uid, 'cancel', isListed ? 'orderList.cancel' : 'order.cancel', params);
  }

  async #trade(uid: number, { symbol }: Market, side: 'BUY' | 'SELL'): Promise<void> {
    const quantity = AMOUNTS[symbol];
    if (quantity === undefined) throw new Error(`no amount for ${symbol}`);
    // Where we never traded, a comparison asks for no trades and can only list a changed balance.
    const name = venueSymbol(symbol);
    const { trades } = await this.#control.books(uid);
    const foreign = this.orders.get(uid) ?? new Set<string>();
    const isOurs = (trade: JsonObject): boolean => !foreign.has(`${name}:${String(trade['orderId'])}`);
    if (!trades.some((trade) => trade['symbol'] === name && isOurs(trade))) return;
    const params = { symbol: name, side, type: 'MARKET', quantity };
    const answer = await this.#does(uid, side === 'BUY' ? 'buy' : 'sell', 'order.place', params);
    if (answer === null) return;
    const made = this.orders.get(uid) ?? new Set<string>();
    made.add(`${String(answer['symbol'])}:${String(answer['orderId'])}`);
    this.orders.set(uid, made);
  }

  /** Null where the exchange refuses, for instance because the order has just filled. */
  async #does(
    uid: number,
    what: string,
    operation: string,
    params: Readonly<Record<string, string>>,
  ): Promise<JsonObject | null> {
    try {
      const answer = await this.#control.inTheApp<JsonObject>(uid, operation, params);
      this.#tally.count('in the app', what);
      return answer;
    } catch (error) {
      if (!/: 400 /.test(String(error))) throw error;
      this.#tally.count('in the app', `${what} refused`);
      return null;
    }
  }
}

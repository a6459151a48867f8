/**
 * A trading bot: entries of every kind with every kind of protection, cancels, closes in part and whole, exits that
 * rest at the exchange, changed protection. It draws what it does from its seed and what it sees from the API.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Decimal, decimal } from '../../../shared/domain/money/decimal.ts';
import type { OrderView } from '../../../shared/usecases/views/order-view.ts';
import type { PositionView } from '../../../shared/usecases/views/position-view.ts';
import type { Change, StubbornClient } from './client.ts';
import type { Draw } from './draw.ts';
import { away, MARKETS, type Market, worth } from './market.ts';
import type { TradedWallet } from './world.ts';

const LEAST_PAUSE_MS = 350;
const LONGEST_PAUSE_MS = 1_300;
const MOST_POSITIONS = 14;
const LEAST_WORTH = 20;
const MOST_WORTH = 160;

type Json = Readonly<Record<string, unknown>>;

const memberOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null && name in body ? (body as Json)[name] : null;
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const orderOf = (body: unknown): string | null => textOf(memberOf(body, 'order_id'));
/** None when the close is repeated, or waits for others first. */
const exitOf = (body: unknown): string | null => textOf(memberOf(memberOf(body, 'exit'), 'order_id'));

export class Bot {
  readonly #client: StubbornClient;
  readonly #wallet: TradedWallet;
  readonly #draw: Draw;
  #made = 0;
  /** What it asked before: asked again now and then. */
  readonly #before: { readonly key: string; readonly change: Change }[] = [];

  constructor(client: StubbornClient, wallet: TradedWallet, draw: Draw) {
    this.#client = client;
    this.#wallet = wallet;
    this.#draw = draw;
  }

  /** Trades until it is told to stop. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.#act();
      const pauseMs = this.#draw.between(LEAST_PAUSE_MS, LONGEST_PAUSE_MS);
      await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  async #act(): Promise<void> {
    const market = this.#draw.pick(MARKETS);
    const price = await this.#price(market.symbol);
    if (price === null) return;
    const open = await this.#positions();
    const act = this.#draw.weighted<() => Promise<unknown>>([
      [open.length < MOST_POSITIONS ? 34 : 0, () => this.#enterAtMarket(market, price)],
      [open.length < MOST_POSITIONS ? 22 : 0, () => this.#enterAtLimit(market, price)],
      [open.length < MOST_POSITIONS ? 4 : 0, () => this.#enterAtStop(market, price)],
      [10, () => this.#cancel()],
      [8, () => this.#closePart(open)],
      [open.length < MOST_POSITIONS ? 8 : 60, () => this.#close(open)],
      [8, () => this.#protect(open)],
      [5, () => this.#restingExit(open)],
      [5, () => this.#repeat()],
      [2, () => this.#client.tryRead(`/wallets/${this.#wallet.walletId}/balances`)],
    ]);
    await act();
  }

  async #price(symbol: string): Promise<Decimal | null> {
    const seen = await this.#client.tryRead<{ bid: string | null }>(`/prices/${symbol.replace('/', '-')}`);
    return seen?.bid == null ? null : decimal(seen.bid);
  }

  async #positions(): Promise<readonly PositionView[]> {
    const path = `/positions?wallet_id=${this.#wallet.walletId}&status=opening,open,closing`;
    return this.#client.all<PositionView>(path);
  }

  /** Stops and targets near the market, so that they are reached within the run. */
  #protection(price: Decimal): Json | null {
    const draw = this.#draw;
    const stop = { stop_loss: away(price, -draw.between(8, 70)) };
    const near = draw.between(8, 50);
    const ladder = [
      { price: away(price, near), share: '0.4' },
      { price: away(price, near + draw.between(5, 40)), share: '0.6' },
    ];
    const trailing = { trailing_stop: { distance_percent: `0.${draw.between(10, 60)}` } };
    return draw.weighted<Json | null>([
      [3, stop],
      [3, { ...stop, take_profit: away(price, near) }],
      [4, { ...stop, take_profits: ladder }],
      [4, trailing],
      [2, { ...stop, ...trailing, break_even: { activation_profit_percent: '0.3' } }],
      [1, null],
    ]);
  }

  #enterAtMarket(market: Market, price: Decimal): Promise<unknown> {
    const amount = this.#draw.between(LEAST_WORTH, MOST_WORTH);
    const size = this.#draw.chance(15)
      ? { quote_quantity: String(amount) }
      : { quantity: worth(amount, price, market) };
    return this.#order('market entry', market, {
      type: 'market',
      ...size,
      protection: this.#protection(price),
    });
  }

  /** Mostly rests below the market, some take at once, some are refused because they would. */
  #enterAtLimit(market: Market, price: Decimal): Promise<unknown> {
    const draw = this.#draw;
    const kind = draw.weighted<Json>([
      [6, { type: 'limit' }],
      [1, { type: 'limit', time_in_force: 'IOC' }],
      [1, { type: 'limit', time_in_force: 'FOK' }],
      [2, { type: 'limit_maker' }],
    ]);
    const limit = away(price, draw.between(-25, 6));
    const quantity = worth(draw.between(LEAST_WORTH, MOST_WORTH), price, market);
    // Placed and protected below its own limit.
    const protection = this.#protection(decimal(away(price, -30)));
    return this.#order('limit entry', market, { ...kind, quantity, limit_price: limit, protection });
  }

  #enterAtStop(market: Market, price: Decimal): Promise<unknown> {
    const stop = this.#draw.between(5, 20);
    return this.#order('stop entry', market, {
      type: 'stop_limit',
      quantity: worth(this.#draw.between(LEAST_WORTH, MOST_WORTH), price, market),
      stop_price: away(price, stop),
      limit_price: away(price, stop + 5),
      protection: { stop_loss: away(price, -40) },
    });
  }

  async #order(what: string, { symbol }: Market, body: Json): Promise<unknown> {
    const key = this.#key();
    return this.#change(key, {
      method: 'POST',
      path: '/orders',
      body: { wallet_id: this.#wallet.walletId, symbol, side: 'buy', flow_id: key, ...body },
      what,
      orderIdIn: orderOf,
    });
  }

  async #cancel(): Promise<unknown> {
    const statuses = 'pending,submitted,open,partially_filled';
    const path = `/orders?wallet_id=${this.#wallet.walletId}&status=${statuses}`;
    const live = await this.#client.all<OrderView>(path);
    if (live.length === 0) return null;
    const { order_id: orderId } = this.#draw.pick(live);
    return this.#change(this.#key(), {
      method: 'POST',
      path: `/orders/${orderId}/cancel`,
      body: {},
      what: 'cancel',
      orderIdIn: orderOf,
    });
  }

  async #closePart(open: readonly PositionView[]): Promise<unknown> {
    const one = this.#ofThose(open, 'open');
    const places = MARKETS.find(({ symbol }) => symbol === one?.symbol)?.places;
    if (one === null || places === undefined) return null;
    const quantity = decimal(one.current.amount)
      .times(`0.${this.#draw.between(2, 7)}`)
      .toFixed(places);
    return decimal(quantity).isZero() ? null : this.#closing(one, { quantity }, 'part close');
  }

  async #close(open: readonly PositionView[]): Promise<unknown> {
    const one = open.length === 0 ? null : this.#draw.pick(open);
    return one === null ? null : this.#closing(one, {}, 'close');
  }

  #closing({ position_id: positionId }: PositionView, body: Json, what: string): Promise<unknown> {
    const path = `/positions/${positionId}/close`;
    return this.#change(this.#key(), { method: 'POST', path, body, what, orderIdIn: exitOf });
  }

  async #protect(open: readonly PositionView[]): Promise<unknown> {
    const one = this.#ofThose(open, 'open');
    const price = one === null ? null : await this.#price(one.symbol);
    if (one === null || price === null) return null;
    const path = `/positions/${one.position_id}/protection`;
    const body = this.#draw.weighted<Json>([
      [2, { stop_loss: away(price, -this.#draw.between(5, 40)) }],
      [1, { trailing_stop: { distance_percent: '0.2' } }],
      [1, { take_profit: away(price, this.#draw.between(8, 40)) }],
    ]);
    return this.#change(this.#key(), {
      method: 'PATCH',
      path,
      body,
      what: 'protection',
      orderIdIn: () => null,
    });
  }

  /** A part of the position rests at the exchange: its stop has to take it over. */
  async #restingExit(open: readonly PositionView[]): Promise<unknown> {
    const one = this.#ofThose(open, 'open');
    const market = MARKETS.find(({ symbol }) => symbol === one?.symbol);
    const price = one === null ? null : await this.#price(one.symbol);
    if (one === null || market === undefined || price === null) return null;
    const quantity = decimal(one.current.amount).times('0.5').toFixed(market.places);
    if (decimal(quantity).times(price).lessThan('6')) return null;
    const above = away(price, this.#draw.between(6, 40));
    const isPair = this.#wallet.uid !== null && this.#draw.chance(60);
    const stop = away(price, -this.#draw.between(6, 40));
    const kind = isPair
      ? { type: 'oco', limit_price: above, stop_price: stop }
      : { type: 'limit', limit_price: above };
    return this.#order('resting exit', market, {
      ...kind,
      quantity,
      side: 'sell',
      position_id: one.position_id,
    });
  }

  /** The very same request, much later. */
  async #repeat(): Promise<unknown> {
    if (this.#before.length === 0) return null;
    const { key, change } = this.#draw.pick(this.#before);
    return this.#client.change(key, { ...change, what: `${change.what}, repeated` }, this.#draw);
  }

  #change(key: string, change: Change): Promise<unknown> {
    if (change.what.endsWith('entry')) this.#before.push({ key, change });
    return this.#client.change(key, change, this.#draw);
  }

  #ofThose(open: readonly PositionView[], status: string): PositionView | null {
    const those = open.filter((one) => one.status === status);
    return those.length === 0 ? null : this.#draw.pick(those);
  }

  #key(): string {
    this.#made += 1;
    return `${this.#wallet.name}-${this.#made}`;
  }
}

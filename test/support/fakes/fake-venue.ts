import { Decimal, decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import type { Environment, ExecutionReport, Fill, TriggerFacts } from '../../../shared/domain/types.ts';
import type { Outbox } from '../../../shared/ports/messages.ts';
import type { Clock } from '../../../shared/ports/runtime.ts';
import type { PriceCache } from '../../../shared/ports/trigger-index.ts';
import type {
  AmendOutcome,
  AmendRequest,
  Balance,
  CancelOutcome,
  DemoVenueBook,
  ExchangeWallet,
  MarketPrice,
  OrderSought,
  PlaceOutcome,
  PlaceRequest,
  QueryOutcome,
  VenueFactory,
  VenueRefusalCode,
  VenueWallet,
} from '../../../shared/ports/venue.ts';
import { WalletUnusableError } from '../../../shared/ports/venue.ts';

interface Working {
  readonly request: PlaceRequest;
  readonly venueOrderId: string;
  /** As it is now: amendments lessen it. */
  quantity: Decimal;
  status: ExecutionReport['status'];
  fills: Fill[];
}

/** What goes wrong with the next placement. */
export type PlaceFault =
  | 'lost_before'
  | 'lost_after'
  | ({ readonly refuse: VenueRefusalCode } & Pick<
      PlaceOutcome & { kind: 'refused' },
      'filter' | 'venueCode' | 'scope'
    >)
  | { readonly notSent: number }
  | 'not_executed';

const FEE_RATE = new Decimal('0.001');

/** A venue with one account: fills market orders at the shown price, rests the others. Its faults are scripted. */
export class FakeVenue implements VenueWallet, DemoVenueBook {
  readonly placed: PlaceRequest[] = [];
  readonly orders = new Map<string, Working>();
  faults: PlaceFault[] = [];
  /** Sizes of the trades that a market order is filled with; what is left stays open. Null: all at once. */
  slices: readonly Decimal[] | null = null;
  cancelReplyLost = false;
  /** What goes wrong with the next amendments; `lost_before` never came, `lost_after` was done. */
  amendFaults: ('lost_before' | 'lost_after' | 'refuse')[] = [];
  readonly amended: AmendRequest[] = [];
  environment: Environment = 'demo';
  /** What a second look answers; null = what the first would. */
  second: QueryOutcome | null = null;
  /** Of the keys that its wallets are signed with (world.ts). */
  keyVersion = 1;
  /** Set: the wallet cannot be used, and why. */
  unusable: string | null = null;
  readonly secondLooks: OrderSought[] = [];
  opened: readonly { asset: string; amount: Decimal }[] = [];
  private readonly walletId: string;
  private readonly clock: Clock;
  private readonly prices: PriceCache;
  private readonly outbox: Outbox;

  constructor(of: { walletId: string; clock: Clock; prices: PriceCache; outbox: Outbox }) {
    this.walletId = of.walletId;
    this.clock = of.clock;
    this.prices = of.prices;
    this.outbox = of.outbox;
  }

  async initialize(): Promise<void> {
    await this.prices.wanted();
  }

  async close(): Promise<void> {
    this.faults = [];
  }

  async testConnection(): Promise<{ readonly ok: true }> {
    return { ok: true };
  }

  async balances(): Promise<readonly Balance[]> {
    return this.opened.map(({ asset, amount }) => ({ asset, free: amount, locked: ZERO }));
  }

  async marketPrice(symbol: string): Promise<MarketPrice | null> {
    const price = await this.prices.price(symbol);
    if (price === null) return null;
    const { bid, ask, last, at } = price;
    return { symbol, bid: decimal(bid), ask: decimal(ask), last: decimal(last), at };
  }

  /** The exchange's 24 h volume of every symbol. */
  volume: Decimal | null = null;

  async dayVolume(): Promise<Decimal | null> {
    return this.volume;
  }

  async venueTime(): Promise<number> {
    return this.clock.now();
  }

  async placeOrder(request: PlaceRequest): Promise<PlaceOutcome> {
    const fault = this.faults.shift();
    if (fault === 'lost_before') return { kind: 'unknown', message: 'connection reset' };
    if (fault === 'not_executed') return { kind: 'not_executed', message: 'timestamp outside of recvWindow' };
    if (fault !== undefined && typeof fault === 'object') {
      if ('notSent' in fault) return { kind: 'not_sent', code: 'no_price', retryAfterMs: fault.notSent };
      const { refuse, ...more } = fault;
      return { kind: 'refused', code: refuse, message: 'not enough', ...more };
    }
    if (this.clock.now() > request.signedAt + request.recvWindowMs) {
      return { kind: 'not_executed', message: 'timestamp outside of recvWindow' };
    }
    const price = await this.marketPrice(request.symbol);
    if (price === null) return { kind: 'not_sent', code: 'no_price', retryAfterMs: 1000 };
    if (this.orders.has(request.clientId)) {
      return { kind: 'refused', code: 'duplicate', message: 'duplicate client order id' };
    }
    this.placed.push(request);
    const order: Working = {
      request,
      venueOrderId: `v${this.placed.length}`,
      quantity: request.quantity,
      status: 'new',
      fills: [],
    };
    this.orders.set(request.clientId, order);
    const answer = this.report(order, 'answer');
    if (request.type === 'market') {
      const at = request.trigger ?? price;
      await this.fill(
        order,
        request.side === 'buy' ? at.ask : at.bid,
        request.trigger?.tickId ?? null,
        this.slices,
      );
    }
    if (fault === 'lost_after') return { kind: 'unknown', message: 'reply timed out' };
    return { kind: 'accepted', report: answer };
  }

  async cancelOrder(_symbol: string, clientId: string): Promise<CancelOutcome> {
    const order = this.orders.get(clientId);
    if (order === undefined || !isLive(order)) return { kind: 'not_live' };
    order.status = 'cancelled';
    if (this.cancelReplyLost) return { kind: 'unknown', message: 'reply timed out' };
    return { kind: 'cancelled', report: this.report(order, 'answer') };
  }

  async amendOrder(request: AmendRequest): Promise<AmendOutcome> {
    this.amended.push(request);
    const fault = this.amendFaults.shift();
    if (fault === 'lost_before') return { kind: 'unknown', message: 'connection reset' };
    const order = this.orders.get(request.clientId);
    if (order === undefined || !isLive(order)) return { kind: 'not_live' };
    if (fault === 'refuse') return { kind: 'refused', message: 'Order amend is not supported' };
    if (!request.quantity.lessThan(order.quantity)) return { kind: 'refused', message: 'no change' };
    order.quantity = request.quantity;
    if (!order.quantity.greaterThan(filledOf(order))) order.status = 'expired';
    if (fault === 'lost_after') return { kind: 'unknown', message: 'reply timed out' };
    return { kind: 'amended', report: this.report(order, 'answer') };
  }

  async orderStatus({ clientId }: OrderSought): Promise<QueryOutcome> {
    const order = this.orders.get(clientId);
    return order === undefined
      ? { kind: 'absent', venueNow: this.clock.now() }
      : { kind: 'found', report: { ...this.report(order, 'query'), fills: order.fills } };
  }

  async secondLook(sought: OrderSought): Promise<QueryOutcome> {
    this.secondLooks.push(sought);
    return this.second ?? this.orderStatus(sought);
  }

  async openOrders(symbol: string | null): Promise<readonly ExecutionReport[]> {
    return [...this.orders.values()]
      .filter((order) => isLive(order) && (symbol === null || order.request.symbol === symbol))
      .map((order) => this.report(order, 'query'));
  }

  async work(_symbol: string, clientId: string, trigger: TriggerFacts): Promise<{ readonly live: boolean }> {
    const order = this.orders.get(clientId);
    if (order === undefined) return { live: false };
    const seen = order.fills.some((fill) => fill.tickId === trigger.tickId);
    if (isLive(order) && !seen) {
      const price = order.request.limitPrice ?? (order.request.side === 'buy' ? trigger.ask : trigger.bid);
      await this.fill(order, price, trigger.tickId, null);
    }
    return { live: isLive(order) };
  }

  async open(startingBalances: readonly { asset: string; amount: Decimal }[]): Promise<void> {
    if (this.opened.length === 0) this.opened = startingBalances;
  }

  /** One trade of a live order, told by the stream. */
  async trade(clientId: string, quantity: Decimal, price: Decimal): Promise<void> {
    const order = this.orders.get(clientId);
    if (order === undefined) throw new Error(`no order ${clientId}`);
    await this.fill(order, price, null, [quantity]);
  }

  /** Somebody lessens, or ends, the order in the exchange's own app. */
  async inTheApp(clientId: string, quantity: Decimal | null): Promise<void> {
    const order = this.orders.get(clientId);
    if (order === undefined) throw new Error(`no order ${clientId}`);
    if (quantity === null) order.status = 'cancelled';
    else order.quantity = quantity;
    await this.outbox.executions(this.report(order, 'stream'));
  }

  /** Ends a live order the venue's own way and reports it. */
  async expire(clientId: string): Promise<void> {
    const order = this.orders.get(clientId);
    if (order === undefined) throw new Error(`no order ${clientId}`);
    order.status = 'expired';
    await this.outbox.executions(this.report(order, 'stream'));
  }

  private async fill(
    order: Working,
    price: Decimal,
    tickId: number | null,
    slices: readonly Decimal[] | null,
  ): Promise<void> {
    const { request } = order;
    const whole = request.quoteQuantity?.dividedBy(price).toDecimalPlaces(5, Decimal.ROUND_DOWN);
    const wanted = whole ?? order.quantity;
    for (const quantity of slices ?? [wanted.minus(filledOf(order))]) {
      const fill: Fill = {
        tradeId: `${request.clientId}:${order.fills.length + 1}`,
        price,
        quantity,
        fee: { asset: request.symbol.split('/')[1] ?? '', amount: price.times(quantity).times(FEE_RATE) },
        feeQuoteValue: null,
        at: this.clock.now(),
        tickId,
        maker: false,
      };
      order.fills.push(fill);
      order.status = filledOf(order).equals(wanted) ? 'filled' : 'partially_filled';
      await this.outbox.executions({ ...this.report(order, 'stream'), fills: [fill] });
    }
  }

  private report(order: Working, source: ExecutionReport['source']): ExecutionReport {
    return {
      walletId: this.walletId,
      environment: this.environment,
      symbol: order.request.symbol,
      clientId: order.request.clientId,
      venueOrderId: order.venueOrderId,
      status: order.status,
      reason: null,
      cumulativeQuantity: filledOf(order),
      ...(order.request.quoteQuantity === null && { quantity: order.quantity }),
      fills: [],
      at: this.clock.now(),
      source,
    };
  }
}

const isLive = (order: Working): boolean => order.status === 'new' || order.status === 'partially_filled';
const filledOf = (order: Working): Decimal =>
  order.fills.reduce((total, fill) => total.plus(fill.quantity), ZERO);

/** One fake venue per wallet. */
export class FakeVenues implements VenueFactory {
  readonly wallets = new Map<string, FakeVenue>();
  private readonly make: (walletId: string) => FakeVenue;

  constructor(of: { clock: Clock; prices: PriceCache; outbox: Outbox }) {
    this.make = (walletId) => new FakeVenue({ walletId, ...of });
  }

  venue(walletId: string): FakeVenue {
    const venue = this.wallets.get(walletId) ?? this.make(walletId);
    this.wallets.set(walletId, venue);
    return venue;
  }

  async forWallet(walletId: string): Promise<VenueWallet> {
    const venue = this.venue(walletId);
    if (venue.unusable !== null) throw new WalletUnusableError(venue.unusable);
    return venue;
  }

  async demoBook(walletId: string): Promise<DemoVenueBook> {
    return this.venue(walletId);
  }

  async forKeyCheck(walletId: string): Promise<ExchangeWallet> {
    throw new Error(`wallet ${walletId} is a demo wallet: it has no keys`);
  }
}

/** Whatever is placed, worked and cancelled: nothing appears, nothing is lost, nothing goes below zero. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import { stopFalls } from '../../../shared/domain/normalise.ts';
import { type OrderType, TIMES_IN_FORCE } from '../../../shared/domain/types.ts';
import { aRequest, triggerOf, type Workbench, workbench } from './bench.ts';

const SYMBOLS = ['BTC/USDT', 'ETH/USDT', 'ETH/BTC'] as const;
const TICK = { 'BTC/USDT': '0.01', 'ETH/USDT': '0.01', 'ETH/BTC': '0.00001' } as const;
const STEP = { 'BTC/USDT': '0.00001', 'ETH/USDT': '0.0001', 'ETH/BTC': '0.0001' } as const;
/** Middle price in ticks; a walk stays within a tenth of it. */
const MIDDLE = { 'BTC/USDT': 5_000_000, 'ETH/USDT': 300_000, 'ETH/BTC': 6_000 } as const;

/** What the demo venue takes. */
const TYPES: readonly OrderType[] = [
  'market',
  'limit',
  'limit_maker',
  'stop_loss',
  'stop_limit',
  'take_profit',
  'take_profit_limit',
];
const WAITING: readonly OrderType[] = ['stop_loss', 'stop_limit', 'take_profit', 'take_profit_limit'];
const LIMITED: readonly OrderType[] = ['stop_limit', 'take_profit_limit'];

const symbols = fc.constantFrom(...SYMBOLS);
const offsets = fc.integer({ min: -100, max: 100 });

const placing = fc.record({
  do: fc.constant('place' as const),
  symbol: symbols,
  side: fc.constantFrom('buy' as const, 'sell' as const),
  type: fc.constantFrom(...TYPES),
  timeInForce: fc.constantFrom(...TIMES_IN_FORCE),
  steps: fc.integer({ min: 1, max: 60_000 }),
  offset: offsets,
  limitOffset: fc.integer({ min: -10, max: 10 }),
  size: fc.option(fc.integer({ min: 0, max: 50_000 })),
});
const ticking = fc.record({
  do: fc.constant('tick' as const),
  symbol: symbols,
  offset: offsets,
  spread: fc.integer({ min: 0, max: 3 }),
  bidSize: fc.option(fc.integer({ min: 0, max: 50_000 })),
  askSize: fc.option(fc.integer({ min: 0, max: 50_000 })),
});
const cancelling = fc.record({ do: fc.constant('cancel' as const), which: fc.nat(20) });
type Command =
  | (typeof placing extends fc.Arbitrary<infer T> ? T : never)
  | (typeof ticking extends fc.Arbitrary<infer T> ? T : never)
  | (typeof cancelling extends fc.Arbitrary<infer T> ? T : never);

const priceOf = (symbol: (typeof SYMBOLS)[number], offset: number): Decimal =>
  new Decimal(MIDDLE[symbol] + Math.round((MIDDLE[symbol] * offset) / 1000)).times(TICK[symbol]);

/** Sizes finer than any step, and none at all. */
const sizeText = (parts: number | null): string =>
  parts === null ? '' : new Decimal(parts).times('0.0000413').toFixed();

async function run(b: Workbench, commands: readonly Command[]): Promise<void> {
  let placed = 0;
  for (const command of commands) {
    if (command.do === 'place') {
      const { symbol, side, type, timeInForce, steps, offset, limitOffset, size } = command;
      placed += 1;
      const now = priceOf(symbol, 0).toFixed();
      b.show({ bid: now, ask: now, bidSize: sizeText(size), askSize: sizeText(size) }, symbol);
      // Most stops wait on the side where they may; every seventh is refused.
      const away = stopFalls(side, type) ? -Math.abs(offset) - 1 : Math.abs(offset) + 1;
      const price = priceOf(symbol, WAITING.includes(type) && steps % 7 !== 0 ? away : offset);
      const byQuote = type === 'market' && side === 'buy' && steps % 2 === 0;
      const quantity = new Decimal(steps).times(STEP[symbol]);
      const limit = LIMITED.includes(type) ? priceOf(symbol, away + limitOffset) : null;
      await b.venue.placeOrder(
        aRequest({
          clientId: `mq${placed}-1`,
          ...{ symbol, side, type, timeInForce },
          quantity: byQuote ? ZERO : quantity,
          quoteQuantity: byQuote ? quantity.times(price).toDecimalPlaces(8, Decimal.ROUND_DOWN) : null,
          limitPrice: type === 'limit' || type === 'limit_maker' ? price : limit,
          stopPrice: WAITING.includes(type) ? price : null,
        }),
      );
    } else if (command.do === 'tick') {
      const { symbol, offset, spread, bidSize, askSize } = command;
      const bid = priceOf(symbol, offset);
      const tick = b.show(
        {
          bid: bid.toFixed(),
          ask: bid.plus(new Decimal(TICK[symbol]).times(spread)).toFixed(),
          bidSize: sizeText(bidSize),
          askSize: sizeText(askSize),
        },
        symbol,
      );
      for (const order of await b.store.liveOrders('w1')) {
        if (order.symbol !== symbol) continue;
        const trigger = triggerOf(tick, order.side === 'buy' ? 'ask' : 'bid');
        await b.venue.work(symbol, order.clientId, trigger);
        await b.venue.work(symbol, order.clientId, trigger);
      }
    } else {
      const orders = [...b.store.orders.values()];
      const order = orders[command.which % Math.max(orders.length, 1)];
      if (order !== undefined) await b.venue.cancelOrder(order.symbol, order.clientId, order.type);
    }
    check(b);
  }
}

const START = { USDT: '120000', BTC: '2', ETH: '40' };

/** Every invariant of the book, from its balances, orders and trades. */
function check({ store, wallet }: Workbench): void {
  const expected = new Map(Object.entries(START).map(([asset, amount]) => [asset, new Decimal(amount)]));
  const locked = new Map<string, Decimal>();
  const add = (to: Map<string, Decimal>, asset: string, amount: Decimal) =>
    to.set(asset, (to.get(asset) ?? ZERO).plus(amount));
  for (const order of store.orders.values()) {
    const [base = '', quote = ''] = order.symbol.split('/');
    const fills = store.booked.get(order.clientId) ?? [];
    const sign = order.side === 'buy' ? 1 : -1;
    for (const fill of fills) {
      add(expected, base, fill.quantity.times(sign));
      add(expected, quote, fill.price.times(fill.quantity).times(-sign));
      add(expected, fill.fee.asset, fill.fee.amount.negated());
      expect(fill.fee.amount.isNegative()).toBe(false);
      expect(fill.quantity.greaterThan(0)).toBe(true);
      if (order.limitPrice !== null) {
        expect(sign * fill.price.comparedTo(order.limitPrice)).toBeLessThanOrEqual(0);
      }
    }
    const executed = sum(fills.map((fill) => fill.quantity));
    expect(executed.eq(order.executedQuantity)).toBe(true);
    if (order.quoteQuantity === null) {
      expect(executed.lessThanOrEqualTo(order.quantity)).toBe(true);
      expect(order.status === 'filled').toBe(executed.eq(order.quantity));
    } else {
      expect(order.executedQuote.lessThanOrEqualTo(order.quoteQuantity)).toBe(true);
      if (order.status === 'filled') expect(executed.greaterThan(0)).toBe(true);
    }
    expect(new Set(fills.map((fill) => fill.tickId)).size).toBe(fills.length);
    expect(new Set(fills.map((fill) => fill.tradeId)).size).toBe(fills.length);
    const live = order.status === 'new' || order.status === 'partially_filled';
    if (!live) expect(order.locked.isZero()).toBe(true);
    add(locked, order.side === 'buy' ? quote : base, order.locked);
    // Many small trades pay what one large trade would.
    const inBase = order.side === 'buy' && wallet.demo.buyFeeIn === 'base';
    const paid = sum(fills.map((fill) => fill.fee.amount));
    const whole = (inBase ? executed : order.executedQuote).times(wallet.demo.feeRate);
    expect(paid.minus(whole).abs().lessThanOrEqualTo('0.000000005')).toBe(true);
  }
  for (const balance of store.held.values()) {
    const { asset } = balance;
    expect(balance.free.plus(balance.locked).toFixed()).toBe((expected.get(asset) ?? ZERO).toFixed());
    expect(balance.locked.toFixed()).toBe((locked.get(asset) ?? ZERO).toFixed());
    expect(balance.free.isNegative() || balance.locked.isNegative()).toBe(false);
  }
}

describe('the demo book', () => {
  it('conserves every asset over random orders, ticks and cancels', async () => {
    const commands = fc.array(fc.oneof(placing, ticking, cancelling), {
      minLength: 1,
      maxLength: 40,
      size: 'max',
    });
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        commands,
        fc.constantFrom('quote' as const, 'base' as const),
        fc.constantFrom('0', '0.001', '0.00075', '0.0123457'),
        async (some, buyFeeIn, feeRate) => {
          const b = workbench({ buyFeeIn, feeRate, balances: START });
          await b.venue.initialize();
          await run(b, some);
          for (const order of b.store.orders.values()) {
            const ofOne = LIMITED.includes(order.type) ? 'two steps' : order.type;
            const kind = order.quoteQuantity === null ? ofOne : 'market by quote';
            seen.set(order.status, (seen.get(order.status) ?? 0) + 1);
            if (order.executedQuantity.greaterThan(0)) seen.set(kind, (seen.get(kind) ?? 0) + 1);
          }
        },
      ),
      { numRuns: 300 },
    );
    // The histories reached what they are meant to reach.
    const reached = ['new', 'partially_filled', 'filled', 'cancelled', 'expired', 'market by quote'];
    const kinds = ['market', 'limit', 'limit_maker', 'stop_loss', 'take_profit', 'two steps'];
    for (const what of [...reached, ...kinds]) {
      expect([what, seen.get(what) ?? 0]).toSatisfy(([, count]) => count > 4);
    }
  });
});

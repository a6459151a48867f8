/** Positions on margin at the demo venue: what is put up, what comes back, and that nothing appears or is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collateralOf } from '../../../shared/domain/margin.ts';
import { Decimal, decimal, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import type { MarginRequest, PlaceRequest } from '../../../shared/ports/venue.ts';
import { aRequest, holdings, triggerOf, type Workbench, workbench } from './bench.ts';

const short = (leverage: number, closes = false, positionId = 'p1'): MarginRequest => ({
  ...{ positionId, side: 'short', leverage, closes },
});
const long = (leverage: number, closes = false, positionId = 'p1'): MarginRequest => ({
  ...{ positionId, side: 'long', leverage, closes },
});
const at = (b: Workbench, price: string) => b.show({ bid: price, ask: price });
let orders = 0;
const place = (b: Workbench, changes: Partial<PlaceRequest>) =>
  b.venue.placeOrder(aRequest({ clientId: `mq${++orders}-1`, ...changes }));
const positionOf = ({ store }: Workbench, id = 'p1') => {
  const m = store.margins.get(id);
  return m && [m.quantity, m.cost, m.collateral, m.reserved].map((value) => value.toFixed());
};
async function bench(settings: Parameters<typeof workbench>[0] = {}): Promise<Workbench> {
  const b = workbench({ maxLeverage: 20, ...settings });
  await b.venue.initialize();
  at(b, '50000');
  return b;
}

describe('a short at the demo venue', () => {
  it('puts up its collateral and brings its gain, to the last digit', async () => {
    const b = await bench();
    await place(b, { side: 'sell', margin: short(5) });
    expect(positionOf(b)).toEqual(['0.5', '25000', '5000', '0']);
    expect(holdings(b)).toEqual({ USDT: '94975 + 5000' });
    at(b, '48000');
    await place(b, { side: 'buy', quantity: decimal('0.2'), margin: short(5, true) });
    // 0.2 x (50,000 - 48,000) - 9.6, and two fifths of the collateral
    expect(positionOf(b)).toEqual(['0.3', '15000', '3000', '0']);
    expect(holdings(b)).toEqual({ USDT: '97365.4 + 3000' });
    at(b, '51000');
    await place(b, { side: 'buy', quantity: decimal('0.3'), margin: short(5, true) });
    // - 0.3 x 1,000 - 15.3
    expect(positionOf(b)).toEqual(['0', '0', '0', '0']);
    expect(holdings(b)).toEqual({ USDT: '100050.1' });
  });

  it('is refused where collateral and fee are not free, with the figures', async () => {
    const b = await bench({ balances: { USDT: '5024.99' } });
    expect(await place(b, { side: 'sell', margin: short(5) })).toEqual({
      kind: 'refused',
      code: 'insufficient_balance',
      message: '5025 USDT needed for margin and fee, 5024.99 free',
    });
    expect(positionOf(b)).toBeUndefined();
  });

  it('never buys back more than is owed and not held by other orders', async () => {
    const b = await bench();
    await place(b, { side: 'sell', margin: short(5) });
    const stop = { side: 'buy', type: 'stop_loss', stopPrice: decimal('52000') } as const;
    const resting = await place(b, { ...stop, quantity: decimal('0.4'), margin: short(5, true) });
    expect(resting.kind).toBe('accepted');
    expect(positionOf(b)?.[3]).toBe('0.4');
    expect(await place(b, { side: 'buy', quantity: decimal('0.2'), margin: short(5, true) })).toEqual({
      kind: 'refused',
      code: 'invalid',
      message: '0.2 to be closed, 0.1 is owed and not held by other orders',
    });
    await b.venue.cancelOrder('BTC/USDT', `mq${orders - 1}-1`, 'stop_loss');
    expect(positionOf(b)?.[3]).toBe('0');
    expect((await place(b, { side: 'buy', quantity: decimal('0.5'), margin: short(5, true) })).kind).toBe(
      'accepted',
    );
    expect((await place(b, { side: 'buy', quantity: decimal('0.1'), margin: short(5, true) })).kind).toBe(
      'refused',
    );
  });

  it('touches no coins of the account, and a spot sale none of what is owed', async () => {
    const b = await bench({ balances: { USDT: '100000', BTC: '1' } });
    await place(b, { side: 'sell', margin: short(5) });
    expect(holdings(b)).toMatchObject({ BTC: '1' });
    await place(b, { side: 'sell', quantity: decimal('1') });
    expect(positionOf(b)?.[0]).toBe('0.5');
    expect((await place(b, { side: 'buy', quantity: decimal('0.5'), margin: short(5, true) })).kind).toBe(
      'accepted',
    );
  });

  it('a limit that takes a better price puts up what that asks for', async () => {
    const b = await bench({ balances: { USDT: '5025' } });
    const sell = { side: 'sell', type: 'limit', limitPrice: decimal('40000'), margin: short(5) } as const;
    expect((await place(b, sell)).kind).toBe('accepted');
    expect(positionOf(b)).toEqual(['0.5', '25000', '5000', '0']);
    expect(holdings(b)).toEqual({ USDT: '0 + 5000' });
    expect((await place(b, { ...sell, quantity: decimal('0.0002') })).kind).toBe('refused');
    const poor = await bench({ balances: { USDT: '4500' } });
    expect(await place(poor, sell)).toMatchObject({
      message: '5025 USDT needed for margin and fee, 4500 free',
    });
  });

  it('gives back what is worth less than the least order', async () => {
    const b = await bench();
    await place(b, { side: 'sell', margin: short(2) });
    await place(b, { side: 'buy', quantity: decimal('0.49999'), margin: short(2, true) });
    expect((await place(b, { side: 'buy', quantity: decimal('0.00001'), margin: short(2, true) })).kind).toBe(
      'accepted',
    );
    expect(positionOf(b)).toEqual(['0', '0', '0', '0']);
    expect((await place(b, { side: 'sell', quantity: decimal('0.00001'), margin: short(2) })).kind).toBe(
      'refused',
    );
  });

  it('a jump beyond its collateral costs the account, which opens nothing while it owes', async () => {
    const b = await bench({ balances: { USDT: '5025' } });
    await place(b, { side: 'sell', margin: short(5) });
    at(b, '70000');
    expect((await place(b, { side: 'buy', margin: short(5, true) })).kind).toBe('accepted');
    // - 0.5 x 20,000 - 35
    expect(holdings(b)).toEqual({ USDT: '-5035' });
    const small = { quantity: decimal('0.001') };
    for (const margin of [null, short(5, false, 'p2')]) {
      const side = margin === null ? 'buy' : 'sell';
      expect(await place(b, { ...small, side, margin })).toMatchObject({ code: 'insufficient_balance' });
    }
  });

  it('an entry that rests when the account has lost ends instead of borrowing for it', async () => {
    const b = await bench({ balances: { USDT: '5100' } });
    const sell = {
      side: 'sell',
      type: 'limit',
      limitPrice: decimal('60000'),
      quantity: decimal('0.001'),
    } as const;
    await place(b, { side: 'sell', margin: short(5) });
    await place(b, { ...sell, margin: short(5, false, 'p2') });
    at(b, '70000');
    await place(b, { side: 'buy', margin: short(5, true) });
    const price = at(b, '60000');
    await b.venue.work('BTC/USDT', `mq${orders - 1}-1`, triggerOf(price, 'bid'));
    expect(b.store.orders.get(`mq${orders - 1}-1`)).toMatchObject({
      status: 'expired',
      reason: 'insufficient_balance',
    });
    expect(positionOf(b, 'p2')?.[0]).toBe('0');
  });
});

describe('a short by an amount of quote', () => {
  it('sells as much as that is worth', async () => {
    const b = await bench({ balances: { USDT: '1000' } });
    const byQuote = { quantity: ZERO, quoteQuantity: decimal('4000'), margin: short(5) };
    expect((await place(b, { side: 'sell', ...byQuote })).kind).toBe('accepted');
    expect(positionOf(b)).toEqual(['0.08', '4000', '800', '0']);
    expect(holdings(b)).toEqual({ USDT: '196 + 800' });
  });
});

describe('a leveraged long at the demo venue', () => {
  it('buys for more than the account has, and holds no coin of it', async () => {
    const b = await bench({ balances: { USDT: '10000' } });
    await place(b, { margin: long(5) });
    expect(positionOf(b)).toEqual(['0.5', '25000', '5000', '0']);
    expect(holdings(b)).toEqual({ USDT: '4975 + 5000' });
    at(b, '52000');
    await place(b, { side: 'sell', margin: long(5, true) });
    // 0.5 x 2,000 - 26
    expect(holdings(b)).toEqual({ USDT: '10949' });
  });

  it('by an amount of quote, and by what the account can put up', async () => {
    const b = await bench({ balances: { USDT: '1000' } });
    const byQuote = { quantity: ZERO, quoteQuantity: decimal('4000'), margin: long(5) };
    expect((await place(b, byQuote)).kind).toBe('accepted');
    expect(positionOf(b)).toEqual(['0.08', '4000', '800', '0']);
    expect((await place(b, { ...byQuote, margin: long(5, false, 'p2') })).kind).toBe('refused');
  });
});

const SPEC = { step: '0.00001', tick: '0.01' };
const command = fc.record({
  what: fc.constantFrom(
    'open' as const,
    'open' as const,
    'close' as const,
    'rest' as const,
    'cancel' as const,
    'tick' as const,
  ),
  position: fc.integer({ min: 0, max: 3 }),
  side: fc.constantFrom('long' as const, 'short' as const),
  type: fc.constantFrom('market' as const, 'limit' as const),
  steps: fc.integer({ min: 1, max: 60_000 }),
  ticks: fc.integer({ min: 3_500_000, max: 6_500_000 }),
  size: fc.option(fc.integer({ min: 0, max: 50_000 })),
});

describe('the demo book on margin', () => {
  it('cash + holdings - what is owed, at the mark, is the start and what was won; over random orders and ticks', async () => {
    const seen = { short: 0, long: 0, closed: 0, partial: 0, negative: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 40, size: 'max' }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('0', '0.001', '0.0123457'),
        async (commands, leverage, feeRate) => {
          const b = await bench({ feeRate, balances: { USDT: '20000', BTC: '1' } });
          const sides = new Map<string, 'long' | 'short'>();
          for (const { what, position, side, type, steps, ticks, size } of commands) {
            const price = new Decimal(ticks).times(SPEC.tick);
            const text = size === null ? '' : new Decimal(size).times('0.0000413').toFixed();
            const tick = b.show({ bid: price.toFixed(), ask: price.toFixed(), bidSize: text, askSize: text });
            const id = `p${position}`;
            const of = sides.get(id) ?? side;
            const margin = { positionId: id, side: of, leverage, closes: what !== 'open' };
            const limitPrice = type === 'limit' ? price.plus(steps % 3 === 0 ? 100 : -100) : null;
            if (what === 'open') {
              sides.set(id, of);
              const quantity = new Decimal(steps).times(SPEC.step);
              const entry = of === 'long' ? 'buy' : 'sell';
              await place(b, { side: entry, type, limitPrice, quantity, margin });
            } else if (what === 'close' || what === 'rest') {
              const left = b.store.margins.get(id);
              const quantity = left === undefined ? ZERO : left.quantity.minus(left.reserved);
              if (!quantity.greaterThan(0)) continue;
              const exit = of === 'long' ? 'sell' : 'buy';
              const stopPrice = what === 'rest' ? price.plus(exit === 'buy' ? 50 : -50) : null;
              const kind = what === 'rest' ? 'stop_loss' : type;
              const limit = kind === 'limit' ? limitPrice : null;
              const done = await place(b, {
                side: exit,
                type: kind,
                quantity,
                limitPrice: limit,
                stopPrice,
                margin,
              });
              expect(done.kind).toBe('accepted');
            } else if (what === 'cancel') {
              const [order] = await b.store.liveOrders('w1');
              if (order !== undefined) await b.venue.cancelOrder(order.symbol, order.clientId, order.type);
            } else {
              for (const order of await b.store.liveOrders('w1')) {
                await b.venue.work(
                  order.symbol,
                  order.clientId,
                  triggerOf(tick, order.side === 'buy' ? 'ask' : 'bid'),
                );
              }
            }
            check(b, price, seen);
          }
        },
      ),
      { numRuns: 300 },
    );
    for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
  });
});

function check({ store }: Workbench, mark: Decimal, seen: Record<string, number>): void {
  const count = (what: string) => {
    seen[what] = (seen[what] ?? 0) + 1;
  };
  let [cash, base] = [decimal('20000'), ZERO];
  const traded = new Map<string, Decimal>();
  for (const order of store.orders.values()) {
    const sign = order.side === 'buy' ? 1 : -1;
    for (const fill of store.booked.get(order.clientId) ?? []) {
      cash = cash.minus(fill.price.times(fill.quantity).times(sign)).minus(fill.fee.amount);
      base = base.plus(fill.quantity.times(sign));
      const id = order.margin?.positionId ?? '';
      traded.set(id, (traded.get(id) ?? ZERO).plus(fill.quantity.times(sign)));
    }
    if (order.status === 'partially_filled') count('partial');
    expect(order.locked.isNegative()).toBe(false);
  }
  const live = [...store.orders.values()].filter(
    (o) => o.status === 'new' || o.status === 'partially_filled',
  );
  let worth = ZERO;
  for (const m of store.margins.values()) {
    const sign = m.side === 'long' ? 1 : -1;
    // What is held or owed is what the trades say; never more bought back than was sold.
    expect(m.quantity.times(sign).toFixed()).toBe((traded.get(m.positionId) ?? ZERO).toFixed());
    expect(m.quantity.isNegative() || m.reserved.greaterThan(m.quantity)).toBe(false);
    const closing = live.filter((o) => o.margin?.closes === true && o.margin.positionId === m.positionId);
    expect(m.reserved.toFixed()).toBe(sum(closing.map((o) => o.locked)).toFixed());
    const leverage = [...store.orders.values()].find((o) => o.margin?.positionId === m.positionId)?.margin
      ?.leverage;
    expect(m.collateral.toFixed()).toBe(collateralOf(m.cost, leverage ?? 0).toFixed());
    if (m.quantity.isZero()) {
      expect([m.cost.isZero(), m.collateral.isZero()]).toEqual([true, true]);
      count('closed');
    } else count(m.side);
    worth = worth.plus(m.quantity.times(mark).minus(m.cost).times(sign));
  }
  const usdt = store.held.get('USDT');
  if (usdt === undefined) throw new Error('no USDT');
  expect(usdt.free.plus(usdt.locked).plus(worth).toFixed()).toBe(cash.plus(base.times(mark)).toFixed());
  const entries = live.filter((o) => o.margin?.closes === false);
  const held = sum([
    ...[...store.margins.values()].map((m) => m.collateral),
    ...entries.map((o) => o.locked),
  ]);
  expect(usdt.locked.toFixed()).toBe(held.toFixed());
  expect(store.held.get('BTC')?.free.toFixed()).toBe('1');
  if (usdt.free.isNegative()) count('negative');
}

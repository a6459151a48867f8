/** Limits of a wallet: what is used of them, and what breaks them, against a model that counts everything anew. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  brokenLimits,
  gateFor,
  isOpen,
  LIMIT_NAMES,
  NO_LIMITS,
  type RiskAsked,
  type WalletRisk,
} from '../../../../shared/domain/risk/limits.ts';
import { dayOf, NO_RESULTS, resultsOf } from '../../../../shared/domain/risk/results.ts';
import {
  NO_SUMS,
  plus,
  type RiskSums,
  reservedInQuote,
  riskChanges,
  sumsOver,
} from '../../../../shared/domain/risk/use.ts';
import type { Order, Position } from '../../../../shared/domain/types.ts';
import { d, NO_PRICES, newAmendment, newOrder, newPosition, T0 } from '../builders.ts';

const MINUTE = T0 / 60_000;
const wallet = (change: Partial<WalletRisk> = {}): WalletRisk => ({
  ...NO_SUMS,
  ...NO_RESULTS,
  acted: null,
  ...{
    limits: NO_LIMITS,
    limitsVersion: 1,
    counted: true,
    minute: 0,
    minuteOrders: 0,
    newAt: 0,
    revision: 1,
  },
  ...change,
});
const asked = (change: Partial<RiskAsked> = {}): RiskAsked => ({
  ...{
    symbol: 'BTC/USDT',
    quote: 'USDT',
    more: d(100),
    position: d(100),
    kind: 'position',
    results: null,
    now: T0,
  },
  ...change,
});

describe('what an entry may still buy', () => {
  it.each<[string, Partial<Order>, string]>([
    ['at its limit price', { limitPrice: d(40), referencePrice: d(50), quantity: d(2) }, '80'],
    ['at its stop price', { stopPrice: d(60), referencePrice: d(50), quantity: d(2) }, '120'],
    ['at the limit price that it rests at after its stop', { limitPrice: d(61), stopPrice: d(60) }, '61'],
    ['at the market', { referencePrice: d(50), quantity: d(2) }, '100'],
    ['by quote', { quantity: d(0), quoteQuantity: d(75), filledQuote: d(25) }, '50'],
    ['of what has not filled', { limitPrice: d(40), quantity: d(2), filledQuantity: d('0.5') }, '60'],
    ['nothing beyond its amount', { limitPrice: d(40), quantity: d(2), filledQuantity: d(3) }, '0'],
    ['nothing of an exit', { role: 'exit', limitPrice: d(40) }, '0'],
    ['nothing once it is settled', { status: 'cancelled', limitPrice: d(40) }, '0'],
    [
      'all of it while trades are missing',
      { status: 'cancelled', limitPrice: d(40), venueQuantity: d('0.5') },
      '40',
    ],
  ])('is counted %s', (_, change, expected) => {
    expect(reservedInQuote(newOrder(change)).toFixed()).toBe(expected);
  });

  it('is the greater of what it is and is to be while it is amended', () => {
    const order = { limitPrice: d(40), quantity: d(2) };
    const to = (quantity: number) => ({ ...NO_PRICES, quantity: d(quantity), limitPrice: d(40) });
    const amended = (quantity: number, outcome: 'under_way' | 'withdrawn') =>
      newOrder({ ...order, amendment: newAmendment({ wanted: to(quantity), outcome }) });
    expect(reservedInQuote(amended(3, 'under_way')).toFixed()).toBe('120');
    expect(reservedInQuote(amended(1, 'under_way')).toFixed()).toBe('80');
    expect(reservedInQuote(amended(3, 'withdrawn')).toFixed()).toBe('80');
  });
});

describe('what is used', () => {
  const amount = fc.integer({ min: 0, max: 1_000_000 }).map((n) => d(n).dividedBy(1000));
  const orders = fc
    .record({
      id: fc.integer({ min: 0, max: 5 }),
      role: fc.constantFrom<Order['role']>('entry', 'entry', 'exit'),
      symbol: fc.constantFrom('BTC/USDT', 'ETH/BTC', 'BTC/USDC'),
      status: fc.constantFrom<Order['status']>('pending', 'open', 'filled', 'cancelled'),
      quantity: amount,
      limitPrice: amount,
      filledQuantity: amount,
      venueQuantity: amount,
    })
    .map(({ id, ...order }) => newOrder({ orderId: `o-${id}`, walletId: `w-${id % 2}`, ...order }));
  const positions = fc
    .record({
      id: fc.integer({ min: 0, max: 5 }),
      quote: fc.constantFrom('USDT', 'BTC'),
      status: fc.constantFrom<Position['status']>('opening', 'open', 'closing', 'closed'),
      cost: amount,
    })
    .map(({ id, ...p }) => ({ ...newPosition(), positionId: `p-${id}`, walletId: `w-${id % 2}`, ...p }));

  it('adds up, change by change, to what the items that stand say', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.uniqueArray(orders, { selector: (o) => o.orderId }),
            fc.uniqueArray(positions, { selector: (p) => p.positionId }),
          ),
          {
            maxLength: 8,
          },
        ),
        (commits) => {
          const [ofOrders, ofPositions] = [new Map<string, Order>(), new Map<string, Position>()];
          const sums = new Map<string, RiskSums>();
          for (const [some, others] of commits) {
            const changes = riskChanges(
              some.map((after) => ({ before: ofOrders.get(after.orderId) ?? null, after })),
              others.map((after) => ({ before: ofPositions.get(after.positionId) ?? null, after })),
            );
            for (const order of some) ofOrders.set(order.orderId, order);
            for (const position of others) ofPositions.set(position.positionId, position);
            for (const { walletId, by } of changes) {
              sums.set(walletId, plus(sums.get(walletId) ?? NO_SUMS, by));
            }
          }
          for (const walletId of ['w-0', 'w-1']) {
            const own = <T extends { readonly walletId: string }>(items: ReadonlyMap<string, T>): T[] =>
              [...items.values()].filter((item) => item.walletId === walletId);
            const { reserved, cost, open, unvalued } = sums.get(walletId) ?? NO_SUMS;
            const whole = naive(own(ofOrders), own(ofPositions));
            expect([reserved.toFixed(), cost.toFixed(), open, unvalued]).toEqual(whole);
            const { reserved: r, cost: c, ...counts } = sumsOver(own(ofOrders), own(ofPositions));
            expect([r.toFixed(), c.toFixed(), counts.open, counts.unvalued]).toEqual(whole);
          }
        },
      ),
    );
  });
});

/** Everything counted in the plainest way. */
function naive(orders: readonly Order[], positions: readonly Position[]): unknown[] {
  let [reserved, cost, open, unvalued] = [d(0), d(0), 0, 0];
  for (const o of orders) {
    const isOver =
      ['filled', 'cancelled'].includes(o.status) && !o.venueQuantity.greaterThan(o.filledQuantity);
    if (o.role === 'exit' || isOver || o.symbol.endsWith('/BTC')) continue;
    const left = o.quantity.minus(o.filledQuantity);
    if (left.greaterThan(0)) reserved = reserved.plus(left.times(o.limitPrice ?? 0));
  }
  for (const p of positions) {
    if (p.status === 'closed') continue;
    open += 1;
    if (p.quote === 'BTC') unvalued += 1;
    else cost = cost.plus(p.cost);
  }
  return [reserved.toFixed(), cost.toFixed(), open, unvalued];
}

describe('limits', () => {
  it('that are not set break nothing', () => {
    const full = wallet({ reserved: d(1e15), open: 1e6, unvalued: 3, minute: MINUTE, minuteOrders: 1e6 });
    expect(brokenLimits(full, asked({ more: null, position: null, quote: 'BTC' }))).toEqual([]);
  });

  it('are named all at once, with their figures', () => {
    const limits = {
      maxPositionNotional: d(99),
      maxTotalExposure: d(1000),
      maxOpenPositions: 3,
      maxOrdersPerMinute: 2,
      allowedSymbols: ['ETH/USDT'],
      maxDailyLoss: d(50),
      maxDrawdown: d(60),
      cooldownAfterLosses: 2,
      cooldownMinutes: 10,
      onBreach: 'pause' as const,
    };
    const lost = { lossRow: 3, lastLossAt: T0 - 1_000, realized: d(-80), peak: d(0) };
    const used = { reserved: d(500), cost: d('400.5'), open: 3, minute: MINUTE, minuteOrders: 2, ...lost };
    const seen = { day: dayOf(T0), realizedToday: d(-60), unrealized: d('9.5'), unknown: null };
    const broken = brokenLimits(
      wallet({ limits, ...used }),
      asked({ results: resultsOf(wallet(used), seen) }),
    );
    expect(broken.map(({ name }) => name)).toEqual(LIMIT_NAMES);
    expect(broken).toEqual([
      { name: 'allowed_symbols', limit: 'ETH/USDT', used: '', asked: 'BTC/USDT' },
      { name: 'max_position_notional', limit: '99', used: '0', asked: '100' },
      { name: 'max_total_exposure', limit: '1000', used: '900.5', asked: '100' },
      { name: 'max_open_positions', limit: '3', used: '3', asked: '1' },
      { name: 'max_orders_per_minute', limit: '2', used: '2', asked: '1' },
      { name: 'max_daily_loss', limit: '50', used: '60', asked: '' },
      { name: 'max_drawdown', limit: '60', used: '70.5', asked: '' },
      {
        ...{ name: 'cooldown_after_losses', limit: '2', asked: '' },
        used: `3 until ${new Date(T0 - 1_000 + 600_000).toISOString()}`,
      },
    ]);
  });

  it('may be reached exactly', () => {
    const limits = {
      ...NO_LIMITS,
      maxPositionNotional: d(100),
      maxTotalExposure: d(1000),
      maxOpenPositions: 1,
    };
    const at = wallet({ limits, cost: d(900) });
    expect(brokenLimits(at, asked())).toEqual([]);
    expect(brokenLimits(at, asked({ more: d('100.01'), position: d('100.01') }))).toHaveLength(2);
  });

  it('on worth are broken by what has no known worth, by name', () => {
    const limits = { ...NO_LIMITS, maxPositionNotional: d(100), maxTotalExposure: d(1000) };
    const odd = asked({ symbol: 'ETH/BTC', quote: 'BTC', more: null, position: null });
    const unknown = 'unknown: BTC has no value in USD here';
    expect(brokenLimits(wallet({ limits }), odd).map(({ name, asked: what }) => [name, what])).toEqual([
      ['max_position_notional', unknown],
      ['max_total_exposure', unknown],
    ]);
    const beside = brokenLimits(wallet({ limits, open: 1, unvalued: 1 }), asked());
    expect(beside).toMatchObject([
      { name: 'max_total_exposure', used: '0 and 1 positions of unknown value in USD' },
    ]);
  });

  it('on numbers are not asked by a change of an entry that is there', () => {
    const limits = { ...NO_LIMITS, maxOpenPositions: 0, maxOrdersPerMinute: 0, allowedSymbols: [] };
    expect(brokenLimits(wallet({ limits }), asked({ kind: 'change' }))).toEqual([]);
  });

  it('let through what they let through when it is written, or have it decided anew', () => {
    const count = fc.integer({ min: 0, max: 4 });
    const worth = fc.integer({ min: 0, max: 40 }).map((n) => d(n));
    const state = fc.record({
      reserved: worth,
      cost: worth,
      open: count,
      unvalued: fc.integer({ min: 0, max: 1 }),
      minute: fc.integer({ min: -1, max: 1 }).map((n) => MINUTE + n),
      minuteOrders: count,
    });
    fc.assert(
      fc.property(
        fc.record({
          maxPositionNotional: fc.option(worth),
          maxTotalExposure: fc.option(worth),
          maxOpenPositions: fc.option(count),
          maxOrdersPerMinute: fc.option(count),
        }),
        state,
        state,
        worth,
        fc.constantFrom('position', 'order', 'change'),
        (some, first, then, more, kind) => {
          const limits = { ...NO_LIMITS, ...some };
          const entry = asked({ more, position: more, kind });
          const read = wallet({ limits, ...first });
          if (brokenLimits(read, entry).length > 0) return;
          const gate = gateFor('w', read, entry);
          expect(isOpen(gate, read)).toBe(true);
          // Whatever was written meanwhile: what passes the gate breaks nothing.
          const written = wallet({ limits, ...then });
          if (isOpen(gate, written)) expect(brokenLimits(written, entry)).toEqual([]);
          expect(isOpen(gate, { ...read, limitsVersion: 2 })).toBe(false);
        },
      ),
    );
  });

  it('count in the minute that others have begun where a clock is behind', () => {
    const limits = { ...NO_LIMITS, maxOrdersPerMinute: 2 };
    const ahead = wallet({ limits, minute: MINUTE + 1, minuteOrders: 1 });
    expect(gateFor('w', ahead, asked()).minute).toEqual({ minute: MINUTE + 1, isNew: false, most: 1 });
    expect(brokenLimits({ ...ahead, minuteOrders: 2 }, asked())).toMatchObject([{ used: '2' }]);
  });
});

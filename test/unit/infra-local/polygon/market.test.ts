import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BarBuilder,
  MINUTE_MS,
  merged,
  SECOND_MS,
} from '../../../../infra/local/venues/polygon/market/bars.ts';
import { Market, type MarketMessage } from '../../../../infra/local/venues/polygon/market/market.ts';
import { priceText, sizeText, unitsOf } from '../../../../infra/local/venues/polygon/market/numbers.ts';
import { pricePath } from '../../../../infra/local/venues/polygon/market/path.ts';
import { isInSession, newYork } from '../../../../infra/local/venues/polygon/market/sessions.ts';
import { catalogue } from '../../../../infra/local/venues/polygon/market/symbols.ts';
import { Decimal } from '../../../../shared/domain/money/decimal.ts';

const symbols = catalogue(2);
const bitcoin = symbols.find(({ name }) => name === 'BTC-USD');
if (bitcoin === undefined) throw new Error('there is no BTC-USD');
const T0 = Date.UTC(2026, 6, 1, 16);

describe('a price', () => {
  it('is the same for the same seed and time, in whatever order it is asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4e12 }), { minLength: 2 }), (times) => {
        const path = pricePath(bitcoin, 1);
        const first = times.map(path);
        expect([...times].reverse().map(path).reverse()).toEqual(first);
        for (const price of first) expect(Math.abs(price / bitcoin.start - 1)).toBeLessThan(0.05);
      }),
    );
  });

  it('moves with each step, little in a second, and otherwise with another seed', () => {
    const [one, other] = [pricePath(bitcoin, 1), pricePath(bitcoin, 2)];
    const prices = Array.from({ length: 600 }, (_, s) => one(T0 + s * SECOND_MS));
    expect(new Set(prices).size).toBeGreaterThan(300);
    for (const [at, price] of prices.entries()) {
      if (at > 0) expect(Math.abs(price / (prices[at - 1] ?? 0) - 1)).toBeLessThan(0.002);
    }
    expect(other(T0)).not.toBe(one(T0));
  });

  it('is written exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e14 }), fc.integer({ min: 0, max: 8 }), (units, decimals) => {
        const exact = new Decimal(units).div(new Decimal(10).pow(decimals));
        expect(new Decimal(priceText(units, decimals)).eq(exact)).toBe(true);
        expect(new Decimal(JSON.parse(priceText(units, decimals)) as number).eq(exact)).toBe(true);
        if (units < 1e12) expect(unitsOf(exact.toFixed(), decimals)).toBe(units);
      }),
    );
  });

  it.each([
    ['4522', '4.522e-05'],
    ['1', '1e-08'],
    ['10000', '0.0001'],
    ['125000000', '1.25'],
  ])('size %s is %s', (units, text) => {
    expect(sizeText(Number(units))).toBe(text);
  });

  it.each(['0', '-1', '1.001', 'x', '', '1e5'])('%j is none', (text) => {
    expect(() => unitsOf(text, 2)).toThrow(/price above zero/);
  });
});

describe('bars', () => {
  it('hold all trades of their intervals, and none where nothing was traded', () => {
    const trade = fc.record({
      after: fc.integer({ min: 0, max: 4_000 }),
      price: fc.integer({ min: 1, max: 1e6 }),
      size: fc.integer({ min: 1, max: 1e6 }),
    });
    fc.assert(
      fc.property(fc.array(trade, { minLength: 1, maxLength: 60 }), (list) => {
        const builder = new BarBuilder(SECOND_MS);
        let time = T0;
        const trades = list.map(({ after, price, size }) => {
          time += after;
          return { time, price, size };
        });
        const bars = trades.flatMap((one) => builder.add(one.time, one.price, one.size) ?? []);
        bars.push(...[builder.closeAt(time + SECOND_MS)].filter((bar) => bar !== null));
        expect(bars.reduce((sum, { n }) => sum + n, 0)).toBe(trades.length);
        for (const bar of bars) {
          const of = trades.filter((one) => one.time >= bar.s && one.time < bar.s + SECOND_MS);
          expect(bar).toMatchObject({ o: of[0]?.price, c: of.at(-1)?.price, n: of.length });
          expect([bar.h, bar.l]).toEqual([
            Math.max(...of.map((t) => t.price)),
            Math.min(...of.map((t) => t.price)),
          ]);
        }
        const whole = bars.reduce(merged);
        expect(whole.v).toBe(trades.reduce((sum, { size }) => sum + size, 0));
      }),
    );
  });
});

describe('sessions', () => {
  it.each([
    ['forex', '2026-07-03T20:59:00Z', true],
    ['forex', '2026-07-03T21:00:00Z', false],
    ['forex', '2026-07-05T20:59:00Z', false],
    ['forex', '2026-07-05T21:00:00Z', true],
    // In winter New York is an hour further behind.
    ['forex', '2026-12-04T21:30:00Z', true],
    ['forex', '2026-12-04T22:00:00Z', false],
    ['metal', '2026-07-05T21:30:00Z', false],
    ['metal', '2026-07-05T22:00:00Z', true],
    ['stocks', '2026-07-01T07:59:00Z', false],
    ['stocks', '2026-07-01T08:00:00Z', true],
    ['stocks', '2026-07-02T00:00:00Z', false],
    ['stocks', '2026-07-04T15:00:00Z', false],
    ['crypto', '2026-07-04T15:00:00Z', true],
  ])('%s at %s: %s', (what, time, open) => {
    const cluster = what === 'metal' ? 'forex' : (what as 'forex' | 'stocks' | 'crypto');
    expect(isInSession(cluster, what === 'metal', newYork(Date.parse(time)))).toBe(open);
  });
});

/** A market on a clock of the test's own, with everything that it told. */
function played(rate: number, seconds: number, seed = 1): { told: MarketMessage[]; market: Market } {
  let now = T0;
  const told: MarketMessage[] = [];
  const market = new Market({
    symbols,
    seed,
    now: () => now,
    rate,
    alwaysOpen: true,
    barDelayMs: 2_000,
    resend: { share: 0, minMs: 0, maxMs: 1 },
    audience: { wants: () => true, tell: (message) => told.push(message) },
  });
  for (; now < T0 + seconds * SECOND_MS; now += 10) market.step();
  return { told, market };
}

describe('a market', () => {
  it('told twice is the same, byte for byte', () => {
    expect(played(200, 5).told).toEqual(played(200, 5).told);
    expect(played(200, 5, 2).told).not.toEqual(played(200, 5).told);
  });

  it('keeps its rate per cluster, also after a pause', () => {
    const { told } = played(500, 10);
    for (const evs of [['XT', 'XQ'], ['T', 'Q'], ['C']]) {
      const count = told.filter(({ ev }) => evs.includes(ev)).length;
      expect(Math.abs(count - 5_000)).toBeLessThan(20);
    }
  });

  it('tells second bars two seconds late and minute bars of their minute, once each', () => {
    const { told } = played(200, 65);
    const bars = told
      .filter(({ ev, symbol }) => ev === 'XAS' && symbol === 'BTC-USD')
      .map(({ text }) => JSON.parse(text) as { s: number });
    expect(new Set(bars.map(({ s }) => s)).size).toBe(bars.length);
    expect(bars.length).toBeGreaterThan(50);
    const minutes = told
      .filter(({ ev, symbol }) => ev === 'XA' && symbol === 'BTC-USD')
      .map(({ text }) => JSON.parse(text) as { s: number; e: number });
    expect(minutes).toMatchObject([{ s: T0, e: T0 + MINUTE_MS }]);
  });
});

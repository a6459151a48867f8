/** Random histories of a source: nothing is lost, nothing wrong passes, nothing waits too long. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Units } from '../../../../shared/domain/triggers/types.ts';
import { aPrint, Desk } from './desk.ts';

const BID = 10_000;
const ASK = 10_010;

/** The rules for trades beside a book that stands still, as one says them, with a share as a fraction. */
class NaiveTrades {
  readonly passed: number[] = [];
  readonly dropped: number[] = [];
  #last = BID;
  #line: { id: number; price: number; at: number }[] = [];

  take(id: number, price: number, at: number): void {
    this.wait(at);
    const share = (a: number, of: number): number => Math.abs(a - of) / of;
    for (;;) {
      const held = this.#line.at(-1);
      if (held === undefined) {
        if (this.#isOutlier(price)) this.#line.push({ id, price, at });
        else this.#pass({ id, price });
        return;
      }
      if (share(price, held.price) <= 0.005) break;
      const back = (old: number): boolean => (held.price < old ? price > held.price : price < held.price);
      const book = held.price < BID ? BID : ASK;
      if (!back(this.#last) && !back(book)) {
        if (this.#isOutlier(price)) {
          this.#line.push({ id, price, at });
          return;
        }
        break;
      }
      this.#line.pop();
      this.dropped.push(held.id);
    }
    for (const held of this.#line.splice(0)) this.#pass(held);
    this.#pass({ id, price });
  }

  wait(until: number): void {
    while (this.#line[0] !== undefined && this.#line[0].at + 2_000 <= until) {
      const [first] = this.#line.splice(0, 1);
      if (first !== undefined) this.#pass(first);
    }
  }

  #isOutlier(price: number): boolean {
    const far = price < BID ? (BID - price) / BID > 0.01 : price > ASK && (price - ASK) / ASK > 0.01;
    return far && Math.abs(price - this.#last) / this.#last > 0.005;
  }

  #pass({ id, price }: { id: number; price: number }): void {
    this.passed.push(id);
    this.#last = price;
  }
}

const steps = fc.array(
  fc.record({
    price: fc.constantFrom(
      7_960,
      8_000,
      8_041,
      8_080,
      9_000,
      9_899,
      9_900,
      9_990,
      10_005,
      10_110,
      10_111,
      12_000,
      12_060,
    ),
    waits: fc.constantFrom(0, 1, 100, 300, 1_999, 2_000, 2_001),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('the trust filter over random histories', () => {
  it('decides on trades beside a standing book as the rules say them', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const desk = new Desk();
        const naive = new NaiveTrades();
        desk.take(aPrint(1, BID, ASK, BID));
        naive.take(1, BID, desk.now);
        all.forEach(({ price, waits }, i) => {
          desk.pass(waits);
          desk.take(aPrint(2 + i, BID, ASK, price), { printed: 'trade' });
          naive.take(2 + i, price, desk.now);
        });
        desk.pass(2_000);
        naive.wait(desk.now);
        expect(desk.passed).toEqual(naive.passed);
        expect(desk.dropped.map(([id]) => id)).toEqual(naive.dropped);
      }),
      { numRuns: 3_000 },
    );
  });

  const messages = fc.array(
    fc.record({
      kind: fc.constantFrom('quote', 'trade', undefined, 'second', 'gone'),
      bid: fc.integer({ min: 0, max: 30 }),
      spread: fc.integer({ min: -1, max: 8 }),
      last: fc.integer({ min: 0, max: 30 }),
      quoted: fc.boolean(),
      back: fc.constantFrom(1, 1, 1, 1, 0, -1),
      late: fc.constantFrom(null, null, 0, 50, 61_000, -3_000),
      waits: fc.constantFrom(0, 1, 150, 300, 1_000, 2_500),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it('gives each tick one end, keeps the order, lets nothing wrong through and nothing wait for more than 2 s', () => {
    fc.assert(
      fc.property(messages, (all) => {
        const desk = new Desk();
        let id = 0;
        const taken: number[] = [];
        for (const { kind, bid, spread, last, quoted, back, late, waits } of all) {
          desk.pass(waits);
          if (kind === 'second') desk.filter.see((100 * bid + 1) as Units, desk.now);
          else if (kind === 'gone') desk.filter.see(null, desk.now);
          else {
            id = Math.max(0, id + back);
            taken.push(id);
            const print = quoted
              ? aPrint(id, 100 * bid, 100 * (bid + spread), 100 * last)
              : aPrint(id, 100 * bid, 100 * bid, 100 * bid, false);
            desk.take(print, {
              ...(kind !== undefined && { printed: kind }),
              ...(late !== null && { venueAt: desk.now - late }),
            });
          }
        }
        desk.pass(2_000);
        expect(desk.filter.waiting).toBe(0);
        const ends = [...desk.passed, ...desk.dropped.map(([one]) => one)].sort((a, b) => a - b);
        expect(ends).toEqual(taken.toSorted((a, b) => a - b));
        expect(desk.passed).toEqual([...new Set(desk.passed)].sort((a, b) => a - b));
        for (const [b = 0, a = 0, l = 0] of desk.prices) expect(b > 0 && a >= b && l > 0).toBe(true);
        expect(desk.longest).toBeLessThanOrEqual(2_000);
      }),
      { numRuns: 3_000 },
    );
  });

  const life = fc.array(
    fc.record({
      kind: fc.constantFrom('quote' as const, 'trade' as const),
      drift: fc.integer({ min: -20, max: 20 }),
      outlier: fc.constantFrom(1, 1, 1, 1, 0.8, 0.5, 1.2, 3),
      side: fc.constantFrom('bid' as const, 'ask' as const),
    }),
    { minLength: 2, maxLength: 80 },
  );

  it('lets no lone outlier through, in no tick that carries it on, and every other message', () => {
    fc.assert(
      fc.property(life, (all) => {
        const desk = new Desk();
        let market = { bid: BID, ask: ASK, last: BID };
        let was = 1;
        // Two wrong messages in a row would be two that agree: they come apart, with a good quote between two.
        let quoteWas = 1;
        let lastQuote = 1;
        desk.take(aPrint(1, BID, ASK, BID));
        const good = [1];
        all.forEach(({ kind, drift, outlier, side }, i) => {
          const lone = was === 1 && quoteWas === 1 && i < all.length - 1 ? outlier : 1;
          const price = BID + drift;
          if (kind === 'trade') market = { ...market, last: Math.round(price * lone) };
          else if (lone === 1) market = { ...market, bid: price, ask: price + 10 };
          // One that crosses the book is dropped as crossed.
          else if (side === 'bid') market = { ...market, bid: Math.round(price * lone), ask: price + 10 };
          else market = { ...market, bid: price, ask: Math.round((price + 10) * lone) };
          was = lone;
          if (kind === 'quote') quoteWas = lone;
          if (kind === 'quote' && lone === 1) lastQuote = 2 + i;
          if (lone === 1) good.push(2 + i);
          desk.take(aPrint(2 + i, market.bid, market.ask, market.last), { printed: kind });
          desk.pass(1);
        });
        // A quote that stood alone to the end (only trades came after it) is not decided yet.
        desk.filter.end(desk.now);
        const allPrices = desk.prices.flat();
        expect(Math.min(...allPrices)).toBeGreaterThan(BID * 0.98);
        expect(Math.max(...allPrices)).toBeLessThan(ASK * 1.02);
        const undecided = desk.dropped.filter(([id]) => good.includes(id)).map(([id]) => id);
        expect(undecided.every((id) => id > lastQuote)).toBe(true);
        expect([...desk.passed, ...undecided].sort((a, b) => a - b)).toEqual(good);
      }),
      { numRuns: 3_000 },
    );
  });
});

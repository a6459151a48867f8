import { describe, expect, it } from 'vitest';
import { TRUST_DEFAULTS } from '../../../../shared/domain/prices/trust-filter.ts';
import type { Units } from '../../../../shared/domain/triggers/types.ts';
import { aPrint, Desk } from './desk.ts';

/** Bid 10,000, ask 10,010: 1 % is about 100, 0.5 % is 50. */
const market = (id: number) => aPrint(id, 10_000, 10_010, 10_005);

describe('what is no price at all', () => {
  it.each([
    ['a zero bid', { bid: 0 }, 'not_positive'],
    ['a negative last price', { last: -1 }, 'not_positive'],
    ['a bid above the ask', { bid: 10_011 }, 'crossed'],
  ] as const)('%s is dropped', (_, more, because) => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take({ ...market(2), tick: { ...market(2).tick, ...(more as object) } });
    expect(desk.passed).toEqual([1]);
    expect(desk.dropped).toEqual([[2, because]]);
  });

  it('a bid at the ask is a price', () => {
    const desk = new Desk();
    desk.take(aPrint(1, 10_000, 10_000, 10_000));
    expect(desk.passed).toEqual([1]);
  });

  it('a repeated id is a duplicate, a lower one is out of order', () => {
    const desk = new Desk(4);
    for (const id of [4, 5, 5, 3, 6]) desk.take(market(id));
    expect(desk.passed).toEqual([5, 6]);
    expect(desk.dropped).toEqual([
      [4, 'duplicates'],
      [5, 'duplicates'],
      [3, 'out_of_order'],
    ]);
  });

  it('an older venue time never moves the price back, of trades and of quotes apart', () => {
    const desk = new Desk();
    desk.take(market(1), { printed: 'trade', venueAt: desk.now - 100 });
    desk.take(market(2), { printed: 'quote', venueAt: desk.now - 150 });
    desk.take(market(3), { printed: 'trade', venueAt: desk.now - 101 });
    desk.take(market(4), { printed: 'quote', venueAt: desk.now - 150 });
    expect(desk.passed).toEqual([1, 2, 4]);
    expect(desk.dropped).toEqual([[3, 'out_of_order']]);
  });

  it('a venue time more than 2 s ahead is quarantined and moves nothing', () => {
    const desk = new Desk();
    desk.take(market(1), { venueAt: desk.now + 2_000 });
    desk.take(market(2), { venueAt: desk.now + 2_001 });
    desk.take(market(3), { venueAt: desk.now + 2_000 });
    expect(desk.passed).toEqual([1, 3]);
    expect(desk.dropped).toEqual([[2, 'future']]);
  });

  it('a message that was on its way for more than 60 s is no price any more', () => {
    const desk = new Desk();
    desk.take(market(1), { venueAt: desk.now - 60_001 });
    desk.take(market(2), { venueAt: desk.now - 60_000 });
    expect(desk.dropped).toEqual([[1, 'late']]);
    expect(desk.passed).toEqual([2]);
  });

  it('what was dropped is not carried on by the messages after it', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 10_020, 10_010, 10_005), { printed: 'quote' });
    desk.take(aPrint(3, 10_020, 10_010, 10_006), { printed: 'trade' });
    expect(desk.passed).toEqual([1, 3]);
    expect(desk.prices.at(-1)).toEqual([10_000, 10_010, 10_006]);
    desk.take(aPrint(4, 10_002, 10_010, 10_006), { printed: 'quote' });
    desk.take(aPrint(5, 10_002, 10_010, 10_007), { printed: 'trade' });
    expect(desk.prices.at(-1)).toEqual([10_002, 10_010, 10_007]);
  });
});

describe('a print further than 1 % from the book', () => {
  it('is held; 1 % itself is not further', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 10_000, 10_010, 9_900), { printed: 'trade' });
    expect(desk.passed).toEqual([1, 2]);
    desk.take(aPrint(3, 10_000, 10_010, 10_005), { printed: 'trade' });
    desk.take(aPrint(4, 10_000, 10_010, 9_899), { printed: 'trade' });
    expect(desk.passed).toEqual([1, 2, 3]);
    expect(desk.held).toEqual([4]);
  });

  it('is dropped by a tick nearer the old price, and not carried on', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 10_000, 10_010, 8_000), { printed: 'trade' });
    desk.take(aPrint(3, 10_001, 10_010, 8_000), { printed: 'quote' });
    desk.take(aPrint(4, 10_001, 10_010, 10_004), { printed: 'trade' });
    expect(desk.dropped).toEqual([[2, 'outliers_dropped']]);
    expect(desk.prices).toEqual([
      [10_000, 10_010, 10_005],
      [10_001, 10_010, 10_005],
      [10_001, 10_010, 10_004],
    ]);
  });

  it.each([
    ['8,040: within 0.5 %', 8_040, [1, 2, 3]],
    ['7,960: within 0.5 %', 7_960, [1, 2, 3]],
    ['8,041: nearer the old price by more', 8_041, [1]],
  ])('a second tick of %s decides', (_, second, passed) => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 10_000, 10_010, 8_000), { printed: 'trade' });
    desk.take(aPrint(3, 10_000, 10_010, second), { printed: 'trade' });
    expect(desk.passed).toEqual(passed);
  });

  it('is confirmed by a bid that is there too', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 10_000, 10_010, 8_000), { printed: 'trade' });
    desk.take(aPrint(3, 7_990, 8_010, 8_000), { printed: 'quote' });
    expect(desk.passed).toEqual([1, 2, 3]);
  });

  it('counts by itself after 2 s of silence, not before', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 10_000, 10_010, 8_000), { printed: 'trade' });
    expect(desk.filter.dueAt).toBe(desk.now + 2_000);
    desk.pass(1_999);
    expect(desk.passed).toEqual([1]);
    desk.pass(1);
    expect(desk.passed).toEqual([1, 2]);
    expect(desk.filter.dueAt).toBeNull();
  });

  it('of one side of the book is held against the other side', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 8_000, 10_010, 10_005), { printed: 'quote' });
    expect(desk.held).toEqual([2]);
    desk.take(aPrint(3, 10_000, 10_010, 10_005), { printed: 'quote' });
    expect(desk.dropped).toEqual([[2, 'outliers_dropped']]);
    desk.take(aPrint(4, 8_000, 10_010, 10_005), { printed: 'quote' });
    desk.take(aPrint(5, 8_001, 10_010, 10_005), { printed: 'quote' });
    expect(desk.passed).toEqual([1, 3, 4, 5]);
  });

  it('a trade at the old price says nothing about a bid that has gone, and waits behind it', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 8_000, 10_010, 10_005), { printed: 'quote' });
    desk.take(aPrint(3, 8_000, 10_010, 10_010), { printed: 'trade' });
    expect(desk.passed).toEqual([1]);
    desk.take(aPrint(4, 8_000, 10_010, 10_010), { printed: 'quote' });
    expect(desk.passed).toEqual([1, 2, 3, 4]);
    expect(desk.prices.at(-1)).toEqual([8_000, 10_010, 10_010]);
  });

  it('a trade that waited behind a bid that was none goes on with the book from before', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 8_000, 10_010, 10_005), { printed: 'quote' });
    desk.take(aPrint(3, 8_000, 10_010, 10_010), { printed: 'trade' });
    desk.take(aPrint(4, 10_001, 10_010, 10_010), { printed: 'quote' });
    expect(desk.passed).toEqual([1, 3, 4]);
    expect(desk.prices[1]).toEqual([10_000, 10_010, 10_010]);
  });

  it('a market with a wide spread is followed: what moved by less than 0.5 % is not held', () => {
    const desk = new Desk();
    desk.take(aPrint(1, 10_000, 10_500, 10_200), { printed: 'quote' });
    desk.take(aPrint(2, 10_000, 10_500, 10_200), { printed: 'quote' });
    desk.take(aPrint(3, 9_960, 10_510, 10_200), { printed: 'quote' });
    expect(desk.passed).toEqual([1, 2, 3]);
    expect(desk.held).toEqual([1]);
  });
});

describe('a real fall of 20 %', () => {
  it('of the whole book passes at once, tick by tick', () => {
    const desk = new Desk();
    desk.take(market(1));
    for (const bid of [9_500, 9_000, 8_500, 8_000]) desk.take(aPrint(desk.nextId, bid, bid + 10, bid));
    expect(desk.passed).toEqual([1, 2, 3, 4, 5]);
  });

  it('of trades that run away from a standing book passes whole and in order with the first that agrees', () => {
    const desk = new Desk();
    desk.take(market(1));
    for (const last of [9_500, 9_000, 8_500, 8_000])
      desk.take(aPrint(desk.nextId, 10_000, 10_010, last), { printed: 'trade' });
    expect(desk.passed).toEqual([1]);
    desk.take(aPrint(6, 10_000, 10_010, 7_990), { printed: 'trade' });
    expect(desk.passed).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('waits no longer than 2 s when no two prints agree', () => {
    const desk = new Desk();
    desk.take(market(1));
    for (const last of [9_500, 9_000, 8_500, 8_000]) {
      desk.pass(100);
      desk.take(aPrint(desk.nextId, 10_000, 10_010, last), { printed: 'trade' });
    }
    desk.pass(1_999);
    expect(desk.passed).toEqual([1, 2, 3, 4]);
    desk.pass(1);
    expect(desk.passed).toEqual([1, 2, 3, 4, 5]);
    expect(desk.longest).toBe(TRUST_DEFAULTS.aloneMs);
  });

  it('with a wrong print beyond it drops that one only', () => {
    const desk = new Desk();
    desk.take(market(1));
    for (const last of [9_500, 4_000, 9_000, 8_980])
      desk.take(aPrint(desk.nextId, 10_000, 10_010, last), { printed: 'trade' });
    expect(desk.passed).toEqual([1, 2, 4, 5]);
    expect(desk.dropped).toEqual([[3, 'outliers_dropped']]);
  });
});

describe('a second source', () => {
  const trade = (id: number, price: number) => aPrint(id, price, price, price, false);

  it('makes the rule work where there is no book; without one it is off, and says so', () => {
    const desk = new Desk();
    desk.take(trade(1, 10_000));
    desk.take(trade(2, 8_000));
    expect(desk.passed).toEqual([1, 2]);
    expect(desk.checked).toEqual([false, false]);
    desk.filter.see(8_000 as Units, desk.now);
    desk.take(trade(3, 8_001));
    desk.take(trade(4, 6_000));
    expect(desk.checked).toEqual([false, false, true]);
    expect(desk.held).toEqual([4]);
  });

  it('lets a lone print count after 300 ms when it agrees', () => {
    const desk = new Desk();
    desk.filter.see(10_000 as Units, desk.now);
    desk.take(trade(1, 10_000));
    desk.take(trade(2, 8_000));
    desk.pass(200);
    desk.filter.see(8_050 as Units, desk.now);
    expect(desk.filter.dueAt).toBe(desk.now + 100);
    desk.pass(100);
    expect(desk.passed).toEqual([1, 2]);
    desk.take(trade(3, 6_000));
    desk.pass(400);
    desk.filter.see(6_000 as Units, desk.now);
    expect(desk.passed).toEqual([1, 2, 3]);
  });

  it('that stands elsewhere holds a whole book that jumps', () => {
    const desk = new Desk();
    desk.filter.see(10_000 as Units, desk.now);
    desk.take(market(1));
    desk.take(aPrint(2, 8_000, 8_010, 8_000));
    expect(desk.held).toEqual([2]);
    desk.pass(2_000);
    expect(desk.passed).toEqual([1, 2]);
  });

  it('that is silent for more than 60 s, or gone, speaks no more', () => {
    const desk = new Desk();
    desk.filter.see(10_000 as Units, desk.now);
    desk.take(trade(1, 10_000));
    desk.pass(60_001);
    desk.take(trade(2, 8_000));
    desk.filter.see(8_000 as Units, desk.now);
    desk.filter.see(null, desk.now);
    desk.take(trade(3, 6_000));
    expect(desk.checked).toEqual([true, false, false]);
  });
});

describe('the end of a source', () => {
  it('drops what nobody confirmed', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 10_000, 10_010, 8_000), { printed: 'trade' });
    desk.filter.end(desk.now);
    expect(desk.dropped).toEqual([[2, 'outliers_dropped']]);
    expect(desk.filter.waiting).toBe(0);
  });

  it('passes what only waited behind it, without what it carries of it', () => {
    const desk = new Desk();
    desk.take(market(1));
    desk.take(aPrint(2, 8_000, 10_010, 10_000), { printed: 'quote' });
    desk.take(aPrint(3, 8_000, 10_010, 10_005), { printed: 'trade' });
    desk.take(aPrint(4, 8_000, 10_010, 6_000), { printed: 'trade' });
    desk.take(aPrint(5, 8_000, 10_010, 10_007), { printed: 'trade' });
    expect(desk.passed).toEqual([1]);
    desk.filter.end(desk.now);
    expect(desk.passed).toEqual([1, 3, 5]);
    expect(desk.dropped.map(([id]) => id)).toEqual([4, 2]);
    expect(desk.prices.at(-1)).toEqual([10_000, 10_010, 10_007]);
    expect(desk.filter.waiting).toBe(0);
  });
});

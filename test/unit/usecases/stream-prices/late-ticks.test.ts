import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barOf } from '../../../../shared/domain/triggers/bars.ts';
import type { Tick, Units, VenueMark } from '../../../../shared/domain/triggers/types.ts';
import { formatUnits } from '../../../../shared/domain/triggers/units.ts';
import { judge, settleLate } from '../../../../shared/usecases/stream-prices/late-ticks.ts';
import { feedTick } from './support.ts';

const PRICE = 600_000_000;
const AT = 1_790_000_000_000;
const origin = { feed: 'binance', converted: false, checked: true };
const marked = (quote: number, trade: number, bid = PRICE, more: Partial<Tick> = {}) =>
  feedTick(9, bid, { at: AT, mark: [quote, trade], origin, ...more });

describe('a tick from before the lease', () => {
  const standing = marked(100, 50, PRICE, { last: (PRICE + 7) as Units }).tick;
  const known = { standing, newestBar: barOf(standing) };

  it.each<[VenueMark, string]>([
    [[100, 50], 'applied'],
    [[99, 50], 'applied'],
    [[1, 1], 'applied'],
    [[101, 50], 'new'],
    [[100, 51], 'new'],
    [[99, 51], 'new'],
  ])('with the venue’s numbers %j after [100, 50] is %s, whatever the clocks say', (mark, what) => {
    for (const at of [AT - 60_000, AT, AT + 60_000]) {
      expect(judge({ ...standing, mark, at }, known)).toBe(what);
    }
  });

  it('carries what stands where only one of the two streams brings news', () => {
    const quote = settleLate(marked(101, 49, PRICE - 10, { last: (PRICE + 5) as Units }), known);
    expect(quote).toMatchObject({
      ...{ bid: '59999.999', last: '60000.0007' },
      tick: { bid: PRICE - 10, last: PRICE + 7, mark: [101, 50] },
    });
    const trade = settleLate(marked(98, 51, PRICE - 10), known);
    expect(trade).toMatchObject({
      ...{ bid: '60000', ask: '60000.01', last: '59999.999' },
      tick: { bid: PRICE, ask: PRICE + 100, last: PRICE - 10, mark: [100, 51] },
    });
    expect(settleLate(marked(101, 51), known)).toEqual(marked(101, 51));
  });

  it.each([
    ['standing', { ...marked(101, 51).tick }, { ...standing, mark: undefined }],
    ['late', { ...marked(101, 51).tick, mark: undefined }, standing],
  ])('goes by its time where the %s one has no numbers, and is not proven', (_, late, before) => {
    const { mark: _mark, ...bare } = before;
    const stands = before.mark === undefined ? bare : before;
    expect(judge({ ...late, at: AT } as Tick, { ...known, standing: stands })).toBe('applied');
    expect(judge({ ...late, at: AT + 1 } as Tick, { ...known, standing: stands })).toBe('unproven');
  });

  it('goes by the seconds of the tape where the index knows no tick', () => {
    const nothing = { standing: null, newestBar: null };
    expect(judge(standing, nothing)).toBe('unproven');
    const second = Math.floor(AT / 1000);
    const newestBar = { ...barOf(standing), second };
    expect(judge({ ...standing, at: second * 1000 - 1 }, { standing: null, newestBar })).toBe('applied');
    expect(judge({ ...standing, at: second * 1000 }, { standing: null, newestBar })).toBe('unproven');
    expect(settleLate(marked(1, 1), nothing)?.tick).toEqual({ ...marked(1, 1).tick, unproven: true });
  });
});

describe('two readers of one exchange, whose quotes and trades come in other orders', () => {
  type Kind = 'quote' | 'trade';
  const kinds = fc.array(fc.constantFrom<Kind>('quote', 'trade'), { minLength: 2, maxLength: 40 });

  /** The ticks that a reader makes of the two streams, each price its message's number. */
  function read(order: readonly Kind[]) {
    let [quote, trade] = [0, 0];
    return order.flatMap((kind, i) => {
      if (kind === 'quote') quote += 1;
      else trade += 1;
      if (quote === 0 || trade === 0) return [];
      const price = (n: number) => (PRICE + n) as Units;
      const more = { last: price(trade), ask: price(quote + 100), at: AT + i };
      return [marked(quote, trade, price(quote), more)];
    });
  }

  it('together tell every price once and in order, wherever the first one ends', () => {
    fc.assert(
      fc.property(kinds, fc.infiniteStream(fc.boolean()), fc.nat(), (kind, swaps, cut) => {
        // Both have read for a while.
        const order: readonly Kind[] = ['quote', 'trade', ...kind];
        // The same messages of each kind, neighbours of different kinds swapped here and there.
        const other = [...order];
        for (let i = 2; i + 1 < other.length; i++) {
          const [a = 'quote', b = 'quote'] = [other[i], other[i + 1]];
          if (a !== b && swaps.next().value === true) [other[i], other[i + 1]] = [b, a];
        }
        const first = read(order).slice(0, cut % (order.length + 1));
        const standing = first.at(-1)?.tick;
        if (standing === undefined) return;
        const known = { standing, newestBar: barOf(standing) };
        const next = read(other).flatMap((tick) => settleLate(tick, known) ?? []);
        for (const side of ['bid', 'last'] as const) {
          const told = [...first, ...next].map(({ tick }) => tick[side]);
          // No step back, and none left out.
          for (const [i, price] of told.entries()) {
            const step = price - (told[i - 1] ?? price);
            expect(step === 0 || step === 1).toBe(true);
          }
          const all = order.filter((kind) => (kind === 'quote') === (side === 'bid')).length;
          expect(told.at(-1)).toBe(PRICE + all);
        }
        for (const { tick, bid } of next) expect(bid).toBe(formatUnits(tick.bid, 4));
      }),
      { numRuns: 500 },
    );
  });
});

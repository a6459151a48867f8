import { describe, expect, it } from 'vitest';
import { barOf } from '../../../../shared/domain/triggers/bars.ts';
import type { Tick, Units, VenueMark } from '../../../../shared/domain/triggers/types.ts';
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

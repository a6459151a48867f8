/** When a broken limit of loss is acted on: once for each whole limit (design section 12). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Acted, breachReason, newBreaches } from '../../../../shared/domain/risk/breach.ts';
import { d } from '../builders.ts';

const LIMITS = { maxDailyLoss: d(100), maxDrawdown: d(300) };
const DAY = 20_000;
const lost = (today: number | string, drawdown: number | string = 0, day = DAY, peak = 50) => ({
  ...{ day, dayPnl: d(today).negated(), drawdown: d(drawdown), peak: d(peak) },
});
const ACTED: Acted = { day: DAY, dailyLoss: d(1), drawdown: d(0), peak: d(50) };
const names = (...of: Parameters<typeof newBreaches>) => newBreaches(...of).breaches.map(({ name }) => name);

describe('a breach', () => {
  it.each<[string, number | string, Acted | null, readonly string[]]>([
    ['is none exactly at the limit', 100, null, []],
    ['is one above it', '100.01', null, ['max_daily_loss']],
    ['is none while something was won', -500, null, []],
    ['was acted on already', 180, ACTED, []],
    ['comes again above twice the limit', '200.01', ACTED, ['max_daily_loss']],
    ['is none where the loss has grown less since', 150, { ...ACTED, dailyLoss: d(2) }, []],
    ['comes again on another day', 150, { ...ACTED, day: DAY - 1, dailyLoss: d(2) }, ['max_daily_loss']],
  ])('%s', (_, today, former, expected) => {
    expect(names(LIMITS, lost(today), former)).toEqual(expected);
  });

  it('of the drawdown does not end with the day', () => {
    const { breaches, acted } = newBreaches(LIMITS, lost(0, 301), null);
    expect(breaches.map(({ name }) => name)).toEqual(['max_drawdown']);
    expect(acted).toEqual({ day: DAY, dailyLoss: d(0), drawdown: d(1), peak: d(50) });
    expect(names(LIMITS, lost(0, 599, DAY + 1), acted)).toEqual([]);
    expect(names(LIMITS, lost(0, '600.5', DAY + 1), acted)).toEqual(['max_drawdown']);
  });

  it('of the drawdown begins anew with a new peak, and not without one', () => {
    const { acted } = newBreaches(LIMITS, lost(0, 301), null);
    expect(names(LIMITS, lost(0, 0), acted)).toEqual([]);
    expect(names(LIMITS, lost(0, 350), acted)).toEqual([]);
    const anew = newBreaches(LIMITS, lost(0, 350, DAY, 51), acted);
    expect(anew.breaches).toEqual([{ name: 'max_drawdown', limit: d(300), lost: d(350) }]);
    expect(anew.acted).toMatchObject({ drawdown: d(1), peak: d(51) });
    expect(names(LIMITS, lost(0, 350, DAY, 51), anew.acted)).toEqual([]);
  });

  it('that was noted without its peak counts on', () => {
    const former = { ...ACTED, drawdown: d(1), peak: null };
    expect(names(LIMITS, lost(0, 350), former)).toEqual([]);
    expect(names(LIMITS, lost(0, 601), former)).toEqual(['max_drawdown']);
  });

  it('is none where nothing is known, or nothing is limited', () => {
    expect(names(LIMITS, { day: DAY, dayPnl: null, drawdown: null, peak: null }, null)).toEqual([]);
    expect(names({ maxDailyLoss: null, maxDrawdown: null }, lost(1e9, 1e9), null)).toEqual([]);
  });

  it('is told with its figures', () => {
    const { breaches } = newBreaches(LIMITS, lost('100.5', 400), null);
    expect(breachReason(breaches)).toBe(
      'risk: max_daily_loss, lost 100.5 of 100 USD; max_drawdown, lost 400 of 300 USD',
    );
  });

  it('is acted on as often as whole limits were lost, however the loss moves', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -300, max: 900 }), { maxLength: 30 }), (losses) => {
        let acted: Acted | null = null;
        let times = 0;
        let worst = 0;
        for (const loss of losses) {
          const next = newBreaches(LIMITS, lost(loss), acted);
          times += next.breaches.length;
          acted = next.acted;
          worst = Math.max(worst, loss);
          const wholes = Math.max(Math.ceil(worst / 100) - 1, 0);
          expect(acted.dailyLoss.toFixed()).toBe(String(wholes));
          // With each look at most once, although a fall may pass several.
          expect(times).toBeLessThanOrEqual(wholes);
        }
      }),
    );
  });
});

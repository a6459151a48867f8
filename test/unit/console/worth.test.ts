/** Equity and today's P&L of a wallet, from exact figures of the API. */
import { describe, expect, it } from 'vitest';
import {
  type Balances,
  equityOf,
  type Limits,
  todayOf,
  valuingSymbols,
} from '../../../console/src/live/worth.ts';
import { aPosition } from './position-rows.ts';

const marks: Readonly<Record<string, string>> = { 'BTC/USDT': '60000', 'ETH/USDC': '3000' };
const markOf = (symbol: string) => marks[symbol] ?? null;
const balances = (all: Readonly<Record<string, string>>): Balances => ({
  ...{ wallet_id: 'w1', as_of: '2026-03-01T12:00:00.000Z' },
  balances: Object.entries(all).map(([asset, total]) => ({ asset, free: total, locked: '0', total })),
});

describe('equity', () => {
  it('is all coins at their marks, dollars one to one', () => {
    expect(equityOf(balances({ USDT: '1000.10', USDC: '5', BTC: '0.5', ETH: '1' }), [], markOf)).toEqual({
      total: '34005.1',
      unvalued: [],
    });
  });

  it('names what has no price instead of leaving it out silently; nothing of a coin is worth nothing', () => {
    expect(equityOf(balances({ USDT: '1', XYZ: '2', ABC: '0' }), [], markOf)).toEqual({
      total: '1',
      unvalued: ['XYZ'],
    });
  });

  it('has the gain of what is on margin, which balances do not show, and of nothing else', () => {
    const margin = { amount: '1', cost: '50000' };
    const long = aPosition({ leverage: 2, current: margin });
    const short = aPosition({ side: 'short', current: margin });
    const plain = aPosition({ current: margin });
    const of = (...all: readonly (typeof long)[]) => equityOf(balances({ USDT: '100' }), all, markOf).total;
    expect([of(), of(long), of(short), of(plain)]).toEqual(['100', '10100', '-9900', '100']);
    expect(
      equityOf(balances({}), [aPosition({ symbol: 'XYZ/USDT', side: 'short' })], markOf).unvalued,
    ).toEqual(['XYZ/USDT']);
  });

  it('asks for the pair of each coin that is known', () => {
    expect(valuingSymbols(['BTC', 'ETH', 'USDT', 'XYZ'], (symbol) => symbol in marks)).toEqual([
      'BTC/USDT',
      'ETH/USDC',
    ]);
  });
});

describe('today', () => {
  const now = Date.parse('2026-03-01T12:00:00.000Z');
  const limits = { used: { realized_today: '10' } } as unknown as Limits;
  const dayStart = (symbol: string) => (symbol === 'BTC/USDT' ? '58000' : null);

  it('is what was realized, and all of what was opened today', () => {
    expect(todayOf(limits, [aPosition()], markOf, dayStart, now)).toEqual({
      ...{ realized: '10', change: '9995', total: '10005', unvalued: [] },
    });
  });

  it('counts of what is older only the way since the day began', () => {
    const older = aPosition({ openedAt: '2026-02-27T12:00:00.000Z' });
    expect(todayOf(limits, [older], markOf, dayStart, now)).toMatchObject({ change: '2000', total: '2010' });
  });

  it('is unknown where something has no price, and says of what', () => {
    const older = aPosition({ symbol: 'ETH/USDC', openedAt: '2026-02-27T12:00:00.000Z' });
    expect(todayOf(limits, [older, aPosition()], markOf, dayStart, now)).toEqual({
      ...{ realized: '10', change: null, total: null, unvalued: ['ETH/USDC'] },
    });
    const empty = aPosition({ symbol: 'XYZ/USDT', current: { amount: '0' } });
    expect(todayOf(limits, [empty], markOf, dayStart, now).total).toBe('10');
  });
});

/** What a position's page would send, and how it says what happened. */
import { describe, expect, it } from 'vitest';
import { amountError, partOf, pnlOfSale, saleOf } from '../../../console/src/pages/position/close-preview.ts';
import { aroundLocal } from '../../../console/src/pages/position/local-time.ts';
import { changeOf, type Draft, draftOf } from '../../../console/src/pages/position/protection-draft.ts';
import {
  detailOf,
  isOfStop,
  reachText,
  ruleText,
  titleOf,
} from '../../../console/src/pages/position/timeline-words.ts';
import { anAction, aPosition, iso } from './position-builders.ts';

describe('a change of the protection', () => {
  const take_profits = [
    { price: '51000', share: '0.5', claimed: false },
    { price: '52000', share: '0.5', claimed: false },
  ];
  const position = aPosition({ risk: { take_profits } });
  const before = draftOf(position);
  const change = (draft: Partial<Draft>) =>
    changeOf({ position, before, draft: { ...before, ...draft }, tick: '0.01', mark: '50000' });

  it('sends nothing while nothing is another value', () => {
    expect(change({})).toEqual({ body: {}, lines: [], errors: {} });
    expect(change({ stop_loss: '49000.00' }).lines).toEqual([]);
  });

  it('sends the stop on its tick, and says how far it is and what it would bring', () => {
    const { body, lines } = change({ stop_loss: '49500.001' });
    expect(body).toEqual({ stop_loss: '49500.01' });
    const note = expect.stringMatching(/^1\.00 % away from the price\. Sold there: -275\.00 USDT/);
    expect(lines).toEqual([{ name: 'Stop loss', from: '49,000', to: '49,500.01', note }]);
  });

  it('says of a share that is finer than an amount may be that it is no figure', () => {
    const fine = [{ price: '51000', percent: '1.123456789012345678', claimed: false }];
    expect(Object.keys(change({ take_profits: fine }).errors)).toEqual(['take_profits.0.share']);
  });

  it('takes a level away with null', () => {
    expect(change({ stop_loss: '', take_profits: [] }).body).toEqual({ stop_loss: null, take_profits: null });
  });

  it('sends the whole ladder when one of its targets is another', () => {
    const [first = { price: '', percent: '', claimed: false }] = before.take_profits;
    const second = { price: '53000.009', percent: '25', claimed: false };
    const { body, lines } = change({ take_profits: [first, second] });
    expect(body).toEqual({
      take_profits: [
        { price: '51000', share: '0.5' },
        { price: '53000', share: '0.25' },
      ],
    });
    expect(lines[0]?.to).toBe('51,000 (50 %), 53,000 (25 %)');
  });

  it('says by field what is no figure, and sends nothing of it', () => {
    const rung = { price: '', percent: 'y', claimed: false };
    const wrong = change({ stop_loss: 'x', take_profits: [rung], trail: 'z', even_at: '-' });
    expect(wrong.body).toEqual({});
    expect(Object.keys(wrong.errors).sort()).toEqual([
      'break_even.activation_profit_percent',
      'stop_loss',
      'take_profits.0.price',
      'take_profits.0.share',
      'trailing_stop.distance_percent',
    ]);
  });

  it('sets and takes away trailing and break-even', () => {
    const set = change({ trail: '1.5', trail_from: '51000', even_at: '1', even_offset: '0.1' });
    expect(set.body).toEqual({
      trailing_stop: { distance_percent: '1.5', activation_price: '51000' },
      break_even: { activation_profit_percent: '1', offset_percent: '0.1' },
    });
    expect(change({ trail: '200', trail_by: 'amount' }).body).toEqual({
      trailing_stop: { distance_amount: '200', activation_price: null },
    });
    const trailing = aPosition({ trailing: { enabled: true, distance_percent: '2' } });
    const had = draftOf(trailing);
    const draft = { ...had, trail: '' };
    expect(changeOf({ position: trailing, before: had, draft, tick: '0.01', mark: null }).body).toEqual({
      trailing_stop: null,
    });
  });

  it('a break-even stop is not taken for a stop loss that somebody set', () => {
    const risk = { current_stop_loss: '50050', current_stop_level: 'break_even' } as const;
    expect(draftOf(aPosition({ risk })).stop_loss).toBe('');
  });
});

describe('a close', () => {
  it('a part goes down to the step', () => {
    expect(partOf('0.5', '50', '0.00001')).toBe('0.25');
    expect(partOf('0.00003', '50', '0.00001')).toBe('0.00001');
  });

  it('refuses what is no amount, and more than there is', () => {
    expect(amountError('0.5', '0.5')).toBeNull();
    expect(amountError('0.50001', '0.5')).toContain('more than is held');
    for (const text of ['', '0', '-1', 'all']) expect(amountError(text, '0.5')).not.toBeNull();
  });

  it('is previewed as the sale that it is; of a short a purchase', () => {
    expect(saleOf(aPosition(), '0.25')).toEqual({
      ...{ wallet_id: 'w1', symbol: 'BTC/USDT', side: 'sell', type: 'market' },
      ...{ quantity: '0.25', position_id: 'p1' },
    });
    expect(saleOf(aPosition({ side: 'short' }), '0.25').side).toBe('buy');
  });

  it('brings its share of what is unrealized at that price', () => {
    expect(pnlOfSale(aPosition(), '0.25', '51000')).toBe('237.5');
    expect(pnlOfSale(aPosition(), '0.25', null)).toBeNull();
  });
});

describe('the timeline', () => {
  const refused = anAction(3, 'hit_refused', {
    ...{ refused: true, reason: 'not_confirmed', rule: 'stop_loss', level: '49000', price: '48999.5' },
    ...{ source: 'bid', price_source: 'binance', price_age_ms: 31_000, reached_by: 'rebuilt' },
  });

  it('says what was not done, by which price, and why', () => {
    expect(titleOf(refused)).toBe('Hit refused');
    expect(detailOf(refused)).toBe(
      'Stop loss at 49,000; the bid was 48,999.5 from binance, 31000 ms old; reached by rebuilt; not done: not confirmed',
    );
    expect(isOfStop(refused)).toBe(true);
    expect(isOfStop(anAction(0, 'opened'))).toBe(false);
  });

  it('calls targets by their place', () => {
    expect(ruleText('take_profit:1')).toBe('Target 2');
    expect(ruleText('confirm_bound:stop_loss')).toBe('Confirm bound (stop loss)');
  });

  it('says that a level was not reached', () => {
    const level = { rule: 'stop_loss', source: 'bid', level: '49000', direction: 'falls' } as const;
    const watched = { ...level, peak: null, armed: true, armed_tick_id: 1, armed_at: iso(0) };
    const market = { source: 'bid', low: '49100', high: '49200', resolution_seconds: 1, gaps: [] } as const;
    expect(reachText(market, [watched])[0]).toBe('The bid was between 49,100 and 49,200.');
    const nothing = { ...market, low: null, high: null };
    expect(reachText(nothing, [])).toEqual(['The tape has no price of that time.']);
  });

  it('reads a local time, of today or of the day before', () => {
    const now = new Date(2026, 0, 5, 15, 0, 0);
    const told = (day: number, hour: number, minute: number, second: number): string =>
      new Date(2026, 0, day, hour, minute, second).toISOString();
    expect(aroundLocal('14:03:07', now)).toEqual({ from: told(5, 14, 2, 37), to: told(5, 14, 3, 37) });
    expect(aroundLocal('23:00', now)?.to).toBe(told(4, 23, 0, 30));
    expect(aroundLocal('2026-01-02 09:00:00', now)?.from).toBe(told(2, 8, 59, 30));
    for (const text of ['', '25:00', '14:61', 'noon']) expect(aroundLocal(text, now)).toBeNull();
  });
});

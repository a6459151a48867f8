import { describe, expect, it } from 'vitest';
import { type Check, checkAll } from '../../../infra/local/demo/checks.ts';
import type { BalanceEntry, ExitEntry, PositionEntry } from '../../../infra/local/demo/document.ts';

type Fill = PositionEntry['entry']['fills'][number];

const fill = (over: Partial<Fill>): Fill => ({
  trade_id: 't',
  quantity: '0.5',
  price: '50000',
  fee: '25',
  fee_asset: 'USDT',
  at: '2026-01-01T00:00:00.000Z',
  tick_id: 1,
  ...over,
});

const exit = (over: Partial<ExitEntry> = {}): ExitEntry => ({
  order_id: 'x1',
  cause: 'take_profit',
  full: true,
  status: 'filled',
  level_name: 'take_profit:0',
  level: '51500',
  trigger_price: '51500',
  trigger_source: 'bid',
  trigger_peak: null,
  trigger_tick_id: 9,
  arming_tick_id: 2,
  trigger_cause: 'tick',
  tick_at: null,
  recorded_at: null,
  created_at: '2026-01-01T00:00:01.000Z',
  sent_at: null,
  accepted_at: null,
  tick_to_wire_ms: 5,
  tick_to_venue_ms: 9,
  quantity: '0.5',
  filled: '0.5',
  average_price: '51500',
  fills: [fill({ price: '51500', fee: '25.75' })],
  ...over,
});

/** The specification's example: 0.5 at 50,000, sold at 51,500. */
const position = (over: Partial<PositionEntry> = {}): PositionEntry => ({
  position_id: 'p1',
  kind: 'target',
  symbol: 'BTC/USDT',
  side: 'long',
  status: 'closed',
  protection: {},
  entry: { order_id: 'e1', quantity: '0.5', price: '50000', at: null, fills: [fill({})] },
  stop_moves: {
    trailing_count: 0,
    trailing_last_at: null,
    trailing_peak: null,
    break_even_at: null,
    break_even_stop: null,
    initial_stop: null,
    final_stop: null,
  },
  exits: [exit()],
  exit: exit(),
  fees_by_asset: { USDT: '50.75' },
  realized_pnl: '699.25',
  realized_pnl_percent: '2.797',
  dust: null,
  opened_at: null,
  closed_at: null,
  ...over,
});

const balances = (over: Partial<BalanceEntry> = {}): BalanceEntry[] => [
  { asset: 'USDT', start: '100000', end: '100699.25', change: '699.25', locked: '0', ...over },
  { asset: 'BTC', start: '0', end: '0', change: '0', locked: '0' },
];

const wrong = (checks: readonly Check[]): string[] => checks.flatMap(({ ok, name }) => (ok ? [] : [name]));

describe('the demo checks its own numbers', () => {
  it('agrees with the specification example', () => {
    expect(wrong(checkAll([position()], balances()))).toEqual([]);
  });

  it.each<[string, PositionEntry, BalanceEntry[], string[]]>([
    ['an open position', position({ status: 'open' }), balances(), ['every position is closed']],
    [
      'a fill that is missing',
      position({ exits: [exit({ fills: [] })] }),
      balances(),
      [
        'what was bought was sold, less fees in the asset and dust',
        'realized P&L = sales - purchases - fees, from the fills',
        'start + P&L = end, and nothing is held back',
      ],
    ],
    [
      'a P&L that is off in its last digit',
      position({ realized_pnl: '699.26' }),
      balances(),
      [
        'realized P&L = sales - purchases - fees, from the fills',
        'start + P&L = end, and nothing is held back',
      ],
    ],
    [
      'a balance that is off in its last digit',
      position(),
      balances({ end: '100699.24999999' }),
      ['start + P&L = end, and nothing is held back'],
    ],
    [
      'something still held back',
      position(),
      balances({ locked: '1' }),
      ['start + P&L = end, and nothing is held back'],
    ],
    [
      'a level that was not reached',
      position({ exits: [exit({ trigger_price: '51499.99' })] }),
      balances(),
      ['each trigger price reached its level, by a tick after the arming'],
    ],
    [
      'a tick that came before the arming',
      position({ exits: [exit({ trigger_tick_id: 2 })] }),
      balances(),
      ['each trigger price reached its level, by a tick after the arming'],
    ],
    [
      'a rung that sold twice',
      position({ exits: [exit({ full: false, fills: [] }), exit({ full: false })] }),
      balances(),
      ['each cause made one exit order'],
    ],
  ])('finds %s', (_, one, held, expected) => {
    expect(wrong(checkAll([one], held))).toEqual(expected);
  });

  it('takes a fee in the asset from what can be sold', () => {
    const bought = fill({ quantity: '1', price: '100', fee: '0.001', fee_asset: 'BTC' });
    const sold = fill({ quantity: '0.999', price: '110', fee: '0.10989' });
    const one = position({
      entry: { order_id: 'e1', quantity: '1', price: '100', at: null, fills: [bought] },
      exits: [exit({ fills: [sold] })],
      realized_pnl: '9.78011',
    });
    expect(wrong(checkAll([one], balances({ start: '100', end: '109.78011' })))).toEqual([]);
  });
});

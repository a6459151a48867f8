import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../infra/command-line.ts';
import { applyChanges, parseChanges } from '../../../infra/replay/changes.ts';
import { parseReplayOptions } from '../../../infra/replay/options.ts';
import { parsePlan, standardPlan } from '../../../infra/replay/plan.ts';
import { NO_REQUEST, requestText } from '../../../infra/replay/protection-request.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('nothing was refused');
};

const HERE = import.meta.filename;

describe('the command line of a replay', () => {
  it('needs nothing', () => {
    const options = parseReplayOptions([]);
    expect(options).toMatchObject({ files: [], plan: null, changes: null, seed: 1, ticksPerSecond: 1 });
    expect(parseReplayOptions(['--help'])).toBeNull();
  });

  it('takes files, and changes one by one or together', () => {
    const options = parseReplayOptions([
      HERE,
      '--with',
      'stop=1.5%',
      '--with=trailing=1%,break_even=none',
      '--json',
    ]);
    expect(options?.files).toEqual([HERE]);
    expect(options?.changes?.text).toBe('stop=1.5% trailing=1% break_even=none');
    expect(options?.json).toBe(true);
  });

  it.each([
    [['--wiht', 'stop=1%'], 'unknown option --wiht'],
    [['--with'], '--with needs a value'],
    [['--with', 'stop'], '--with stop: KEY=VALUE is expected'],
    [['--with', 'stop=1%=2%'], '--with stop=1%=2%: KEY=VALUE is expected'],
    [['--with', 'halt=1%'], '--with halt=1%: there is no halt'],
    [['--with', 'stop=1%', '--with', 'stop=2%'], '--with stop=2%: stop is given twice'],
    [['--with', 'stop=-1%'], 'a distance such as 1.5%, a price, or none is expected'],
    [['--with', 'stop=0%'], 'a distance such as 1.5%, a price, or none is expected'],
    [['--with', 'trailing=x'], 'a distance such as 1%, an amount, or none is expected'],
    [['--with', 'break_even=1'], 'percent such as 1%, or none is expected'],
    [['--with', 'time_stop=0s'], 'a time such as 90s, 15m or 2h, or none, is expected'],
    [['--with', 'time_stop=90'], 'a time such as 90s, 15m or 2h, or none, is expected'],
    [['--with', 'confirm_seconds=301'], 'whole seconds from 0 to 300, or none, is expected'],
    [['--with', 'confirm_seconds=1.5'], 'whole seconds from 0 to 300, or none, is expected'],
    [['--with', 'confirm_max=1'], 'percent such as 1%, or none is expected'],
    [['--with', 'trigger_price=ask'], 'bid_ask, last or mid is expected'],
    [['--seed', 'x'], '--seed x: a whole number'],
    [['--every', '0'], '--every 0: a whole number from 1'],
    [['--plan', HERE, '--every', '5'], '--every goes without --plan'],
    [['--plan', HERE, '--protect', 'stop=1%'], '--protect goes without --plan'],
    [[HERE, '--seed', '3'], '--seed is of a made-up day'],
    [['--leverage', '21'], '--leverage 21: a whole number from 1 to 20'],
    [['--side', 'both'], '--side both: long or short is expected'],
    [['--plan', HERE, '--side', 'short'], '--side goes without --plan'],
    [['--plan', HERE, '--leverage', '2'], '--leverage goes without --plan'],
    [['--strict'], '--strict goes with a file'],
    [['not-here.csv'], 'there is no file not-here.csv'],
  ])('%j: %s', (argv, message) => {
    expect(refusal(() => parseReplayOptions(argv))).toContain(message);
  });

  it('refuses a change that belongs to no position, and leaves alone those without what it belongs to', () => {
    const changes = parseChanges('--with', ['trailing_activation=1%']);
    expect(refusal(() => applyChanges('--with', changes, [NO_REQUEST]))).toContain(
      'no position has what this',
    );
    const [trailing] = applyChanges('--with', parseChanges('--with', ['trailing=2%']), [NO_REQUEST]);
    const both = applyChanges('--with', changes, [NO_REQUEST, trailing ?? NO_REQUEST]);
    expect(both.map(requestText)).toEqual(['none', 'trailing 2% from 1%']);
  });
});

const position = (more: object = {}) => ({ symbol: 'BTC/USDT', open_at: '+1m', quantity: '0.01', ...more });
const plan = (...positions: object[]) => ({ positions });

describe('a plan file', () => {
  it('is read as the API reads protections, with distances in percent beside prices', () => {
    const { wallet, positions } = parsePlan(
      {
        fee_rate: '0.0005',
        positions: [
          position({
            side: 'short',
            open_at: '2026-01-05T14:03:07Z',
            close_at: '+90s',
            protection: {
              stop_loss: '1.5%',
              take_profits: [
                { price: '59000', share: '0.5' },
                { price: '3%', share: '0.5' },
              ],
              trailing_stop: { distance_amount: '25', activation_price: '1%' },
              break_even: { activation_profit_percent: '1' },
              time_stop: { max_seconds: 90 },
              confirm_seconds: 5,
              confirm_max_percent: '0.5',
              trigger_price: 'last',
            },
          }),
        ],
      },
      'plan.json',
    );
    expect(wallet.feeRate.toFixed()).toBe('0.0005');
    const [one] = positions;
    expect(one).toMatchObject({ name: '#1', side: 'short', openAt: { at: Date.UTC(2026, 0, 5, 14, 3, 7) } });
    expect(one?.closeAt).toEqual({ after: 90_000 });
    expect(one && requestText(one.request)).toBe(
      'stop 1.5%, target 59000 x 0.5, target 3% x 0.5, trailing 25 from 1%, break-even 1%, closed after 90 s, confirmed for 5 s within 0.5%, by last',
    );
  });

  it.each([
    [{}, 'positions'],
    [plan(), 'positions'],
    [plan(position({ symbol: 'XYZ/USDT' })), 'XYZ/USDT is not a symbol of the demo venue'],
    [plan(position({ open_at: 'noon' })), 'a UTC time such as'],
    [plan(position({ quote_amount: '100' })), 'needs either quantity or quote_amount'],
    [plan(position({ quantity: 0.01 })), 'positions[0].quantity'],
    [plan(position({ quantity: '-1' })), 'a decimal above 0 is expected'],
    [plan(position({ protection: { stop_loss: '2 %' } })), 'percent such as 1.5% is expected'],
    [plan(position({ protection: { stoploss: '2%' } })), 'stoploss'],
    [plan(position({ protection: { take_profit: '2%', take_profits: [] } })), 'exclude each other'],
    [plan(position({ protection: { trailing_stop: {} } })), 'needs either distance_percent'],
    [plan(position({ name: 'a' }), position({ name: 'a' })), 'two positions are named a'],
    [plan(position({ close_at: '+30s' })), '#1 closes before it opens'],
    [plan(position({ leverage: 0 })), 'positions[0].leverage'],
    [plan(position({ leverage: 21 })), 'positions[0].leverage'],
    [plan(position({ leverage: 1.5 })), 'positions[0].leverage'],
    [
      { ...plan(position({ side: 'short' })), buy_fee_in: 'base' },
      '#1: a position on margin pays its fees in quote',
    ],
    [
      { ...plan(position({ leverage: 20 })), fee_rate: '0.021' },
      'a leverage of 20 leaves too little collateral',
    ],
    [{ ...plan(position()), fee_rate: '0.5' }, 'a fraction from 0 to below 0.5'],
  ])('%j: %s', (document, message) => {
    expect(refusal(() => parsePlan(document, 'plan.json'))).toContain(message);
  });
});

describe('positions without a plan', () => {
  const spans = { everyMs: 60_000, spanMs: 60_000 };
  const of = (side: 'long' | 'short', leverage: number) =>
    standardPlan(symbolRegistry().all().slice(0, 1), NO_REQUEST, { ...spans, opened: { side, leverage } });

  it('are long with coins of their own, or on margin as asked', () => {
    expect(parseReplayOptions([])?.opened).toEqual({ side: 'long', leverage: 1 });
    expect(parseReplayOptions(['--side', 'short', '--leverage', '3'])?.opened).toEqual({
      ...{ side: 'short', leverage: 3 },
    });
    expect(of('long', 1).positions[0]).toMatchObject({ side: 'long', margin: null });
    expect(of('short', 1).positions[0]).toMatchObject({ side: 'short', margin: { leverage: 1 } });
    expect(of('long', 20).positions[0]).toMatchObject({ side: 'long', margin: { leverage: 20 } });
  });
});

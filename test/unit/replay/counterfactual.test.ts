/** Figures of a replay and its counterfactual, reckoned by hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { parseChanges } from '../../../infra/replay/changes.ts';
import { parsePlan } from '../../../infra/replay/plan.ts';
import { replayText } from '../../../infra/replay/print.ts';
import { type ReplayDocument, runReplay } from '../../../infra/replay/run.ts';
import { recordedTicks, SourceError } from '../../../infra/replay/ticks.ts';

const folder = mkdtempSync(join(tmpdir(), 'moniqo-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

const START = Date.UTC(2026, 0, 5, 12);
const HEADER = 'time_ms,symbol,price,qty,is_buyer_maker,trade_id';

/** One trade per second, of one BTC unless said otherwise. */
function recordingOf(
  name: string,
  prices: readonly (string | readonly [price: string, size: string])[],
  from = START,
) {
  const file = join(folder, name);
  const lines = prices.map((one, at) => {
    const [price, size] = typeof one === 'string' ? [one, '1'] : one;
    return `${from + at * 1_000},BTCUSDT,${price},${size},0,${at}`;
  });
  const text = `${[HEADER, ...lines].join('\n')}\n`;
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text);
  return file;
}

const quiet = { strict: true, note: () => undefined };

async function replay(
  files: readonly string[],
  protection: object,
  more: {
    readonly with?: string;
    readonly side?: string;
    readonly close_at?: string;
    readonly quantity?: string;
    readonly leverage?: number;
  } = {},
): Promise<ReplayDocument> {
  const { with: changes, ...position } = more;
  const plan = parsePlan(
    { positions: [{ symbol: 'BTC/USDT', open_at: '+0s', quantity: '0.01', protection, ...position }] },
    'plan.json',
  );
  return runReplay(
    recordedTicks(files, quiet),
    plan,
    changes === undefined ? null : parseChanges('--with', [changes]),
  );
}

const only = <T>(all: readonly T[] | undefined): T => {
  const [one, ...others] = all ?? [];
  if (one === undefined || others.length > 0) throw new Error(`${others.length + 1} instead of one`);
  return one;
};

describe('a replay and its counterfactual', () => {
  const file = recordingOf('fall.csv', ['60000', '59500', '59390', '58790', '60500', '61000']);

  it('sells at the tick that reaches each stop, less fees of 0.1 % each way', async () => {
    const { actual, counterfactual } = await replay([file], { stop_loss: '2%' }, { with: 'stop=1%' });
    // Bought 0.01 at 60,000: 600, fee 0.6. The stop 2 % below is 58,800: line 5 at 58,790 brings 587.90, fee 0.5879.
    expect(only(actual.positions)).toMatchObject({
      status: 'closed',
      opened_tick: '2',
      entry_price: '60000',
      exit_cause: 'stop_loss',
      exit_trigger: { level: '58800', price: '58790', tick: '5', armed_tick: '2', cause: 'tick' },
      exit_price: '58790',
      fees: { USDT: '1.1879' },
      realized_pnl: '-13.2879',
      // 2.21465, half to even.
      pnl_percent: '-2.2146',
      // Bars between the two: 59,500 and 59,390; the entry's and the exit's own prices count.
      max_favorable_excursion: '0',
      max_adverse_excursion: '-1210',
    });
    // 1 % below is 59,400: line 4 at 59,390 brings 593.90, fee 0.5939.
    expect(only(counterfactual?.positions)).toMatchObject({
      exit_trigger: { level: '59400', price: '59390', tick: '4' },
      realized_pnl: '-7.2939',
      max_adverse_excursion: '-610',
    });
    expect(counterfactual?.totals).toEqual([
      { asset: 'USDT', positions: 1, pnl: '-7.2939', realized_pnl: '-7.2939', fees: { USDT: '1.1939' } },
    ]);
    const checks = [...actual.checks, ...(counterfactual?.checks ?? [])];
    expect(checks.map(({ ok }) => ok)).toEqual(Array.from({ length: 6 }, () => true));
  });

  it('tells each step once, and nothing of orders that rest at a venue', async () => {
    const { actual } = await replay([file], { stop_loss: '2%' });
    const kinds = actual.decisions.map(({ kind }) => kind);
    expect(kinds).toEqual(['filled', 'opened', 'exit_claimed', 'filled', 'closed']);
  });

  it('shows the difference beside the two', async () => {
    const document = await replay([file], { stop_loss: '2%' }, { with: 'stop=1%' });
    const text = replayText(document, String, true);
    // -7.2939 instead of -13.2879
    expect(text).toMatch(/#1 .*stop_loss .*-13\.2879 .*stop_loss .*-7\.2939 +5\.994$/m);
    expect(text).toMatch(/exit_claimed +stop_loss 58800 <- bid 58790 \(tick; armed at tick 2\)/);
  });

  it('leaves a position without its stop open, at the last price', async () => {
    const { counterfactual } = await replay([file], { stop_loss: '2%' }, { with: 'stop=none' });
    // 610 at the last price of 61,000, less 600 and the entry's 0.6.
    expect(only(counterfactual?.positions)).toMatchObject({
      status: 'open',
      unrealized_pnl: '9.4',
      pnl: '9.4',
      realized_pnl: '0',
    });
  });

  it('moves the stop to where a close loses nothing, and trails the best price', async () => {
    const rise = recordingOf('rise.csv', ['60000', '60600', '61200', '60500', '60120.13', '60000']);
    const { actual, counterfactual } = await replay(
      [rise],
      { break_even: { activation_profit_percent: '1' } },
      { with: 'break_even=none,trailing=1%' },
    );
    // (600 + 0.6) / (0.01 x 0.999) = 60,120.1201..., up to the tick; reached at line 6: 601.2013 - 0.6012013 - 600.6
    expect(only(actual.positions)).toMatchObject({
      break_even_stop: '60120.13',
      exit_cause: 'break_even',
      exit_trigger: { tick: '6', level: '60120.13', armed_tick: '3' },
      realized_pnl: '0.0000987',
    });
    // 61,200 x 0.99 = 60,588: line 5 at 60,500 brings 605, fee 0.605.
    expect(only(counterfactual?.positions)).toMatchObject({
      exit_cause: 'trailing_stop',
      exit_trigger: { tick: '5', level: '60588', peak: '61200' },
      realized_pnl: '3.795',
    });
  });

  it('mirrors all of it for a short', async () => {
    const rise = recordingOf('short.csv', ['60000', '60900', '61250', '58000']);
    const { actual, counterfactual } = await replay(
      [rise],
      { stop_loss: '2%' },
      { side: 'short', with: 'stop=3%,take_profit=3%' },
    );
    // Sold for 600; the stop 2 % above is 61,200: bought back for 612.50 at line 4. Fees 0.6 and 0.6125.
    expect(only(actual.positions)).toMatchObject({
      exit_trigger: { level: '61200', source: 'ask', tick: '4' },
      realized_pnl: '-13.7125',
    });
    // 3 % above, 61,800, is never reached; 58,200 is, at line 5: 580, fees 0.6 and 0.58.
    expect(only(counterfactual?.positions)).toMatchObject({
      exit_cause: 'take_profit',
      exit_trigger: { level: '58200', tick: '5' },
      realized_pnl: '18.82',
    });
  });

  it('fills in parts where trades are small, and closes by hand when told to', async () => {
    const thin = recordingOf('thin.csv', [
      ['60000', '0.004'],
      ['60100', '0.004'],
      ['60200', '0.004'],
      '60300',
      '60400',
    ]);
    const { actual } = await replay([thin], {}, { close_at: '+3s' });
    // 0.004 at 60,000 + 0.004 at 60,100 + 0.002 at 60,200 = 600.8; sold at line 5: 603. Fees 0.6008 and 0.603.
    expect(only(actual.positions)).toMatchObject({
      entry_fills: 3,
      entry_price: '60080',
      exit_cause: 'manual',
      exit_trigger: null,
      closed_at: '2026-01-05T12:00:03.000Z',
      realized_pnl: '0.9962',
    });
  });

  it('goes on with an exit that the venue refuses, in time, until all is sold', async () => {
    // 149 at 61,900 are worth more than the venue takes at once (9,000,000); half of it is not.
    const big = recordingOf('big.csv', [
      ['60000', ''],
      ...Array.from({ length: 12 }, () => ['61900', ''] as const),
    ]);
    const { actual } = await replay([big], { take_profit: '3%' }, { quantity: '149' });
    const told = actual.decisions.map(({ kind, at }) => [kind, (at - START) / 1_000]);
    expect(told.filter(([kind]) => kind === 'order_refused')).toEqual([
      ['order_refused', 1],
      ['order_refused', 2],
    ]);
    // 1 s after the first refusal, 2 s after the second: half, then at once the other half.
    expect(told.filter(([kind]) => kind === 'filled' || kind === 'closed')).toEqual([
      ['filled', 0],
      ['filled', 4],
      ['filled', 4],
      ['closed', 4],
    ]);
    // 149 x 1,900 less 0.1 % of 8,940,000 and of 9,223,100.
    expect(only(actual.positions)).toMatchObject({ status: 'closed', exits: 2, realized_pnl: '264936.9' });
    expect(actual.checks.every(({ ok }) => ok)).toBe(true);
  });

  it('says why a position was refused, and which never had a price', async () => {
    const { actual } = await replay([file], { stop_loss: '70000' });
    expect(only(actual.positions)).toMatchObject({ status: 'refused', pnl: '0' });
    expect(only(actual.positions).refusal).toContain('would trigger at once');
    const late = parsePlan(
      { positions: [{ symbol: 'BTC/USDT', open_at: '+1h', quantity: '0.01' }] },
      'plan.json',
    );
    const document = await runReplay(recordedTicks([file], quiet), late, null);
    expect(only(document.actual.positions)).toMatchObject({ status: 'never_opened', pnl: '0' });
  });
});

describe('a position on margin', () => {
  it('is liquidated where its collateral ends, and the stop that would come later is refused', async () => {
    const fall = recordingOf('liquidated.csv', ['60000', '54400', '54325.96', '54325.95', '60000']);
    const { actual, counterfactual } = await replay([fall], {}, { leverage: 10, with: 'stop=9.5%' });
    // 60,000 x 9 / 10 / 0.994 = 54,325.955..., up to the tick: line 4. Bought for 600, sold for 543.2596.
    expect(only(actual.positions)).toMatchObject({
      status: 'liquidated',
      leverage: 10,
      margin_used: '60',
      liquidation_price: '54325.96',
      exit_cause: 'liquidation',
      exit_trigger: {
        level_name: 'liquidation',
        level: '54325.96',
        price: '54325.96',
        tick: '4',
        armed_tick: '2',
      },
      // -56.7404 less 0.6 and 0.5432596
      realized_pnl: '-57.8836596',
    });
    expect(actual.causes).toEqual({ liquidation: 1 });
    // 9.5 % below is 54,300.
    expect(only(counterfactual?.positions)).toMatchObject({ status: 'refused', leverage: 10 });
    expect(only(counterfactual?.positions).refusal).toContain('liquidated at 54325.96');
    expect(actual.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(replayText(await replay([fall], {}, { leverage: 10 }), String, true)).toMatch(
      /#1 +BTC\/USDT +long x10 .*liquidation /,
    );
  });

  it('has no liquidation without leverage, and one twice as high of a short without', async () => {
    const steep = recordingOf('steep.csv', ['30000', '59642.14', '59642.15', '30000']);
    const long = await replay([steep], {});
    expect(only(long.actual.positions)).toMatchObject({
      ...{ status: 'open', leverage: null, margin_used: null, liquidation_price: null },
    });
    // 30,000 x 2 / 1.006 = 59,642.147..., down to the tick: line 3. Sold for 300, bought back for 596.4214.
    const { actual } = await replay([steep], {}, { side: 'short' });
    expect(only(actual.positions)).toMatchObject({
      ...{ status: 'liquidated', leverage: 1, margin_used: '300', liquidation_price: '59642.14' },
      exit_trigger: { level: '59642.14', tick: '3' },
      // 300 - 596.4214 - 0.3 - 0.5964214
      realized_pnl: '-297.3178214',
    });
    expect(actual.checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('may cost more than its collateral where the price jumps over the liquidation', async () => {
    const gap = recordingOf('gap.csv', ['60000', '50000', '50000']);
    const { actual } = await replay([gap], {}, { leverage: 20, quantity: '1' });
    expect(only(actual.positions)).toMatchObject({
      ...{ status: 'liquidated', margin_used: '3000', exit_trigger: { price: '50000', tick: '3' } },
      realized_pnl: '-10110',
    });
    expect(actual.checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('closes in parts, and what is put up for it shrinks with it', async () => {
    const rise = recordingOf('rung.csv', ['60000', '60600', '60700', '60100']);
    const { actual } = await replay(
      [rise],
      { take_profits: [{ price: '1%', share: '0.5' }] },
      { leverage: 4, quantity: '1' },
    );
    // Half sold at 60,600: 300 less half of the entry's fee of 60 and 30.3.
    expect(only(actual.positions)).toMatchObject({ status: 'open', exits: 1, realized_pnl: '239.7' });
    expect(actual.checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('recorded files', () => {
  it('follow each other in the order of time, zipped or not, and name their ticks', async () => {
    const first = recordingOf('one.csv', ['60000', '59900']);
    const second = recordingOf('two.csv.gz', ['59800', '58000'], START + 60_000);
    const source = recordedTicks([first, second], quiet);
    const plan = parsePlan(
      {
        positions: [
          { symbol: 'BTC/USDT', open_at: '+0s', quantity: '0.01', protection: { stop_loss: '1%' } },
        ],
      },
      'plan.json',
    );
    const { actual, source: facts } = await runReplay(source, plan, null);
    expect(facts).toMatchObject({ ticks: 4, span_seconds: 61 });
    expect(only(actual.positions)).toMatchObject({ opened_tick: '1:2', exit_trigger: { tick: '2:3' } });
    await expect(replay([second, first], {})).rejects.toThrow(/in the order of time/);
  });

  it('skip and count what cannot be read, or end there when strict', async () => {
    const file = recordingOf('bad.csv', ['60000', 'much', '59000']);
    const notes: string[] = [];
    const plan = parsePlan(
      { positions: [{ symbol: 'BTC/USDT', open_at: '+0s', quantity: '0.01' }] },
      'plan.json',
    );
    const lenient = recordedTicks([file], { strict: false, note: (line) => notes.push(line) });
    expect((await runReplay(lenient, plan, null)).source).toMatchObject({ ticks: 2, malformed: 1 });
    expect(notes).toEqual([`${file}, line 3: price is unusable: not_decimal`]);
    await expect(runReplay(recordedTicks([file], quiet), plan, null)).rejects.toThrow(SourceError);
  });
});

describe('two runs', () => {
  it('are the same, byte for byte, the counterfactual too', async () => {
    const prices = Array.from({ length: 400 }, (_, at) => (60_000 + ((at * 7_919) % 900)).toFixed(2));
    const file = recordingOf('same.csv', prices);
    const run = async () => {
      const document = await replay(
        [file],
        { stop_loss: '1%', take_profit: '1%' },
        { side: 'short', leverage: 20, with: 'trailing=0.5%' },
      );
      return `${JSON.stringify(document)}\n${replayText(document, String, true)}`;
    };
    const first = await run();
    expect(await run()).toBe(first);
    // What would make two runs differ shows in the digest.
    const other = await replay(
      [file],
      { stop_loss: '1%', take_profit: '1%' },
      { side: 'short', leverage: 19, with: 'trailing=0.5%' },
    );
    expect(first).not.toContain(other.digest);
  });
});

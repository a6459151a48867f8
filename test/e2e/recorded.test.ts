/** A recorded crash, played through the whole system: every exit by the very trade that reached its level. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recording } from '../support/recordings.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { exitsOf, type PositionAnswer, type Trader } from '../support/trader.ts';
import { until } from '../support/until.ts';
import { type CheckedPosition, checkExits } from './check-exits.ts';

const crash = recording('binance-spot-btcusdt-20210519-flash-crash-100ms.csv.gz');
const SYMBOL = 'BTC/USDT';

type Protection = CheckedPosition['protection'] & Readonly<Record<string, unknown>>;

/** As the demo's document has it. */
const documentOf = (
  position: PositionAnswer,
  protection: CheckedPosition['protection'],
): CheckedPosition => ({
  symbol: position.symbol,
  side: position.side,
  protection,
  exits: exitsOf(position).map(({ exit }) => ({
    level_name: exit?.trigger?.level_name ?? null,
    level: exit?.trigger?.level ?? null,
    trigger_price: exit?.trigger?.price ?? null,
    trigger_tick_id: exit?.trigger?.tick_id ?? null,
    arming_tick_id: exit?.trigger?.armed_tick_id ?? null,
    trigger_cause: exit?.trigger?.cause ?? null,
  })),
});

describe('the independent look', () => {
  it('notices a wrong line, a wrong price and a wrong level', () => {
    const directory = mkdtempSync(join(tmpdir(), 'moniqo-check-'));
    const file = join(directory, 'trades.csv');
    const prices = ['100', '101', '103', '99.5', '102', '100.9', '98'];
    const rows = prices.map((price, at) => `${at},BTCUSDT,${price},,,`);
    writeFileSync(file, ['time_ms,symbol,price,qty,is_buyer_maker,trade_id', ...rows].join('\n'));
    const look = (changes: object, protection: CheckedPosition['protection'] = {}) => {
      const exit = {
        level_name: 'stop_loss',
        level: '99.9',
        trigger_price: '99.5',
        trigger_tick_id: 5,
        arming_tick_id: 2,
        trigger_cause: 'tick',
        ...changes,
      };
      return checkExits(file, [{ symbol: SYMBOL, side: 'long', protection, exits: [exit] }]).wrong.length;
    };
    const trailing = { trailing_stop: { distance_percent: '2' } };
    const trailed = { level_name: 'trailing_stop', level: '100.94', arming_tick_id: 2 };
    try {
      expect(look({})).toBe(0);
      expect(look({ trigger_tick_id: 8 })).toBe(1);
      expect(look({ trigger_price: '99.4' })).toBe(1);
      expect(look({ arming_tick_id: 5 })).toBe(1);
      expect(look({ level: '97', trigger_tick_id: 8 })).toBe(1);
      // Peak 103, less 2 %.
      expect(look(trailed, trailing)).toBe(0);
      expect(look({ ...trailed, level: '101' }, trailing)).toBe(1);
      expect(look({ ...trailed, trigger_tick_id: 7, trigger_price: '100.9' }, trailing)).toBe(1);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe.skipIf(crash.missing)('the flash crash of May 2021', () => {
  let system: TestSystem;
  let trader: Trader;
  beforeAll(async () => {
    system = await startTestSystem({
      feed: `replay:${crash.file}`,
      speed: '6',
      environment: { streamer: { REPLAY_START: 'on_demand' } },
    });
    trader = system.trader;
  });
  afterAll(() => system?.stop());

  it('closes each position by the first recorded trade that reaches its level', async () => {
    const wallet = await trader.wallet({ USDT: '1000000' });
    const shown = async (): Promise<string> =>
      (await until(
        'a price',
        async () => (await trader.price(SYMBOL)).body.last,
        (seen) => seen !== undefined,
      )) ?? '';
    let price = await shown();
    const below = (percent: number) => (Math.floor(Number(price)) * (1 - percent / 100)).toFixed(2);
    const protections: readonly Protection[] = [
      ...[0.5, 0.8, 1.2, 2, 3, 4, 5, 6].map((percent) => ({ stop_loss: below(percent) })),
      ...['0.3', '0.75', '1.5', '3'].map((distance) => ({ trailing_stop: { distance_percent: distance } })),
    ];
    const laddered = (): Protection => ({
      stop_loss: below(2.5),
      take_profits: [
        { price: below(-0.4), share: '0.5' },
        { price: below(-1), share: '0.5' },
      ],
    });
    const entry = { wallet_id: wallet, symbol: SYMBOL, side: 'buy', type: 'market', quantity: '0.5' };
    const open = async (protection: Protection) => ({
      protection,
      positionId: (await trader.order({ ...entry, protection })).position_id ?? '',
    });
    /** Prices run on meanwhile: a target that they have passed before it was placed is set above them anew. */
    const openNearest = async (): Promise<Awaited<ReturnType<typeof open>>> => {
      for (let tries = 0; tries < 5; tries += 1) {
        const protection = laddered();
        const body = { ...entry, protection };
        const key = `nearest-${tries}`;
        const answer = await trader.send<{ position_id?: string; code?: string }>('POST', '/orders', {
          body,
          key,
        });
        if (answer.status < 300) return { protection, positionId: answer.body.position_id ?? '' };
        expect(answer.body.code).toBe('target_wrong_side');
        price = await shown();
      }
      throw new Error('prices have passed the target five times before it was placed');
    };
    // The one whose target lies close above them goes first, and alone.
    const nearest = await openNearest();
    const opened = [nearest, ...(await Promise.all(protections.map(open)))];
    const closed = [];
    for (const { positionId, protection } of opened) {
      closed.push({ protection, position: await trader.closed(positionId, 60_000) });
    }
    const documents = closed.map(({ position, protection }) => documentOf(position, protection));
    const { looked, wrong } = checkExits(crash.file, documents);
    expect(wrong).toEqual([]);
    expect(looked).toBeGreaterThanOrEqual(opened.length);
    // A file without sizes: all of it at the price of the trade that triggered.
    for (const { position } of closed) {
      for (const exit of exitsOf(position)) expect(exit.average_fill_price).toBe(exit.exit?.trigger?.price);
    }
    const realized = closed.reduce((sum, { position }) => sum + Number(position.exit?.realized_pnl), 0);
    const { total, locked } = (await trader.balances(wallet))['USDT'] ?? { total: '', locked: '' };
    expect(locked).toBe('0');
    expect(Number(total)).toBeCloseTo(1_000_000 + realized, 6);
  });
});

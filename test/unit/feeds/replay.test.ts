import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { createReplayFeed, type ReplayOptions } from '../../../shared/feeds/replay.ts';
import { REPLAY_HEADER } from '../../../shared/feeds/replay-line.ts';
import type { FeedTick, SkippedInput } from '../../../shared/ports/feed.ts';

const clock = { now: () => Date.now() };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const written = (lines: readonly string[], { gz = false, end = '\n' } = {}): string => {
  const file = join(folder, `${files++}.csv${gz ? '.gz' : ''}`);
  const text = lines.join('\n') + end;
  writeFileSync(file, gz ? gzipSync(text) : text);
  return file;
};
const recorded = (rows: readonly string[], options = {}): string =>
  written([REPLAY_HEADER, ...rows], options);

interface Played {
  readonly ticks: FeedTick[];
  readonly skipped: SkippedInput[];
  readonly error: Error | null;
  readonly ended: boolean;
  readonly summary: Readonly<Record<string, number>>;
}

async function play(
  options: Partial<ReplayOptions> & { file: string },
  onTick: (tick: FeedTick) => Promise<void> | undefined = () => undefined,
): Promise<Played> {
  const feed = createReplayFeed({ registry: symbolRegistry(), clock, speed: 'max', ...options });
  const ticks: FeedTick[] = [];
  const skipped: SkippedInput[] = [];
  const { error, ended } = await new Promise<Pick<Played, 'error' | 'ended'>>((resolve, reject) => {
    feed
      .start({
        onTick: (tick) => {
          ticks.push(tick);
          return onTick(tick);
        },
        onEnd: () => resolve({ error: null, ended: true }),
        onError: (failure) => resolve({ error: failure, ended: false }),
        onSkipped: (input) => skipped.push(input),
      })
      .catch(reject);
  });
  await feed.stop();
  return { ticks, skipped, error, ended, summary: feed.summary?.() ?? {} };
}

describe('a replay', () => {
  it('hands on each trade: line number as id, exact price, its quantity on both sides, wall time', async () => {
    const before = Date.now();
    const file = recorded(['1000,BTCUSDT,61837.63000000,0.02000000,1,37', '1001,ETH-USD,2278.1,,,']);
    const { ticks, ended } = await play({ file });
    expect(ended).toBe(true);
    expect(ticks).toMatchObject([
      {
        spec: { symbol: 'BTC/USDT' },
        tick: { id: 2, bid: 618376300, ask: 618376300, last: 618376300, recordedAt: 1000 },
        last: '61837.63',
        quoted: false,
      },
      { spec: { symbol: 'ETH/USD' }, tick: { id: 3, bidSize: '', askSize: '' }, bid: '2278.1' },
    ]);
    expect(ticks[0]?.tick.bidSize).toBe('0.02000000');
    expect(ticks[0]?.tick.at).toBeGreaterThanOrEqual(before);
  });

  it('reads gzip, lines with carriage returns, and a last line without an end', async () => {
    const rows = ['1,BTCUSDT,1,1,,\r', '2,BTCUSDT,2,1,,'];
    const { ticks } = await play({ file: recorded(rows, { gz: true, end: '' }) });
    expect(ticks.map(({ tick, last }) => [tick.id, last])).toEqual([
      [2, '1'],
      [3, '2'],
    ]);
  });

  it.each([
    ['too few columns', '1,BTCUSDT,1'],
    ['too many columns', '1,BTCUSDT,1,1,,,,'],
    ['a time that is none', 'x,BTCUSDT,1,1,,'],
    ['a price that is none', '1,BTCUSDT,1e5,1,,'],
    ['a negative price', '1,BTCUSDT,-1,1,,'],
    ['a price of zero', '1,BTCUSDT,0.00,1,,'],
    ['a quantity that is none', '1,BTCUSDT,1,abc,,'],
    ['an empty line', ''],
    ['bytes', '\u0000\u0001'],
  ])('skips %s with its line number, or ends there when strict', async (_, bad) => {
    const file = recorded(['1,BTCUSDT,1,1,,', bad, '2,BTCUSDT,2,1,,']);
    const lenient = await play({ file });
    expect(lenient.ticks.map(({ tick }) => tick.id)).toEqual([2, 4]);
    expect(lenient.skipped).toMatchObject([{ where: 'line 3' }]);
    expect(lenient.summary).toMatchObject({ malformed: 1, ticks: 2 });
    const strict = await play({ file, strict: true });
    expect(strict.ticks).toHaveLength(1);
    expect(strict.error).toMatchObject({ name: 'ReplayLineError', line: 3 });
  });

  it('counts lines of unknown symbols and tells each symbol once', async () => {
    const { ticks, skipped, summary } = await play({
      file: recorded(['1,FOOUSDT,1,1,,', '2,FOOUSDT,1,1,,', '3,BTCUSDT,1,1,,']),
      strict: true,
    });
    expect(ticks).toHaveLength(1);
    expect(skipped).toHaveLength(1);
    expect(summary['unknownSymbol']).toBe(2);
  });

  it.each([
    ['no header', ['1,BTCUSDT,1,1,,']],
    ['another table', ['a,b', '1,2']],
    ['nothing', []],
  ])('refuses a file with %s', async (_, lines) => {
    expect((await play({ file: written(lines) })).error?.message).toMatch(/header/);
  });

  it('tells a missing file and a broken archive', async () => {
    expect((await play({ file: join(folder, 'none.csv') })).error?.message).toMatch(/ENOENT/);
    const broken = join(folder, 'broken.csv.gz');
    writeFileSync(broken, gzipSync(`${REPLAY_HEADER}\n1,BTCUSDT,1,1,,\n`).subarray(0, 40));
    expect((await play({ file: broken })).error).not.toBeNull();
  });

  it('goes on behind what each symbol has had, without telling old faults again', async () => {
    const rows = [
      '1,BTCUSDT,1,1,,',
      '2,ETHUSDT,1,1,,',
      'bad',
      '3,BTCUSDT,2,1,,',
      '4,ETHUSDT,2,1,,',
      '5,BTCUSDT,3,1,,',
    ];
    const startAfter = new Map([
      ['BTC/USDT', 5],
      ['ETH/USDT', 3],
    ]);
    const { ticks, skipped } = await play({ file: recorded(rows), startAfter });
    expect(ticks.map(({ tick }) => tick.id)).toEqual([6, 7]);
    expect(skipped).toEqual([]);
  });

  it('waits for the consumer, at full speed too', async () => {
    let inHand = 0;
    const file = recorded(Array.from({ length: 50 }, (_, i) => `${i},BTCUSDT,${i + 1},1,,`));
    const { ticks } = await play({ file }, async () => {
      expect(++inHand).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inHand -= 1;
    });
    expect(ticks).toHaveLength(50);
  });

  it('keeps the gaps of the recording, divided by the speed', async () => {
    const file = recorded(['0,BTCUSDT,1,1,,', '1000,BTCUSDT,2,1,,', '3000,BTCUSDT,3,1,,']);
    const { ticks } = await play({ file, speed: 20 });
    const [first = 0, second = 0, third = 0] = ticks.map(({ tick }) => tick.at);
    // Each row has its own time from the start, so a late row does not push the later ones back.
    expect(second - first).toBeGreaterThanOrEqual(30);
    expect(third - first).toBeGreaterThanOrEqual(130);
    expect(third - first).toBeLessThan(1_500);
  });

  it('waits on demand until a symbol of the file is wanted', async () => {
    const file = recorded(['1,BTCUSDT,1,1,,']);
    const feed = createReplayFeed({ registry: symbolRegistry(), clock, speed: 'max', file, onDemand: true });
    let seen = 0;
    const ended = new Promise<void>((resolve, reject) => {
      feed
        .start({ onTick: () => void seen++, onEnd: resolve, onError: reject, onSkipped: () => undefined })
        .catch(reject);
    });
    feed.subscribe(['ETH/USDT']);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(seen).toBe(0);
    feed.subscribe(['BTC/USDT']);
    await ended;
    expect(seen).toBe(1);
    await feed.stop();
  });

  it('stops in the middle of a silence at once', async () => {
    const file = recorded(['0,BTCUSDT,1,1,,', '9000000,BTCUSDT,2,1,,']);
    const feed = createReplayFeed({ registry: symbolRegistry(), clock, speed: 1, file });
    const failed = (): void => expect.unreachable();
    await new Promise<void>((resolve, reject) => {
      feed
        .start({ onTick: () => void resolve(), onEnd: failed, onError: failed, onSkipped: failed })
        .catch(reject);
    });
    const before = performance.now();
    await feed.stop();
    expect(performance.now() - before).toBeLessThan(500);
  });
});

/** History is filled once, beside our own tape, and never in the way of anything. */
import { describe, expect, it } from 'vitest';
import type { Units } from '../../../../shared/domain/triggers/types.ts';
import type { HistoryAnswer, MinuteHistory } from '../../../../shared/ports/history.ts';
import { Background } from '../../../../shared/usecases/stream-prices/background.ts';
import { HistoryFiller } from '../../../../shared/usecases/stream-prices/fill-history.ts';
import { Streamer } from '../../../../shared/usecases/stream-prices/streamer.ts';
import { MemoryTape } from '../../../support/fakes/memory-cache.ts';
import { applied, feedTick, settings, until, World } from './support.ts';

const DAY = Date.UTC(2026, 0, 5);
const MINUTE = DAY / 60_000;

const told = (minute: number, price: number) => {
  const units = price as Units;
  return {
    minute,
    open: units,
    high: (units + 5) as Units,
    low: (units - 5) as Units,
    close: units,
    count: 2,
  };
};
const minutes = (...all: ReturnType<typeof told>[]): HistoryAnswer => ({
  outcome: 'minutes',
  ticker: 'X:BTCUSD',
  minutes: all,
  skipped: 0,
});

function begin(answer: (symbol: string) => HistoryAnswer | Promise<HistoryAnswer>) {
  const tape = new MemoryTape();
  const asked: string[] = [];
  const logged: string[] = [];
  const self = { now: DAY, tape, asked, logged, tally: { errors: 0 }, stop: new AbortController() };
  const tell = (code: string) => void logged.push(code);
  const log = { debug: tell, info: tell, warn: tell, error: tell };
  const history: MinuteHistory = {
    source: 'polygon',
    minutes: async (symbol) => {
      asked.push(symbol);
      return answer(symbol);
    },
  };
  const background = new Background(log, () => expect.unreachable());
  const clock = { now: () => self.now };
  const filler = new HistoryFiller({
    history,
    tape,
    clock,
    log,
    tally: self.tally,
    background,
    signal: self.stop.signal,
  });
  /** The filler is idle when what it had to do is done. */
  const settled = async (count: number) => {
    await until(() => logged.filter((code) => code.startsWith('history_')).length >= count);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return Object.assign(self, { filler, settled });
}

describe('filling history', () => {
  it('puts minutes and quarters beside our own tape, only where that has none, once a day', async () => {
    const world = begin(() => minutes(told(MINUTE - 16, 100), told(MINUTE - 14, 110), told(MINUTE - 13, 90)));
    const own = { bid: 1, ask: 2, last: 1, mid: 1 } as never;
    await world.tape.merge('BTC/USDT', {
      ...{ minute: MINUTE - 13, low: own, high: own, close: own, firstTick: 1, lastTick: 1, count: 1 },
    });
    world.filler.want(['BTC/USDT']);
    world.filler.want(['BTC/USDT']);
    await world.settled(1);
    const rows = await world.tape.filled('BTC/USDT', 1, 0, MINUTE);
    expect(rows.map(({ minute, ticker, source }) => [minute - MINUTE, ticker, source])).toEqual([
      [-16, 'X:BTCUSD', 'polygon'],
      [-14, 'X:BTCUSD', 'polygon'],
    ]);
    expect(await world.tape.filled('BTC/USDT', 15, 0, MINUTE)).toMatchObject([
      { minute: MINUTE - 30, minutes: 1, open: 100, count: 2 },
      {
        minute: MINUTE - 15,
        minutes: 1,
        open: 110,
        high: 115,
        firstMinute: MINUTE - 14,
        lastMinute: MINUTE - 14,
      },
    ]);
    expect((await world.tape.since('BTC/USDT', 0)).map(({ minute }) => minute)).toEqual([MINUTE - 13]);
    world.now += 23 * 3_600_000;
    world.filler.want(['BTC/USDT']);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(world.asked).toEqual(['BTC/USDT']);
    world.now += 3_600_000;
    world.filler.want(['BTC/USDT']);
    await world.settled(2);
    expect(world.asked).toEqual(['BTC/USDT', 'BTC/USDT']);
  });

  it('counts a failure and tries again after a while; others go on', async () => {
    const world = begin((symbol) =>
      symbol === 'BTC/USDT'
        ? { outcome: 'failed', why: 'away', hopeless: false }
        : minutes(told(MINUTE - 1, 5)),
    );
    world.filler.want(['BTC/USDT', 'ETH/USDT']);
    await world.settled(2);
    expect(world.tally.errors).toBe(1);
    expect(await world.tape.filled('ETH/USDT', 1, 0, MINUTE)).toHaveLength(1);
    world.filler.want(['BTC/USDT', 'ETH/USDT']);
    expect(world.asked).toHaveLength(2);
    world.now += 10 * 60_000;
    world.filler.want(['BTC/USDT', 'ETH/USDT']);
    await world.settled(3);
    expect(world.asked).toEqual(['BTC/USDT', 'ETH/USDT', 'BTC/USDT']);
  });

  it('asks nothing more for an hour when the key is refused', async () => {
    const world = begin(() => ({ outcome: 'failed', why: 'bad_key', hopeless: true }));
    world.filler.want(['BTC/USDT', 'ETH/USDT', 'SOL/USDT']);
    await world.settled(1);
    world.now += 59 * 60_000;
    world.filler.want(['BTC/USDT', 'ETH/USDT', 'SOL/USDT']);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(world.asked).toEqual(['BTC/USDT']);
  });

  it('asks only once a day for what the source does not have', async () => {
    const world = begin(() => ({ outcome: 'none', why: 'unknown_ticker' }));
    world.filler.want(['BTC/USDT']);
    await world.settled(1);
    world.now += 23 * 3_600_000;
    world.filler.want(['BTC/USDT']);
    expect(world.asked).toEqual(['BTC/USDT']);
    expect(world.tally.errors).toBe(0);
  });

  it('is in no price’s way, and ends with the term', async () => {
    const world = new World();
    world.wanted = ['BTC/USDT'];
    let aborted = false;
    const history: MinuteHistory = {
      source: 'polygon',
      minutes: (_symbol, _from, _to, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            resolve({ outcome: 'failed', why: 'stopped', hopeless: false });
          });
        }),
    };
    world.answer = () => applied();
    const streamer = new Streamer({ ...world.ports, history }, settings());
    const running = streamer.run();
    await until(() => world.feeds[0]?.subscribed.has('BTC/USDT') === true);
    void world.feeds[0]?.handlers?.onTick(feedTick(1, 600_000_000));
    await until(() => world.sentIds().length === 1);
    streamer.stop();
    await running;
    expect(aborted).toBe(true);
    expect(world.filled).toEqual([]);
  });
});

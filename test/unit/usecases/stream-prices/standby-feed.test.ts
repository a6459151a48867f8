import { describe, expect, it } from 'vitest';
import type { FeedTick } from '../../../../shared/ports/feed.ts';
import { StandbyFeed } from '../../../../shared/usecases/stream-prices/standby-feed.ts';
import { feedTick, TestFeed } from './support.ts';

const AT = 1_790_000_000_000;
const PRICE = 600_000_000;

async function begin(gives: (symbol: string) => boolean = () => true) {
  const source = new TestFeed(new Map());
  let now = AT;
  const failures: string[] = [];
  const feed = new StandbyFeed({
    ...{ feed: source, gives, clock: { now: () => now } },
    settings: { keepMs: 10_000, mostOfSymbol: 100, most: 1_000 },
    onFailed: (error) => void failures.push(error.message),
    onSkipped: ({ reason }) => void failures.push(reason),
  });
  await feed.open();
  const told: FeedTick[] = [];
  const handlers = {
    onTick: (tick: FeedTick) => {
      told.push(tick);
      return undefined;
    },
    onEnd: () => void failures.push('writer: end'),
    onError: (error: Error) => void failures.push(`writer: ${error.message}`),
    onSkipped: () => void failures.push('writer: skipped'),
  };
  const say = (id: number, bid: number, ms: number): void => {
    now = AT + ms;
    void source.handlers?.onTick(feedTick(id, bid, { at: now }));
  };
  return { source, feed, told, handlers, failures, say };
}

const ids = (ticks: Iterable<FeedTick> = []): number[] => Array.from(ticks, ({ tick }) => tick.id);

describe('a feed that was open while this process stood by', () => {
  it('hands its ticks over with their times as ids, above all known ones, and numbers what follows above them', async () => {
    const { feed, told, handlers, say } = await begin();
    say(7, PRICE, 0);
    say(8, PRICE + 1, 0);
    say(9, PRICE + 2, 500);
    const late = feed.handOver(41).get('BTC/USDT');
    expect(ids(late)).toEqual([AT * 1000, AT * 1000 + 1, (AT + 500) * 1000]);
    expect(Array.from(late ?? [], ({ tick, feed: of }) => [tick.bid, tick.at, of])).toEqual([
      [PRICE, AT, 'test'],
      [PRICE + 1, AT, 'test'],
      [PRICE + 2, AT + 500, 'test'],
    ]);
    await feed.start(handlers);
    say(10, PRICE + 3, 600);
    expect(ids(told)).toEqual([(AT + 500) * 1000 + 1]);
    expect(told[0]?.tick.bid).toBe(PRICE + 3);
  });

  it('goes on above what a writer with a clock ahead has numbered', async () => {
    const { feed, told, handlers, say } = await begin();
    say(7, PRICE, 0);
    say(8, PRICE, 10);
    const ahead = (AT + 9_000) * 1000;
    expect(ids(feed.handOver(ahead).get('BTC/USDT'))).toEqual([ahead + 1, ahead + 2]);
    await feed.start(handlers);
    say(9, PRICE, 20);
    expect(ids(told)).toEqual([ahead + 3]);
  });

  it('loses nothing between the hand-over and the start, and hands over once', async () => {
    const { feed, told, handlers, say } = await begin();
    say(1, PRICE, 0);
    await expect(feed.start(handlers)).rejects.toThrow('nothing was handed over');
    expect(feed.handOver(0).size).toBe(1);
    say(2, PRICE - 5, 10);
    await feed.start(handlers);
    expect(told.map(({ tick }) => tick.bid)).toEqual([PRICE - 5]);
    expect(() => feed.handOver(0)).toThrow('already');
  });

  it('keeps nothing of a symbol that it may not trigger', async () => {
    const { feed, handlers, told, say } = await begin((symbol) => symbol !== 'BTC/USDT');
    say(1, PRICE, 0);
    expect(feed.handOver(0).size).toBe(0);
    await feed.start(handlers);
    say(2, PRICE, 10);
    expect(told).toHaveLength(1);
  });

  it('tells its failures to who stands by, then to the writer; counts begin with the writer', async () => {
    const { source, feed, handlers, failures } = await begin();
    source.handlers?.onSkipped({ where: 'x', reason: 'refused' });
    source.handlers?.onError(new Error('gone'));
    expect(feed.stats().messagesReceived).toBe(5);
    source.leftOut = { duplicates: 7 };
    feed.handOver(0);
    source.leftOut = { duplicates: 9, crossed: 1 };
    await feed.start(handlers);
    source.handlers?.onError(new Error('gone again'));
    expect(failures).toEqual(['refused', 'gone', 'writer: gone again']);
    expect(feed.stats()).toMatchObject({
      messagesReceived: 0,
      tradesProcessed: 0,
      quotesProcessed: 0,
      errors: 0,
      leftOut: { duplicates: 2, crossed: 1, out_of_order: 0 },
    });
    await Promise.all([feed.stop(), feed.stop()]);
    expect(source.stopped).toBe(true);
  });
});

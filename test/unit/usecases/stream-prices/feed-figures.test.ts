/** What is told of sources each minute. */
import { expect, it } from 'vitest';
import type { FeedStats } from '../../../../shared/ports/feed.ts';
import { SourceMetrics } from '../../../../shared/usecases/stream-prices/feed-figures.ts';

const stats = (name: string, messagesReceived: number, more: Partial<FeedStats> = {}): FeedStats => ({
  ...{ name, connected: true, authenticated: true, messagesReceived },
  ...{ tradesProcessed: 0, quotesProcessed: 0, errors: 0, lastMessageAt: null, subscriptions: [] },
  ...more,
});
const both = (binance: number, polygon: number, errors = 0): FeedStats =>
  stats('binance+polygon', binance + polygon, {
    parts: [stats('binance', binance), stats('polygon', polygon, { connected: errors === 0, errors })],
  });

it('tells of each source what came since the last time, over feeds that are opened anew', () => {
  const metrics = new SourceMetrics();
  const told = (feed: FeedStats) =>
    metrics.of(feed).map(({ venue, values }) => [venue, ...Object.values(values)]);
  expect(told(both(10, 5))).toEqual([
    ['binance', 1, 10, 0],
    ['polygon', 1, 5, 0],
  ]);
  expect(told(both(12, 5, 3))).toEqual([
    ['binance', 1, 2, 0],
    ['polygon', 0, 0, 3],
  ]);
  metrics.reopen();
  expect(told(both(4, 1))).toEqual([
    ['binance', 1, 4, 0],
    ['polygon', 1, 1, 0],
  ]);
});

it('tells nothing more of a feed that is one', () => {
  expect(new SourceMetrics().of(stats('polygon', 5))).toEqual([]);
});

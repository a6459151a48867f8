import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../../functions/streamer/config.ts';
import { openFeed } from '../../../functions/streamer/open-feed.ts';
import { metricsLine } from '../../../shared/adapters/metrics/emf.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { FatalFeedError } from '../../../shared/usecases/stream-prices/ports.ts';

const NEEDED = {
  VALKEY_URL: 'rediss://cache.example:6379',
  TRIGGERS_QUEUE_URL: 'https://sqs.example/1/triggers',
  PRICE_TAPE_TABLE: 'tape',
  ORDERS_TABLE: 'orders',
  POSITIONS_TABLE: 'positions',
};
const outside = { registry: symbolRegistry(), clock: { now: () => 1_700_000_000_000 } };

describe("the streamer's configuration", () => {
  it('has defaults for all but the addresses', () => {
    expect(readConfig(NEEDED)).toMatchObject({
      feed: { kind: 'synthetic', seed: 1, ticksPerSecond: 10 },
      shard: 0,
      wakeUps: true,
      reconnect: { attempts: 10, firstMs: 1000, longestMs: 60_000 },
    });
  });

  it('reads a replay', () => {
    const env = {
      ...NEEDED,
      FEED: 'replay:a:b.csv',
      REPLAY_SPEED: 'max',
      REPLAY_STRICT: 'true',
      REPLAY_START: 'on_demand',
    };
    const replay = { kind: 'replay', file: 'a:b.csv', speed: 'max', strict: true, onDemand: true };
    expect(readConfig(env).feed).toEqual(replay);
    expect(readConfig({ ...env, REPLAY_SPEED: '2.5' }).feed).toMatchObject({ speed: 2.5 });
    expect(readConfig({ ...env, MONIQO_WAKE_UPS: 'off' }).wakeUps).toBe(false);
  });

  it('names every bad variable at once and echoes no value', () => {
    const bad = {
      FEED: 'secret-1',
      REPLAY_SPEED: '-1',
      REPLAY_STRICT: 'secret-2',
      FEED_SEED: 'x',
      SHARD: '1.5',
      VALKEY_URL: 'http://secret-3',
      MONIQO_WAKE_UPS: 'maybe',
    };
    const told = (): string => {
      try {
        readConfig(bad);
      } catch (error) {
        if (error instanceof ConfigError) return error.message;
      }
      return expect.unreachable();
    };
    for (const name of [...Object.keys(bad), ...Object.keys(NEEDED)]) expect(told()).toContain(`${name}: `);
    expect(told()).not.toContain('secret');
  });
});

describe('opening the feed', () => {
  it('refuses a recording behind ticks of a live feed', () => {
    const replay = { kind: 'replay', file: 'x.csv', speed: 1, strict: false, onDemand: false } as const;
    const known = new Map([['BTC/USDT', 1_700_000_000_000_123]]);
    expect(() => openFeed(replay, known, outside)).toThrow(FatalFeedError);
    expect(openFeed(replay, new Map([['BTC/USDT', 500]]), outside).name).toBe('replay');
  });
});

it('metrics are one line in the embedded format, by stage', () => {
  expect(JSON.parse(metricsLine('sandbox', { ws_connected: 1, ws_errors_total: 0 }, 5))).toEqual({
    _aws: {
      Timestamp: 5,
      CloudWatchMetrics: [
        {
          Namespace: 'Moniqo',
          Dimensions: [['stage']],
          Metrics: [
            { Name: 'ws_connected', Unit: 'Count' },
            { Name: 'ws_errors_total', Unit: 'Count' },
          ],
        },
      ],
    },
    stage: 'sandbox',
    ws_connected: 1,
    ws_errors_total: 0,
  });
});

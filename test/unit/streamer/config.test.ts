import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../../functions/streamer/config.ts';
import { openFeed, openStandby } from '../../../functions/streamer/open-feed.ts';
import type { MetricName } from '../../../shared/adapters/metrics/catalogue.ts';
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
const quiet = (): void => undefined;
const outside = {
  registry: symbolRegistry(),
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  clock: { now: () => 1_700_000_000_000 },
  openConnection: () => expect.unreachable('nothing connects before a symbol is asked for'),
  lastPrices: async () => new Map<string, string>(),
};
const SERVED = {
  ...NEEDED,
  BINANCE_ENVIRONMENT: 'binance_simulator',
  BINANCE_REST_URL: 'http://127.0.0.1:1',
  BINANCE_WS_API_URL: 'ws://127.0.0.1:2',
  BINANCE_STREAM_URL: 'ws://127.0.0.1:3',
  KEY_CIPHER: 'file:/keys/one',
  WALLETS_TABLE: 'wallets',
  SYMBOLS_TABLE: 'symbols',
  EXECUTIONS_QUEUE_URL: 'https://sqs.example/1/executions.fifo',
  SUBMIT_QUEUE_URL: 'https://sqs.example/1/submit',
  EXITS_QUEUE_URL: 'https://sqs.example/1/exits',
  RECONCILE_QUEUE_URL: 'https://sqs.example/1/reconcile',
};

describe("the streamer's configuration", () => {
  it('has defaults for all but the addresses', () => {
    expect(readConfig(NEEDED)).toMatchObject({
      feed: { kind: 'synthetic', seed: 1, ticksPerSecond: 10 },
      shard: 0,
      wakeUps: true,
      reconnect: { attempts: 10, firstMs: 1000, longestMs: 60_000 },
    });
  });

  it.each(['WS_RECONNECT_DELAY_SECONDS', 'WS_RECONNECT_MAX_DELAY_SECONDS'])(
    'refuses a %s of 0: an exchange would be asked again without a pause',
    (name) => {
      expect(() => readConfig({ ...NEEDED, [name]: '0' })).toThrow(
        `${name}: a whole number of seconds from 1`,
      );
      expect(readConfig({ ...NEEDED, [name]: '2' }).reconnect).toMatchObject({ attempts: 10 });
    },
  );

  it('is one of the shards that wallets are divided into, and none beyond them', () => {
    expect(readConfig(SERVED).userData).toMatchObject({ shard: 0, shards: 1 });
    const third = { ...SERVED, USER_DATA_SHARD: '2', USER_DATA_SHARDS: '3' };
    expect(readConfig(third).userData).toMatchObject({ shard: 2, shards: 3 });
    expect(() => readConfig({ ...third, USER_DATA_SHARD: '3' })).toThrow(
      'USER_DATA_SHARD: a number from 0 on and below USER_DATA_SHARDS',
    );
    expect(() => readConfig({ ...third, USER_DATA_SHARDS: '0' })).toThrow('USER_DATA_SHARDS');
  });

  it('reads a fixed list of symbols', () => {
    expect(readConfig(NEEDED).fixedSymbols).toEqual([]);
    expect(readConfig({ ...NEEDED, FEED_SYMBOLS: 'BTC/USDT, ETH/USDT,' }).fixedSymbols).toEqual([
      'BTC/USDT',
      'ETH/USDT',
    ]);
    expect(readConfig({ ...NEEDED, FEED_SYMBOLS: 'AAPL,BRK.B' }).fixedSymbols).toEqual(['AAPL', 'BRK.B']);
    expect(() => readConfig({ ...NEEDED, FEED_SYMBOLS: 'BTCUSDT' })).toThrow(/FEED_SYMBOLS.*BASE\/QUOTE/);
  });

  it('asks for history only with a key, over TLS or on this machine, and only where prices are real', () => {
    const keyed = { ...NEEDED, FEED: 'binance', POLYGON_API_KEY: 'abc_123' };
    const history = { url: 'https://api.massive.com', key: 'abc_123', requestsPerMinute: 5 };
    expect(readConfig(keyed).history).toEqual(history);
    expect(readConfig({ ...keyed, POLYGON_API_KEY: '' }).history).toBeNull();
    expect(readConfig({ ...keyed, FEED: 'synthetic' }).history).toBeNull();
    expect(readConfig({ ...keyed, FEED: 'replay:a.csv' }).history).toBeNull();
    const url = 'http://127.0.0.1:9999';
    expect(readConfig({ ...keyed, POLYGON_REST_URL: url }).history?.url).toBe(url);
    const open = { ...keyed, POLYGON_REST_URL: 'http://api.massive.com', POLYGON_API_KEY: 'a secret' };
    expect(() => readConfig(open)).toThrow(/POLYGON_API_KEY: a key without spaces/);
    expect(() => readConfig(open)).toThrow(/POLYGON_REST_URL: https/);
    expect(() => readConfig(open)).not.toThrow(/a secret/);
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

  it('has user data where an exchange is served, and names all that it lacks', () => {
    expect(readConfig(NEEDED).userData).toBeNull();
    expect(readConfig(SERVED).userData).toMatchObject({
      binance: { environment: 'binance_simulator', endpoints: { wsApi: 'ws://127.0.0.1:2' } },
      keyCipher: 'file:/keys/one',
      walletsTable: 'wallets',
    });
    const lacking = { ...NEEDED, BINANCE_TESTNET: 'true' };
    for (const name of ['KEY_CIPHER', 'WALLETS_TABLE', 'EXECUTIONS_QUEUE_URL', 'EXITS_QUEUE_URL']) {
      expect(() => readConfig(lacking)).toThrow(`${name}: is needed`);
    }
    expect(() => readConfig({ ...SERVED, BINANCE_TESTNET: 'true' })).toThrow('BINANCE_TESTNET: contradicts');
  });

  it('reads prices from the served exchange, else from the public streams', () => {
    expect(readConfig({ ...NEEDED, FEED: 'binance' }).feed).toEqual({
      kind: 'binance',
      stream: 'wss://data-stream.binance.vision',
      rest: 'https://data-api.binance.vision',
    });
    expect(readConfig({ ...SERVED, FEED: 'binance' }).feed).toEqual({
      kind: 'binance',
      stream: 'ws://127.0.0.1:3',
      rest: 'http://127.0.0.1:1',
    });
  });

  it('reads Polygon from the new host, the old one or a simulator, and never sends the key in the clear', () => {
    const polygon = { ...NEEDED, FEED: 'polygon', POLYGON_API_KEY: 'secret_1' };
    expect(readConfig(polygon).feed).toEqual({
      kind: 'polygon',
      url: 'wss://socket.massive.com',
      key: 'secret_1',
    });
    for (const url of [
      'wss://socket.polygon.io',
      'ws://127.0.0.1:9001',
      'ws://localhost:1',
      'ws://[::1]:1',
    ]) {
      expect(readConfig({ ...polygon, POLYGON_WS_URL: `${url}/` }).feed).toMatchObject({ url });
    }
    for (const url of ['ws://socket.massive.com', 'ws://127.0.0.1.example', 'ws://localhost.example:1']) {
      expect(() => readConfig({ ...polygon, POLYGON_WS_URL: url })).toThrow('POLYGON_WS_URL: a wss URL');
    }
    for (const key of [undefined, '']) {
      expect(() => readConfig({ ...polygon, POLYGON_API_KEY: key })).toThrow('POLYGON_API_KEY: is needed');
    }
    const both = { ...polygon, POLYGON_API_KEY: 'secret two', POLYGON_WS_URL: 'https://secret-3' };
    expect(() => readConfig(both)).toThrow(/POLYGON_API_KEY: a key.*POLYGON_WS_URL: a ws or wss URL/);
    expect(() => readConfig(both)).not.toThrow('secret');
    // Where it is not the feed, nothing of it is asked for.
    expect(readConfig({ ...NEEDED, POLYGON_WS_URL: 'ws://far.example' }).feed.kind).toBe('synthetic');
  });

  it('reads two sources, the one that triggers first, and what differs by symbol', () => {
    const two = { ...SERVED, FEED: 'binance+polygon', POLYGON_API_KEY: 'k' };
    expect(readConfig(two).feed).toEqual({
      kind: 'two',
      order: ['binance', 'polygon'],
      policies: new Map(),
      binance: { stream: 'ws://127.0.0.1:3', rest: 'http://127.0.0.1:1' },
      polygon: { url: 'wss://socket.massive.com', key: 'k' },
    });
    const policies = 'BTC/USDT=binance, AAPL=polygon';
    expect(readConfig({ ...two, FEED: 'polygon+binance', FEED_POLICIES: policies }).feed).toMatchObject({
      order: ['polygon', 'binance'],
      policies: new Map([
        ['BTC/USDT', ['binance']],
        ['AAPL', ['polygon']],
      ]),
    });
    expect(() => readConfig({ ...two, POLYGON_API_KEY: '' })).toThrow('POLYGON_API_KEY: is needed');
    expect(() => readConfig({ ...two, FEED_POLICIES: 'BTC/USDT=kraken' })).toThrow('FEED_POLICIES: SYMBOL=');
    // It would be nobody's policy.
    expect(() => readConfig({ ...two, FEED_POLICIES: 'BTC-USDT=polygon' })).toThrow('FEED_POLICIES: SYMBOL=');
    for (const FEED of ['polygon', 'synthetic']) {
      expect(() => readConfig({ ...two, FEED, FEED_POLICIES: policies })).toThrow('FEED_POLICIES: goes with');
    }
    for (const FEED of ['polygon+polygon', 'binance+synthetic', 'binance+']) {
      expect(() => readConfig({ ...two, FEED })).toThrow('FEED: synthetic, binance');
    }
  });

  it('lets Polygon trigger at a real exchange only while the own prices are away, but for what is only watched', () => {
    const real = { ...SERVED, BINANCE_ENVIRONMENT: 'binance', POLYGON_API_KEY: 'k', FEED: 'binance+polygon' };
    expect(readConfig(real).feed).toMatchObject({ kind: 'two', order: ['binance', 'polygon'] });
    expect(() => readConfig({ ...real, FEED: 'polygon+binance' })).toThrow('FEED: binance is needed');
    for (const FEED_POLICIES of ['BTC/USDT=polygon', 'BTC/USDT=polygon+binance']) {
      expect(() => readConfig({ ...real, FEED_POLICIES })).toThrow('FEED_POLICIES: binance comes first');
    }
    expect(readConfig({ ...real, FEED_POLICIES: 'BTC/USDT=binance,AAPL=polygon' }).feed.kind).toBe('two');
  });

  it('follows no made-up or recorded prices where a real exchange is served', () => {
    for (const served of [{ BINANCE_ENVIRONMENT: 'binance' }, { BINANCE_TESTNET: 'true' }]) {
      const lone = { ...SERVED, BINANCE_ENVIRONMENT: undefined, ...served };
      for (const feed of [
        {},
        { FEED: 'synthetic' },
        { FEED: 'replay:a.csv' },
        { FEED: 'polygon', POLYGON_API_KEY: 'k' },
      ]) {
        expect(() => readConfig({ ...lone, ...feed })).toThrow('FEED: binance is needed');
      }
      expect(readConfig({ ...lone, FEED: 'binance' }).feed.kind).toBe('binance');
    }
    expect(readConfig(SERVED).feed.kind).toBe('synthetic');
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
    const binance = { kind: 'binance', stream: 'ws://127.0.0.1:1', rest: 'http://127.0.0.1:1' } as const;
    expect(openFeed(binance, known, outside).name).toBe('binance');
    const polygon = { kind: 'polygon', url: 'ws://127.0.0.1:1', key: 'k' } as const;
    expect(openFeed(polygon, known, outside).name).toBe('polygon');
    const two = { kind: 'two', policies: new Map(), binance, polygon } as const;
    expect(openFeed({ ...two, order: ['binance', 'polygon'] }, known, outside).name).toBe('binance+polygon');
    expect(openFeed({ ...two, order: ['polygon', 'binance'] }, known, outside).name).toBe('polygon+binance');
  });

  it('is followed by a standby where it is a venue’s public stream, and that feed is the writer’s', () => {
    const feedOf = (env: Record<string, string>) => readConfig({ ...NEEDED, ...env }).feed;
    for (const FEED of ['synthetic', 'replay:/a.csv', 'polygon']) {
      expect(openStandby(feedOf({ FEED, POLYGON_API_KEY: 'abc_123' }), outside)).toBeNull();
    }
    const binance = feedOf({ FEED: 'binance' });
    const standby = openStandby(binance, outside);
    expect(standby?.feed.name).toBe('binance');
    expect(standby?.gives('BTC/USDT')).toBe(true);
    expect(openFeed(binance, new Map(), outside, standby?.feed)).toBe(standby?.feed);

    const two = feedOf({
      FEED: 'polygon+binance',
      POLYGON_API_KEY: 'abc_123',
      FEED_POLICIES: 'ETH/USDT=polygon,SOL/USDT=binance',
    });
    const beside = openStandby(two, outside);
    expect(beside?.feed.name).toBe('binance');
    const given = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'].filter((symbol) => beside?.gives(symbol));
    expect(given).toEqual(['BTC/USDT', 'SOL/USDT']);
    expect(openFeed(two, new Map(), outside, beside?.feed).name).toBe('polygon+binance');
  });
});

it('metrics of one source of several are told by its name; what nobody looks at by source is a field of the line', () => {
  expect(
    JSON.parse(metricsLine('sandbox', { ws_connected: 1, ws_errors_total: 7 }, 5, { venue: 'polygon' })),
  ).toEqual({
    _aws: {
      Timestamp: 5,
      CloudWatchMetrics: [
        {
          Namespace: 'Moniqo',
          Dimensions: [['stage', 'venue']],
          Metrics: [{ Name: 'ws_connected', Unit: 'Count' }],
        },
      ],
    },
    ...{ stage: 'sandbox', venue: 'polygon', ws_connected: 1, ws_errors_total: 7 },
  });
});

it('the end of a name is the unit of a metric', () => {
  const unitOf = (name: MetricName): string => {
    const line = JSON.parse(metricsLine('sandbox', { [name]: 1 }, 5));
    return line._aws.CloudWatchMetrics[0].Metrics[0].Unit;
  };
  expect(unitOf('ws_latency_ms')).toBe('Milliseconds');
  expect(unitOf('orders_unknown_seconds')).toBe('Seconds');
  expect(unitOf('budget_weight_used_percent')).toBe('Percent');
  expect(unitOf('positions_duration_minutes')).toBe('None');
  expect(unitOf('positions_pnl_realized')).toBe('None');
  expect(unitOf('om_checks_total')).toBe('Count');
});

it('a line of which nothing is a metric is a line of the log', () => {
  expect(JSON.parse(metricsLine('sandbox', { budget_blocks: 1 }, 5))).toEqual({
    stage: 'sandbox',
    budget_blocks: 1,
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

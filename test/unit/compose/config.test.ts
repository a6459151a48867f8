import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  loadConfig,
  loadDispatchConfig,
  loadWorkerConfig,
} from '../../../functions/compose/config.ts';
import { withMetrics } from '../../../functions/compose/metrics.ts';
import { FILL_TIME, observation } from '../../../shared/usecases/counts.ts';
import { MemoryCounters } from '../../support/fakes/memory-cache.ts';

const url = 'http://127.0.0.1:4566/000000000000/q';
const env = {
  ORDERS_TABLE: 'o',
  POSITIONS_TABLE: 'p',
  WALLETS_TABLE: 'w',
  DEMO_VENUE_TABLE: 'd',
  PRICE_TAPE_TABLE: 't',
  CLIENTS_TABLE: 'c',
  AUDIT_TABLE: 'a',
  SYMBOLS_TABLE: 's',
  SUBMIT_QUEUE_URL: url,
  EXITS_QUEUE_URL: url,
  EXECUTIONS_QUEUE_URL: url,
  TRIGGERS_QUEUE_URL: url,
  RECONCILE_QUEUE_URL: url,
  VALKEY_URL: 'redis://127.0.0.1:6379',
};

describe('configuration', () => {
  it('reads what is there, with the defaults of the design', () => {
    expect(loadConfig(env)).toMatchObject({
      stage: 'local',
      monitor: { shards: 1, enabled: true, intervalSeconds: 1 },
      tables: { orders: 'o' },
    });
    expect(loadConfig({ ...env, ORDER_MONITOR_ENABLED: 'false' }).monitor.enabled).toBe(false);
  });

  it('names every bad variable at once and echoes no value', () => {
    const bad = { ...env, ORDERS_TABLE: '', VALKEY_URL: 'secret', SWEEP_SHARDS: '0' };
    const read = () => loadConfig(bad);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/ORDERS_TABLE/);
    expect(read).toThrow(/VALKEY_URL/);
    expect(read).toThrow(/SWEEP_SHARDS/);
    expect(read).not.toThrow(/secret/);
  });

  it('of a worker says where it gives up messages, and when', () => {
    const worker = { POWERTOOLS_SERVICE_NAME: 'exits', DEAD_LETTER_QUEUE_URL: url, MAX_RECEIVE_COUNT: '5' };
    expect(loadWorkerConfig(worker)).toEqual({ worker: 'exits', deadLetterQueueUrl: url, maxReceives: 5 });
    for (const name of Object.keys(worker)) {
      expect(() => loadWorkerConfig({ ...worker, [name]: undefined })).toThrow(name);
    }
    expect(() => loadWorkerConfig({ ...worker, MAX_RECEIVE_COUNT: '0' })).toThrow('MAX_RECEIVE_COUNT');
  });

  it('of dispatch asks for its queue only', () => {
    expect(loadDispatchConfig({ TRIGGERS_QUEUE_URL: url }).monitor.shards).toBe(1);
    expect(() => loadDispatchConfig({})).toThrow(/TRIGGERS_QUEUE_URL/);
  });
});

describe('metrics', () => {
  it('repeat each counter as a line of the embedded metric format', async () => {
    const counters = new MemoryCounters();
    const lines: string[] = [];
    const metered = withMetrics(counters, {
      stage: 'sandbox',
      now: () => 7,
      write: (line) => lines.push(line),
    });
    await metered.add({ 'om:checks_total': 1 });
    await metered.add({});
    // What no alarm and no dashboard looks at is counted, and nothing else.
    await metered.add({ 'reconcile:passes_total': 1 });
    expect(counters.values.get('reconcile:passes_total')).toBe('1');
    expect(counters.values.get('om:checks_total')).toBe('1');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        _aws: {
          Timestamp: 7,
          CloudWatchMetrics: [
            {
              Namespace: 'Moniqo',
              Dimensions: [['stage']],
              Metrics: [{ Name: 'om_checks_total', Unit: 'Count' }],
            },
          ],
        },
        stage: 'sandbox',
        om_checks_total: 1,
      },
    ]);
  });

  it('are by side and never by symbol, and of a histogram its value', async () => {
    const counters = new MemoryCounters();
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    const metered = withMetrics(counters, { stage: 'sandbox', now: () => 7, write });
    await metered.add({
      'orders:placed_total': 1,
      'orders:placed_total:BTC/USDT:buy': 1,
      ...observation(FILL_TIME, 300),
      'positions:pnl_realized': '1.5',
      'positions:pnl_realized:BTC': '0.1',
    });
    expect(counters.values.get('orders:fill_time_ms:500')).toBe('1');
    const told = lines.map((line) => JSON.parse(line));
    expect(told.map(({ _aws: _, ...values }) => values)).toEqual([
      { stage: 'sandbox', orders_placed_total: 1, orders_fill_time_ms: 300, positions_pnl_realized: 1.5 },
      { stage: 'sandbox', side: 'buy', orders_placed_total: 1 },
    ]);
    const [first] = told[0]._aws.CloudWatchMetrics;
    expect(first.Metrics).toContainEqual({ Name: 'orders_fill_time_ms', Unit: 'Milliseconds' });
    expect(first.Metrics).toContainEqual({ Name: 'positions_pnl_realized', Unit: 'None' });
  });
});

/** How counts of the cost measurement become figures of one operation. */
import { describe, expect, it } from 'vitest';
import { readInfo } from '../../bench/cost/cache-count.ts';
import {
  type Counted,
  figuresOf,
  metricsOf,
  type ProbeLine,
  perOne,
  without,
} from '../../bench/cost/figures.ts';

const line = (change: Partial<ProbeLine> = {}): ProbeLine => ({
  at: 0,
  who: 'api',
  invocations: 1,
  ms: 10,
  cpuMs: 4,
  sqs: { SendMessage: 1, DeleteMessage: 5 },
  valkey: 3,
  scripts: 1,
  cacheBytes: 2048,
  logBytes: 100,
  emfLines: 0,
  emf: [],
  ...change,
});

const counted: Counted = {
  store: [
    { at: 0, who: 'api', call: 'Query', units: [{ table: 'orders', read: 1.5, write: 0 }] },
    {
      at: 0,
      who: 'api',
      call: 'TransactWriteItems',
      units: [
        { table: 'orders', read: 0, write: 8 },
        { table: 'positions', read: 0, write: 4 },
      ],
    },
  ],
  lines: [line(), line({ who: 'submit', ms: 30 }), line({ who: 'streamer', invocations: 0, ms: 0 })],
  cache: { scripts: 3, scriptUsec: 600, plain: 1, plainUsec: 1 },
  delivered: { submit: 2 },
};

describe('the figures', () => {
  it('are the counts of one operation', () => {
    expect(figuresOf(counted, 2)).toEqual({
      dynamodb: {
        calls: 1,
        read_units: 0.75,
        write_units: 6,
        by_table: {
          orders: { read_units: 0.75, write_units: 4 },
          positions: { read_units: 0, write_units: 2 },
        },
      },
      sqs: { send_calls: 1.5, delivered: { submit: 1 } },
      lambda: {
        api: { invocations: 0.5, ms: 5, cpu_ms: 2 },
        submit: { invocations: 0.5, ms: 15, cpu_ms: 2 },
      },
      valkey: { commands: 4.5, kilobytes: 3, script_calls: 1.5, script_ms: 0.3 },
      logs: { bytes: 150, emf_lines: 0 },
    });
    expect(() => figuresOf(counted, 0)).toThrow('nothing happened 0 times');
  });

  it('are without what goes on anyway, and never below nothing', () => {
    const [one, idle] = [figuresOf(counted, 1), figuresOf(counted, 4)];
    expect(without(one, idle, 2).dynamodb).toMatchObject({ read_units: 0.75, write_units: 6 });
    expect(without(one, idle, 100).dynamodb).toMatchObject({ read_units: 0, write_units: 0 });
    expect(perOne(one, 2)).toEqual(figuresOf(counted, 2));
  });

  it('know each metric by its name and dimensions', () => {
    const emf = (values: Record<string, unknown>, dimensions: string[]): string =>
      JSON.stringify({
        _aws: { CloudWatchMetrics: [{ Namespace: 'M', Dimensions: [dimensions], Metrics: [{ Name: 'n' }] }] },
        ...values,
      });
    const lines = [
      emf({ stage: 's' }, ['stage']),
      emf({ stage: 's' }, ['stage']),
      emf({ stage: 's', side: 'buy' }, ['stage', 'side']),
    ];
    expect(metricsOf(lines)).toEqual(['n', 'n side=buy']);
  });

  it('take the time of scripts from the server', () => {
    const info = 'cmdstat_evalsha:calls=4,usec=400,usec_per_call=100\r\ncmdstat_get:calls=2,usec=4\r\n';
    expect(readInfo(info)).toEqual({ scripts: 4, scriptUsec: 400, plain: 2, plainUsec: 4 });
    expect(() => readInfo('redis_version:7')).toThrow('does not tell of commands');
  });
});

import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Schedule } from '../../../infra/local/sources/schedule.ts';
import type { DeclaredFunction } from '../../../infra/local/template/declared.ts';

const SECOND = 1000;
const declared: DeclaredFunction = {
  name: 'rules',
  shortName: 'rules',
  arn: 'arn:fn',
  codeDirectory: '/nowhere',
  handler: 'index.handler',
  timeoutSeconds: 5,
  memoryMb: 128,
  environment: {},
  allowsRecursion: false,
  asynchronous: { retries: 0, maxAgeSeconds: 60, deadLetterArn: undefined, onFailureArn: undefined },
};
const rule = {
  name: 'each-minute',
  arn: 'arn:rule',
  everyMinutes: 1,
  targets: [{ arn: 'arn:fn', input: undefined, messageGroupId: undefined }],
};

let schedule: Schedule | undefined;
afterEach(() => {
  schedule?.stop();
  vi.useRealTimers();
});

/** A rule whose function fails as often as said, from five seconds after a whole minute. */
async function started(failures: number, startedAt = Date.UTC(2026, 0, 1, 0, 0, 5)) {
  vi.useFakeTimers({ now: startedAt });
  const calls: number[] = [];
  const written: string[] = [];
  const invoke = async (): Promise<unknown> => {
    calls.push((Date.now() - startedAt) / SECOND);
    if (calls.length <= failures) throw new Error('not yet');
    return null;
  };
  const logs = { write: (_name: string, level: string) => void written.push(level) };
  schedule = new Schedule({
    ...{ rule, functions: new Map([['arn:fn', { declared, invoke }]]), queues: new Map() },
    client: new SQSClient({}),
    logs,
  });
  schedule.start();
  await vi.advanceTimersByTimeAsync(0);
  return { calls, written };
}

describe('a rule that fires at the start', () => {
  it('is fired again within seconds until it succeeds, and then by the minute', async () => {
    const { calls, written } = await started(2);
    await vi.advanceTimersByTimeAsync(120 * SECOND);
    expect(calls).toEqual([0, 1, 3, 55, 115]);
    expect(written).toEqual(['warn', 'warn']);
  });

  it('gives that up after about a minute; the minutes go on, once each', async () => {
    const { calls, written } = await started(Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(180 * SECOND);
    const byTheMinute = calls.filter((at) => at % 60 === 55);
    expect(calls.filter((at) => !byTheMinute.includes(at))).toEqual([
      0, 1, 3, 7, 12, 17, 22, 27, 32, 37, 42, 47, 52, 57, 62,
    ]);
    expect(byTheMinute).toEqual([55, 115, 175]);
    expect(written.filter((level) => level === 'error')).toHaveLength(4);
  });

  it('is left alone once it is stopped; a firing by hand is one call', async () => {
    const { calls } = await started(Number.POSITIVE_INFINITY);
    schedule?.stop();
    schedule?.fire();
    await vi.advanceTimersByTimeAsync(300 * SECOND);
    expect(calls).toEqual([0, 0]);
  });
});

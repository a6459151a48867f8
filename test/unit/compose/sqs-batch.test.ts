import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { workFifoBatch, workStandardBatch } from '../../../functions/compose/sqs-batch.ts';
import { err, ok } from '../../../shared/domain/result.ts';
import type { Log } from '../../../shared/ports/runtime.ts';

const record = (messageId: string, body: string, group = ''): SQSRecord => ({
  messageId,
  receiptHandle: messageId,
  body,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'test',
    ApproximateFirstReceiveTimestamp: '0',
    ...(group !== '' && { MessageGroupId: group }),
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn',
  awsRegion: 'us-east-1',
});
const batch = (...Records: SQSRecord[]): SQSEvent => ({ Records });

function worker() {
  const handled: string[] = [];
  const codes: string[] = [];
  const tell = (code: string): void => {
    codes.push(code);
  };
  const log: Log = { debug: tell, info: tell, warn: tell, error: tell };
  return {
    handled,
    codes,
    work: {
      log,
      decode: (body: string) => (body === 'garbage' ? err({ reason: 'no JSON' }) : ok(body)),
      handle: async (message: string) => {
        if (message.startsWith('bad')) throw new Error('no');
        handled.push(message);
      },
    },
  };
}

describe('a batch of a standard queue', () => {
  it('fails only what failed', async () => {
    const { work, handled, codes } = worker();
    const answer = await workStandardBatch(
      work,
      batch(record('1', 'a'), record('2', 'bad'), record('3', 'garbage'), record('4', 'b')),
    );
    expect(answer.batchItemFailures.map((f) => f.itemIdentifier)).toEqual(['2', '3']);
    expect(handled).toEqual(['a', 'b']);
    expect(codes.sort()).toEqual(['MESSAGE_FAILED', 'MESSAGE_UNREADABLE']);
  });
});

describe('a batch of a FIFO queue', () => {
  it('holds back the rest of a failed group, and of no other', async () => {
    const { work, handled } = worker();
    const answer = await workFifoBatch(
      work,
      batch(
        record('1', 'a1', 'a'),
        record('2', 'bad', 'a'),
        record('3', 'b1', 'b'),
        record('4', 'a3', 'a'),
        record('5', 'b2', 'b'),
      ),
    );
    expect(answer.batchItemFailures.map((f) => f.itemIdentifier)).toEqual(['2', '4']);
    expect(handled.sort()).toEqual(['a1', 'b1', 'b2']);
  });
});

import type { SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { type Batch, workFifoBatch, workStandardBatch } from '../../../functions/compose/sqs-batch.ts';
import { err, ok } from '../../../shared/domain/result.ts';
import type { DeadLetter } from '../../../shared/ports/dead-letters.ts';
import type { Log } from '../../../shared/ports/runtime.ts';

const MAX_RECEIVES = 5;

interface Sent {
  readonly group?: string;
  readonly receives?: number;
}

const record = (messageId: string, body: string, { group, receives = 1 }: Sent = {}): SQSRecord => ({
  messageId,
  receiptHandle: messageId,
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: '0',
    SenderId: 'test',
    ApproximateFirstReceiveTimestamp: '1790000000000',
    ...(group !== undefined && { MessageGroupId: group }),
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn',
  awsRegion: 'us-east-1',
});

class Quarantined extends Error {}

/** Messages: `garbage` cannot be read, `strange` is quarantined, `bad...` fails, `hang` never ends. */
class Worker {
  readonly handled: string[] = [];
  readonly codes: string[] = [];
  readonly dead: DeadLetter[] = [];
  /** The dead-letter queue takes nothing. */
  isAway = false;
  remainingMs = 10_000;

  batch(...Records: SQSRecord[]): Batch<string> {
    const tell = (code: string): void => {
      this.codes.push(code);
    };
    const log: Log = { debug: tell, info: tell, warn: tell, error: tell };
    return {
      log,
      worker: 'executions',
      maxReceives: MAX_RECEIVES,
      remainingMs: this.remainingMs,
      event: { Records },
      decode: (body) => (body === 'garbage' ? err({ reason: 'no JSON' }) : ok(body)),
      handle: async (message) => {
        if (message === 'strange') throw new Quarantined('nobody knows it');
        if (message.startsWith('bad')) throw new RangeError(`${message} is no good`);
        if (message === 'hang') await new Promise(() => undefined);
        this.handled.push(message);
      },
      hopeless: (error) => (error instanceof Quarantined ? 'unknown_order' : null),
      deadLetters: {
        send: async (letter) => {
          if (this.isAway) throw new Error('the queue is away');
          this.dead.push(letter);
        },
      },
    };
  }

  async standard(...records: SQSRecord[]): Promise<readonly string[]> {
    const { batchItemFailures } = await workStandardBatch(this.batch(...records));
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  async fifo(...records: SQSRecord[]): Promise<readonly string[]> {
    const { batchItemFailures } = await workFifoBatch(this.batch(...records));
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  given(): readonly (readonly string[])[] {
    return this.dead.map(({ messageId, reason }) => [messageId, reason]);
  }
}

describe('a batch of a standard queue', () => {
  it('asks again only for what failed', async () => {
    const worker = new Worker();
    expect(await worker.standard(record('1', 'a'), record('2', 'bad'), record('3', 'b'))).toEqual(['2']);
    expect(worker.handled).toEqual(['a', 'b']);
    expect(worker.codes).toEqual(['MESSAGE_FAILED']);
    expect(worker.dead).toEqual([]);
  });

  it('gives up at once what can never be read, and says why', async () => {
    const worker = new Worker();
    expect(await worker.standard(record('1', 'garbage'), record('2', 'a'))).toEqual([]);
    expect(worker.dead).toEqual([
      {
        body: 'garbage',
        reason: 'unreadable',
        error: 'no JSON',
        worker: 'executions',
        messageId: '1',
        receives: 1,
        firstReceivedAt: 1_790_000_000_000,
        group: null,
      },
    ]);
    expect(worker.codes).toEqual(['MESSAGE_UNREADABLE', 'MESSAGE_GIVEN_UP']);
    expect(worker.handled).toEqual(['a']);
  });

  it('gives up at once what is quarantined, under the reason of its error', async () => {
    const worker = new Worker();
    expect(await worker.standard(record('1', 'strange'))).toEqual([]);
    expect(worker.dead).toMatchObject([{ reason: 'unknown_order', error: 'Error: nobody knows it' }]);
  });

  it('gives up what failed at its last receive, with the last error, and not before', async () => {
    for (let receives = 1; receives < MAX_RECEIVES; receives++) {
      const worker = new Worker();
      expect(await worker.standard(record('1', 'bad', { receives }))).toEqual(['1']);
      expect(worker.dead).toEqual([]);
    }
    for (const receives of [MAX_RECEIVES, MAX_RECEIVES + 1]) {
      const worker = new Worker();
      expect(await worker.standard(record('1', 'bad', { receives }))).toEqual([]);
      expect(worker.dead).toMatchObject([
        { reason: 'failed', error: 'RangeError: bad is no good', receives },
      ]);
    }
  });

  it('is done at its last receive where it succeeds', async () => {
    const worker = new Worker();
    expect(await worker.standard(record('1', 'a', { receives: MAX_RECEIVES }))).toEqual([]);
    expect(worker.dead).toEqual([]);
  });

  it('keeps what the dead-letter queue did not take', async () => {
    const worker = new Worker();
    worker.isAway = true;
    const records = [record('1', 'garbage'), record('2', 'strange'), record('3', 'bad', { receives: 5 })];
    expect(await worker.standard(...records, record('4', 'a'))).toEqual(['1', '2', '3']);
    expect(worker.codes.filter((code) => code === 'DEAD_LETTER_NOT_SENT')).toHaveLength(3);
    expect(worker.codes).not.toContain('MESSAGE_GIVEN_UP');
    expect(worker.handled).toEqual(['a']);
  });

  it('leaves work that hangs before the function is killed, so that its neighbours are done', async () => {
    const worker = new Worker();
    worker.remainingMs = 1_050;
    expect(await worker.standard(record('1', 'hang'), record('2', 'a'))).toEqual(['1']);
    expect(worker.handled).toEqual(['a']);
    const last = new Worker();
    last.remainingMs = 1_050;
    expect(await last.standard(record('1', 'hang', { receives: 5 }))).toEqual([]);
    expect(last.dead).toMatchObject([
      { reason: 'failed', error: expect.stringMatching(/OutOfTimeError: not done within the 50 ms/) },
    ]);
  });

  it('fails one message, not its batch, where reading it goes wrong', async () => {
    const worker = new Worker();
    const batch = worker.batch(record('1', 'odd'), record('2', 'a'));
    const decode: typeof batch.decode = (body) => {
      if (body === 'odd') throw new Error('a defect');
      return batch.decode(body);
    };
    const { batchItemFailures } = await workStandardBatch({ ...batch, decode });
    expect(batchItemFailures).toEqual([{ itemIdentifier: '1' }]);
    expect(worker.handled).toEqual(['a']);
  });

  it('says all errors of several', async () => {
    const worker = new Worker();
    const batch = worker.batch(record('1', 'x', { receives: 5 }));
    const handle = () => Promise.reject(new AggregateError([new Error('one'), 'two'], 'both'));
    await workStandardBatch({ ...batch, handle });
    expect(worker.dead[0]?.error).toBe('AggregateError: both; Error: one; two');
  });
});

describe('a batch of a FIFO queue', () => {
  it('works each group in order, and lets no message wait for another to succeed', async () => {
    const worker = new Worker();
    const failed = await worker.fifo(
      record('1', 'a1', { group: 'a' }),
      record('2', 'bad', { group: 'a' }),
      record('3', 'b1', { group: 'b' }),
      record('4', 'a3', { group: 'a' }),
      record('5', 'b2', { group: 'b' }),
    );
    expect(failed).toEqual(['2']);
    expect(worker.handled.filter((one) => one.startsWith('a'))).toEqual(['a1', 'a3']);
    expect(worker.handled.filter((one) => one.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  it('never holds an order up behind a message that cannot be read or is quarantined', async () => {
    const worker = new Worker();
    const failed = await worker.fifo(
      record('1', 'garbage', { group: 'a' }),
      record('2', 'strange', { group: 'a' }),
      record('3', 'a3', { group: 'a' }),
    );
    expect(failed).toEqual([]);
    expect(worker.given()).toEqual([
      ['1', 'unreadable'],
      ['2', 'unknown_order'],
    ]);
    expect(worker.dead.map(({ group }) => group)).toEqual(['a', 'a']);
    expect(worker.handled).toEqual(['a3']);
  });

  it('tries those behind a failure too, so that no message is given up untried', async () => {
    const worker = new Worker();
    const records = ['bad', 'a2', 'a3'].map((body, at) =>
      record(String(at), body, { group: 'a', receives: MAX_RECEIVES }),
    );
    expect(await worker.fifo(...records)).toEqual([]);
    expect(worker.given()).toEqual([['0', 'failed']]);
    expect(worker.handled).toEqual(['a2', 'a3']);
  });

  it('says of a message that never had its turn that it was not tried', async () => {
    const worker = new Worker();
    worker.remainingMs = 1_050;
    const behind = (receives: number) => [
      record('1', 'hang', { group: 'a', receives }),
      record('2', 'a2', { group: 'a', receives }),
      record('3', 'b1', { group: 'b', receives }),
    ];
    expect(await worker.fifo(...behind(1))).toEqual(['1', '2']);
    expect(worker.dead).toEqual([]);
    expect(await worker.fifo(...behind(MAX_RECEIVES))).toEqual([]);
    expect(worker.given()).toEqual([
      ['1', 'failed'],
      ['2', 'not_tried'],
    ]);
    expect(worker.handled).toEqual(['b1', 'b1']);
  });
});

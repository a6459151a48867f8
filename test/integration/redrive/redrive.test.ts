/** Messages that cannot be worked, on a local SQS with its own redrive policy: given up with their reason, and moved back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPlace } from '../../../infra/redrive/place.ts';
import { redrive } from '../../../infra/redrive/redrive.ts';
import { decodeReport, decodeWork, encodeReport } from '../../../shared/adapters/sqs/messages.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport } from '../../../shared/domain/types.ts';
import type { WorkMessage } from '../../../shared/ports/messages.ts';
import { QuarantinedError } from '../../../shared/usecases/apply-execution.ts';
import { type Sqs, startSqs } from '../../support/sqs.ts';
import { until } from '../../support/until.ts';
import { queueBench } from './bench.ts';

let sqs: Sqs;
beforeAll(async () => {
  sqs = await startSqs();
});
afterAll(() => sqs.stop());

const ALL = { go: false, reason: null, message: null, limit: null } as const;
const GO = { ...ALL, go: true } as const;
const A = 'A'.repeat(22);
const B = 'B'.repeat(22);

const report = (orderId: string, venueOrderId: string): string => {
  const told: ExecutionReport = {
    walletId: 'w',
    environment: 'demo',
    symbol: 'BTC/USDT',
    clientId: `mq${orderId}-1`,
    venueOrderId,
    status: 'new',
    reason: null,
    cumulativeQuantity: decimal('0'),
    fills: [],
    at: 1_790_000_000_000,
    source: 'stream',
  };
  return encodeReport(told);
};

/** The executions queue with a worker to whom `broken` is impossible and `strange` unknown (by venue order id). */
async function executions(stage: string) {
  const worked: string[] = [];
  const state = { isBroken: true };
  const bench = await queueBench({
    sqs,
    stage,
    queue: 'executions',
    decode: decodeReport,
    handle: async ({ venueOrderId }: ExecutionReport) => {
      if (venueOrderId === 'strange') throw new QuarantinedError('unknown_order', 'no such order');
      if (venueOrderId === 'broken' && state.isBroken) throw new Error('the table says no');
      worked.push(venueOrderId);
    },
    hopeless: (error) => (error instanceof QuarantinedError ? error.reason : null),
  });
  return { ...bench, worked, state };
}

describe('reports that cannot be worked', () => {
  it('are given up at once with their reason, and neither their order nor another waits', async () => {
    const bench = await executions('poison');
    await bench.send('no report', A);
    await bench.send(report(A, 'strange'), A);
    await bench.send(report(A, 'after'), A);
    await bench.send(report(B, 'other'), B);
    const stop = bench.work();
    await until(
      'the others',
      async () => bench.worked.length,
      (count) => count === 2,
    );
    await until('both', bench.dead, (count) => count === 2);
    await stop();
    const { letters, others } = await redrive(bench.place, ALL);
    expect(letters).toMatchObject([
      {
        reason: 'unreadable',
        orderId: A,
        group: A,
        note: { error: 'no JSON', worker: 'executions', receives: 1 },
      },
      { reason: 'unknown_order', orderId: A, about: `order ${A}`, body: report(A, 'strange') },
    ]);
    expect(others).toBe(0);
    // Looking changes nothing: they are there at once for the next one.
    expect((await redrive(bench.place, ALL)).letters.map(({ id }) => id)).toEqual(
      letters.map(({ id }) => id),
    );
  });

  it('are two dead letters where they say the same twice', async () => {
    const bench = await executions('same');
    for (const _ of [1, 2]) await bench.send('the same', A);
    const stop = bench.work();
    await until('both', bench.dead, (count) => count === 2);
    await stop();
    const { moved } = await redrive(bench.place, GO);
    expect(moved).toHaveLength(2);
    expect(await bench.dead()).toBe(0);
    const again = bench.work();
    await until('both again', bench.dead, (count) => count === 2);
    await again();
  });

  it('that come back at once are not moved round and round', async () => {
    const bench = await executions('round');
    await bench.send('no report', A);
    const stop = bench.work();
    await until('the letter', bench.dead, (count) => count === 1);
    const outcome = await redrive({ ...bench.place, pollSeconds: 1 }, GO);
    await stop();
    expect(outcome).toMatchObject({
      moved: [{ reason: 'unreadable' }],
      cameBack: 1,
      others: 0,
      troubles: [],
    });
    expect(await bench.dead()).toBe(1);
  });
});

describe('a report whose handling fails', () => {
  it('is given up at its last receive with its last error, and worked once it is moved back', async () => {
    const bench = await executions('failing');
    await bench.send(report(A, 'broken'), A);
    await bench.send(report(A, 'after'), A);
    const stop = bench.work();
    await bench.send(report(B, 'other'), B);
    await until(
      'another order',
      async () => bench.worked,
      (worked) => worked.includes('other'),
    );
    await until('the letter', bench.dead, (count) => count === 1);
    await bench.send(report(A, 'next'), A);
    await until(
      'the next of its order',
      async () => bench.worked,
      (worked) => worked.includes('next'),
    );
    expect(bench.worked).toEqual(['other', 'after', 'next']);
    const { letters } = await redrive(bench.place, ALL);
    expect(letters).toMatchObject([
      { reason: 'failed', orderId: A, note: { error: 'Error: the table says no', receives: 2 } },
    ]);
    bench.state.isBroken = false;
    expect((await redrive(bench.place, { ...GO, reason: 'unreadable' })).moved).toEqual([]);
    const back = await redrive(bench.place, { ...GO, reason: 'failed' });
    expect(back).toMatchObject({ moved: [{ id: letters[0]?.id }], cameBack: 0, others: 0 });
    await until(
      'the one moved back',
      async () => bench.worked,
      (worked) => worked.includes('broken'),
    );
    await stop();
    expect(await bench.dead()).toBe(0);
  });
});

describe('pointers', () => {
  const pointer = (n: number) => JSON.stringify({ v: 1, orderId: `${n}`.padStart(22, '0') });

  async function exits(stage: string) {
    const worked: string[] = [];
    const bench = await queueBench({
      sqs,
      stage,
      queue: 'exits',
      decode: decodeWork,
      handle: async (message: WorkMessage) => {
        worked.push(JSON.stringify(message));
      },
    });
    return { ...bench, worked };
  }

  it('of a function that dies each time are moved by the queue itself, and the tool says so', async () => {
    const bench = await exits('dying');
    await bench.send(pointer(1));
    const stop = bench.work(true);
    await until('the letter', bench.dead, (count) => count === 1, 10_000);
    await stop();
    const { letters } = await redrive(bench.place, ALL);
    expect(letters).toMatchObject([{ reason: 'unexplained', note: null, orderId: `${1}`.padStart(22, '0') }]);
    expect((await redrive(bench.place, { ...GO, reason: 'unexplained' })).moved).toHaveLength(1);
    const again = bench.work();
    await until(
      'the work',
      async () => bench.worked.length,
      (count) => count === 1,
    );
    await again();
  });

  it('are moved back one, some or all, and none is lost', async () => {
    const bench = await exits('many');
    for (let n = 0; n < 25; n++) await bench.send(`garbage ${n}`);
    const stop = bench.work();
    await until('all', bench.dead, (count) => count === 25);
    await stop();
    const { letters } = await redrive(bench.place, ALL);
    expect(letters).toHaveLength(25);
    const some = await redrive(bench.place, { ...ALL, limit: 4 });
    expect([some.letters.length, some.others]).toEqual([4, 21]);
    const message = letters[17]?.id ?? '';
    const one = await redrive(bench.place, { ...GO, message });
    expect(one.moved.map(({ id }) => id)).toEqual([message]);
    expect(await bench.dead()).toBe(24);
    expect((await redrive(bench.place, { ...GO, limit: 3 })).moved).toHaveLength(3);
    expect((await redrive(bench.place, GO)).moved).toHaveLength(21);
    expect(await bench.dead()).toBe(0);
    const again = bench.work();
    await until('all again', bench.dead, (count) => count === 25);
    await again();
    const bodies = (await redrive(bench.place, ALL)).letters.map(({ body }) => body);
    expect(new Set(bodies).size).toBe(25);
    const gone = await redrive(bench.place, { ...GO, message });
    expect(gone.troubles).toEqual([`${message} is not among the dead letters that could be seen`]);
  });

  it('stay where they are when their queue does not take them', async () => {
    const bench = await exits('away');
    await bench.send('garbage');
    const stop = bench.work();
    await until('the letter', bench.dead, (count) => count === 1);
    await stop();
    const nowhere = { ...bench.place, queueUrl: `${sqs.endpoint}/000000000000/none` };
    const outcome = await redrive(nowhere, GO);
    expect(outcome.moved).toEqual([]);
    expect(outcome.troubles).toEqual([expect.stringMatching(/^stopped: QueueDoesNotExist/)]);
    expect((await redrive(bench.place, ALL)).letters).toHaveLength(1);
  });
});

describe('queues that are not there', () => {
  it('are named, with where to look', async () => {
    const where = { kind: 'endpoint', url: sqs.endpoint, stage: 'nowhere' } as const;
    await expect(findPlace('exits', where)).rejects.toThrow(/no queue moniqo-nowhere-exits at http.*stage/);
  });
});

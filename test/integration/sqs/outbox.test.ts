/** Messages on a local SQS: they arrive whole, once, in order, and delayed as asked. */
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeReport,
  decodeTrigger,
  decodeWork,
  encodeReport,
  encodeTrigger,
  encodeWork,
} from '../../../shared/adapters/sqs/messages.ts';
import { createOutbox, reportDeduplicationId, reportGroup } from '../../../shared/adapters/sqs/outbox.ts';
import { Decimal, decimal } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport } from '../../../shared/domain/types.ts';
import type { Outbox, TriggerMessage } from '../../../shared/ports/messages.ts';
import { type Sqs, startSqs } from '../../support/sqs.ts';
import { aFill } from '../dynamodb/samples.ts';

const aReport = (changes: Partial<ExecutionReport> = {}): ExecutionReport => ({
  walletId: 'wallet-1',
  environment: 'demo',
  symbol: 'BTC/USDT',
  clientId: 'mqOrder1-1',
  venueOrderId: 'd1',
  status: 'filled',
  reason: null,
  cumulativeQuantity: decimal('0.5'),
  fills: [aFill({ tradeId: 'd1-1' })],
  at: 1_790_000_000_000,
  source: 'stream',
  ...changes,
});

describe('messages', () => {
  const amounts = fc
    .tuple(fc.bigInt(0n, 10n ** 34n - 1n), fc.integer({ min: -18, max: -6 }))
    .map(([digits, exponent]) => new Decimal(`${digits}e${exponent}`));

  it('read back as they were written', () => {
    fc.assert(
      fc.property(fc.array(amounts, { minLength: 3, maxLength: 3 }), fc.boolean(), ([a, b, c], valued) => {
        if (a === undefined || b === undefined || c === undefined) throw new Error('three amounts');
        const fee = { asset: 'BNB', amount: c };
        const fill = aFill({ price: a, quantity: b, fee, feeQuoteValue: valued ? c : null, tickId: null });
        const report = aReport({ cumulativeQuantity: b, fills: [fill], reason: 'IOC' });
        expect(decodeReport(encodeReport(report))).toEqual({ ok: true, value: report });
      }),
    );
    for (const work of [
      { orderId: 'o' },
      { orderId: 'o', look: true } as const,
      { positionId: 'p' },
      { walletId: 'w' },
    ]) {
      expect(decodeWork(encodeWork(work))).toEqual({ ok: true, value: work });
    }
    const triggers: TriggerMessage[] = [
      { kind: 'wake', symbol: 'BTC/USDT', at: 1 },
      { kind: 'sweep', shard: 0, second: 1_790_000_000 },
      { kind: 'rebuild', symbol: 'BTC/USDT', at: 2 },
    ];
    for (const message of triggers) {
      expect(decodeTrigger(encodeTrigger(message))).toEqual({ ok: true, value: message });
    }
  });

  it.each([
    ['no JSON', 'no JSON'],
    ['null', 'expected object'],
    [JSON.stringify({ ...JSON.parse(encodeReport(aReport())), v: 2 }), 'v: '],
    [JSON.stringify({ ...JSON.parse(encodeReport(aReport())), extra: 1 }), 'extra'],
    [
      JSON.stringify({ ...JSON.parse(encodeReport(aReport())), cumulativeQuantity: 0.5 }),
      'cumulativeQuantity',
    ],
    [JSON.stringify({ ...JSON.parse(encodeReport(aReport())), cumulativeQuantity: '1e3' }), 'not a decimal'],
  ])('answers what is wrong with %j', (text, reason) => {
    const decoded = decodeReport(text);
    expect(decoded).toMatchObject({ ok: false, error: { code: 'unreadable_message' } });
    expect(decoded.ok ? '' : decoded.error.reason).toContain(reason);
    expect(decodeWork(text).ok || decodeTrigger(text).ok).toBe(false);
  });

  it('is not sent when it could not be read', () => {
    const cumulativeQuantity = new Decimal('0.0000000000000000001');
    expect(() => encodeReport(aReport({ cumulativeQuantity }))).toThrow('too long');
  });

  it('has an id made of what the report says', () => {
    const id = reportDeduplicationId(aReport());
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(reportDeduplicationId(aReport({ at: 5 }))).toBe(id);
    for (const news of [
      { walletId: 'wallet-2' },
      { clientId: 'mqOrder1-2' },
      { status: 'cancelled' as const },
      { cumulativeQuantity: decimal('0.6') },
      { fills: [] },
    ]) {
      expect(reportDeduplicationId(aReport(news))).not.toBe(id);
    }
    expect(reportGroup(aReport({ clientId: 'mqOrder1-2' }))).toBe('Order1');
    expect(reportGroup(aReport({ clientId: 'stranger' }))).toBe('stranger');
  });
});

describe('the outbox', () => {
  let sqs: Sqs;
  let outbox: Outbox;
  beforeAll(async () => {
    sqs = await startSqs();
    outbox = createOutbox({ client: sqs.client, ...sqs.queues });
  });
  afterAll(() => sqs?.stop());

  const receive = async (url: string): Promise<string[]> => {
    const command = new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 });
    return ((await sqs.client.send(command)).Messages ?? []).map((message) => message.Body ?? '');
  };

  /** Receives from the executions queue and deletes, so that the group goes on. */
  const take = async (): Promise<string[]> => {
    const QueueUrl = sqs.queues.executionsQueueUrl;
    const { Messages = [] } = await sqs.client.send(new ReceiveMessageCommand({ QueueUrl }));
    for (const { ReceiptHandle } of Messages) {
      await sqs.client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    return Messages.map((message) => message.Body ?? '');
  };

  it('sends pointers to the queue they are for', async () => {
    await outbox.submit({ orderId: 'o-1' });
    await outbox.exits({ positionId: 'p-1' });
    await outbox.trigger({ kind: 'wake', symbol: 'BTC/USDT', at: 1 });
    const { submitQueueUrl, exitsQueueUrl, triggersQueueUrl } = sqs.queues;
    expect((await receive(submitQueueUrl)).map(decodeWork)).toEqual([
      { ok: true, value: { orderId: 'o-1' } },
    ]);
    expect((await receive(exitsQueueUrl)).map(decodeWork)).toMatchObject([{ value: { positionId: 'p-1' } }]);
    expect((await receive(triggersQueueUrl)).map(decodeTrigger)).toMatchObject([{ value: { kind: 'wake' } }]);
  });

  it('sends a report once, and the reports of an order in order', async () => {
    const part = aReport({ status: 'partially_filled', cumulativeQuantity: decimal('0.2') });
    await outbox.executions(part);
    await outbox.executions(part);
    await outbox.executions(aReport());
    const reports = [await take(), await take()].flat().map(decodeReport);
    expect(reports).toMatchObject([
      { ok: true, value: { status: 'partially_filled' } },
      { ok: true, value: { status: 'filled' } },
    ]);
    expect(reports[1]).toEqual({ ok: true, value: aReport() });
    expect(await take()).toEqual([]);
  });

  it('sends the reports of many orders in one call, and says which could not be sent', async () => {
    const of = (order: string, changes: Partial<ExecutionReport> = {}) =>
      aReport({ clientId: `mq${order}-1`, ...changes });
    const unsendable = of('B', { cumulativeQuantity: new Decimal('1e300') });
    expect(await outbox.executionsBatch([of('A'), unsendable, of('C')])).toMatchObject([
      null,
      { forEver: true },
      null,
    ]);
    const taken = [...(await take()), ...(await take())].map(decodeReport);
    expect(taken.map((report) => report.ok && report.value.clientId).sort()).toEqual(['mqA-1', 'mqC-1']);
    await expect(outbox.executionsBatch(Array.from({ length: 11 }, () => of('D')))).rejects.toThrow(
      RangeError,
    );
  });

  it('sends a report that is too large for a message in parts, in order, alone or with others', async () => {
    const trades = Array.from({ length: 1_730 }, (_, n) =>
      aFill({ tradeId: `t-${n}`, quantity: decimal('0.5') }),
    );
    const whole = { cumulativeQuantity: decimal('870'), fills: trades, status: 'cancelled' } as const;
    const alone = aReport({ clientId: 'mqLargeOne-1', ...whole });
    const among = aReport({ clientId: 'mqLargeTwo-1', ...whole });
    // More than SQS takes for one message of 256 KB, which some still set as the most.
    expect(encodeReport(alone).length).toBeGreaterThan(256_000);
    await outbox.executions(alone);
    expect(await outbox.executionsBatch([aReport({ clientId: 'mqSmall-1' }), among])).toEqual([null, null]);
    const taken: ExecutionReport[] = [];
    for (let found = await take(); found.length > 0; found = await take()) {
      for (const body of found) {
        const report = decodeReport(body);
        if (!report.ok) throw new Error(report.error.reason);
        taken.push(report.value);
      }
    }
    expect(taken).toHaveLength(35 + 35 + 1);
    for (const { clientId } of [alone, among]) {
      const parts = taken.filter((report) => report.clientId === clientId);
      expect(parts.flatMap((part) => part.fills)).toEqual(trades);
      const [first] = parts;
      // 5 of it had been executed before.
      expect(first).toMatchObject({ status: 'partially_filled', cumulativeQuantity: decimal('30') });
      expect(parts.at(-1)).toMatchObject({ status: 'cancelled', cumulativeQuantity: decimal('870') });
    }
  });

  it('keeps the legs of a list in one group', () => {
    const groups = ['-1', '-1a', '-1b', '-2', '-1c'].map((tail) =>
      reportGroup(aReport({ clientId: `mqX${tail}` })),
    );
    expect(new Set(groups)).toEqual(new Set(['X']));
  });

  it('holds delayed messages back', async () => {
    await outbox.submit({ orderId: 'later' }, 1);
    expect(await receive(sqs.queues.submitQueueUrl)).toEqual([]);
    await expect
      .poll(() => receive(sqs.queues.submitQueueUrl), { timeout: 5000, interval: 100 })
      .toHaveLength(1);
    await expect(outbox.submit({ orderId: 'x' }, 901)).rejects.toThrow(RangeError);
    await expect(outbox.submit({ orderId: 'x' }, 0.5)).rejects.toThrow(RangeError);
  });

  it('sends many at once', async () => {
    const messages = Array.from({ length: 23 }, (_, second) => ({
      message: { kind: 'sweep' as const, shard: 0, second },
      delaySeconds: 0,
    }));
    await outbox.triggers(messages);
    const seconds = new Set<number>();
    for (let i = 0; i < 6; i++) {
      for (const text of await receive(sqs.queues.triggersQueueUrl)) {
        const decoded = decodeTrigger(text);
        if (decoded.ok && decoded.value.kind === 'sweep') seconds.add(decoded.value.second);
      }
    }
    expect(seconds.size).toBe(23);
  });

  it('says so when a part was not taken, after sending the rest', async () => {
    const sweep = (second: number, delaySeconds: number) => ({
      message: { kind: 'sweep' as const, shard: 1, second },
      delaySeconds,
    });
    const messages = [...Array.from({ length: 10 }, (_, i) => sweep(i, 901)), sweep(77, 0)];
    await expect(outbox.triggers(messages)).rejects.toThrow(AggregateError);
    expect(await receive(sqs.queues.triggersQueueUrl)).toHaveLength(1);
  });
});

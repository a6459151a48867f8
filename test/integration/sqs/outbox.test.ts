/** Messages on a local SQS: they arrive whole, once, in order, and delayed as asked. */

import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeReconcile,
  decodeReport,
  decodeTrigger,
  decodeWork,
  encodeReport,
  encodeTrigger,
  encodeWork,
  type UnreadableMessage,
} from '../../../shared/adapters/sqs/messages.ts';
import { createOutbox, reportDeduplicationId, reportGroup } from '../../../shared/adapters/sqs/outbox.ts';
import { Decimal, decimal } from '../../../shared/domain/money/decimal.ts';
import type { Result } from '../../../shared/domain/result.ts';
import type { TriggerMessage } from '../../../shared/ports/messages.ts';
import { aReport, describeOutbox } from '../../contracts/outbox.ts';
import { type Sqs, startSqs } from '../../support/sqs.ts';
import { aFill } from '../dynamodb/samples.ts';

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
        const told = valued ? { quantity: a, response: { text: '{"a":"é"}', length: 9_000 } } : {};
        const report = aReport({ cumulativeQuantity: b, fills: [fill], reason: 'IOC', ...told });
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
  beforeAll(async () => {
    sqs = await startSqs();
  });
  afterAll(() => sqs?.stop());

  /** Receives and deletes until there is nothing: a queue may give fewer than it has. */
  const drain = async (QueueUrl: string): Promise<string[]> => {
    const bodies: string[] = [];
    for (;;) {
      const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await sqs.client.send(command);
      if (Messages.length === 0) return bodies;
      for (const { Body = '', ReceiptHandle } of Messages) {
        bodies.push(Body);
        await sqs.client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
  };
  const readAll = async <T>(url: string, decode: (text: string) => Result<T, UnreadableMessage>) =>
    (await drain(url)).map((text) => {
      const decoded = decode(text);
      if (!decoded.ok) throw new Error(decoded.error.reason);
      return decoded.value;
    });

  describeOutbox('on SQS', async () => {
    const { submitQueueUrl, exitsQueueUrl, executionsQueueUrl, triggersQueueUrl, reconcileQueueUrl } =
      sqs.queues;
    return {
      outbox: createOutbox({ client: sqs.client, ...sqs.queues }),
      work: (queue) => readAll(queue === 'submit' ? submitQueueUrl : exitsQueueUrl, decodeWork),
      reports: () => readAll(executionsQueueUrl, decodeReport),
      triggers: () => readAll(triggersQueueUrl, decodeTrigger),
      reconciles: () => readAll(reconcileQueueUrl, decodeReconcile),
      pass: sleep,
    };
  });

  it('keeps the legs of a list in one group', () => {
    const groups = ['-1', '-1a', '-1b', '-2', '-1c'].map((tail) =>
      reportGroup(aReport({ clientId: `mqX${tail}` })),
    );
    expect(new Set(groups)).toEqual(new Set(['X']));
  });
});

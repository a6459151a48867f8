/** What every outbox does: each message to its queue, reports once and in order, and what cannot be sent is said. */
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeReport } from '../../shared/adapters/sqs/messages.ts';
import { Decimal, decimal } from '../../shared/domain/money/decimal.ts';
import type { ExecutionReport } from '../../shared/domain/types.ts';
import type { Outbox, ReconcileMessage, TriggerMessage, WorkMessage } from '../../shared/ports/messages.ts';
import { aFill } from '../integration/dynamodb/samples.ts';

export const aReport = (changes: Partial<ExecutionReport> = {}): ExecutionReport => ({
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

export interface OpenOutbox {
  readonly outbox: Outbox;
  /** What can be received now, taken for good; groups of reports in their order. */
  work(queue: 'submit' | 'exits'): Promise<readonly WorkMessage[]>;
  reports(): Promise<readonly ExecutionReport[]>;
  triggers(): Promise<readonly TriggerMessage[]>;
  reconciles(): Promise<readonly ReconcileMessage[]>;
  pass(ms: number): Promise<void>;
}

/** The queues are empty before each test, and each order is a test's own: its reports are remembered. */
export function describeOutbox(name: string, open: () => Promise<OpenOutbox>): void {
  describe(name, () => {
    let queues: OpenOutbox;
    let outbox: Outbox;
    beforeEach(async () => {
      queues = await open();
      ({ outbox } = queues);
    });

    it('sends pointers to the queue they are for', async () => {
      await outbox.submit({ orderId: 'o-1' });
      await outbox.exits({ positionId: 'p-1' });
      await outbox.trigger({ kind: 'wake', symbol: 'BTC/USDT', at: 1 });
      const compare: ReconcileMessage = { walletId: 'w-1', reason: 'asked' };
      await outbox.reconcile(compare);
      expect(await queues.work('submit')).toEqual([{ orderId: 'o-1' }]);
      expect(await queues.reconciles()).toEqual([compare]);
      expect(await queues.work('exits')).toEqual([{ positionId: 'p-1' }]);
      expect(await queues.triggers()).toEqual([{ kind: 'wake', symbol: 'BTC/USDT', at: 1 }]);
    });

    it('sends a report once, and the reports of an order in order', async () => {
      const part = aReport({ status: 'partially_filled', cumulativeQuantity: decimal('0.2') });
      await outbox.executions(part);
      await outbox.executions(part);
      await outbox.executions(aReport());
      // The same news at another time, by another way, is no news.
      await outbox.executions({ ...aReport(), at: 5, source: 'query' });
      expect(await queues.reports()).toEqual([part, aReport()]);
      await outbox.executions(part);
      expect(await queues.reports()).toEqual([]);
      // An amendment is news, though nothing but the quantity tells of it.
      const rests = aReport({ status: 'new', cumulativeQuantity: decimal('0'), fills: [] });
      const whole = { ...rests, quantity: decimal('1') };
      const less = { ...rests, quantity: decimal('0.4') };
      for (const report of [whole, less, less]) await outbox.executions(report);
      expect(await queues.reports()).toEqual([whole, less]);
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
      const taken = await queues.reports();
      expect(taken.map((report) => report.clientId).sort()).toEqual(['mqA-1', 'mqC-1']);
      await expect(outbox.executionsBatch(Array.from({ length: 11 }, () => of('D')))).rejects.toThrow(
        RangeError,
      );
      await expect(outbox.executions(unsendable)).rejects.toThrow('too long');
      expect(await queues.reports()).toEqual([]);
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
      const taken = await queues.reports();
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

    it('holds delayed messages back', async () => {
      await outbox.submit({ orderId: 'later' }, 1);
      expect(await queues.work('submit')).toEqual([]);
      await queues.pass(1300);
      expect(await queues.work('submit')).toEqual([{ orderId: 'later' }]);
      for (const seconds of [901, 0.5, -1]) {
        await expect(outbox.submit({ orderId: 'x' }, seconds)).rejects.toThrow(RangeError);
        await expect(outbox.exits({ orderId: 'x' }, seconds)).rejects.toThrow(RangeError);
        const compare = { walletId: 'w', reason: 'asked' } as const;
        await expect(outbox.reconcile(compare, seconds)).rejects.toThrow(RangeError);
      }
      expect(await queues.work('exits')).toEqual([]);
    });

    const sweep = (second: number, delaySeconds = 0) => ({
      message: { kind: 'sweep' as const, shard: 0, second },
      delaySeconds,
    });

    it('sends many at once', async () => {
      await outbox.triggers(Array.from({ length: 23 }, (_, second) => sweep(second)));
      const found = await queues.triggers();
      const seconds = found.map((message) => (message.kind === 'sweep' ? message.second : null));
      expect(new Set(seconds)).toEqual(new Set(Array.from({ length: 23 }, (_, second) => second)));
      await outbox.triggers([]);
      expect(await queues.triggers()).toEqual([]);
    });

    it('says so when a part was not taken, after sending the rest', async () => {
      const messages = [...Array.from({ length: 10 }, (_, i) => sweep(i, 901)), sweep(77)];
      await expect(outbox.triggers(messages)).rejects.toThrow(AggregateError);
      expect(await queues.triggers()).toEqual([sweep(77).message]);
    });
  });
}

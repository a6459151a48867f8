/** Reports on their way to the queue: in order per order, none lost unseen, whatever the queue does. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExecutionReport } from '../../../../shared/domain/types.ts';
import type { ReportNotTaken } from '../../../../shared/ports/messages.ts';
import { ReportQueue } from '../../../../shared/usecases/stream-user-data/report-queue.ts';
import { aReport } from './samples.ts';

const quiet = (): void => undefined;

const key = ({ walletId, clientId, at }: ExecutionReport): string =>
  `${walletId} ${clientId.slice(2, 24)} ${at}`;

function queueOf(
  send: (reports: readonly ExecutionReport[]) => Promise<readonly (ReportNotTaken | null)[]>,
  mostReports = 10_000,
) {
  const sent: string[] = [];
  const lost: string[] = [];
  const queue = new ReportQueue({
    outbox: { executionsBatch: send },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    settings: { mostReports, sendsAtOnce: 3, sendRetryMs: 1, longestSendRetryMs: 4 },
    onSent: (report) => void sent.push(key(report)),
    onLost: (report, reason) => void lost.push(`${key(report)}: ${reason}`),
  });
  return { queue, sent, lost };
}

describe('the report queue', () => {
  it('keeps the order of each order and loses none, whatever fails in between', async () => {
    const fate = fc.constantFrom('ok', 'throws', 'partly', 'slow');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5), { minLength: 1, maxLength: 60 }),
        fc.array(fate, { maxLength: 25 }),
        async (orders, fates) => {
          const taken: string[] = [];
          let call = 0;
          const { queue, sent, lost } = queueOf(async (reports) => {
            const now = fates[call++] ?? 'ok';
            expect(reports.length).toBeLessThanOrEqual(10);
            expect(new Set(reports.map(({ clientId }) => clientId)).size).toBe(reports.length);
            if (now === 'slow') await sleep(2);
            if (now === 'throws') throw new Error('the queue is away');
            return reports.map((report, index) => {
              if (now === 'partly' && index % 2 === 0) return { reason: 'throttled', forEver: false };
              taken.push(key(report));
              return null;
            });
          });
          const counters = new Map<number, number>();
          const asked = orders.map((order) => {
            const nth = (counters.get(order) ?? 0) + 1;
            counters.set(order, nth);
            const report = aReport(order, nth);
            queue.accept(report);
            return key(report);
          });
          expect(await queue.flush(5_000)).toBe(0);
          expect(taken.toSorted()).toEqual(asked.toSorted());
          expect(sent).toEqual(taken);
          expect(lost).toEqual([]);
          for (const order of counters.keys()) {
            const id = String(order).padStart(22, '0');
            const mine = taken.filter((text) => text.includes(id)).map((text) => Number(text.split(' ')[2]));
            expect(mine).toEqual(mine.toSorted((a, b) => a - b));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps the legs and attempts of an order behind each other', async () => {
    const batches: number[] = [];
    const { queue } = queueOf(async (reports) => {
      batches.push(reports.length);
      return reports.map(() => null);
    });
    const id = `mq${'0'.repeat(22)}`;
    for (const tail of ['-1', '-1a', '-1b', '-2']) queue.accept(aReport(0, 1, { clientId: `${id}${tail}` }));
    expect(await queue.flush(1_000)).toBe(0);
    expect(batches).toEqual([1, 1, 1, 1]);
  });

  it('keeps no more than its bound, and tells each one that it does not keep', async () => {
    let away = true;
    const { queue, sent, lost } = queueOf(async (reports) => {
      if (away) throw new Error('the queue is away');
      return reports.map(() => null);
    }, 5);
    for (let nth = 1; nth <= 8; nth++) queue.accept(aReport(nth, nth));
    expect(queue.size).toBe(5);
    expect(queue.bufferedOf('w1')).toBe(2);
    expect(lost).toHaveLength(3);
    expect(lost[0]).toContain('no room');
    away = false;
    expect(await queue.flush(1_000)).toBe(0);
    expect(sent).toHaveLength(5);
  });

  it('goes on behind a report that the queue will never take, and tells it', async () => {
    const { queue, sent, lost } = queueOf(async (reports) =>
      reports.map(({ at }) => (at === 1 ? { reason: 'too long', forEver: true } : null)),
    );
    queue.accept(aReport(1, 1));
    queue.accept(aReport(1, 2));
    expect(await queue.flush(1_000)).toBe(0);
    expect(lost).toHaveLength(1);
    expect(sent).toHaveLength(1);
  });

  it('answers how many are left when time is up', async () => {
    const { queue } = queueOf(() => Promise.reject(new Error('away')));
    queue.accept(aReport(1, 1));
    queue.accept(aReport(2, 1));
    expect(await queue.flush(30)).toBe(2);
    queue.close();
  });

  it('sends nothing more once it is closed, whatever becomes of what was under way', async () => {
    let calls = 0;
    let fail = (): void => undefined;
    const { queue } = queueOf(() => {
      calls += 1;
      return new Promise((_, reject) => {
        fail = () => reject(new Error('away'));
      });
    });
    queue.accept(aReport(1, 1));
    expect(await queue.flush(10)).toBe(1);
    queue.close();
    fail();
    await sleep(40);
    expect(calls).toBe(1);
  });
});

/**
 * Execution reports on their way to the queue (design sections 3, 7, 15).
 *
 * Always true:
 * - the reports of one order leave one after the other, in the order in which they came;
 * - orders do not wait for each other: full batches while there is much to send, at once while there is little;
 * - while the queue is away reports are kept, up to a bound; a report that is not kept is told, never just gone.
 */
import type { ExecutionReport } from '../../domain/types.ts';
import type { Outbox, ReportNotTaken } from '../../ports/messages.ts';
import type { Log } from '../../ports/runtime.ts';
import { messageOf } from '../stream-prices/background.ts';
import type { UserDataStreamSettings } from './ports.ts';

export interface ReportQueueContext {
  readonly outbox: Pick<Outbox, 'executionsBatch'>;
  readonly log: Log;
  readonly settings: Pick<
    UserDataStreamSettings,
    'longestSendRetryMs' | 'mostReports' | 'sendRetryMs' | 'sendsAtOnce'
  >;
  /** The queue has taken it. */
  readonly onSent: (report: ExecutionReport) => void;
  /** It will not reach the queue: its order has to be asked for. */
  readonly onLost: (report: ExecutionReport, reason: string) => void;
}

interface Lane {
  readonly reports: ExecutionReport[];
}

/** Messages per call of the queue. */
const BATCH = 10;
const MOST_DOUBLINGS = 10;
const OUR_ORDER = /^mq[0-9A-Za-z]{22}/;

/** One lane per order, whatever the attempt or the leg of a list. */
const laneOf = ({ walletId, clientId }: ExecutionReport): string =>
  `${walletId} ${OUR_ORDER.exec(clientId)?.[0] ?? clientId}`;

export class ReportQueue {
  readonly #context: ReportQueueContext;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with a report that may leave now: none of theirs is under way. */
  #ready: string[] = [];
  #size = 0;
  #underWay = 0;
  #failures = 0;
  #retry: NodeJS.Timeout | null = null;
  #emptied: (() => void)[] = [];
  #closed = false;

  constructor(context: ReportQueueContext) {
    this.#context = context;
  }

  /** Reports that have not been taken by the queue. */
  get size(): number {
    return this.#size;
  }

  bufferedOf(walletId: string): number {
    let count = 0;
    for (const { reports } of this.#lanes.values()) {
      if (reports[0]?.walletId === walletId) count += reports.length;
    }
    return count;
  }

  accept(report: ExecutionReport): void {
    if (this.#size >= this.#context.settings.mostReports) {
      this.#context.onLost(report, 'the queue is away and there is no room left');
      return;
    }
    this.#size += 1;
    const key = laneOf(report);
    const lane = this.#lanes.get(key);
    if (lane !== undefined) {
      lane.reports.push(report);
      return;
    }
    this.#lanes.set(key, { reports: [report] });
    this.#ready.push(key);
    this.#pump();
  }

  /** Waits until all is taken, at most so long; answers how many are left. */
  async flush(ms: number): Promise<number> {
    if (this.#retry !== null) {
      clearTimeout(this.#retry);
      this.#retry = null;
      this.#pump();
    }
    if (this.#size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#emptied.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#size;
  }

  /** Sends nothing more. */
  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#closed = true;
  }

  #pump(): void {
    while (
      !this.#closed &&
      this.#retry === null &&
      this.#ready.length > 0 &&
      this.#underWay < this.#context.settings.sendsAtOnce
    ) {
      const keys = this.#ready.splice(0, BATCH);
      this.#underWay += 1;
      void this.#send(keys).finally(() => {
        this.#underWay -= 1;
        this.#pump();
      });
    }
  }

  /** Sends the first report of each of these lanes. Never rejects. */
  async #send(keys: readonly string[]): Promise<void> {
    const heads = keys.flatMap((key) => {
      const head = this.#lanes.get(key)?.reports[0];
      return head === undefined ? [] : [{ key, report: head }];
    });
    let answers: readonly (ReportNotTaken | null)[] | null = null;
    let why = '';
    try {
      answers = await this.#context.outbox.executionsBatch(heads.map(({ report }) => report));
    } catch (error) {
      why = messageOf(error);
    }
    let refused = 0;
    heads.forEach(({ key, report }, index) => {
      const answer = answers === null ? { reason: why, forEver: false } : (answers[index] ?? null);
      if (answer === null || answer.forEver) this.#leave(key, report, answer);
      else {
        refused += 1;
        why = answer.reason;
        this.#ready.unshift(key);
      }
    });
    if (refused > 0) this.#backOff(why);
    else this.#failures = 0;
  }

  #leave(key: string, report: ExecutionReport, refused: ReportNotTaken | null): void {
    const lane = this.#lanes.get(key);
    lane?.reports.shift();
    this.#size -= 1;
    if (lane === undefined || lane.reports.length === 0) this.#lanes.delete(key);
    else this.#ready.push(key);
    if (refused === null) this.#context.onSent(report);
    else this.#context.onLost(report, refused.reason);
    if (this.#size === 0) for (const resolve of this.#emptied.splice(0)) resolve();
  }

  #backOff(why: string): void {
    if (this.#retry !== null || this.#closed) return;
    const { sendRetryMs, longestSendRetryMs } = this.#context.settings;
    const wait = Math.min(longestSendRetryMs, sendRetryMs * 2 ** Math.min(this.#failures, MOST_DOUBLINGS));
    this.#failures += 1;
    this.#context.log.error('executions_queue_away', { waiting: this.#size, retry_in_ms: wait, error: why });
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#pump();
    }, wait);
  }
}

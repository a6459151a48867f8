/** The outbox in memory, held to the one on SQS by test/contracts/outbox.ts. */
import { encodeReport } from '../../../shared/adapters/sqs/messages.ts';
import { reportDeduplicationId, reportGroup } from '../../../shared/adapters/sqs/outbox.ts';
import { splitReport } from '../../../shared/domain/split-report.ts';
import type { ExecutionReport } from '../../../shared/domain/types.ts';
import type {
  Outbox,
  ReconcileMessage,
  ReportNotTaken,
  TriggerMessage,
  WorkMessage,
} from '../../../shared/ports/messages.ts';
import type { Clock } from '../../../shared/ports/runtime.ts';
import { frozen } from './frozen.ts';

export type Sent =
  | { readonly queue: 'submit' | 'exits'; readonly message: WorkMessage; readonly delaySeconds: number }
  | { readonly queue: 'reconcile'; readonly message: ReconcileMessage; readonly delaySeconds: number }
  | { readonly queue: 'executions'; readonly report: ExecutionReport }
  | { readonly queue: 'triggers'; readonly message: TriggerMessage; readonly delaySeconds: number };

const MAX_DELAY_SECONDS = 900;
const BATCH = 10;
const DEDUPLICATION_MS = 5 * 60_000;

export interface MemoryOutboxOptions {
  /** With it a report that says what another said in the last five minutes is taken and dropped, as by SQS. */
  readonly clock?: Clock;
}

/** Queues in memory. `fate` decides what happens to each message: the transport's bad days. */
export class MemoryOutbox implements Outbox {
  readonly sent: Sent[] = [];
  queue: Sent[] = [];
  fate: (sent: Sent) => 'deliver' | 'drop' | 'double' = () => 'deliver';
  private readonly clock: Clock | null;
  private readonly seen = new Map<string, number>();

  constructor({ clock }: MemoryOutboxOptions = {}) {
    this.clock = clock ?? null;
  }

  take(): Sent[] {
    const taken = this.queue;
    this.queue = [];
    return taken;
  }

  async submit(message: WorkMessage, delaySeconds = 0): Promise<void> {
    this.send({ queue: 'submit', message, delaySeconds: lawful(delaySeconds) });
  }

  async exits(message: WorkMessage, delaySeconds = 0): Promise<void> {
    this.send({ queue: 'exits', message, delaySeconds: lawful(delaySeconds) });
  }

  async reconcile(message: ReconcileMessage, delaySeconds = 0): Promise<void> {
    this.send({ queue: 'reconcile', message, delaySeconds: lawful(delaySeconds) });
  }

  async executions(report: ExecutionReport): Promise<void> {
    for (const part of splitReport(report)) {
      encodeReport(part);
      this.report(part);
    }
  }

  async executionsBatch(reports: readonly ExecutionReport[]): Promise<readonly (ReportNotTaken | null)[]> {
    if (reports.length > BATCH) {
      throw new RangeError(`${reports.length} reports; a batch has at most ${BATCH}`);
    }
    return reports.map((report) => {
      try {
        encodeReport(report);
      } catch (error) {
        return { reason: error instanceof Error ? error.message : String(error), forEver: true };
      }
      for (const part of splitReport(report)) this.report(part);
      return null;
    });
  }

  async trigger(message: TriggerMessage): Promise<void> {
    this.send({ queue: 'triggers', message, delaySeconds: 0 });
  }

  /** A part of ten with an unlawful delay is not taken, the others are. */
  async triggers(
    messages: readonly { readonly message: TriggerMessage; readonly delaySeconds: number }[],
  ): Promise<void> {
    const failures: unknown[] = [];
    for (let start = 0; start < messages.length; start += BATCH) {
      const part = messages.slice(start, start + BATCH);
      try {
        for (const { delaySeconds } of part) lawful(delaySeconds);
      } catch (error) {
        failures.push(error);
        continue;
      }
      for (const { message, delaySeconds } of part) this.send({ queue: 'triggers', message, delaySeconds });
    }
    if (failures.length > 0) throw new AggregateError(failures, 'trigger messages were not taken');
  }

  private report(report: ExecutionReport): void {
    if (this.clock !== null) {
      const now = this.clock.now();
      const id = `${reportGroup(report)} ${reportDeduplicationId(report)}`;
      if (now - (this.seen.get(id) ?? Number.NEGATIVE_INFINITY) < DEDUPLICATION_MS) return;
      this.seen.set(id, now);
    }
    this.send({ queue: 'executions', report });
  }

  private send(given: Sent): void {
    const sent = frozen(given);
    this.sent.push(sent);
    const fate = this.fate(sent);
    if (fate !== 'drop') this.queue.push(sent);
    if (fate === 'double') this.queue.push(sent);
  }
}

function lawful(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_DELAY_SECONDS) {
    throw new RangeError(`a delay of ${seconds} s; whole seconds up to ${MAX_DELAY_SECONDS} are possible`);
  }
  return seconds;
}

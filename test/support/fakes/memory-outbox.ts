import type { ExecutionReport } from '../../../shared/domain/types.ts';
import type {
  Outbox,
  ReconcileMessage,
  TriggerMessage,
  WorkMessage,
} from '../../../shared/ports/messages.ts';

export type Sent =
  | { readonly queue: 'submit' | 'exits'; readonly message: WorkMessage; readonly delaySeconds: number }
  | { readonly queue: 'reconcile'; readonly message: ReconcileMessage; readonly delaySeconds: number }
  | { readonly queue: 'executions'; readonly report: ExecutionReport }
  | { readonly queue: 'triggers'; readonly message: TriggerMessage; readonly delaySeconds: number };

/** Queues in memory. `fate` decides what happens to each message: the transport's bad days. */
export class MemoryOutbox implements Outbox {
  readonly sent: Sent[] = [];
  queue: Sent[] = [];
  fate: (sent: Sent) => 'deliver' | 'drop' | 'double' = () => 'deliver';

  take(): Sent[] {
    const taken = this.queue;
    this.queue = [];
    return taken;
  }

  async submit(message: WorkMessage, delaySeconds = 0): Promise<void> {
    this.send({ queue: 'submit', message, delaySeconds });
  }

  async exits(message: WorkMessage, delaySeconds = 0): Promise<void> {
    this.send({ queue: 'exits', message, delaySeconds });
  }

  async reconcile(message: ReconcileMessage, delaySeconds = 0): Promise<void> {
    this.send({ queue: 'reconcile', message, delaySeconds });
  }

  async executions(report: ExecutionReport): Promise<void> {
    this.send({ queue: 'executions', report });
  }

  async executionsBatch(reports: readonly ExecutionReport[]): Promise<readonly null[]> {
    for (const report of reports) this.send({ queue: 'executions', report });
    return reports.map(() => null);
  }

  async trigger(message: TriggerMessage): Promise<void> {
    this.send({ queue: 'triggers', message, delaySeconds: 0 });
  }

  async triggers(
    messages: readonly { readonly message: TriggerMessage; readonly delaySeconds: number }[],
  ): Promise<void> {
    for (const { message, delaySeconds } of messages) this.send({ queue: 'triggers', message, delaySeconds });
  }

  private send(sent: Sent): void {
    this.sent.push(sent);
    const fate = this.fate(sent);
    if (fate !== 'drop') this.queue.push(sent);
    if (fate === 'double') this.queue.push(sent);
  }
}

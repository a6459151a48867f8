/**
 * What travels on the queues (design section 15). Messages to submit and exits are pointers: the handler reads
 * the state and does what it calls for, so doubled, late and lost messages are harmless.
 */
import type { ExecutionReport } from '../domain/types.ts';
import type { ReconcileReason } from './reconcile.ts';

/** To submit and exits. */
export type WorkMessage =
  | { readonly orderId: string }
  /** Ask the venue for this order now, whether it is due or not: a stream had a gap. */
  | { readonly orderId: string; readonly look: true }
  | { readonly positionId: string }
  /** Check this wallet's keys at the venue. */
  | { readonly walletId: string }
  /** Carry out what this wallet's pause owes. */
  | { readonly walletId: string; readonly stop: true };

export type TriggerMessage =
  /** Visible hits of this symbol went from none to some. */
  | { readonly kind: 'wake'; readonly symbol: string; readonly at: number }
  /** One scheduled pass; `second` is the epoch second it is meant for. */
  | { readonly kind: 'sweep'; readonly shard: number; readonly second: number }
  /** The index of this symbol is gone. */
  | { readonly kind: 'rebuild'; readonly symbol: string; readonly at: number };

/** Compare this wallet's ledger with its venue. */
export interface ReconcileMessage {
  readonly walletId: string;
  readonly reason: ReconcileReason;
}

export interface ReportNotTaken {
  readonly reason: string;
  /** Sending it again cannot help: the message itself is at fault. */
  readonly forEver: boolean;
}

export interface Outbox {
  submit(message: WorkMessage, delaySeconds?: number): Promise<void>;
  exits(message: WorkMessage, delaySeconds?: number): Promise<void>;
  reconcile(message: ReconcileMessage, delaySeconds?: number): Promise<void>;
  /**
   * FIFO, grouped by our order; the deduplication id comes from the report's facts. However many trades it tells of:
   * it goes in parts where it has to.
   */
  executions(report: ExecutionReport): Promise<void>;
  /**
   * At most ten at once, no two of one order. Answers for each, in the order given: null = taken, else why it was
   * not. Throws when nothing is known.
   */
  executionsBatch(reports: readonly ExecutionReport[]): Promise<readonly (ReportNotTaken | null)[]>;
  trigger(message: TriggerMessage): Promise<void>;
  /** Many with delays, in batches of ten; throws when any was not taken, after trying the others. */
  triggers(
    messages: readonly { readonly message: TriggerMessage; readonly delaySeconds: number }[],
  ): Promise<void>;
}

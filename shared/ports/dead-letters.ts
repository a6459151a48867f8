/**
 * Work that was given up, and why (design section 15; docs/operations.md says what to do about each reason).
 *
 * A dead letter is never the only trace of owed work: what it points to, or reports, is also found by the due index.
 */

export const DEAD_LETTER_REASONS = [
  /** No text of a version that is understood. */
  'unreadable',
  /** A report under an id that no order of ours ever had. */
  'not_ours',
  /** A report of an order that the ledger does not hold. */
  'unknown_order',
  /** A report of an order that belongs to another wallet, environment or symbol. */
  'foreign_order',
  /** Handling failed as often as it may be tried; the error is the last one's. */
  'failed',
  /** Its batch was over before its turn, as often as it may be tried. */
  'not_tried',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

export interface DeadLetter {
  /** As it came, unchanged: so it can be sent again. */
  readonly body: string;
  readonly reason: DeadLetterReason;
  readonly error: string;
  /** The function that gave it up. */
  readonly worker: string;
  readonly messageId: string;
  readonly receives: number;
  /** Epoch ms. */
  readonly firstReceivedAt: number;
  /** Of a FIFO queue: our order. Null on a standard queue. */
  readonly group: string | null;
}

export interface DeadLetters {
  /** Throws when it was not taken: the message then has to stay where it is. */
  send(letter: DeadLetter): Promise<void>;
}

/** How many messages lie in a queue of dead letters, about: what SQS counts is right within a minute. */
export interface DeadLetterCount {
  /** The work queue that gave them up, by the name that `npm run redrive` takes. */
  readonly queue: string;
  readonly messages: number;
}

export interface DeadLetterCounts {
  /** In the order of the queues. Throws when one of them cannot be asked. */
  read(): Promise<readonly DeadLetterCount[]>;
}

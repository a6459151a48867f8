/**
 * SQS batches (design section 15): one bad message neither blocks nor replays its neighbours.
 *
 * Always true:
 * - what can never be worked goes to the dead-letter queue at once, with the reason, and is done;
 * - what failed comes again, and at its last receive goes there with the last error;
 * - a message that could not be put there stays: SQS moves it by itself, then without a reason;
 * - a message waits for those before it in its group, but never for their success: reports are cumulative, so a
 *   later one is right without an earlier one, and the earlier one changes nothing when it comes after all.
 */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Result } from '../../shared/domain/result.ts';
import type { DeadLetterReason, DeadLetters } from '../../shared/ports/dead-letters.ts';
import type { Log } from '../../shared/ports/runtime.ts';

interface Unreadable {
  readonly reason: string;
}

export interface BatchWork<T> {
  readonly log: Log;
  readonly decode: (body: string) => Result<T, Unreadable>;
  readonly handle: (message: T) => Promise<unknown>;
  /** The reason when another try cannot help; null: it can. Default: it always can. */
  readonly hopeless?: (error: unknown) => DeadLetterReason | null;
}

/** How messages are given up. */
export interface GivingUp {
  /** The function's name, for whoever reads the dead letter. */
  readonly worker: string;
  readonly deadLetters: DeadLetters;
  /** A message that was received this often is given up (the queue's own maxReceiveCount). */
  readonly maxReceives: number;
}

export interface Batch<T> extends BatchWork<T>, GivingUp {
  readonly event: SQSEvent;
  /** Until the function is killed. Work that hangs is left before that, so that its neighbours are not lost with it. */
  readonly remainingMs: number;
}

/** Of the function's time: enough to give up what hung and to answer. */
const RESERVE_MS = 1_000;

class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

interface Trouble {
  readonly code: 'MESSAGE_UNREADABLE' | 'MESSAGE_FAILED' | 'MESSAGE_NOT_TRIED';
  readonly reason: DeadLetterReason;
  /** Another try cannot help. */
  readonly isFinal: boolean;
  readonly error: string;
  readonly stack: string;
}

const textOf = (error: unknown): string =>
  error instanceof AggregateError
    ? [`${error.name}: ${error.message}`, ...error.errors.map(textOf)].join('; ')
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);

const receivesOf = (record: SQSRecord): number => Number(record.attributes.ApproximateReceiveCount);

/** The end of a batch's time, one for all of its messages. */
class Deadline {
  isOver = false;
  readonly #reached = Promise.withResolvers<never>();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    // Nobody may be waiting when it comes.
    this.#reached.promise.catch(() => undefined);
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#reached.reject(new OutOfTimeError(`not done within the ${ms} ms of its batch`));
    }, ms);
  }

  /** @throws OutOfTimeError when the end comes first; the work then goes on unobserved, as that of a function that is frozen. */
  async bound(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.#reached.promise]);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** Works one message; null = done. */
async function attempt<T>(batch: Batch<T>, record: SQSRecord, deadline: Deadline): Promise<Trouble | null> {
  if (deadline.isOver) {
    const error = 'the time of its batch was over before its turn';
    return { code: 'MESSAGE_NOT_TRIED', reason: 'not_tried', isFinal: false, error, stack: error };
  }
  try {
    const message = batch.decode(record.body);
    if (!message.ok) {
      const error = message.error.reason;
      return { code: 'MESSAGE_UNREADABLE', reason: 'unreadable', isFinal: true, error, stack: error };
    }
    await deadline.bound(batch.handle(message.value));
    return null;
  } catch (error) {
    const hopeless = batch.hopeless?.(error) ?? null;
    return {
      code: 'MESSAGE_FAILED',
      reason: hopeless ?? 'failed',
      isFinal: hopeless !== null,
      error: textOf(error),
      stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

/** Puts it on the dead-letter queue; answers whether it is there. */
async function giveUp<T>(batch: Batch<T>, record: SQSRecord, { reason, error }: Trouble): Promise<boolean> {
  const { log, worker, deadLetters } = batch;
  const { messageId, body, attributes } = record;
  const receives = receivesOf(record);
  try {
    await deadLetters.send({
      body,
      reason,
      error,
      worker,
      messageId,
      receives,
      firstReceivedAt: Number(attributes.ApproximateFirstReceiveTimestamp),
      group: attributes.MessageGroupId ?? null,
    });
  } catch (cause) {
    log.error('DEAD_LETTER_NOT_SENT', { messageId, receives, reason, error: textOf(cause) });
    return false;
  }
  log.error('MESSAGE_GIVEN_UP', { messageId, receives, reason });
  return true;
}

/** Works one message; answers whether the queue may forget it. Logged here, once. */
async function workOne<T>(batch: Batch<T>, record: SQSRecord, deadline: Deadline): Promise<boolean> {
  const trouble = await attempt(batch, record, deadline);
  if (trouble === null) return true;
  const { messageId } = record;
  batch.log.error(trouble.code, { messageId, receives: receivesOf(record), error: trouble.stack });
  const isLast = receivesOf(record) >= batch.maxReceives;
  return trouble.isFinal || isLast ? giveUp(batch, record, trouble) : false;
}

/** Lanes side by side, each lane one message after the other. */
async function workLanes<T>(
  batch: Batch<T>,
  lanes: readonly (readonly SQSRecord[])[],
): Promise<SQSBatchResponse> {
  const deadline = new Deadline(Math.max(0, batch.remainingMs - RESERVE_MS));
  const failed = new Set<string>();
  const workLane = async (records: readonly SQSRecord[]): Promise<void> => {
    for (const record of records) {
      if (!(await workOne(batch, record, deadline))) failed.add(record.messageId);
    }
  };
  try {
    await Promise.all(lanes.map(workLane));
  } finally {
    deadline.clear();
  }
  const again = batch.event.Records.filter(({ messageId }) => failed.has(messageId));
  return { batchItemFailures: again.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** A standard queue: messages side by side. */
export const workStandardBatch = <T>(batch: Batch<T>): Promise<SQSBatchResponse> =>
  workLanes(
    batch,
    batch.event.Records.map((record) => [record]),
  );

/** A FIFO queue: groups side by side, the messages of each in order. */
export const workFifoBatch = <T>(batch: Batch<T>): Promise<SQSBatchResponse> => {
  const groups = Map.groupBy(batch.event.Records, (record) => record.attributes.MessageGroupId ?? '');
  return workLanes(batch, [...groups.values()]);
};

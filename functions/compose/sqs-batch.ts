/**
 * SQS batches with partial failures (design section 15): one bad message neither blocks nor replays its neighbours.
 *
 * A message that can never be read fails like any other: it ends in the dead-letter queue, said why in the log.
 */
import type { SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Result } from '../../shared/domain/result.ts';
import type { Log } from '../../shared/ports/runtime.ts';

interface Unreadable {
  readonly reason: string;
}

export interface BatchWork<T> {
  readonly log: Log;
  readonly decode: (body: string) => Result<T, Unreadable>;
  readonly handle: (message: T) => Promise<unknown>;
}

const failure = (record: SQSRecord): SQSBatchItemFailure => ({ itemIdentifier: record.messageId });

/** Works one message; answers whether it is done. Logged here, once. */
async function workOne<T>({ log, decode, handle }: BatchWork<T>, record: SQSRecord): Promise<boolean> {
  const { messageId } = record;
  const message = decode(record.body);
  if (!message.ok) {
    log.error('MESSAGE_UNREADABLE', { messageId, error: message.error.reason });
    return false;
  }
  try {
    await handle(message.value);
    return true;
  } catch (error) {
    const receives = record.attributes.ApproximateReceiveCount;
    log.error('MESSAGE_FAILED', {
      messageId,
      receives,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return false;
  }
}

/** A standard queue: messages side by side. */
export async function workStandardBatch<T>(work: BatchWork<T>, event: SQSEvent): Promise<SQSBatchResponse> {
  const done = await Promise.all(event.Records.map((record) => workOne(work, record)));
  return { batchItemFailures: event.Records.filter((_, i) => !done[i]).map(failure) };
}

/** A FIFO queue: groups side by side, each in order; after a failure the rest of its group waits with it. */
export async function workFifoBatch<T>(work: BatchWork<T>, event: SQSEvent): Promise<SQSBatchResponse> {
  const groups = Map.groupBy(event.Records, (record) => record.attributes.MessageGroupId ?? '');
  const failed = new Set<string>();
  const workGroup = async (records: readonly SQSRecord[]): Promise<void> => {
    for (const [i, record] of records.entries()) {
      if (await workOne(work, record)) continue;
      for (const { messageId } of records.slice(i)) failed.add(messageId);
      return;
    }
  };
  await Promise.all([...groups.values()].map(workGroup));
  return { batchItemFailures: event.Records.filter((record) => failed.has(record.messageId)).map(failure) };
}

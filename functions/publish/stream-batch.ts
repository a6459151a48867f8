/**
 * A batch of a table's stream: items side by side, the changes of each in order.
 *
 * After a change that failed nothing more of its item is worked. Lambda comes again from the oldest failure on; what was
 * done behind it changes nothing when it is done again.
 */
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { Log } from '../../shared/ports/runtime.ts';
import type { Change, PublishChanges } from '../../shared/usecases/push/publish-changes.ts';

interface StreamWork {
  readonly log: Log;
  readonly changeOf: (record: DynamoDBRecord) => Change | null;
  readonly publish: PublishChanges;
}

const sequenceOf = ({ dynamodb }: DynamoDBRecord): string => dynamodb?.SequenceNumber ?? '';

export function streamWorker({ log, changeOf, publish }: StreamWork) {
  const tellFailure = (record: DynamoDBRecord, error: unknown): string => {
    log.error('CHANGE_NOT_PUBLISHED', {
      item: record.dynamodb?.Keys?.['pk']?.S,
      sk: record.dynamodb?.Keys?.['sk']?.S,
      sequence: sequenceOf(record),
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return sequenceOf(record);
  };

  /** From which record on it is to come again; null: all are done. What lies before one that cannot be read is told. */
  async function workLane(records: readonly DynamoDBRecord[]): Promise<string | null> {
    const changes: Change[] = [];
    let first: DynamoDBRecord | null = null;
    let unreadable: string | null = null;
    for (const record of records) {
      try {
        const change = changeOf(record);
        if (change === null) continue;
        first ??= record;
        changes.push(change);
      } catch (error) {
        unreadable = tellFailure(record, error);
        break;
      }
    }
    if (first === null) return unreadable;
    try {
      await publish(changes);
      return unreadable;
    } catch (error) {
      return tellFailure(first, error);
    }
  }

  return async (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const lanes = Map.groupBy(event.Records, ({ dynamodb }) => dynamodb?.Keys?.['pk']?.S ?? '');
    const failed = await Promise.all([...lanes.values()].map(workLane));
    return {
      batchItemFailures: failed.flatMap((sequence) =>
        sequence === null ? [] : [{ itemIdentifier: sequence }],
      ),
    };
  };
}

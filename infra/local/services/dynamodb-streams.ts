/**
 * DynamoDB's stream API, the three calls that reading a stream takes: DynamoDB Local answers it beside the tables, and
 * looks at the form of a signature alone.
 */
import { REGION } from '../template/intrinsics.ts';
import { LOCAL_CREDENTIALS } from './dynamodb.ts';

export interface Shard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
}

/** As Lambda hands it on. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb: {
    readonly SequenceNumber: string;
    /** Epoch seconds. */
    readonly ApproximateCreationDateTime: number;
  };
}

export interface StreamPage {
  readonly Records: readonly StreamRecord[];
  /** Missing: the shard has ended. */
  readonly NextShardIterator?: string;
}

export class StreamError extends Error {
  override readonly name: string = 'StreamError';
}

/** The place is before the oldest record that is kept; DynamoDB Local says so of a shard that has none yet, too. */
export class TrimmedError extends StreamError {}

const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=${LOCAL_CREDENTIALS.accessKeyId}/20260101/${REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;

const TIMEOUT_MS = 10_000;

/** DynamoDB Local writes an empty map in an image as `{}`, where the service writes `{"M":{}}`. An empty list it writes well. */
function withEmptyMaps(page: unknown): unknown {
  const mended = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(attribute);
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, attribute(part)]));
  };
  const attribute = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const [kind, ...more] = Object.keys(value);
    if (kind === undefined) return { M: {} };
    const isOneOf = more.length === 0 && (kind === 'M' || kind === 'L');
    return isOneOf ? { [kind]: mended((value as Record<string, unknown>)[kind]) } : value;
  };
  const { Records, ...others } = page as { Records: readonly { dynamodb: Record<string, unknown> }[] };
  return {
    ...others,
    Records: Records.map((record) => {
      const { NewImage, OldImage } = record.dynamodb;
      return {
        ...record,
        dynamodb: {
          ...record.dynamodb,
          ...(NewImage !== undefined && { NewImage: mended(NewImage) }),
          ...(OldImage !== undefined && { OldImage: mended(OldImage) }),
        },
      };
    }),
  };
}

export function streamsOf(endpoint: string, signal: AbortSignal) {
  async function call(name: string, input: Readonly<Record<string, unknown>>): Promise<unknown> {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDBStreams_20120810.${name}`,
        'x-amz-date': '20260101T000000Z',
        authorization: AUTHORIZATION,
      },
      body: JSON.stringify(input),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await response.text();
    if (text.includes('TrimmedDataAccessException')) throw new TrimmedError(`${name}: ${text.slice(0, 300)}`);
    if (!response.ok) throw new StreamError(`${name}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  return {
    async shards(StreamArn: string): Promise<readonly Shard[]> {
      const shards: Shard[] = [];
      let from: string | undefined;
      do {
        const start = from === undefined ? {} : { ExclusiveStartShardId: from };
        const { StreamDescription } = (await call('DescribeStream', { StreamArn, ...start })) as {
          StreamDescription: { Shards: readonly Shard[]; LastEvaluatedShardId?: string };
        };
        shards.push(...StreamDescription.Shards);
        from = StreamDescription.LastEvaluatedShardId;
      } while (from !== undefined);
      return shards;
    },
    async iterator(
      StreamArn: string,
      ShardId: string,
      at: { readonly type: string; readonly after?: string },
    ) {
      const { ShardIterator } = (await call('GetShardIterator', {
        ...{ StreamArn, ShardId, ShardIteratorType: at.type },
        ...(at.after !== undefined && { SequenceNumber: at.after }),
      })) as { ShardIterator: string };
      return ShardIterator;
    },
    async records(ShardIterator: string, Limit: number): Promise<StreamPage> {
      return withEmptyMaps(await call('GetRecords', { ShardIterator, Limit })) as StreamPage;
    },
  };
}

export type Streams = ReturnType<typeof streamsOf>;

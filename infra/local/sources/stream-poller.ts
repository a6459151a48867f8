/**
 * One event source mapping of a table's stream: reads its shards and calls the function, as Lambda's pollers do.
 *
 * Always true:
 * - the records of a shard are worked in order, one batch after the other, a child shard after its parent;
 * - what a batch did not finish is tried again from its oldest failure on; a call that failed as a whole is split where
 *   the mapping says so;
 * - records that failed as often as the mapping allows, or are older than it allows, are given up: where they lie goes to
 *   its destination, and the shard goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { FunctionProcess } from '../functions/function-process.ts';
import type { Logs } from '../processes/logs.ts';
import { type StreamRecord, type Streams, streamsOf, TrimmedError } from '../services/dynamodb-streams.ts';
import type { DeclaredStreamSource } from '../template/declared.ts';

/** Lambda reads a shard that has nothing new four times a second. */
const IDLE_PAUSE_MS = 250;
const ERROR_PAUSE_MS = 500;
const DISCOVERY_MS = 5_000;
const MOST_PAUSE_MS = 10_000;

export interface StreamPollerOptions {
  readonly source: DeclaredStreamSource;
  readonly shortName: string;
  readonly target: Pick<FunctionProcess, 'invoke' | 'declared'>;
  readonly endpoint: string;
  readonly dynamo: DynamoDBClient;
  /** Of the destination of what is given up; undefined: none is declared. */
  readonly failureUrl: string | undefined;
  readonly sqs: SQSClient;
  readonly logs: Logs;
  /** For tests: epoch ms. */
  readonly now?: () => number;
}

type Verdict = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly from: number };

/** What an answer says of a batch: done, or from which of its records on it is to come again. */
export function readStreamVerdict(answer: unknown, batch: readonly StreamRecord[]): Verdict | 'malformed' {
  const list =
    typeof answer === 'object' && answer !== null && 'batchItemFailures' in answer
      ? answer.batchItemFailures
      : undefined;
  if (list === null || list === undefined) return { kind: 'done' };
  if (!Array.isArray(list)) return 'malformed';
  let from = batch.length;
  for (const item of list as readonly unknown[]) {
    const id =
      typeof item === 'object' && item !== null && 'itemIdentifier' in item ? item.itemIdentifier : null;
    const index = batch.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === id);
    if (index === -1) return 'malformed';
    from = Math.min(from, index);
  }
  return from === batch.length ? { kind: 'done' } : { kind: 'failed', from };
}

export class StreamPoller {
  readonly #options: StreamPollerOptions;
  readonly #abort = new AbortController();
  readonly #streams: Streams;
  readonly #ended = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  #arn = '';
  #loop: Promise<void> | undefined;

  constructor(options: StreamPollerOptions) {
    this.#options = options;
    this.#streams = streamsOf(options.endpoint, this.#abort.signal);
  }

  start(): void {
    this.#loop = this.#discover();
  }

  /** Ends the reading; a call that runs is not awaited (its function is stopped next). */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
  }

  get #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Starts a reader for each shard whose parent has been read to its end. */
  async #discover(): Promise<void> {
    // Those that are there at the start are read from where the mapping says; later ones from their first record.
    let from = this.#options.source.from;
    while (!this.#isStopped) {
      try {
        if (this.#arn === '') this.#arn = await this.#findStream();
        const shards = await this.#streams.shards(this.#arn);
        const ids = new Set(shards.map(({ ShardId }) => ShardId));
        for (const { ShardId, ParentShardId } of shards) {
          const waits =
            ParentShardId !== undefined && ids.has(ParentShardId) && !this.#ended.has(ParentShardId);
          if (waits || this.#ended.has(ShardId) || this.#running.has(ShardId)) continue;
          const reader = this.#read(ShardId, from).finally(() => this.#running.delete(ShardId));
          this.#running.set(ShardId, reader);
        }
        from = 'TRIM_HORIZON';
        await this.#pause(DISCOVERY_MS, [...this.#running.values()]);
      } catch (error) {
        await this.#trouble('its shards could not be listed', error);
      }
    }
  }

  async #findStream(): Promise<string> {
    const { dynamo, source } = this.#options;
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: source.tableName }));
    if (Table?.LatestStreamArn === undefined) throw new Error(`${source.tableName} has no stream`);
    return Table.LatestStreamArn;
  }

  /** Until something has ended, or the time is over. */
  async #pause(ms: number, ends: readonly Promise<void>[] = []): Promise<void> {
    const over = sleep(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    await Promise.race([over, ...ends]);
  }

  async #trouble(what: string, error: unknown): Promise<void> {
    if (this.#isStopped) return;
    this.#log('error', `${what}: ${String(error)}`);
    await this.#pause(ERROR_PAUSE_MS);
  }

  async #read(shardId: string, begin: DeclaredStreamSource['from']): Promise<void> {
    let from = begin;
    let last: string | undefined;
    let iterator: string | undefined;
    while (!this.#isStopped) {
      try {
        const at = last === undefined ? { type: from } : { type: 'AFTER_SEQUENCE_NUMBER', after: last };
        iterator ??= await this.#streams.iterator(this.#arn, shardId, at);
        const page = await this.#streams.records(iterator, this.#options.source.batchSize);
        if (page.Records.length > 0) {
          await this.#work(shardId, page.Records);
          last = page.Records.at(-1)?.dynamodb.SequenceNumber;
        }
        iterator = page.NextShardIterator;
        if (iterator === undefined) {
          this.#ended.add(shardId);
          return;
        }
        if (page.Records.length === 0) await this.#pause(IDLE_PAUSE_MS);
      } catch (error) {
        iterator = undefined;
        if (error instanceof TrimmedError) {
          from = 'TRIM_HORIZON';
          last = undefined;
          await this.#pause(IDLE_PAUSE_MS);
          continue;
        }
        await this.#trouble(`shard ${shardId} could not be read`, error);
      }
    }
  }

  /** Returns when every record is worked or given up, or the system stops. */
  async #work(shardId: string, records: readonly StreamRecord[]): Promise<void> {
    const { source } = this.#options;
    let batch = records;
    let tries = 0;
    while (batch.length > 0 && !this.#isStopped) {
      const old = source.maxAgeSeconds === -1 ? 0 : this.#countOld(batch);
      if (old > 0) {
        await this.#giveUp(shardId, batch.slice(0, old), 'RecordAgeExceeded', tries);
        batch = batch.slice(old);
        continue;
      }
      const verdict = await this.#call(batch);
      if (verdict === 'thrown' && source.bisects && batch.length > 1) {
        const half = Math.ceil(batch.length / 2);
        await this.#work(shardId, batch.slice(0, half));
        batch = batch.slice(half);
        tries = 0;
        continue;
      }
      if (verdict !== 'thrown' && verdict.kind === 'done') return;
      const from = verdict === 'thrown' ? 0 : verdict.from;
      tries = from > 0 ? 1 : tries + 1;
      batch = batch.slice(from);
      if (source.retries !== -1 && tries > source.retries) {
        // Of a partly done batch only the oldest failure is known to be one.
        const lost = verdict === 'thrown' ? batch.length : 1;
        await this.#giveUp(shardId, batch.slice(0, lost), 'RetryAttemptsExhausted', tries);
        batch = batch.slice(lost);
        tries = 0;
        continue;
      }
      await this.#pause(Math.min(MOST_PAUSE_MS, 100 * 2 ** tries));
    }
  }

  #countOld(batch: readonly StreamRecord[]): number {
    const { now = Date.now, source } = this.#options;
    const oldest = now() / 1000 - source.maxAgeSeconds;
    const young = batch.findIndex(({ dynamodb }) => dynamodb.ApproximateCreationDateTime >= oldest);
    return young === -1 ? batch.length : young;
  }

  async #call(batch: readonly StreamRecord[]): Promise<Verdict | 'thrown'> {
    const { source, target } = this.#options;
    const Records = batch.map((record) => ({ ...record, eventSourceARN: this.#arn }));
    try {
      const answer = await target.invoke({ Records });
      if (!source.reportsItemFailures) return { kind: 'done' };
      const verdict = readStreamVerdict(answer, batch);
      if (verdict !== 'malformed') return verdict;
      this.#log('error', 'malformed answer; the whole batch comes again');
      return { kind: 'failed', from: 0 };
    } catch (error) {
      if (!this.#isStopped)
        this.#log(
          'warn',
          `${batch.length} records come again: ${error instanceof Error ? error.message : error}`,
        );
      return 'thrown';
    }
  }

  async #giveUp(
    shardId: string,
    lost: readonly StreamRecord[],
    condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded',
    tries: number,
  ): Promise<void> {
    const { failureUrl, sqs, target } = this.#options;
    const [first] = lost;
    this.#log('error', `${lost.length} records are given up (${condition})`);
    if (failureUrl === undefined || first === undefined) return;
    const seconds = (record: StreamRecord | undefined) =>
      new Date((record?.dynamodb.ApproximateCreationDateTime ?? 0) * 1000).toISOString();
    const MessageBody = JSON.stringify({
      requestContext: { functionArn: target.declared.arn, condition, approximateInvokeCount: tries },
      version: '1.0',
      timestamp: new Date().toISOString(),
      DDBStreamBatchInfo: {
        shardId,
        startSequenceNumber: first.dynamodb.SequenceNumber,
        endSequenceNumber: lost.at(-1)?.dynamodb.SequenceNumber,
        approximateArrivalOfFirstRecord: seconds(first),
        approximateArrivalOfLastRecord: seconds(lost.at(-1)),
        batchSize: lost.length,
        streamArn: this.#arn,
      },
    });
    await sqs.send(new SendMessageCommand({ QueueUrl: failureUrl, MessageBody }));
  }

  #log(level: 'warn' | 'error', text: string): void {
    const { logs, shortName, target } = this.#options;
    logs.write('streams', level, `${shortName} -> ${target.declared.shortName}: ${text}`);
  }
}

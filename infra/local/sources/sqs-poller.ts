/**
 * One SQS event source mapping: polls the queue and calls the function, as Lambda's pollers do.
 *
 * Always true:
 * - a call holds at most BatchSize messages, and at most MaximumConcurrency calls run at once;
 * - what a call did not finish stays in the queue until its visibility timeout has passed, then it comes again;
 * - on a FIFO queue no two calls hold messages of one group (the queue keeps a group locked until its
 *   messages are deleted, and a receive is never split over calls);
 * - a receive is outstanding whenever a call could be made, so a message waits for nobody.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { FunctionProcess } from '../functions/function-process.ts';
import type { Logs } from '../processes/logs.ts';
import { isRecursive, RECURSION_LIMIT } from '../services/trace.ts';
import type { DeclaredQueue, DeclaredQueueSource } from '../template/declared.ts';
import { type Received, readVerdict, received, toEvent } from './sqs-event.ts';

/** What Lambda starts with on a standard queue when no MaximumConcurrency is declared. */
const DEFAULT_CONCURRENCY = 5;
const RECEIVE_LIMIT = 10;
const LONG_POLL_SECONDS = 20;
const ERROR_PAUSE_MS = 200;

/** For tests of faults: what becomes of a message on its way to the function. */
export type Interception = 'deliver' | 'drop' | 'double' | { readonly delayMs: number };
export type Intercept = (queueName: string, message: Message) => Interception;

export interface PollerOptions {
  readonly source: DeclaredQueueSource;
  readonly queue: DeclaredQueue;
  /** Where a message goes that recursion detection stops; undefined drops it, as Lambda does. */
  readonly deadLetterUrl: string | undefined;
  readonly target: FunctionProcess;
  readonly client: SQSClient;
  readonly logs: Logs;
  readonly intercept: Intercept | undefined;
}

export class SqsPoller {
  readonly #options: PollerOptions;
  readonly #limit: number;
  readonly #isFifo: boolean;
  readonly #abort = new AbortController();
  readonly #delayed = new Set<NodeJS.Timeout>();
  #running = 0;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#isFifo = options.queue.attributes['FifoQueue'] === 'true';
    // On a FIFO queue the number of groups with messages is the bound, unless a lower one is declared.
    const unbound = this.#isFifo ? Number.POSITIVE_INFINITY : DEFAULT_CONCURRENCY;
    this.#limit = options.source.maxConcurrency ?? unbound;
  }

  start(): void {
    this.#loop = this.#poll();
  }

  /** Ends the polling; calls that run are not awaited (their function is stopped next). */
  async stop(): Promise<void> {
    this.#abort.abort();
    for (const timer of this.#delayed) clearTimeout(timer);
    this.#wake?.();
    await this.#loop;
  }

  async #poll(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const free = this.#limit - this.#running;
      if (free <= 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      try {
        const messages = await this.#gather(free);
        for (const batch of this.#batches(messages)) this.#call(batch);
      } catch (error) {
        if (signal.aborted) return;
        this.#log('error', `receive failed: ${String(error)}`);
        await sleep(ERROR_PAUSE_MS);
      }
    }
  }

  /** One receive; with a batching window more of them until a batch is full or the window is over. */
  async #gather(freeCalls: number): Promise<readonly Received[]> {
    const { batchSize, windowSeconds } = this.#options.source;
    // FIFO: one call per receive, so that a group is never spread over two.
    const wanted = this.#isFifo ? batchSize : batchSize * freeCalls;
    const gathered = await this.#receive(Math.min(RECEIVE_LIMIT, wanted), LONG_POLL_SECONDS);
    if (gathered.length === 0) return gathered;
    const end = Date.now() + windowSeconds * 1000;
    while (gathered.length < batchSize) {
      const leftSeconds = Math.ceil((end - Date.now()) / 1000);
      if (leftSeconds <= 0) break;
      gathered.push(
        ...(await this.#receive(Math.min(RECEIVE_LIMIT, batchSize - gathered.length), leftSeconds)),
      );
    }
    return gathered;
  }

  async #receive(count: number, waitSeconds: number): Promise<Received[]> {
    const { client, queue } = this.#options;
    const command = new ReceiveMessageCommand({
      QueueUrl: queue.url,
      MaxNumberOfMessages: count,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const { Messages } = await client.send(command, { abortSignal: this.#abort.signal });
    return (Messages ?? []).map(received);
  }

  #batches(messages: readonly Received[]): readonly (readonly Received[])[] {
    const through = messages.flatMap((message) => this.#let(message));
    const { batchSize } = this.#options.source;
    const batches: Received[][] = [];
    for (let at = 0; at < through.length; at += batchSize) batches.push(through.slice(at, at + batchSize));
    return batches;
  }

  /** Recursion detection and the tests' interception. Answers the message if it is to be delivered now. */
  #let(message: Received): readonly Received[] {
    const { target, intercept, queue } = this.#options;
    if (!target.declared.allowsRecursion && isRecursive(target.declared.name, message.trace)) {
      this.#background(this.#stopRecursion(message));
      return [];
    }
    const action = intercept?.(queue.shortName, message.message) ?? 'deliver';
    if (action === 'deliver') return [message];
    if (action === 'drop') {
      this.#background(this.#delete([message]));
      return [];
    }
    if (action === 'double') {
      this.#call([message]);
      return [message];
    }
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      this.#call([message]);
    }, action.delayMs);
    this.#delayed.add(timer);
    return [];
  }

  #call(batch: readonly Received[]): void {
    this.#running += 1;
    const done = this.#deliver(batch).finally(() => {
      this.#running -= 1;
      this.#wake?.();
    });
    this.#background(done);
  }

  async #deliver(batch: readonly Received[]): Promise<void> {
    const { source, queue, target } = this.#options;
    let answer: unknown;
    try {
      answer = await target.invoke(toEvent(batch, queue.arn), { causes: batch.map(({ trace }) => trace) });
    } catch (error) {
      this.#log(
        'warn',
        `${batch.length} messages come again: ${error instanceof Error ? error.message : error}`,
      );
      return;
    }
    const verdict = source.reportsItemFailures
      ? readVerdict(answer, batch)
      : ({ kind: 'done', failed: new Set<string>() } as const);
    if (verdict.kind === 'malformed') {
      this.#log('error', `malformed answer (${verdict.why}); the whole batch comes again`);
      return;
    }
    await this.#delete(batch.filter(({ messageId }) => !verdict.failed.has(messageId)));
  }

  async #delete(done: readonly Received[]): Promise<void> {
    const { client, queue } = this.#options;
    for (let at = 0; at < done.length; at += RECEIVE_LIMIT) {
      const Entries = done
        .slice(at, at + RECEIVE_LIMIT)
        .map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
      const { Failed } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      for (const failure of Failed ?? [])
        this.#log('warn', `a message could not be deleted: ${failure.Message}`);
    }
  }

  async #stopRecursion(message: Received): Promise<void> {
    const { target, deadLetterUrl, client } = this.#options;
    const name = target.declared.shortName;
    this.#log(
      'error',
      `recursion: ${name} is in the message's lineage ${RECURSION_LIMIT} times; not called again`,
    );
    if (deadLetterUrl !== undefined) {
      const { MessageGroupId } = message.message.Attributes ?? {};
      await client.send(
        new SendMessageCommand({
          QueueUrl: deadLetterUrl,
          MessageBody: message.message.Body,
          ...(MessageGroupId === undefined || !this.#isFifo
            ? {}
            : { MessageGroupId, MessageDeduplicationId: message.messageId }),
        }),
      );
    }
    await this.#delete([message]);
  }

  /** Work nobody waits for: its failure is written down (the message then comes again by itself). */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#abort.signal.aborted) this.#log('error', `queue request failed: ${String(error)}`);
    });
  }

  #log(level: 'warn' | 'error', text: string): void {
    const { logs, queue, target } = this.#options;
    logs.write('queues', level, `${queue.shortName} -> ${target.declared.shortName}: ${text}`);
  }
}

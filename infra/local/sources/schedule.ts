/**
 * One scheduled rule: fires once at the start and then on the wall clock's minutes, as EventBridge does.
 * A function is called asynchronously: on failure again after one and two minutes (as Lambda), then the
 * event goes to its dead-letter queue, if it has one.
 */
import { randomUUID } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { FunctionProcess } from '../functions/function-process.ts';
import type { Logs } from '../processes/logs.ts';
import type { DeclaredQueue, DeclaredRule, DeclaredTarget } from '../template/declared.ts';
import { ACCOUNT, REGION } from '../template/intrinsics.ts';

const MINUTE_MS = 60_000;

export interface ScheduleOptions {
  readonly rule: DeclaredRule;
  readonly functions: ReadonlyMap<string, FunctionProcess>;
  readonly queues: ReadonlyMap<string, DeclaredQueue>;
  readonly client: SQSClient;
  readonly logs: Logs;
}

/** The body of a scheduled event. */
export const scheduledEvent = (rule: DeclaredRule, at: Date) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: ACCOUNT,
  time: `${at.toISOString().slice(0, 19)}Z`,
  region: REGION,
  resources: [rule.arn],
  detail: {},
});

export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    this.fire();
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Fires now, whatever the time. */
  fire(): void {
    const { rule, logs } = this.#options;
    const event = scheduledEvent(rule, new Date());
    for (const target of rule.targets) {
      this.#deliver(target, target.input === undefined ? event : JSON.parse(target.input)).catch(
        (error: unknown) => logs.write('rules', 'error', `${rule.name} -> ${target.arn}: ${String(error)}`),
      );
    }
  }

  #next(): void {
    const period = this.#options.rule.everyMinutes * MINUTE_MS;
    this.#after(period - (Date.now() % period), () => {
      this.fire();
      this.#next();
    });
  }

  #after(ms: number, work: () => void): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }

  async #deliver(target: DeclaredTarget, event: unknown): Promise<void> {
    const { functions, queues, rule } = this.#options;
    const called = functions.get(target.arn);
    if (called) return this.#call(called, event, 0);
    const queue = queues.get(target.arn);
    if (!queue)
      throw new Error(`rule ${rule.name}: its target ${target.arn} is neither a function nor a queue here`);
    await this.#send(queue, event, target.messageGroupId);
  }

  async #call(target: FunctionProcess, event: unknown, retried: number): Promise<void> {
    const { rule, logs, queues } = this.#options;
    try {
      await target.invoke(event);
    } catch (error) {
      if (this.#isStopped) return;
      const why = `${rule.name} -> ${target.declared.shortName}: ${error instanceof Error ? error.message : error}`;
      if (retried < target.declared.asyncRetries) {
        logs.write('rules', 'warn', `${why}; again in ${retried + 1} min`);
        this.#after((retried + 1) * MINUTE_MS, () => void this.#call(target, event, retried + 1));
        return;
      }
      logs.write('rules', 'error', `${why}; given up`);
      const { deadLetterArn } = target.declared;
      const queue = deadLetterArn === undefined ? undefined : queues.get(deadLetterArn);
      if (queue) await this.#send(queue, event, undefined);
    }
  }

  async #send(queue: DeclaredQueue, event: unknown, messageGroupId: string | undefined): Promise<void> {
    await this.#options.client.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: JSON.stringify(event),
        ...(messageGroupId === undefined ? {} : { MessageGroupId: messageGroupId }),
      }),
    );
  }
}

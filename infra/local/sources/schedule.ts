/**
 * One scheduled rule: fires once at the start and then on the wall clock's minutes, as EventBridge does.
 * A function is called asynchronously: on failure again after one and two minutes (as Lambda, within the
 * declared attempts and age), then the event goes to where the template says.
 * The firing at the start meets parts that are still waking up: what fails then is called again every few seconds
 * for about a minute, and only then as declared.
 */
import { randomUUID } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { FunctionProcess } from '../functions/function-process.ts';
import type { Logs } from '../processes/logs.ts';
import type { DeclaredQueue, DeclaredRule, DeclaredTarget } from '../template/declared.ts';
import { ACCOUNT, REGION } from '../template/intrinsics.ts';

const MINUTE_MS = 60_000;
/** After a failure of the firing at the start. */
const START_WAITS_MS = [1, 2, 4, ...Array.from({ length: 11 }, () => 5)].map((seconds) => seconds * 1000);

interface Call {
  readonly event: unknown;
  /** What is left of the quick calls of the start. */
  readonly quick: readonly number[];
  readonly retried: number;
  readonly sentAt: number;
}

type Callable = Pick<FunctionProcess, 'declared' | 'invoke'>;

export interface ScheduleOptions {
  readonly rule: DeclaredRule;
  readonly functions: ReadonlyMap<string, Callable>;
  readonly queues: ReadonlyMap<string, DeclaredQueue>;
  readonly client: SQSClient;
  readonly logs: Pick<Logs, 'write'>;
  /** For tests: the waits after a failure of the firing at the start, ms. */
  readonly startWaitsMs?: readonly number[];
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
    this.#fire(this.#options.startWaitsMs ?? START_WAITS_MS);
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Fires now, whatever the time. */
  fire(): void {
    this.#fire([]);
  }

  #fire(quick: readonly number[]): void {
    const { rule, logs } = this.#options;
    const event = scheduledEvent(rule, new Date());
    for (const target of rule.targets) {
      this.#deliver(target, target.input === undefined ? event : JSON.parse(target.input), quick).catch(
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

  async #deliver(target: DeclaredTarget, event: unknown, quick: readonly number[]): Promise<void> {
    const { functions, queues, rule } = this.#options;
    const called = functions.get(target.arn);
    if (called) return this.#call(called, { event, quick, retried: 0, sentAt: Date.now() });
    const queue = queues.get(target.arn);
    if (!queue)
      throw new Error(`rule ${rule.name}: its target ${target.arn} is neither a function nor a queue here`);
    await this.#send(queue, event, target.messageGroupId);
  }

  async #call(target: Callable, call: Call): Promise<void> {
    const { rule, logs } = this.#options;
    const { event, retried, sentAt } = call;
    const { retries, maxAgeSeconds } = target.declared.asynchronous;
    try {
      await target.invoke(event);
    } catch (error) {
      if (this.#isStopped) return;
      const reason = error instanceof Error ? error.message : String(error);
      const why = `${rule.name} -> ${target.declared.shortName}: ${reason}`;
      const [soonMs, ...quick] = call.quick;
      if (soonMs !== undefined) {
        logs.write('rules', 'warn', `${why}; at the start, again in ${soonMs} ms`);
        // What is declared counts from the last of these calls.
        this.#after(soonMs, () => void this.#call(target, { ...call, quick, sentAt: Date.now() }));
        return;
      }
      const waitMs = (retried + 1) * MINUTE_MS;
      if (retried < retries && Date.now() + waitMs - sentAt <= maxAgeSeconds * 1000) {
        logs.write('rules', 'warn', `${why}; again in ${retried + 1} min`);
        this.#after(waitMs, () => void this.#call(target, { ...call, retried: retried + 1 }));
        return;
      }
      logs.write('rules', 'error', `${why}; given up`);
      await this.#giveUp(target, event, reason, retried + 1).catch((failure: unknown) =>
        logs.write('rules', 'error', `${why}; its dead letter could not be sent: ${String(failure)}`),
      );
    }
  }

  /** What Lambda does with an event it gives up: the event to the dead-letter queue, a record to the destination. */
  async #giveUp(target: Callable, event: unknown, reason: string, attempts: number): Promise<void> {
    const { queues } = this.#options;
    const { deadLetterArn, onFailureArn } = target.declared.asynchronous;
    const deadLetters = deadLetterArn === undefined ? undefined : queues.get(deadLetterArn);
    if (deadLetters) await this.#send(deadLetters, event, undefined);
    const destination = onFailureArn === undefined ? undefined : queues.get(onFailureArn);
    if (!destination) return;
    const record = {
      version: '1.0',
      timestamp: new Date().toISOString(),
      requestContext: {
        requestId: randomUUID(),
        functionArn: `${target.declared.arn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: attempts,
      },
      requestPayload: event,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorMessage: reason },
    };
    await this.#send(destination, record, undefined);
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

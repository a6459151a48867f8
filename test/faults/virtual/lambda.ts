/**
 * Functions as Lambda runs them: a container works one invocation at a time and is kept for the next; one that runs
 * out of time is killed, and so is one that a fault has killed; its messages come back when their visibility ends.
 *
 * A frozen container is not killed at its timeout but a moment after it thaws: what it still does then has to be
 * harmless.
 */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Kernel } from './kernel.ts';
import type { Gate, Proc } from './proc.ts';
import type { Chance } from './random.ts';
import type { Message, Queue } from './sqs.ts';
import { joined, type Trace } from './trace.ts';

export interface FunctionTraits {
  readonly name: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly batchSize: number;
}

export type Handler = (event: SQSEvent, remainingMs: number) => Promise<SQSBatchResponse>;

interface Container {
  readonly proc: Proc;
  readonly handler: Handler;
}

export interface LambdaParts {
  readonly kernel: Kernel;
  readonly gate: Gate;
  readonly trace: Trace;
  readonly chance: Chance;
  /** A machine of its own, with its own clock. */
  readonly makeProc: (name: string) => Proc;
}

/** A thawed container lives on so long after it should have been killed. */
const AFTER_THAW_MS = 3_000;
/** A container is not always there for the next invocation. */
const COLD = 0.05;

export class Lambda {
  readonly #traits: FunctionTraits;
  readonly #queue: Queue;
  readonly #parts: LambdaParts;
  readonly #makeHandler: (proc: Proc) => Handler;
  readonly #idle: Container[] = [];
  #running = 0;
  #made = 0;
  invocations = 0;
  unexplainedFailures = 0;

  constructor(
    traits: FunctionTraits,
    queue: Queue,
    parts: LambdaParts,
    makeHandler: (proc: Proc) => Handler,
  ) {
    this.#traits = traits;
    this.#queue = queue;
    this.#parts = parts;
    this.#makeHandler = makeHandler;
    // Named first, as in run-seed.ts.
    const poll = (): void => this.#poll();
    queue.onVisible = poll;
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  #poll(): void {
    while (this.#running < this.#traits.concurrency) {
      const messages = this.#queue.receive(this.#traits.batchSize);
      if (messages.length === 0) return;
      this.#invoke(messages);
    }
  }

  #container(): Container {
    const idle = this.#parts.chance.happens(COLD) ? undefined : this.#idle.pop();
    if (idle?.proc.isAlive === true) return idle;
    const proc = this.#parts.makeProc(`${this.#traits.name}-${++this.#made}`);
    return { proc, handler: this.#makeHandler(proc) };
  }

  #invoke(messages: readonly Message[]): void {
    const { kernel, trace, gate } = this.#parts;
    const container = this.#container();
    const { proc } = container;
    // What the last invocation left running may have frozen it.
    proc.wasStruck = kernel.now < proc.frozenUntil;
    this.#running += 1;
    this.invocations += 1;
    trace.note(
      joined('invoke', '.', this.#traits.name),
      () => `${proc.name} ${messages.map((m) => m.body).join(' ')}`,
    );
    let isOver = false;
    const over = (): boolean => {
      if (isOver) return false;
      isOver = true;
      timer.fire = null;
      this.#running -= 1;
      return true;
    };
    const timer = kernel.after(this.#traits.timeoutMs, () => {
      if (!over()) return;
      const isFrozen = kernel.now < proc.frozenUntil;
      gate.chaos.disturb(kernel.now);
      if (!isFrozen) gate.kill(proc, 'out of time');
      else kernel.at(proc.frozenUntil + AFTER_THAW_MS, () => gate.kill(proc, 'out of time, after it thawed'));
      this.#poll();
    });
    proc.onKill(() => {
      if (over()) this.#poll();
    });
    const end = (failed: (message: Message) => boolean): void => {
      // Its answer comes too late, or from nobody.
      if (!proc.isAlive || !over()) return;
      for (const message of messages) {
        if (!failed(message)) this.#queue.delete(message);
        else if (!proc.wasStruck) {
          message.unexplained += 1;
          this.unexplainedFailures += 1;
          trace.note('failed', () => `${proc.name} ${message.body}`);
        }
      }
      this.#idle.push(container);
      this.#poll();
    };
    const event = { Records: messages.map(recordOf) };
    gate
      .run(proc, () => container.handler(event, this.#traits.timeoutMs))
      .then(
        ({ batchItemFailures }) => {
          const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
          end((message) => failed.has(message.id));
        },
        () => end(() => true),
      );
  }
}

const recordOf = (message: Message): SQSRecord => ({
  messageId: message.id,
  body: message.body,
  receiptHandle: message.id,
  attributes: {
    ApproximateReceiveCount: String(message.receives),
    SentTimestamp: '0',
    SenderId: 'virtual',
    ApproximateFirstReceiveTimestamp: '0',
    ...(message.group === null ? {} : { MessageGroupId: message.group }),
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: '',
  awsRegion: '',
});

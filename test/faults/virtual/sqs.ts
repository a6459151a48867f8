/**
 * Queues as SQS has them, and worse: messages are also lost.
 *
 * Always true:
 * - a message that was received is hidden until it is deleted or its visibility ends; then it comes again;
 * - one that was received more often than allowed goes to the dead letters;
 * - FIFO: the messages of a group come in their order, none while one of them is under way; a repeat of a deduplication
 *   id within five minutes is taken and not delivered.
 */
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DeadLetter } from '../../../shared/ports/dead-letters.ts';
import type { Chaos } from './chaos.ts';
import type { Kernel, Timer } from './kernel.ts';
import type { Gate, Proc } from './proc.ts';
import type { Chance } from './random.ts';
import { joined, type Trace } from './trace.ts';

export type QueueName = 'submit' | 'exits' | 'executions' | 'triggers' | 'reconcile';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly group: string | null;
  visibleAt: number;
  receives: number;
  /** Each receive that ended without success, and was no fault's work. */
  unexplained: number;
  /** Fires when it becomes visible. */
  wake: Timer | null;
}

export const MAX_RECEIVES = 5;
const DEDUPLICATION_MS = 5 * 60_000;
const MISSED_MS = 1_000;

export interface QueueParts {
  readonly kernel: Kernel;
  readonly chaos: Chaos;
  readonly chance: Chance;
  readonly trace: Trace;
}

export class Queue {
  readonly name: QueueName;
  readonly messages: Message[] = [];
  readonly dead: Message[] = [];
  readonly visibilityMs: number;
  /** Told when something becomes visible. */
  onVisible: () => void = () => undefined;
  readonly #isFifo: boolean;
  readonly #traced: string;
  readonly #parts: QueueParts;
  readonly #seen = new Map<string, number>();
  /** Became visible, and is not known to be hidden again. */
  readonly #ready = new Set<Message>();
  #nextId = 0;

  constructor(name: QueueName, of: { isFifo: boolean; visibilityMs: number }, parts: QueueParts) {
    this.name = name;
    this.#traced = `queue.${name}`;
    this.#isFifo = of.isFifo;
    this.visibilityMs = of.visibilityMs;
    this.#parts = parts;
  }

  /** Takes a message, whatever becomes of it then. */
  send(body: string, delaySeconds: number, group: string | null, deduplicationId: string | null): void {
    const { kernel, chaos, chance, trace } = this.#parts;
    if (this.#isFifo && deduplicationId !== null) {
      const before = this.#seen.get(deduplicationId);
      if (before !== undefined && kernel.now - before < DEDUPLICATION_MS) return;
      this.#seen.set(deduplicationId, kernel.now);
    }
    // A sweep that is sent ahead is one of many: its loss is drawn like any other's.
    const fate = chaos.isOver ? 'kept' : this.#fate();
    if (fate !== 'kept') chaos.count(`message_${fate}`);
    if (fate === 'lost' || fate === 'late') this.#missed(kernel.now + delaySeconds * 1000);
    trace.note(joined(this.#traced, '.', fate), () => body);
    if (fate === 'lost') return;
    const { lateMs } = chaos.weather.message;
    const late = fate === 'late' ? chance.between(200, lateMs) : 0;
    this.#add(body, kernel.now + delaySeconds * 1000 + late, group);
    if (fate === 'doubled')
      this.#add(body, kernel.now + delaySeconds * 1000 + chance.between(0, lateMs), group);
  }

  /** It is missed when it should have come, and until another can have done its work: sweeps come once a second. */
  #missed(at: number): void {
    const { kernel, chaos } = this.#parts;
    if (at === kernel.now) chaos.disturb(at + MISSED_MS);
    else kernel.at(at, () => chaos.disturb(at + MISSED_MS));
  }

  #fate(): 'kept' | 'lost' | 'late' | 'doubled' {
    const { chaos, chance } = this.#parts;
    const { lost, late, doubled } = chaos.weather.message;
    let x = chance.unit();
    x -= lost;
    if (x < 0) return 'lost';
    x -= late;
    if (x < 0) return 'late';
    // A FIFO queue doubles nothing by itself; what is redelivered comes twice.
    return x < doubled && !this.#isFifo ? 'doubled' : 'kept';
  }

  #add(body: string, visibleAt: number, group: string | null): void {
    const id = `${this.name}-${this.#nextId++}`;
    const message = { id, body, group, visibleAt, receives: 0, unexplained: 0, wake: null };
    this.messages.push(message);
    this.#wake(message);
  }

  #wake(message: Message): void {
    message.wake = this.#parts.kernel.at(message.visibleAt, () => {
      this.#ready.add(message);
      this.onVisible();
    });
  }

  /** Up to `limit` messages, hidden from now on. */
  receive(limit: number): Message[] {
    const { kernel, trace } = this.#parts;
    const taken: Message[] = [];
    const blocked = new Set<string>();
    // Without groups only what has become visible is of interest, in that order.
    for (const message of this.#isFifo ? [...this.messages] : this.#ready) {
      if (taken.length === limit) break;
      if (message.group !== null && blocked.has(message.group)) continue;
      if (message.visibleAt > kernel.now) {
        if (message.group !== null) blocked.add(message.group);
        continue;
      }
      this.#ready.delete(message);
      if (message.receives >= MAX_RECEIVES) {
        this.#remove(message);
        this.dead.push(message);
        trace.note('dead_letter', () => `${this.name} ${message.body}`);
        continue;
      }
      message.receives += 1;
      message.visibleAt = kernel.now + this.visibilityMs;
      this.#wake(message);
      taken.push(message);
    }
    return taken;
  }

  /** Done with. The deletion itself may get lost: then it comes again. */
  delete(message: Message): void {
    const { chaos, chance } = this.#parts;
    if (!chaos.isOver && chance.happens(chaos.weather.message.redelivered)) {
      chaos.count('message_redelivered');
      return;
    }
    this.#remove(message);
    if (message.group !== null) this.#parts.kernel.after(0, () => this.onVisible());
  }

  /** A worker puts it among the dead letters by itself; that it is done with is told apart. */
  giveUp(letter: DeadLetter, wasStruck: boolean): void {
    const message = this.messages.find(({ id }) => id === letter.messageId);
    if (message === undefined) return;
    if (!wasStruck) message.unexplained += 1;
    this.dead.push({ ...message });
    this.#parts.trace.note(
      'dead_letter',
      () => `${this.name} ${letter.reason} ${letter.error} ${letter.body}`,
    );
  }

  /** Those of them that have not been delivered yet are lost. */
  loseHidden(isLost: (body: string) => boolean): void {
    const { now } = this.#parts.kernel;
    for (const message of [...this.messages]) {
      if (message.receives === 0 && message.visibleAt > now && isLost(message.body)) this.#remove(message);
    }
  }

  #remove(message: Message): void {
    const at = this.messages.indexOf(message);
    if (at >= 0) this.messages.splice(at, 1);
    this.#ready.delete(message);
    // What is done with wakes nobody: most messages are, long before their visibility ends.
    if (message.wake !== null) message.wake.fire = null;
  }
}

export type Queues = Readonly<Record<QueueName, Queue>>;

interface Single {
  readonly MessageBody?: string;
  readonly DelaySeconds?: number;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

interface Command {
  readonly input: Single & { readonly QueueUrl: QueueName; readonly Entries?: readonly Single[] };
}

/** What a process has of SQS: enough for the product's own outbox. Queue URLs are the queues' names. */
export function sqsClient(gate: Gate, proc: Proc, queues: Queues): SQSClient {
  const put = (queue: Queue, entry: Single): void => {
    const {
      MessageBody = '',
      DelaySeconds = 0,
      MessageGroupId = null,
      MessageDeduplicationId = null,
    } = entry;
    queue.send(MessageBody, DelaySeconds, MessageGroupId, MessageDeduplicationId);
  };
  const send = ({ input }: Command): Promise<{ Failed: readonly never[] }> => {
    const queue = queues[input.QueueUrl];
    return gate.call(
      proc,
      joined('sqs', '.', queue.name),
      async () => {
        for (const entry of input.Entries ?? [input]) put(queue, entry);
        return { Failed: [] };
      },
      null,
      () => input.MessageBody ?? `${input.Entries?.length ?? 0} messages`,
    );
  };
  return { send } as unknown as SQSClient;
}

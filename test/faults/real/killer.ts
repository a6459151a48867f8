/**
 * Kills processes of the running system, each by its own handle: functions at the very moment at which they have got
 * work, the streamer and the cache by the clock. Beside that, messages come twice, late, or not at all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Intercept, Interception } from '../../../infra/local/sources/sqs-poller.ts';
import type { RunningSystem } from '../../../infra/local/system.ts';
import type { Draw } from './draw.ts';
import type { Tally } from './tally.ts';

/** Least and most time between two kills of one process, in ms. */
type Pause = readonly [least: number, most: number];

/** Functions that are killed while they work: by the queue whose message they just got. */
const BY_QUEUE: Readonly<Record<string, string>> = {
  submit: 'submit',
  exits: 'exits',
  executions: 'executions',
  triggers: 'evaluate',
  reconcile: 'reconcile',
};
const WORKING: Pause = [6_000, 20_000];
/** From the delivery to the kill: before, between and after what the function waits for. */
const LONGEST_WORK_MS = 70;
/** So often one message may kill: it is the process that dies at random, and no message is the poison. */
const MOST_DEATHS = 2;
const API: Pause = [9_000, 25_000];
const BY_CLOCK: Readonly<Record<string, Pause>> = { dispatch: [30_000, 70_000], symbols: [30_000, 70_000] };
const STREAMER: Pause = [18_000, 45_000];
const CACHE: Pause = [40_000, 90_000];

const DOUBLE_PERCENT = 6;
const LATE_PERCENT = 5;
const LOST_PERCENT = 2;
const LATEST_MS = 4_000;
/** Pointers may be lost: what they point at is owed anyway. Reports of a venue are lost at the venue instead. */
const MAY_BE_LOST = new Set(['submit', 'exits', 'triggers', 'reconcile']);

export class Killer {
  readonly #draw: Draw;
  readonly #tally: Tally;
  readonly #nextAt = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #system: RunningSystem | null = null;
  #stop: AbortController | null = null;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(draw: Draw, tally: Tally) {
    this.#draw = draw;
    this.#tally = tally;
  }

  start(system: RunningSystem): void {
    this.#system = system;
    const stop = new AbortController();
    this.#stop = stop;
    for (const name of [...Object.values(BY_QUEUE), 'api']) this.#after(name, WORKING);
    const loops = Object.entries(BY_CLOCK).map(([name, pause]) =>
      this.#every(pause, stop.signal, () => this.#kill(name)),
    );
    loops.push(this.#every(STREAMER, stop.signal, () => this.#killStreamer()));
    loops.push(this.#every(CACHE, stop.signal, () => this.#killCache()));
    this.#loops = Promise.all(loops);
  }

  /** Nothing more is killed, lost or doubled once this has resolved. @throws when the cache did not come back */
  async stop(): Promise<void> {
    this.#stop?.abort();
    this.#system = null;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.#loops;
  }

  /** What becomes of a message; whoever works on it may die of it. */
  readonly intercept: Intercept = (queue, { Attributes }) => {
    if (this.#system === null) return 'deliver';
    const name = BY_QUEUE[queue];
    const received = Number.parseInt(Attributes?.ApproximateReceiveCount ?? '1', 10); // not money: a count
    if (name !== undefined && received <= MOST_DEATHS) this.#whileItWorks(name, WORKING);
    if (this.#draw.chance(DOUBLE_PERCENT)) return this.#spoilt(queue, 'doubled', 'double');
    if (this.#draw.chance(LATE_PERCENT)) {
      return this.#spoilt(queue, 'late', { delayMs: this.#draw.between(50, LATEST_MS) });
    }
    const isLost = MAY_BE_LOST.has(queue) && this.#draw.chance(LOST_PERCENT);
    return isLost ? this.#spoilt(queue, 'lost', 'drop') : 'deliver';
  };

  /** A request is on its way to the API. */
  readonly request = (): void => {
    if (this.#system !== null) this.#whileItWorks('api', API);
  };

  #spoilt(queue: string, how: string, interception: Interception): Interception {
    this.#tally.count('messages', `${queue} ${how}`);
    return interception;
  }

  #after(name: string, [least, most]: Pause): void {
    this.#nextAt.set(name, Date.now() + this.#draw.between(least, most));
  }

  #whileItWorks(name: string, pause: Pause): void {
    if (Date.now() < (this.#nextAt.get(name) ?? Number.POSITIVE_INFINITY)) return;
    this.#nextAt.delete(name);
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#kill(name);
        // Counted from when it works again: on a busy machine a start takes longer than the shortest pause.
        void this.#system?.functionReady(name).then(() => this.#after(name, pause));
      },
      this.#draw.between(0, LONGEST_WORK_MS),
    );
    this.#timers.add(timer);
  }

  #kill(name: string): void {
    if (this.#system === null) return;
    this.#system.killFunction(name);
    this.#tally.count('kills', name);
  }

  async #killStreamer(): Promise<void> {
    this.#system?.killStreamer();
    this.#tally.count('kills', 'streamer');
  }

  async #killCache(): Promise<void> {
    if (this.#system === null) return;
    this.#tally.count('kills', 'redis');
    await this.#system.crashCache();
  }

  async #every(pause: Pause, stop: AbortSignal, work: () => void | Promise<void>): Promise<void> {
    while (!stop.aborted) {
      const pauseMs = this.#draw.between(...pause);
      await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
      if (!stop.aborted) await work();
    }
  }
}

/**
 * Virtual time: one heap of events, fired in order of time and, at the same instant, in the order they were made.
 *
 * Always true:
 * - between two events every promise that can go on has gone on, so the same events give the same run;
 * - nothing here reads the machine's clock, and time passes only from event to event.
 */

export interface Timer {
  readonly at: number;
  readonly order: number;
  /** Null = cancelled. */
  fire: (() => void) | null;
  isCancelled?: boolean;
}

/** Events prepared at a time: the turn of the machine's own loop between them is what costs. */
const TURNS_AHEAD = 64;

export class Kernel {
  /** Epoch ms. */
  now: number;
  fired = 0;
  readonly #heap: Timer[] = [];
  #order = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** `time` that is past means now, after what is due already. Time is whole ms, as the machine's timers have it. */
  at(time: number, fire: () => void): Timer {
    const timer: Timer = { at: Math.max(Math.ceil(time), this.now), order: this.#order++, fire };
    this.#push(timer);
    return timer;
  }

  after(ms: number, fire: () => void): Timer {
    return this.at(this.now + ms, fire);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Runs until `isOver` says so (asked before each event) or nothing is left. A throwing event ends the run. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let isDone = false;
      let ahead = 0;
      const finish = (end: () => void): void => {
        isDone = true;
        end();
      };
      const step = (): void => {
        ahead -= 1;
        if (isDone) return;
        try {
          const next = isOver() ? null : this.#pop();
          if (next === null) {
            finish(resolve);
            return;
          }
          this.now = next.at;
          this.fired += 1;
          next.fire?.();
        } catch (error) {
          finish(() => reject(error));
          return;
        }
        while (ahead < TURNS_AHEAD / 2) prepare();
      };
      // Each immediate is a turn of its own: all promises run dry before the next one.
      const prepare = (): void => {
        ahead += 1;
        setImmediate(step);
      };
      while (ahead < TURNS_AHEAD) prepare();
    });
  }

  /** The next event that is not cancelled; null = none. */
  #pop(): Timer | null {
    for (;;) {
      const heap = this.#heap;
      const top = heap[0];
      if (top === undefined) return null;
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) {
        heap[0] = last;
        this.#sink();
      }
      if (top.fire !== null) return top;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || isBefore(parent, timer)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = timer;
  }

  #sink(): void {
    const heap = this.#heap;
    const item = heap[0];
    if (item === undefined) return;
    const size = heap.length;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      let least = heap[child];
      if (child >= size || least === undefined) break;
      const right = heap[child + 1];
      if (child + 1 < size && right !== undefined && isBefore(right, least)) {
        child += 1;
        least = right;
      }
      if (isBefore(item, least)) break;
      heap[i] = least;
      i = child;
    }
    heap[i] = item;
  }
}

const isBefore = (a: Timer, b: Timer): boolean => (a.at === b.at ? a.order < b.order : a.at < b.at);

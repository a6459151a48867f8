/**
 * Wall clocks of the machines. Each is a little wrong by itself; one, or all of them at once, may step during a run.
 *
 * Timers and the time between two instants are not concerned: they run on what never goes back, as on a real machine.
 */
import type { Chaos } from './chaos.ts';
import type { Kernel } from './kernel.ts';
import { Proc } from './proc.ts';
import type { Chance } from './random.ts';

/** Of the steps, those that move the clocks of all machines. */
const OF_ALL = 0.4;

export class Clocks {
  /** All machines' clocks are ahead of the true time by this, beside their own error. */
  commonMs = 0;
  readonly #kernel: Kernel;
  readonly #chaos: Chaos;
  readonly #errors: Chance;
  readonly #running = new Set<Proc>();

  constructor(kernel: Kernel, chaos: Chaos, errors: Chance) {
    this.#kernel = kernel;
    this.#chaos = chaos;
    this.#errors = errors;
  }

  /** What a machine that is never wrong by itself shows: the cache's, and that of who writes the prices. */
  readonly common = (): number => this.#kernel.now + this.commonMs;

  nowOf(proc: Proc): number {
    return this.#kernel.now + this.commonMs + proc.skewMs;
  }

  /** A process on a machine of its own, with its own error. */
  readonly makeProc = (name: string): Proc => {
    const proc = new Proc(name);
    const { skewMs } = this.#chaos.weather;
    if (this.#chaos.isOver) return proc;
    if (skewMs > 0) proc.ownSkewMs = this.#errors.between(-skewMs, skewMs);
    this.#running.add(proc);
    proc.onKill(() => this.#running.delete(proc));
    return proc;
  };

  /** One clock, or all: ahead or behind by up to so much, until the next step. */
  step(chance: Chance, mostMs: number): void {
    const by = chance.between(-mostMs, mostMs);
    if (chance.happens(OF_ALL)) this.commonMs = by;
    else if (this.#running.size > 0) chance.pick([...this.#running]).stepMs = by;
  }

  /** Put right again; what a machine's own error is stays. */
  settle(): void {
    this.commonMs = 0;
    for (const proc of this.#running) proc.stepMs = 0;
  }
}

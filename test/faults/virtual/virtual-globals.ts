/**
 * The machine's clock, timers and chance as bundled code sees them: the bundler puts these names in place of the
 * globals, so that product code that was given no port for them runs in virtual time too.
 *
 * One run at a time in a process; `useVirtual` says which.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kernel, Timer } from './kernel.ts';
import type { Chance } from './random.ts';

/** Lets a process hear something: not while it is frozen, and never when it is dead. */
export type Hear = (fire: () => void) => void;

/** Whose code runs: its timers are its own. */
const owner = new AsyncLocalStorage<Hear>();

/** Runs a process's code, and what it awaits. */
export const asProcess = <T>(hear: Hear, work: () => T): T => owner.run(hear, work);

let kernel: Kernel | null = null;
let chance: Chance | null = null;
let start = 0;

export function useVirtual(of: { readonly kernel: Kernel; readonly chance: Chance } | null): void {
  kernel = of?.kernel ?? null;
  chance = of?.chance ?? null;
  start = of?.kernel.now ?? 0;
}

function running(): Kernel {
  if (kernel === null) throw new Error('a timer outside of a run');
  return kernel;
}

export function setTimeout(fire: () => void, ms = 0): Timer {
  const hear = owner.getStore();
  // Also the timer of a frozen process can be cancelled, by what it hears first when it thaws.
  const timer: Timer = running().after(ms, () => {
    if (hear === undefined) fire();
    else hear(() => timer.isCancelled !== true && fire());
  });
  return timer;
}

export function clearTimeout(timer: Timer | null | undefined): void {
  if (timer == null) return;
  timer.fire = null;
  timer.isCancelled = true;
}

export function setInterval(): never {
  throw new Error('no part that runs here uses setInterval');
}

export const performance = { now: (): number => running().now - start };

/** In place of Math.random. */
export function virtualRandom(): number {
  if (chance === null) throw new Error('chance outside of a run');
  return chance.unit();
}

/** In place of Date.now. */
export const virtualNow = (): number => running().now;

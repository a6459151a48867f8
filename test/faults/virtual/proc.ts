/**
 * A process and the gate between it and everything outside.
 *
 * Always true:
 * - a process that was killed never hears of any call again, whether the call took effect or not;
 * - what a call does outside happens at one instant, and not at all where the process died, or was refused, before;
 * - a frozen process hears nothing and begins nothing until it thaws.
 */
import type { Chaos, Strike } from './chaos.ts';
import type { Kernel } from './kernel.ts';
import type { Trace } from './trace.ts';
import { asProcess } from './virtual-globals.ts';

export class Proc {
  readonly name: string;
  isAlive = true;
  /** Stands still until then, epoch ms. */
  frozenUntil = 0;
  /** Its clock is ahead of the true time by this. */
  skewMs = 0;
  /** A fault has struck it since this was last reset. */
  wasStruck = false;
  readonly #onKill: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  onKill(listener: () => void): void {
    this.#onKill.push(listener);
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const listener of this.#onKill) listener();
  }
}

/** The outside is away for a moment; nothing happened, as far as the caller can know. */
export class OutsideError extends Error {
  override readonly name: string = 'OutsideError';
}

export const FREEZE_MS = 40_000;
/** A call that takes this long is a fault of its own: a few of them use up a function's time. */
const LONG_MS = 50;

export interface CallTraits {
  /** What stands for "somebody else's write was in the way", where the port has such an answer. */
  readonly conflict?: () => unknown;
}

interface Arrived<T> {
  readonly proc: Proc;
  readonly what: string;
  readonly perform: () => Promise<T>;
  readonly traits: CallTraits | null;
  readonly strike: Strike;
}

export class Gate {
  readonly kernel: Kernel;
  readonly chaos: Chaos;
  readonly trace: Trace;

  constructor(kernel: Kernel, chaos: Chaos, trace: Trace) {
    this.kernel = kernel;
    this.chaos = chaos;
    this.trace = trace;
  }

  /** Lets the process hear something, when it can. */
  tell(proc: Proc, hear: () => void): void {
    if (!proc.isAlive) return;
    if (this.kernel.now < proc.frozenUntil) this.kernel.at(proc.frozenUntil, () => this.tell(proc, hear));
    else hear();
  }

  /** Runs a process's own code: its timers are frozen and die with it. */
  run<T>(proc: Proc, work: () => T): T {
    return asProcess((fire) => this.tell(proc, fire), work);
  }

  kill(proc: Proc, why: string): void {
    if (!proc.isAlive) return;
    this.trace.note('kill', () => `${proc.name}: ${why}`);
    proc.wasStruck = true;
    proc.kill();
  }

  /** Waits in the process's own time. */
  sleep(proc: Proc, ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.kernel.after(ms, () => this.tell(proc, resolve));
    });
  }

  call<T>(
    proc: Proc,
    what: string,
    perform: () => Promise<T>,
    traits: CallTraits | null = null,
    about: () => string = () => '',
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.tell(proc, () => {
        const strike = this.chaos.strike(traits !== null);
        if (strike !== 'none') proc.wasStruck = true;
        this.trace.note(strike === 'none' ? what : `${what}!${strike}`, () => `${proc.name} ${about()}`);
        if (strike === 'kill_before') this.kill(proc, `before ${what}`);
        else this.#travel(proc, () => this.#happen({ proc, what, perform, traits, strike }, resolve, reject));
      });
    });
  }

  /** The call has arrived. */
  #happen<T>(
    { proc, what, perform, traits, strike }: Arrived<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    const answer = (hear: () => void): void => this.#travel(proc, () => this.tell(proc, hear));
    const fail = (why: string): void => answer(() => reject(new OutsideError(`${what}: ${why}`)));
    if (strike === 'error_before') {
      fail('throttled');
      return;
    }
    if (strike === 'conflict' && traits?.conflict !== undefined) {
      const { conflict } = traits;
      answer(() => resolve(conflict() as T));
      return;
    }
    const done = (value: T): void => {
      if (strike === 'freeze') proc.frozenUntil = this.kernel.now + FREEZE_MS;
      if (strike === 'kill_after') this.kill(proc, `after ${what}`);
      else if (strike === 'error_after') fail('the answer is lost');
      else answer(() => resolve(value));
    };
    const refused = (error: unknown): void => answer(() => reject(error));
    if (strike === 'repeated') perform().then(() => perform().then(done, refused), refused);
    else perform().then(done, refused);
  }

  #travel(proc: Proc, arrive: () => void): void {
    const ms = this.chaos.travelMs();
    if (ms > LONG_MS) proc.wasStruck = true;
    if (ms === 0) arrive();
    else this.kernel.after(ms, arrive);
  }
}

/** Names of all methods of an object, its classes' included. */
function methodsOf(target: object): string[] {
  const names = new Set<string>();
  for (let of: unknown = target; typeof of === 'object' && of !== null && of !== Object.prototype; ) {
    for (const name of Object.getOwnPropertyNames(of)) {
      if (name !== 'constructor' && typeof Reflect.get(target, name) === 'function') names.add(name);
    }
    of = Object.getPrototypeOf(of);
  }
  return [...names];
}

interface Gated {
  readonly gate: Gate;
  readonly proc: Proc;
}

const GATED = Symbol('gated');

/**
 * By target: what all processes have in common. A process has many ports and calls few of their methods, and processes
 * die often: a method is made for it when it is first asked for.
 */
const prototypes = new WeakMap<object, object>();

function prototypeOf(
  name: string,
  target: object,
  traits: Readonly<Record<string, CallTraits | undefined>>,
): object {
  const prototype = {};
  for (const method of methodsOf(target)) {
    const member = Reflect.get(target, method) as (...args: unknown[]) => Promise<unknown>;
    const what = `${name}.${method}`;
    const trait = traits[method] ?? null;
    Object.defineProperty(prototype, method, {
      get(this: { readonly [GATED]: Gated }) {
        const { gate, proc } = this[GATED];
        const value = (...args: unknown[]): Promise<unknown> =>
          gate.call(
            proc,
            what,
            () => Reflect.apply(member, target, args),
            trait,
            () => aboutOf(args),
          );
        Object.defineProperty(this, method, { value });
        return value;
      },
    });
  }
  return prototype;
}

/** `target` behind the gate: each of its methods is a call of the process. Always the same name and traits for one. */
export function gated<T extends object>(
  gate: Gate,
  proc: Proc,
  name: string,
  target: T,
  traits: Partial<Record<keyof T & string, CallTraits>> = {},
): T {
  const prototype = prototypes.get(target) ?? prototypeOf(name, target, traits);
  prototypes.set(target, prototype);
  return Object.create(prototype, { [GATED]: { value: { gate, proc } } }) as T;
}

/** Ids in the arguments, for a reader. */
const aboutOf = (args: readonly unknown[]): string => {
  const text = JSON.stringify(args, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
};

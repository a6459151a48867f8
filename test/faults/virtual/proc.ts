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
import { joined, type Mark, markOf, type Trace } from './trace.ts';
import { asProcess } from './virtual-globals.ts';

export class Proc {
  readonly name: string;
  isAlive = true;
  /** Stands still until then, epoch ms. */
  frozenUntil = 0;
  /** Its clock is always ahead of the other machines' by this. */
  ownSkewMs = 0;
  /** And by this since it last stepped. */
  stepMs = 0;
  /** A fault has struck it since this was last reset. */
  wasStruck = false;
  readonly #onKill: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get skewMs(): number {
    return this.ownSkewMs + this.stepMs;
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

/** Who is dead or stands still may hold a lease: nobody else does its work until that ends. */
const LASTING: ReadonlySet<Strike> = new Set(['kill_before', 'kill_after', 'freeze']);
const LASTING_MS = 15_000;

export interface CallTraits {
  /** What stands for "somebody else's write was in the way", where the port has such an answer. */
  readonly conflict?: () => unknown;
  /** A request follows it, which only this call allows. */
  readonly isClaim?: true;
}

const kindOf = (traits: CallTraits | null) =>
  traits === null ? 'read' : traits.isClaim === true ? 'claim' : 'write';

/** One call on its way: there, what it does there, and back. */
class Call<T> {
  readonly #gate: Gate;
  readonly #proc: Proc;
  readonly #what: Mark;
  readonly #perform: () => Promise<T>;
  readonly #traits: CallTraits | null;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  #strike: Strike = 'none';

  constructor(
    gate: Gate,
    proc: Proc,
    { what, perform, traits }: Asked<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#gate = gate;
    this.#proc = proc;
    this.#what = what;
    this.#perform = perform;
    this.#traits = traits;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  leave(about: () => string): void {
    const { chaos, trace } = this.#gate;
    const strike = chaos.strike(kindOf(this.#traits));
    const what = this.#what;
    this.#strike = strike;
    if (strike !== 'none') {
      this.#proc.wasStruck = true;
      chaos.disturb(this.#gate.kernel.now + (LASTING.has(strike) ? LASTING_MS : 0));
    }
    trace.note(
      strike === 'none' ? what : joined(what.name, '!', strike),
      () => `${this.#proc.name} ${about()}`,
    );
    if (strike === 'kill_before') {
      this.#gate.kill(this.#proc, `before ${what.name}`);
      return;
    }
    const ms = this.#travelMs();
    if (ms === 0) this.#arrive();
    else this.#gate.kernel.after(ms, () => this.#arrive());
  }

  #arrive(): void {
    const strike = this.#strike;
    if (strike === 'error_before') {
      this.#fail('throttled');
      return;
    }
    if (strike === 'conflict' && this.#traits?.conflict !== undefined) {
      const { conflict } = this.#traits;
      this.#answer(() => this.#resolve(conflict() as T));
      return;
    }
    const done = (value: T): void => this.#done(value);
    const refused = (error: unknown): void => this.#answer(() => this.#reject(error));
    if (strike === 'repeated') this.#perform().then(() => this.#perform().then(done, refused), refused);
    else this.#perform().then(done, refused);
  }

  #done(value: T): void {
    const strike = this.#strike;
    if (strike === 'freeze') this.#proc.frozenUntil = this.#gate.kernel.now + FREEZE_MS;
    if (strike === 'kill_after') {
      this.#gate.kill(this.#proc, `after ${this.#what.name}`);
      return;
    }
    if (strike === 'error_after') {
      this.#fail('the answer is lost');
      return;
    }
    const ms = this.#travelMs();
    if (ms > 0) this.#gate.kernel.after(ms, () => this.#gate.tell(this.#proc, () => this.#resolve(value)));
    else if (this.#gate.hears(this.#proc)) this.#resolve(value);
    else this.#gate.tell(this.#proc, () => this.#resolve(value));
  }

  #fail(why: string): void {
    this.#answer(() => this.#reject(new OutsideError(`${this.#what.name}: ${why}`)));
  }

  #answer(hear: () => void): void {
    const ms = this.#travelMs();
    if (ms === 0) this.#gate.tell(this.#proc, hear);
    else this.#gate.kernel.after(ms, () => this.#gate.tell(this.#proc, hear));
  }

  #travelMs(): number {
    const ms = this.#gate.chaos.travelMs();
    if (ms > LONG_MS) {
      this.#proc.wasStruck = true;
      this.#gate.chaos.disturb(this.#gate.kernel.now + ms);
    }
    return ms;
  }
}

interface Asked<T> {
  readonly what: Mark;
  readonly perform: () => Promise<T>;
  readonly traits: CallTraits | null;
}

export class Gate {
  readonly kernel: Kernel;
  readonly chaos: Chaos;
  readonly trace: Trace;
  /** When the process asked for what is being done outside right now. */
  askedAt = 0;

  constructor(kernel: Kernel, chaos: Chaos, trace: Trace) {
    this.kernel = kernel;
    this.chaos = chaos;
    this.trace = trace;
  }

  /** Neither dead nor frozen. */
  hears(proc: Proc): boolean {
    return proc.isAlive && this.kernel.now >= proc.frozenUntil;
  }

  /** Lets the process hear something, when it can. */
  tell(proc: Proc, hear: () => void): void {
    if (this.hears(proc)) hear();
    else if (proc.isAlive) this.kernel.at(proc.frozenUntil, () => this.tell(proc, hear));
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
    what: Mark,
    perform: () => Promise<T>,
    traits: CallTraits | null = null,
    about: () => string = () => '',
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const one = new Call<T>(this, proc, { what, perform, traits }, resolve, reject);
      if (this.hears(proc)) one.leave(about);
      else this.tell(proc, () => one.leave(about));
    });
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

/** What a process has in place of an object outside: its methods come from the prototype of the object's class. */
class Gated {
  readonly gate: Gate;
  readonly proc: Proc;
  readonly target: object;

  constructor(gate: Gate, proc: Proc, target: object) {
    this.gate = gate;
    this.proc = proc;
    this.target = target;
  }
}

type GatedClass = new (gate: Gate, proc: Proc, target: object) => Gated;

/** By class and name: processes die often and runs are many, so making one is no more than filling in three fields. */
const classes = new Map<unknown, Map<string, GatedClass>>();

function classOf(
  name: string,
  target: object,
  traits: Readonly<Record<string, CallTraits | undefined>>,
): GatedClass {
  const byName = classes.get(target.constructor) ?? new Map<string, GatedClass>();
  classes.set(target.constructor, byName);
  const known = byName.get(name);
  if (known !== undefined) return known;
  const made = class extends Gated {};
  for (const method of methodsOf(target)) {
    const what = markOf(`${name}.${method}`);
    const trait = traits[method] ?? null;
    const value = function (this: Gated, ...args: unknown[]): Promise<unknown> {
      const { gate, proc, target: of } = this;
      const askedAt = gate.kernel.now;
      const perform = (): Promise<unknown> => {
        gate.askedAt = askedAt;
        // Looked up anew: a check may have put its own in its place.
        return Reflect.apply(Reflect.get(of, method) as (...given: unknown[]) => Promise<unknown>, of, args);
      };
      return gate.call(proc, what, perform, trait, () => aboutOf(args));
    };
    Object.defineProperty(made.prototype, method, { value });
  }
  byName.set(name, made);
  return made;
}

/** `target` behind the gate: each of its methods is a call of the process. Always the same traits for a class and name. */
export function gated<T extends object>(
  gate: Gate,
  proc: Proc,
  name: string,
  target: T,
  traits: Partial<Record<keyof T & string, CallTraits>> = {},
): T {
  return new (classOf(name, target, traits))(gate, proc, target) as unknown as T;
}

/** Ids in the arguments, for a reader. */
const aboutOf = (args: readonly unknown[]): string => {
  const text = JSON.stringify(args, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
};

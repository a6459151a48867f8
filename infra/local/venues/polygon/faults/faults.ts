/** The fault rules in force, which of them strikes, and the numbered log of what has struck. */
import { type Random, seededRandom } from '../../../../../shared/feeds/prng.ts';
import {
  type AuthFault,
  type Condition,
  type CutFault,
  type Family,
  type Fault,
  type FaultRule,
  FaultScriptError,
  type FrameFault,
  familyOf,
  isAtOnce,
  type MessageFault,
  type RestFault,
  readFaultRules,
  type Stage,
  type SubscribeFault,
  type UpgradeFault,
  type WorldFault,
} from './rules.ts';

/** What a rule's conditions are held against; also what the log keeps. */
export interface Facts {
  readonly cluster?: string;
  readonly stage?: Stage;
  readonly channel?: string;
  readonly symbol?: string;
  readonly venue?: number | null;
  readonly operation?: string;
  readonly connection?: number;
  /** The message it struck, as it was sent. */
  readonly message?: string;
  readonly detail?: string;
}

export interface LogEntry extends Facts {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly at: number;
  /** null: not by a rule (an eviction, a slow reader that was cut). */
  readonly rule: number | null;
  readonly kind: string;
}

interface Armed {
  readonly id: number;
  readonly rule: FaultRule;
  readonly family: Family;
  readonly draw: Random;
  readonly from: number;
  readonly until: number;
  matches: number;
  struck: number;
}

export interface RuleState {
  readonly id: number;
  readonly rule: FaultRule;
  readonly matches: number;
  readonly struck: number;
}

/** Carries out what concerns more than one message. */
export interface FaultWorld {
  change(fault: WorldFault): void;
  cutAll(fault: CutFault, cluster: string | undefined): void;
}

interface Strikes {
  upgrade: UpgradeFault;
  connect: Fault;
  auth: AuthFault;
  subscribe: SubscribeFault;
  message: MessageFault;
  frame: FrameFault;
  rest: RestFault;
  cut: CutFault;
}

export const LOG_KEPT = 100_000;
const FRACTION = 2 ** 32;

export class Faults {
  private armed: Armed[] = [];
  private readonly entries: LogEntry[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly world: FaultWorld;
  private readonly operations: readonly string[];
  private readonly onBug: (error: unknown) => void;
  private nextId = 1;
  private nextSeq = 1;
  /** Families that have rules: what has none costs nothing. */
  private families: ReadonlySet<Family> = new Set();

  /** `operations`: what REST rules may name. */
  constructor(world: FaultWorld, operations: readonly string[], onBug: (error: unknown) => void) {
    this.world = world;
    this.operations = operations;
    this.onBug = onBug;
  }

  /** Adds the rules of a script. @returns their ids @throws FaultScriptError */
  add(script: unknown): readonly number[] {
    return readFaultRules(script, this.operations).map((rule, at) => {
      const id = this.nextId++;
      const { when = {}, do: fault } = rule;
      const family = familyOf(fault);
      if (family === 'world' || (family === 'cut' && isAtOnce(when))) {
        this.happen(rule, id, at, when.afterMs ?? 0);
        return id;
      }
      const from = Date.now() + (when.afterMs ?? 0);
      const until = when.forMs === undefined ? Number.POSITIVE_INFINITY : from + when.forMs;
      const draw = seededRandom(when.seed ?? 1);
      this.armed.push({ id, rule, family, draw, from, until, matches: 0, struck: 0 });
      this.families = new Set(this.armed.map((armed) => armed.family));
      return id;
    });
  }

  private happen(rule: FaultRule, id: number, at: number, afterMs: number): void {
    const run = (): void => {
      const fault = rule.do;
      const { cluster } = rule.when ?? {};
      this.note(fault.kind, id, {
        ...(cluster === undefined ? {} : { cluster }),
        detail: JSON.stringify(fault),
      });
      if (isWorld(fault)) this.world.change(fault);
      else if (isCut(fault)) this.world.cutAll(fault, cluster);
    };
    if (afterMs > 0) {
      this.later(afterMs, run);
      return;
    }
    try {
      run();
    } catch (error) {
      // What the simulator cannot do (an unknown symbol) is the script's mistake.
      throw new FaultScriptError(`rule ${at + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** A timer that `stop` and `clear` end. */
  later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      try {
        run();
      } catch (error) {
        this.onBug(error);
      }
    }, ms);
    this.timers.add(timer);
  }

  /** No rule is in force any more; what had been planned for later does not happen. */
  clear(): void {
    this.armed = [];
    this.families = new Set();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  list(): readonly RuleState[] {
    return this.armed.map(({ id, rule, matches, struck }) => ({ id, rule, matches, struck }));
  }

  /** Entries after a sequence number. `first`: the oldest that is still kept. */
  log(after = 0): { readonly first: number; readonly last: number; readonly entries: readonly LogEntry[] } {
    const first = this.entries[0]?.seq ?? this.nextSeq;
    return { first, last: this.nextSeq - 1, entries: this.entries.filter(({ seq }) => seq > after) };
  }

  /** @returns the entry's number */
  note(kind: string, rule: number | null, facts: Facts): number {
    const seq = this.nextSeq++;
    this.entries.push({ seq, at: Date.now(), rule, kind, ...facts });
    if (this.entries.length >= LOG_KEPT * 1.1) this.entries.splice(0, this.entries.length - LOG_KEPT);
    return seq;
  }

  has(family: Family): boolean {
    return this.families.has(family);
  }

  /** The faults of a family that strike here; each is in the log. */
  strike<F extends keyof Strikes>(family: F, facts: Facts): readonly Strikes[F][] {
    if (!this.families.has(family)) return [];
    const found: Strikes[F][] = [];
    const now = Date.now();
    for (const armed of this.armed) {
      if (armed.family !== family || now < armed.from || now >= armed.until) continue;
      if (!holds(armed.rule.when ?? {}, facts) || !strikes(armed)) continue;
      this.note(armed.rule.do.kind, armed.id, facts);
      found.push(armed.rule.do as Strikes[F]);
    }
    return found;
  }

  stop(): void {
    this.clear();
  }
}

const isWorld = (fault: Fault): fault is WorldFault => familyOf(fault) === 'world';
const isCut = (fault: Fault): fault is CutFault => familyOf(fault) === 'cut';

function strikes(armed: Armed): boolean {
  const { when = {}, times } = armed.rule;
  armed.matches += 1;
  if (when.nth !== undefined && armed.matches !== when.nth) return false;
  if (times !== undefined && armed.struck >= times) return false;
  if (when.probability !== undefined && armed.draw() / FRACTION >= when.probability) return false;
  armed.struck += 1;
  return true;
}

const agrees = <T>(wanted: T | undefined, found: T): boolean => wanted === undefined || wanted === found;

function holds(when: Condition, facts: Facts): boolean {
  // A cut without a stage strikes at frames: where data flow.
  const stage = facts.stage === undefined ? undefined : (when.stage ?? 'frame');
  return (
    agrees<string | undefined>(when.cluster, facts.cluster) &&
    agrees<string | undefined>(stage, facts.stage) &&
    agrees<string | undefined>(when.channel, facts.channel) &&
    agrees<string | undefined>(when.symbol, facts.symbol) &&
    agrees<number | null | undefined>(when.venue, facts.venue) &&
    agrees<string | undefined>(when.operation, facts.operation)
  );
}

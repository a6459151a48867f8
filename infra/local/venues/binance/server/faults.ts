/** The fault rules in force: which of them strikes this request or this event. */
import type { JsonObject, Params, UserEvent } from '../contract.ts';
import {
  type Condition,
  type EventFault,
  type FaultRule,
  FaultScriptError,
  isEventFault,
  isRequestFault,
  type RequestFault,
  readFaultRules,
  type WorldFault,
} from './fault-rules.ts';
import { isOperation } from './operations.ts';

interface Armed {
  readonly id: number;
  readonly rule: FaultRule;
  readonly draw: () => number;
  /** How often its conditions held, and how often it struck. */
  matches: number;
  struck: number;
}

export interface RequestFacts {
  readonly operation: string;
  readonly uid: number | null;
  readonly params: Params;
}

export interface RuleState {
  readonly id: number;
  readonly rule: FaultRule;
  readonly matches: number;
  readonly struck: number;
}

/** A small seeded generator (mulberry32): faults by chance are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Parameters that carry a client's own id for an order or a list. */
const CLIENT_IDS = [
  'newClientOrderId',
  'origClientOrderId',
  'listClientOrderId',
  'workingClientOrderId',
  'aboveClientOrderId',
  'belowClientOrderId',
  'cancelOrigClientOrderId',
];

export class Faults {
  private readonly armed: Armed[] = [];
  private nextId = 1;
  private readonly change: (fault: WorldFault) => void;

  /** `change` carries out what concerns the exchange itself. */
  constructor(change: (fault: WorldFault) => void) {
    this.change = change;
  }

  /** Adds the rules of a script. @returns their ids @throws FaultScriptError */
  add(script: unknown): readonly number[] {
    const rules = readFaultRules(script, isOperation);
    return rules.map((rule, at) => {
      const id = this.nextId++;
      const fault = rule.do;
      if (rule.when === undefined && !isRequestFault(fault) && !isEventFault(fault))
        this.changeNow(fault, at);
      else this.armed.push({ id, rule, draw: seeded(rule.when?.seed ?? 1), matches: 0, struck: 0 });
      return id;
    });
  }

  /** What the exchange cannot do (an unknown symbol) is the script's mistake. */
  private changeNow(fault: WorldFault, at: number): void {
    try {
      this.change(fault);
    } catch (error) {
      throw new FaultScriptError(`rule ${at + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  clear(): void {
    this.armed.length = 0;
  }

  list(): readonly RuleState[] {
    return this.armed.map(({ id, rule, matches, struck }) => ({ id, rule, matches, struck }));
  }

  /** The faults of one request. Changes of the exchange are carried out here. */
  ofRequest(facts: RequestFacts): readonly RequestFault[] {
    const found: RequestFault[] = [];
    for (const armed of this.armed) {
      const fault = armed.rule.do;
      if (isEventFault(fault) || !holdsForRequest(armed.rule.when ?? {}, facts) || !strikes(armed)) continue;
      if (isRequestFault(fault)) found.push(fault);
      else this.change(fault);
    }
    return found;
  }

  ofEvent({ uid, event }: UserEvent): readonly EventFault[] {
    const found: EventFault[] = [];
    for (const armed of this.armed) {
      const fault = armed.rule.do;
      if (isEventFault(fault) && holdsForEvent(armed.rule.when ?? {}, uid, event) && strikes(armed)) {
        found.push(fault);
      }
    }
    return found;
  }
}

function strikes(armed: Armed): boolean {
  const { when = {}, times } = armed.rule;
  armed.matches += 1;
  if (when.nth !== undefined && armed.matches !== when.nth) return false;
  if (times !== undefined && armed.struck >= times) return false;
  if (when.probability !== undefined && armed.draw() >= when.probability) return false;
  armed.struck += 1;
  return true;
}

const agrees = <T>(wanted: T | undefined, found: T): boolean => wanted === undefined || wanted === found;

function holdsForRequest(when: Condition, { operation, uid, params }: RequestFacts): boolean {
  const { clientIdPrefix } = when;
  return (
    agrees(when.operation, operation) &&
    agrees<string | undefined>(when.symbol, params['symbol']) &&
    agrees<number | null>(when.uid, uid) &&
    (clientIdPrefix === undefined ||
      CLIENT_IDS.some((name) => params[name]?.startsWith(clientIdPrefix) === true))
  );
}

function holdsForEvent(when: Condition, uid: number, event: JsonObject): boolean {
  const { clientIdPrefix } = when;
  const startsSo = (value: unknown): boolean =>
    typeof value === 'string' && clientIdPrefix !== undefined && value.startsWith(clientIdPrefix);
  return (
    agrees<unknown>(when.event, event['e']) &&
    agrees<unknown>(when.execution, event['x']) &&
    agrees<unknown>(when.symbol, event['s']) &&
    agrees(when.uid, uid) &&
    (clientIdPrefix === undefined || startsSo(event['c']) || startsSo(event['C']))
  );
}

/**
 * A replay of one plan: ticks go in, decisions come out. Pure: no clock, no I/O, the same ticks give the same decisions.
 *
 * Within one tick of a symbol, in this order:
 * 1. orders that rest meet it, then levels that it reaches are decided (by name, as the engine hands them out);
 * 2. what is due by time: plans that go on, positions closed by hand;
 * 3. positions that open at it; their levels count from then on.
 */

import { parseMember } from '../../shared/domain/levels.ts';
import { isOrderLevel } from '../../shared/domain/order-levels.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import { SortedMap } from '../../shared/domain/triggers/sorted-map.ts';
import type { PriceSource, Tick } from '../../shared/domain/triggers/types.ts';
import type { PositionAction } from '../../shared/domain/types.ts';
import { closingSource, HeldPosition, type Listener } from './held-position.ts';
import { Lane } from './lane.ts';
import type { Plan, When } from './plan.ts';
import { Tape } from './tape.ts';

/** One thing done to a position, or not done, and why. */
export interface Decision {
  readonly position: string;
  readonly symbol: string;
  readonly at: number;
  readonly kind: string;
  /** The tick at which it was decided. */
  readonly tick: number;
  readonly facts: PositionAction['facts'];
}

type Step = 'advance' | 'close' | 'open';
const ORDER: readonly Step[] = ['advance', 'close', 'open'];

interface Due {
  readonly step: Step;
  readonly held: HeldPosition;
}

interface Desktop {
  readonly lane: Lane;
  readonly tape: Tape;
  /** By time, epoch ms. */
  readonly agenda: SortedMap<Due[]>;
}

export class Desk {
  readonly positions: readonly HeldPosition[];
  readonly decisions: Decision[] = [];
  private readonly symbols = new Map<string, Desktop>();
  private readonly owners = new Map<string, HeldPosition>();
  /** When each position's plan is looked at next. */
  private readonly pending = new Map<HeldPosition, number>();
  private start: number | null = null;

  constructor(plan: Plan) {
    const listener: Listener = {
      decided: (of, { at, kind, facts }) => {
        const { name, spec } = of.plan;
        const tick = this.symbolOf(spec).lane.tick().id;
        this.decisions.push({ position: name, symbol: spec.symbol, at, kind, tick, facts });
      },
      owns: (of, ownerId) => this.owners.set(ownerId, of),
    };
    const bySymbol = Map.groupBy(plan.positions, ({ spec }) => spec.symbol);
    for (const [symbol, planned] of bySymbol) {
      const spec = planned[0]?.spec;
      if (spec === undefined) continue;
      const sources = new Set<PriceSource>(planned.map(closingSource));
      const tape = new Tape(spec, sources);
      this.symbols.set(symbol, { lane: new Lane(spec), tape, agenda: new SortedMap() });
    }
    this.positions = plan.positions.map(
      (planned) => new HeldPosition(planned, plan.wallet, this.symbolOf(planned.spec).lane, listener),
    );
  }

  onTick(spec: SymbolSpec, tick: Tick): void {
    if (this.start === null) this.begin(tick.at);
    const desktop = this.symbols.get(spec.symbol);
    if (desktop === undefined) return;
    const { lane, tape, agenda } = desktop;
    lane.apply(tick);
    tape.add(tick);
    if (lane.hits.length > 0) this.decideAll(desktop);
    for (let due = agenda.firstKey(); due !== undefined && due <= tick.at; due = agenda.firstKey()) {
      const steps = agenda.first() ?? [];
      agenda.delete(due);
      steps.sort((a, b) => ORDER.indexOf(a.step) - ORDER.indexOf(b.step));
      for (const step of steps) this.perform(step, desktop);
    }
  }

  /** The tape of a symbol that is in the plan. */
  tapeOf(spec: SymbolSpec): Tape {
    return this.symbolOf(spec).tape;
  }

  /** The symbol's lane; its price is there once it had a tick. */
  laneOf(spec: SymbolSpec): Lane {
    return this.symbolOf(spec).lane;
  }

  private begin(at: number): void {
    this.start = at;
    for (const held of this.positions) this.schedule('open', held, this.timeOf(held.plan.openAt));
  }

  private timeOf(when: When): number {
    return 'at' in when ? when.at : (this.start ?? 0) + when.after;
  }

  private perform({ step, held }: Due, desktop: Desktop): void {
    switch (step) {
      case 'open':
        held.open();
        if (held.position !== null && held.plan.closeAt !== null) {
          // Never at the tick that opened it.
          const closeAt = Math.max(this.timeOf(held.plan.closeAt), desktop.lane.tick().at + 1);
          this.schedule('close', held, closeAt);
        }
        break;
      case 'close':
        held.close();
        break;
      case 'advance':
        this.pending.delete(held);
        held.advance();
        break;
    }
    this.lookAgain(held);
    this.decideAll(desktop);
  }

  private decideAll({ lane }: Desktop): void {
    // What rests at the venue meets a tick before anybody reacts to it.
    lane.hits.sort((a, b) => Number(isOfOrder(b.member)) - Number(isOfOrder(a.member)));
    for (let hit = lane.hits.shift(); hit !== undefined; hit = lane.hits.shift()) {
      const held = this.owners.get(parseMember(hit.member).ownerId);
      if (held === undefined) throw new Error(`nobody owns ${hit.member}`);
      held.hit(hit);
      this.lookAgain(held);
    }
  }

  private lookAgain(held: HeldPosition): void {
    const due = held.dueAt();
    if (due === null || due >= (this.pending.get(held) ?? Number.POSITIVE_INFINITY)) return;
    this.pending.set(held, due);
    this.schedule('advance', held, due);
  }

  private schedule(step: Step, held: HeldPosition, at: number): void {
    this.symbolOf(held.plan.spec)
      .agenda.getOrAdd(at, () => [])
      .push({ step, held });
  }

  private symbolOf({ symbol }: SymbolSpec): Desktop {
    const found = this.symbols.get(symbol);
    if (found === undefined) throw new Error(`${symbol} is not in the plan`);
    return found;
  }
}

const isOfOrder = (member: string): boolean => isOrderLevel(parseMember(member).levelName);

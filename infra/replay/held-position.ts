/**
 * One replayed position: the product's own decisions (decide-hit, exit-plan, the domain) carried out at once, on the
 * demo venue's rules. What use cases do over queues and tables happens here in their order within one tick.
 *
 * Always true:
 * - the clock is the standing tick's time, so a decision's price is never old;
 * - whatever changes the position goes through the same pure functions as in the running system.
 */
import { windowEndsAt } from '../../shared/domain/confirmation.ts';
import { confirmAt, isConfirmDue, withDue } from '../../shared/domain/due.ts';
import { claimFlatten } from '../../shared/domain/exits.ts';
import { parseMember, windowsOf } from '../../shared/domain/levels.ts';
import type { Decimal } from '../../shared/domain/money/decimal.ts';
import { isOrderLevel } from '../../shared/domain/order-levels.ts';
import { isFinal, isSettled } from '../../shared/domain/orders.ts';
import { openPosition } from '../../shared/domain/positions.ts';
import { isTimeUp, timeStopAt } from '../../shared/domain/time-stop.ts';
import type { Hit, PriceSource } from '../../shared/domain/triggers/types.ts';
import type {
  ExecutionReport,
  Fill,
  Order,
  Position,
  PositionAction,
  TriggerFacts,
} from '../../shared/domain/types.ts';
import type { Change } from '../../shared/ports/ledger.ts';
import { actionsOf } from '../../shared/usecases/change-order.ts';
import { decideHit } from '../../shared/usecases/decide-hit.ts';
import { decideWindow } from '../../shared/usecases/decide-window.ts';
import {
  carryOutPlan,
  followOrder,
  liveOrderIds,
  markAfter,
  needsPlan,
  type Planned,
  wantsWork,
} from '../../shared/usecases/exit-plan.ts';
import { triggerFacts } from '../../shared/usecases/hit-rules.ts';
import { takerPrice } from '../../shared/venues/demo/matching.ts';
import { ReplayAccount, type WalletTerms } from './account.ts';
import { armOrder, armPosition, disarmOrder } from './arming.ts';
import { entryOrder, REPLAY_WALLET } from './entry-order.ts';
import type { Lane } from './lane.ts';
import { booked, claimed, fillFacts, must } from './order-steps.ts';
import type { PlannedPosition } from './plan.ts';

/** Where a position tells what it does. */
export interface Listener {
  decided(of: HeldPosition, action: PositionAction): void;
  /** Hits with this owner are to be brought here. */
  owns(of: HeldPosition, ownerId: string): void;
}

/** A plan that waits for its orders is looked at again after this. */
const LOOK_AGAIN_MS = 2_000;

/** The price that closes it: its levels are compared with this one. */
export const closingSource = ({ side, request }: Pick<PlannedPosition, 'side' | 'request'>): PriceSource => {
  if (request.triggerPrice !== 'bid_ask') return request.triggerPrice;
  return side === 'long' ? 'bid' : 'ask';
};

export class HeldPosition {
  readonly plan: PlannedPosition;
  readonly account: ReplayAccount;
  readonly fills: { readonly entry: Fill[]; readonly exit: Fill[] } = { entry: [], exit: [] };
  /** Why it was never opened, once it should have been. */
  refusal: string | null = null;
  private readonly lane: Lane;
  private readonly listener: Listener;
  private readonly orders = new Map<string, Order>();
  private current: Position | null = null;
  /** Level set that was last taken out of the engine for good. */
  private takenOut = 0;

  constructor(plan: PlannedPosition, wallet: WalletTerms, lane: Lane, listener: Listener) {
    this.plan = plan;
    this.lane = lane;
    this.listener = listener;
    this.account = new ReplayAccount(REPLAY_WALLET, plan.spec, wallet);
  }

  /** Null before it was opened, and when it was refused. */
  get position(): Position | null {
    return this.current;
  }

  /** When its plan wants to be looked at again, epoch ms; null = only news matters. */
  dueAt(): number | null {
    const p = this.current;
    const timed = p === null ? [] : [confirmAt(p), timeStopAt(p)].filter((at) => at !== null);
    if (timed.length > 0) return Math.min(...timed);
    if (p === null || !needsPlan(p) || p.dueAt === null) return null;
    return p.dueAt > this.now() ? p.dueAt : this.now() + LOOK_AGAIN_MS;
  }

  /** The tick that got it out, or a part of it while nothing has; null for an exit by hand. */
  lastTrigger(): TriggerFacts | null {
    const p = this.current;
    if (p === null || p.flatten !== null) return p?.flatten?.trigger ?? null;
    const last = p.exitOrderIds.at(-1);
    return last === undefined ? null : (this.orderOf(last).exit?.trigger ?? null);
  }

  /** Opens it at the standing price, or notes why it cannot be. */
  open(): void {
    const { plan, lane } = this;
    const now = this.now();
    const price = takerPrice({ side: plan.side === 'long' ? 'buy' : 'sell' }, lane.market());
    const opening = entryOrder(plan, price, lane.price(closingSource(plan)), now);
    if (!opening.ok) {
      const { code, field, message } = opening.error;
      this.refusal = `${field}: ${message}`;
      this.tell({ at: now, kind: 'refused', facts: { code, field, message } });
      return;
    }
    const { order, protection } = opening.value;
    const { base, quote } = plan.spec;
    this.current = withDue({ ...openPosition({ order, base, quote, protection, now }), version: 1 }, now);
    this.listener.owns(this, this.current.positionId);
    this.send(this.keep(order));
    this.arm();
  }

  /** A level of it, or of one of its orders, was reached. */
  hit(hit: Hit): void {
    const { ownerId, levelName } = parseMember(hit.member);
    if (isOrderLevel(levelName)) this.workOrder(hit, ownerId);
    else this.decide(hit);
    this.arm();
  }

  /** Closed by hand, or by its time stop; nothing when it is closed or closing already. */
  close(cause: 'manual' | 'time_stop' = 'manual'): void {
    const p = this.opened();
    const now = this.now();
    const mark = this.lane.price(p.side === 'long' ? 'bid' : 'ask');
    const flattened = claimFlatten(p, { cause, price: mark, trigger: null, at: now });
    if (!flattened.ok) return;
    const context = { spec: this.plan.spec, now, claiming: true, mark };
    const planned = carryOutPlan(flattened.value, this.live(flattened.value), context);
    const facts = { exit_cause: cause, price: mark.toFixed(), tick_id: String(this.lane.tick().id) };
    this.tell({ at: now, kind: 'close_requested', facts });
    this.take(planned.position, planned.orders, planned.alarms);
    this.arm();
  }

  /** Its plan's time has come. */
  advance(): void {
    if (this.current === null) return;
    if (isTimeUp(this.current, this.now())) {
      this.close('time_stop');
      return;
    }
    if (isConfirmDue(this.current, this.now())) this.confirm(this.current);
    else if (needsPlan(this.current)) this.goOn(null);
    else return;
    this.arm();
  }

  /** A stop that waits has come to its time. No price has come back: the engine would have told. */
  private confirm(p: Position): void {
    const over = windowsOf(p)
      .map((window) => ({ window, endsAt: windowEndsAt(window, p.protection) }))
      .sort((a, b) => a.endsAt - b.endsAt);
    const [first] = over;
    if (first === undefined) return;
    const context = { spec: this.plan.spec, now: this.now(), price: null, live: this.live(p) };
    const evidence = { bars: [], price: this.lane.shown() };
    const decision = decideWindow(p, first.window, evidence, context);
    this.tell(decision.action);
    if (decision.kind === 'write') this.take(decision.position, decision.orders, decision.alarms);
  }

  private decide(hit: Hit): void {
    const p = this.opened();
    const context = { spec: this.plan.spec, now: this.now(), price: null, live: this.live(p) };
    const decision = decideHit(p, hit, context);
    this.lane.engine.settle([hit]);
    if (decision.kind === 'drop') {
      const { member, tick } = hit;
      const facts = {
        level_name: parseMember(member).levelName,
        why: decision.why,
        tick_id: String(tick.id),
      };
      this.tell({ at: this.now(), kind: 'hit_dropped', facts });
      return;
    }
    this.tell(decision.action);
    this.take(decision.position, decision.orders, decision.alarms);
  }

  /** A resting order meets the tick that reached it. */
  private workOrder(hit: Hit, orderId: string): void {
    const before = this.orderOf(orderId);
    const now = this.now();
    this.lane.engine.settle([hit]);
    if (isFinal(before.status)) return;
    const order = this.keep(must(before, { kind: 'touched', at: now, tick: hit.tick.id }));
    const trigger = triggerFacts(hit, this.plan.spec, now);
    const report = this.account.work(order, trigger, trigger.price, now);
    if (report !== null) this.book(order, report);
    this.armOrder(this.orderOf(orderId));
  }

  private send(order: Order): void {
    const now = this.now();
    const sent = this.keep(claimed(order, now));
    const placed = this.account.place(sent, sent.exit?.trigger ?? this.lane.market(), now);
    if (placed.ok) {
      this.book(sent, placed.value);
      this.armOrder(this.orderOf(order.orderId));
      return;
    }
    const { code, message } = placed.error;
    const refusal = { code, message, venueCode: null, filter: null };
    this.tell({ at: now, kind: 'order_refused', facts: { role: order.role, code, message } });
    this.follow(must(sent, { kind: 'refused', at: now, refusal, cause: 'venue' }), []);
  }

  private book(order: Order, report: ExecutionReport): void {
    this.follow(booked(order, report), report.fills);
  }

  /** The position after one of its orders has changed, as change-order writes it. */
  private follow(changed: Order, fills: readonly Fill[]): void {
    const now = this.now();
    const order = this.keep(withDue(changed, now));
    for (const fill of fills) {
      (order.role === 'entry' ? this.fills.entry : this.fills.exit).push(fill);
      this.tell({ at: fill.at, kind: 'filled', facts: fillFacts(order, fill) });
    }
    if (fills.length === 0 && !isSettled(order)) return;
    const before = this.opened();
    const followed = followOrder(before, order, fills, this.plan.spec, now);
    this.keep(followed.order);
    this.put(before, withDue(followed.position, now));
    if (needsPlan(followed.position)) this.goOn(markAfter(followed.position, order, fills));
  }

  private goOn(mark: Decimal | null): void {
    const p = this.opened();
    const context = { spec: this.plan.spec, now: this.now(), claiming: false, mark };
    const planned = carryOutPlan(p, this.live(p), context);
    this.take(planned.position, planned.orders, planned.alarms);
  }

  /** A decision is written: the position, its orders, and what they owe now. */
  private take(after: Position, orders: readonly Change<Order>[], alarms: Planned['alarms']): void {
    this.put(this.opened(), after);
    for (const { why } of alarms) this.tell({ at: this.now(), kind: 'alarm', facts: { why } });
    for (const { after: order } of orders) this.keep(order);
    for (const {
      after: { orderId },
    } of orders) {
      const order = this.orderOf(orderId);
      if (!wantsWork(order)) continue;
      if (order.status === 'pending') this.send(order);
      else if (order.status === 'cancelling') this.cancel(order);
    }
  }

  private cancel(order: Order): void {
    const report = this.account.cancel(order, this.now());
    if (report === null) throw new Error(`${order.orderId} is not live at the venue, yet it is here`);
    this.book(order, report);
    disarmOrder(order, this.lane);
  }

  /** What an order left unfilled waits for the next tick. */
  private armOrder(order: Order): void {
    if (isFinal(order.status)) return;
    const tick = this.lane.tick().id + 1;
    const armed = this.keep(must(order, { kind: 'armed', at: this.now(), tick }));
    armOrder(armed, this.lane);
  }

  private arm(): void {
    if (this.current === null) return;
    const armed = armPosition({ position: this.current, takenOut: this.takenOut }, this.lane);
    this.current = armed.position;
    this.takenOut = armed.takenOut;
  }

  private put(before: Position, after: Position): void {
    this.current = { ...after, version: before.version + 1 };
    // Whoever claims an exit has told so; nothing rests at the venue here that could have claimed it by selling.
    const unclaimed = { ...before, flatten: after.flatten };
    for (const { action } of actionsOf(unclaimed, after, this.now())) this.tell(action);
  }

  private keep(order: Order): Order {
    const known = this.orders.get(order.orderId);
    if (known === undefined) this.listener.owns(this, order.orderId);
    const kept = { ...order, version: (known?.version ?? 0) + 1 };
    this.orders.set(order.orderId, kept);
    return kept;
  }

  private live(p: Position): readonly Order[] {
    return liveOrderIds(p).map((orderId) => this.orderOf(orderId));
  }

  private orderOf(orderId: string): Order {
    const order = this.orders.get(orderId);
    if (order === undefined) throw new Error(`${this.plan.name} has no order ${orderId}`);
    return order;
  }

  private opened(): Position {
    if (this.current === null) throw new Error(`${this.plan.name} is not open`);
    return this.current;
  }

  private now(): number {
    return this.lane.tick().at;
  }

  private tell(action: PositionAction): void {
    this.listener.decided(this, action);
  }
}

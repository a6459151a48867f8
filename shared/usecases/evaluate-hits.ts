/**
 * Hits become exits (design section 10).
 *
 * Takes hits in batches until none is left or the time is over. Each is checked against the ledger (strongly
 * consistent) and claimed there by condition: the claim, the exit order and its reservation are one transaction.
 * The exit's message goes out before the hit is settled; a crash between leaves a due order, or a hit that comes
 * back. Hits of one position that are taken together are decided in the order of their ticks; positions do not wait for
 * each other. Known limit: of two that are taken apart (the first one's taker is slow, or has died) the first claim wins.
 */
import { withDue } from '../domain/due.ts';
import { FIRST_RIGHT_MS } from '../domain/exits.ts';
import { parseMember } from '../domain/levels.ts';
import { isOrderLevel, orderLevels } from '../domain/order-levels.ts';
import { isFinal, transition } from '../domain/orders.ts';
import { wantsResidentLook } from '../domain/resident-state.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import { hitKey } from '../domain/triggers/rules.ts';
import type { Hit } from '../domain/triggers/types.ts';
import type { Order, Position } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import { readLiveOrders, specOf, stored } from './change-order.ts';
import { tellConfirmation } from './confirm-stop.ts';
import { untilWritten } from './conflicts.ts';
import { decideHit } from './decide-hit.ts';
import { lateReturnOf } from './decide-window.ts';
import { venueClientId } from './derive-ids.ts';
import { liveOrderIds, wantsWork } from './exit-plan.ts';
import { WINDOW_OVER } from './hit-decision.ts';
import { armedFrom, factsText, isConfirmed, levelOfHit, needsPrice, triggerFacts } from './hit-rules.ts';
import { isToldLately, noteRefusal } from './pace-refusals.ts';
import type { Ports } from './ports.ts';
import { readApart } from './read-apart.ts';
import { tellAlarms } from './tell-alarms.ts';
import { sendPointer, sendPosition } from './work-pointers.ts';

type Needs = Pick<
  Ports,
  | 'ledger'
  | 'index'
  | 'prices'
  | 'venues'
  | 'outbox'
  | 'counters'
  | 'metrics'
  | 'symbols'
  | 'clock'
  | 'ids'
  | 'sleep'
  | 'log'
>;

export interface EvaluateSettings {
  readonly batch: number;
  /** A taken hit that nobody settles is visible again after this. */
  readonly hideMs: number;
  readonly budgetMs: number;
}
export const DEFAULT_EVALUATE: EvaluateSettings = { batch: 25, hideMs: 2_000, budgetMs: 5_000 };

export interface Evaluated {
  readonly taken: number;
  readonly exits: number;
  readonly failed: number;
}

/** What a level that is reached again and again would flood the timeline with. */
const REPEATED: readonly string[] = ['refused', 'confirming', 'came_back'];

/** By tick, within one by name, as the engine hands them out. */
const inOrder = (a: Hit, b: Hit): number =>
  a.tick.id - b.tick.id || (hitKey(a.member, a.version) < hitKey(b.member, b.version) ? -1 : 1);

export type EvaluateHits = ReturnType<typeof makeEvaluateHits>;

export function makeEvaluateHits(
  ports: Needs,
  arm: ArmLevels,
  settings: EvaluateSettings = DEFAULT_EVALUATE,
) {
  const { ledger, index, prices, venues, outbox, counters, metrics, clock, log } = ports;

  /** One hit of a position; answers whether it made an exit. `known`: the position as read a moment ago. */
  async function onPosition(hit: Hit, symbol: string, known: Position | undefined): Promise<boolean> {
    const { ownerId } = parseMember(hit.member);
    const written = await untilWritten(ports, `hit ${hit.member}`, async (n) => {
      const before = n === 0 && known !== undefined ? known : await ledger.position(ownerId);
      if (before === null) return null;
      const spec = await specOf(ports.symbols, before);
      const now = clock.now();
      const level = levelOfHit(before, hit, spec);
      const asks = level !== null && needsPrice(hit, armedFrom(before, level), now);
      const price = asks ? await prices.price(symbol) : null;
      const live = liveOrderIds(before).length === 0 ? [] : await readLiveOrders(ledger, before, null);
      const late = lateReturnOf(before, hit);
      const bars = late === null ? [] : await prices.bars(symbol, Math.floor(late.since / 1000));
      const decision = decideHit(before, hit, { spec, now, price, live, bars });
      if (decision.kind === 'drop') {
        log.info('HIT_DROPPED', { positionId: ownerId, member: hit.member, why: decision.why });
        await noteRefusal(ledger, ownerId, decision.action);
        if (decision.why === WINDOW_OVER) await tellConfirmation(ports, before);
        return null;
      }
      const change = { before, after: decision.position };
      const { action, what } = decision;
      const isKnown = REPEATED.includes(what) && (await isToldLately(ledger, ownerId, action));
      const actions = isKnown ? [] : [{ positionId: ownerId, action }];
      const result = await ledger.commit({ orders: decision.orders, positions: [change], actions });
      return result.outcome === 'done' ? { ...decision, position: stored(change) } : 'conflict';
    });
    if (written === null) {
      await index.settleHits(symbol, [hit]);
      return false;
    }
    for (const order of written.orders.map(stored)) if (wantsWork(order)) await sendPointer(outbox, order);
    await tellAlarms(ports, ownerId, written.alarms);
    if (written.what === 'confirming') await tellConfirmation(ports, written.position);
    const { action, what } = written;
    // Of a level that was reached while it stood: of others the tick was there before the level, or found later.
    if (hit.cause === 'tick' && written.orders.length > 0)
      metrics({ exits_tick_to_decision_ms: Math.max(0, action.at - hit.tick.at) });
    // The end of the resident order's first right, or a part that waits for it; the due index owes both as well.
    const isFirst = what === 'resident_first';
    if (isFirst) await sendPosition(outbox, written.position, clock.now(), FIRST_RIGHT_MS / 1000);
    else if (wantsResidentLook(written.position)) await sendPosition(outbox, written.position, clock.now());
    // `level` is the log line's own.
    const { level, ...facts } = action.facts;
    log.info('HIT_DECIDED', {
      positionId: ownerId,
      what,
      ...facts,
      level_price: level,
      lag_ms: clock.now() - hit.tick.at,
    });
    await index.settleHits(symbol, [hit]);
    // The rest of the set leaves the index, or comes back under its new version.
    if (what !== 'skipped' && written.position.levelsVersion !== hit.version)
      await arm.armPosition(written.position);
    return what === 'exit';
  }

  /** A hit of an order's own price that does not stand by itself has to be confirmed, like any other. */
  async function isStillReached(hit: Hit, order: Order, spec: SymbolSpec): Promise<boolean> {
    const armedAt = order.armedAt ?? order.updatedAt;
    if (!needsPrice(hit, { armedAt }, clock.now())) return true;
    const price = await prices.price(spec.symbol);
    const level = orderLevels(order, spec).find(({ member }) => member === hit.member);
    return level !== undefined && isConfirmed(hit, level, price, spec, clock.now());
  }

  /** The market has reached a resting order's price: the demo venue works it; a real venue does so by itself. */
  async function onOrder(hit: Hit, symbol: string): Promise<void> {
    const { ownerId } = parseMember(hit.member);
    const touched = await untilWritten(ports, `hit ${hit.member}`, async () => {
      const before = await ledger.order(ownerId);
      if (before === null || isFinal(before.status)) return null;
      const spec = await specOf(ports.symbols, before);
      const now = clock.now();
      if (!(await isStillReached(hit, before, spec))) return { order: before, spec, isReached: false };
      const next = transition(before, { kind: 'touched', at: now, tick: hit.tick.id });
      if (!next.ok) return null;
      const change = { before, after: withDue(next.value, now) };
      const result = await ledger.commit({ orders: [change] });
      return result.outcome === 'done' ? { order: stored(change), spec, isReached: true } : 'conflict';
    });
    const isArmedAnew = touched !== null && (await work(hit, touched));
    await index.settleHits(symbol, [hit]);
    if (touched !== null && isArmedAnew) await arm.armOrder(touched.order, hit.tick.id + 1);
  }

  /** Answers whether the order's level is to be armed again. */
  async function work(
    hit: Hit,
    { order, spec, isReached }: { order: Order; spec: SymbolSpec; isReached: boolean },
  ): Promise<boolean> {
    if (!isReached) {
      log.info('HIT_REFUSED', { orderId: order.orderId, member: hit.member, why: 'not_confirmed' });
      const now = clock.now();
      const facts = {
        ...factsText(triggerFacts(hit, spec, now)),
        ...{ order_id: order.orderId, why: 'not_confirmed' },
      };
      await noteRefusal(ledger, order.positionId, { at: now, kind: 'hit_refused', facts });
      return true;
    }
    // News of it is due now: without any, the order is asked for (its due time); until then its level has done its work.
    if (order.environment !== 'demo') return order.touchedAt === null;
    const book = await venues.demoBook(order.walletId);
    const clientId = venueClientId(order.orderId, order.send?.attempt ?? 1);
    return (await book.work(spec.symbol, clientId, triggerFacts(hit, spec, clock.now()))).live;
  }

  /** All hits of one owner, in the order of their ticks. A failure leaves its hits to come back. */
  async function onOwner(
    hits: readonly Hit[],
    symbol: string,
    position: Position | undefined,
  ): Promise<number> {
    let exits = 0;
    let known = position;
    // One that comes back may stand behind a later one.
    for (const hit of hits.toSorted(inOrder)) {
      if (isOrderLevel(parseMember(hit.member).levelName)) {
        await onOrder(hit, symbol);
      } else {
        if (await onPosition(hit, symbol, known)) exits += 1;
        known = undefined;
      }
    }
    return exits;
  }

  async function onBatch(hits: readonly Hit[], symbol: string): Promise<{ exits: number; failed: number }> {
    const byOwner = Map.groupBy(hits, (hit) => parseMember(hit.member).ownerId);
    const ofPositions = hits.filter((hit) => !isOrderLevel(parseMember(hit.member).levelName));
    const ids = [...new Set(ofPositions.map((hit) => parseMember(hit.member).ownerId))];
    // One that cannot be read fails below, with its own hits alone.
    const positions =
      ids.length === 0 ? [] : await readApart(ids, ledger.positions.bind(ledger), () => undefined);
    const known = new Map(positions.map((p) => [p.positionId, p]));
    const results = await Promise.allSettled(
      [...byOwner].map(([ownerId, own]) => onOwner(own, symbol, known.get(ownerId))),
    );
    let exits = 0;
    let failed = 0;
    for (const result of results) {
      if (result.status === 'fulfilled') {
        exits += result.value;
      } else {
        failed += 1;
        log.error('HIT_FAILED', { symbol, error: String(result.reason) });
      }
    }
    return { exits, failed };
  }

  /** Takes this symbol's hits until none is left, or the time is over (then the next sweep goes on). */
  return async (symbol: string): Promise<Evaluated> => {
    const deadline = clock.now() + settings.budgetMs;
    let [taken, exits, failed] = [0, 0, 0];
    while (clock.now() < deadline) {
      const hits = await index.takeHits(symbol, settings.batch, clock.now(), settings.hideMs);
      if (hits.length === 0) break;
      const done = await onBatch(hits, symbol);
      taken += hits.length;
      exits += done.exits;
      failed += done.failed;
    }
    if (exits > 0 || failed > 0) {
      await counters.add({
        'om:stops_triggered': exits,
        'om:positions_updated': exits,
        'om:errors_total': failed,
      });
    }
    return { taken, exits, failed };
  };
}

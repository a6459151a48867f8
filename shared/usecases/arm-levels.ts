/**
 * Putting levels into the trigger index, and noting in the ledger that they are there (design sections 8 to 10).
 *
 * The index comes first, the note second: a crash between leaves the item due, and arming again is harmless.
 * Always true: a position without its note stays due; while a symbol is being rebuilt nothing is noted.
 */
import { WINDOW_LEVELS } from '../domain/confirmation.ts';
import { positionNeedsArming, withDue } from '../domain/due.ts';
import { confirmArmed, levelsOf, parseMember } from '../domain/levels.ts';
import { type Decimal, decimal } from '../domain/money/decimal.ts';
import { orderLevels, orderMembers } from '../domain/order-levels.ts';
import { isFinal, transition } from '../domain/orders.ts';
import { isClosed } from '../domain/positions.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import type { Level, PriceSource } from '../domain/triggers/types.ts';
import type { Arming, Order, Position } from '../domain/types.ts';
import type { CachedPrice } from '../ports/trigger-index.ts';
import { specOf } from './change-order.ts';
import { untilWritten } from './conflicts.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<
  Ports,
  'ledger' | 'index' | 'prices' | 'leases' | 'outbox' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'
>;

/** A lost rebuild message is repeated after this. */
const REBUILD_ASK_MS = 2_000;
/**
 * Who writes the prices finds the index missing with its next one, leaves the bars that a rebuild reads, and asks for it at
 * once. Built before that on this request, because no price came, it is built again when the bars come (`heldBars`):
 * waiting spares doing it twice.
 */
const REBUILD_DELAY_S = 2;
const HALF = decimal('0.5');

export type ArmLevels = ReturnType<typeof makeArmLevels>;

/** Every level that a position may ever have had in the index. */
export function possibleMembers(p: Position): readonly string[] {
  const rungs = Math.max(p.protection.takeProfits.length, p.initialProtection.takeProfits.length);
  const names = new Set(['stop_loss', 'break_even', 'trailing_stop', 'break_even_trigger']);
  if (p.margin !== null) names.add('liquidation');
  for (let i = 0; i < rungs; i++) names.add(`take_profit:${i}`);
  for (const name of Object.keys(p.armings)) names.add(name);
  const mayWait = p.protection.confirmSeconds > 0 || p.initialProtection.confirmSeconds > 0;
  if (mayWait || p.confirming.length > 0) for (const name of WINDOW_LEVELS) names.add(name);
  return [...names].map((name) => `${p.positionId}|${name}`);
}

/** One side of a shown price. */
export function priceBySource(price: CachedPrice, source: PriceSource): Decimal {
  if (source !== 'mid') return decimal(price[source]);
  return decimal(price.bid).plus(decimal(price.ask)).times(HALF);
}

export function makeArmLevels(ports: Needs) {
  const { ledger, index, prices, leases, outbox, clock, log } = ports;

  /** Asks for a rebuild, once per symbol and 2 s. */
  async function askRebuild(symbol: string): Promise<void> {
    log.warn('INDEX_MISSING', { symbol });
    if (await leases.once(`rebuild:{${symbol}}:asked`, REBUILD_ASK_MS)) {
      const message = { kind: 'rebuild', symbol, at: clock.now() } as const;
      await outbox.triggers([{ message, delaySeconds: REBUILD_DELAY_S }]);
    }
  }

  /** Arms or removes; null while the symbol has to be rebuilt. */
  async function put(
    symbol: string,
    levels: readonly Level[],
    remove: readonly { member: string; version: number }[],
  ) {
    const result = await index.arm(symbol, levels, remove, clock.now());
    if (result.outcome === 'rebuild') {
      await askRebuild(symbol);
      return null;
    }
    if (result.wake) await outbox.trigger({ kind: 'wake', symbol, at: clock.now() });
    return result;
  }

  /** The best price a trailing stop is known to have seen when it was armed: the one shown, if it is not older. */
  async function startingPeak(level: Level, armedTick: number, spec: SymbolSpec): Promise<Decimal | null> {
    if (level.kind !== 'trailing' || level.peak !== null || level.activation !== null) return null;
    const price = await prices.price(spec.symbol);
    return price === null || price.tickId < armedTick ? null : priceBySource(price, level.source);
  }

  async function attemptPosition(known: Position): Promise<Position | 'conflict'> {
    const p = known;
    const spec = await specOf(ports.symbols, p);
    const levels = levelsOf(p, spec);
    const wanted = new Set(levels.map((level) => level.member));
    const gone = possibleMembers(p).filter((member) => !wanted.has(member));
    const armed = await put(
      p.symbol,
      levels,
      gone.map((member) => ({ member, version: p.levelsVersion })),
    );
    // A closing or closed position needs no note: its plan, or nothing, is what it owes.
    if (armed === null || !positionNeedsArming(p) || p.flatten !== null || isClosed(p)) return p;
    const armings: Record<string, Arming> = {};
    for (const level of levels) {
      const tick = level.armedTick === -1 ? armed.armedTick : level.armedTick;
      const peak = await startingPeak(level, tick, spec);
      armings[parseMember(level.member).levelName] = { tick, at: level.armedAt, peak };
    }
    const now = clock.now();
    const after = withDue(confirmArmed(p, p.levelsVersion, armings, now), now);
    const result = await ledger.commit({ positions: [{ before: p, after }] });
    return result.outcome === 'done' ? { ...after, version: p.version + 1 } : 'conflict';
  }

  /** Brings a position's levels into the index; answers the position as stored. */
  async function armPosition(known: Position): Promise<Position> {
    return untilWritten(ports, `levels of position ${known.positionId}`, async (n) => {
      const position = n === 0 ? known : await ledger.position(known.positionId);
      return position === null ? known : attemptPosition(position);
    });
  }

  async function attemptOrder(order: Order, afterTick: number | null): Promise<Order | 'conflict'> {
    const gone = (members: readonly string[]) =>
      members.map((member) => ({ member, version: Math.max(order.version, 1) }));
    if (isFinal(order.status)) {
      await put(order.symbol, [], gone(orderMembers(order)));
      return order;
    }
    const levels = orderLevels(order, await specOf(ports.symbols, order));
    if (levels.length === 0) return order;
    const wanted = levels.map((level) => level.member);
    const left = orderMembers(order).filter((member) => !wanted.includes(member));
    // The tick that was just worked must not count twice: only later ones do.
    const from = afterTick ?? order.armedTick;
    const fresh = from === null ? levels : levels.map((level) => ({ ...level, armedTick: from }));
    const armed = await put(order.symbol, fresh, gone(left));
    if (armed === null) return order;
    const now = clock.now();
    const noted = transition(order, { kind: 'armed', at: now, tick: from ?? armed.armedTick });
    if (!noted.ok) return order;
    const after = withDue(noted.value, now);
    const result = await ledger.commit({ orders: [{ before: order, after }] });
    return result.outcome === 'done' ? { ...after, version: order.version + 1 } : 'conflict';
  }

  /** Arms a resting order's own level (or takes a final one's out). `afterTick`: count only ticks from this id on. */
  async function armOrder(known: Order, afterTick: number | null = null): Promise<Order> {
    return untilWritten(ports, `level of order ${known.orderId}`, async (n) => {
      const order = n === 0 ? known : await ledger.order(known.orderId);
      return order === null ? known : attemptOrder(order, afterTick);
    });
  }

  return { armPosition, armOrder, askRebuild };
}

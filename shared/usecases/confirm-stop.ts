/**
 * A stop that was reached and waited until its time (design section 9): looked at once the window is over, by due work
 * alone. What came back meanwhile is in the tape, also where the index had not heard of the window yet; whoever comes
 * second finds the window gone.
 */
import { windowEndsAt } from '../domain/confirmation.ts';
import { confirmAt } from '../domain/due.ts';
import { windowsOf } from '../domain/levels.ts';
import type { ConfirmWindow, Position } from '../domain/types.ts';
import type { ArmLevels } from './arm-levels.ts';
import { readLiveOrders, specOf, stored } from './change-order.ts';
import { untilWritten } from './conflicts.ts';
import { count, TRIGGERED } from './counts.ts';
import { decideWindow, type WindowEvidence } from './decide-window.ts';
import { wantsWork } from './exit-plan.ts';
import { tell } from './owed.ts';
import { isToldLately } from './pace-refusals.ts';
import type { Ports } from './ports.ts';
import { tellAlarms } from './tell-alarms.ts';
import { sendPointer } from './work-pointers.ts';

type Needs = Pick<
  Ports,
  | 'ledger'
  | 'index'
  | 'prices'
  | 'outbox'
  | 'counters'
  | 'metrics'
  | 'symbols'
  | 'clock'
  | 'ids'
  | 'sleep'
  | 'log'
>;

/** So long an exit waits for a cache that cannot be read, or was lost; then what was reached sells. */
const CACHE_PATIENCE_MS = 5_000;

/** Whoever is to look at a window's end hears of it in time; the due index owes it as well. */
export async function tellConfirmation(
  { outbox, clock, log }: Pick<Ports, 'outbox' | 'clock' | 'log'>,
  position: Position,
): Promise<void> {
  const at = confirmAt(position);
  if (at === null) return;
  const { positionId } = position;
  const delaySeconds = Math.max(0, Math.ceil((at - clock.now()) / 1000));
  await tell(log, outbox.exits({ positionId }, delaySeconds), { positionId });
}

export type ConfirmStop = ReturnType<typeof makeConfirmStop>;

export function makeConfirmStop(ports: Needs, arm: ArmLevels) {
  const { ledger, index, prices, outbox, clock, log } = ports;

  /**
   * Null: it cannot be read, and that has been so for long enough. `wait`: the cache was lost; whoever rebuilds the index
   * finds the bars written again. @throws what the cache says, until then
   */
  async function evidenceOf(
    p: Position,
    { since }: ConfirmWindow,
    lateMs: number,
  ): Promise<WindowEvidence | 'wait' | null> {
    try {
      if (lateMs < CACHE_PATIENCE_MS && !(await index.isBuilt(p.symbol))) return 'wait';
      const [bars, price] = await Promise.all([
        prices.bars(p.symbol, Math.floor(since / 1000)),
        prices.price(p.symbol),
      ]);
      return { bars, price };
    } catch (error) {
      if (lateMs < CACHE_PATIENCE_MS) throw error;
      log.error('CONFIRMED_UNSEEN', { positionId: p.positionId, lateMs, error: String(error) });
      return null;
    }
  }

  /** The window that was over first. */
  async function attempt(positionId: string) {
    const before = await ledger.position(positionId);
    const now = clock.now();
    if (before === null) return null;
    const endOf = (window: ConfirmWindow): number => windowEndsAt(window, before.protection);
    const over = windowsOf(before).filter((window) => endOf(window) <= now);
    const [window] = over.sort((a, b) => endOf(a) - endOf(b));
    if (window === undefined) return null;
    const spec = await specOf(ports.symbols, before);
    const evidence = await evidenceOf(before, window, now - endOf(window));
    // Its due time stands.
    if (evidence === 'wait') return null;
    const live = await readLiveOrders(ledger, before, null);
    const decision = decideWindow(before, window, evidence, { spec, now, price: null, live });
    if (decision.kind === 'drop') return null;
    const change = { before, after: decision.position };
    const { action, orders } = decision;
    const isKnown = decision.what === 'came_back' && (await isToldLately(ledger, positionId, action));
    const actions = isKnown ? [] : [{ positionId, action }];
    const result = await ledger.commit({ orders, positions: [change], actions });
    return result.outcome === 'done' ? { ...decision, position: stored(change) } : 'conflict';
  }

  /** Ends the window that is over; nothing to do is no error. */
  return async (positionId: string): Promise<void> => {
    const written = await untilWritten(ports, `confirmation of position ${positionId}`, () =>
      attempt(positionId),
    );
    if (written === null) return;
    const { what, action, position, orders, alarms } = written;
    const { level, ...facts } = action.facts;
    log.info('WINDOW_ENDED', { positionId, what, ...facts, level_price: level });
    for (const order of orders.map(stored)) if (wantsWork(order)) await sendPointer(outbox, order);
    await tellAlarms(ports, positionId, alarms);
    if (what === 'exit') await count(ports, TRIGGERED, { positionId });
    await tell(
      log,
      arm.armPosition(position).then(() => undefined),
      { positionId },
    );
  };
}

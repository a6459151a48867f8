/**
 * What the tape showed of a position is kept with it before the tape ends (design section 8): the rest of its entry's
 * minute when that is over, and its final statistics some seconds after its close.
 *
 * Due work: a position owes it until it is written, by condition on what was read. What is kept is what a read right
 * before would have answered.
 */
import { entryMinuteEnd, owesEntryMinute, owesFrozenFigures, withDue } from '../domain/due.ts';
import { entryMinuteBars, restOfEntryMinute } from '../domain/entry-minute.ts';
import { frozenAt } from '../domain/statistics.ts';
import type { Position } from '../domain/types.ts';
import { untilWritten } from './conflicts.ts';
import { count, DURATION, observation } from './counts.ts';
import type { Ports } from './ports.ts';
import { figuresTape, NO_PRICE, ordersWithFills, statisticsOf } from './position-statistics.ts';

type Needs = Pick<
  Ports,
  'ledger' | 'prices' | 'tape' | 'symbols' | 'counters' | 'clock' | 'ids' | 'sleep' | 'log'
>;

/** Where no price has come since, the tape of the time before may still be on its way; after this it is not. */
export const TAPE_AWAITED_MS = 15 * 60_000;

const MINUTE = 60;
const MINUTE_MS = 60_000;

export type FreezeFigures = ReturnType<typeof makeFreezeFigures>;

export function makeFreezeFigures(ports: Needs) {
  const { ledger, prices, tape, clock, log } = ports;

  /** Has the tape told all before this time? Prices come in their order: one from then or later says so. */
  async function isTold(symbol: string, at: number, now: number): Promise<boolean> {
    if (now >= at + TAPE_AWAITED_MS) return true;
    const second = Math.floor(at / 1000);
    if ((await prices.bars(symbol, second)).length > 0) return true;
    const minute = Math.ceil(second / MINUTE);
    return (await tape.between(symbol, minute, Math.floor(now / 1000 / MINUTE) + 1)).length > 0;
  }

  async function withEntryMinute(p: Position, at: number, now: number): Promise<Position | null> {
    if (now < at || !(await isTold(p.symbol, at, now))) return null;
    const seconds = await prices.bars(p.symbol, restOfEntryMinute(p).from);
    return { ...p, entryMinute: { at: now, bars: entryMinuteBars(p, seconds) } };
  }

  async function withFigures(p: Position, at: number, now: number): Promise<Position | null> {
    if (!(await isTold(p.symbol, at, now))) return null;
    // Of a symbol that is no longer known the tape cannot be read, and never will be: its fills are what there is.
    const spec = await ports.symbols.find(p.environment, p.symbol);
    if (spec === null && now < at + TAPE_AWAITED_MS) return null;
    if (spec === null) log.warn('FIGURES_WITHOUT_TAPE', { positionId: p.positionId, symbol: p.symbol });
    const bars = spec === null ? [] : await figuresTape(ports, p, spec, now);
    const orders = await ordersWithFills(ledger, p);
    return { ...p, frozen: frozenAt(statisticsOf(p, orders, bars, NO_PRICE, now), now) };
  }

  /** Null: nothing is owed, or it cannot be told yet. */
  async function figured(p: Position, now: number): Promise<Position | null> {
    if (owesFrozenFigures(p) && p.closedAt !== null) return withFigures(p, p.closedAt, now);
    const minuteEnd = entryMinuteEnd(p);
    return owesEntryMinute(p) && minuteEnd !== null ? withEntryMinute(p, minuteEnd, now) : null;
  }

  /** Here, since every way to close a position ends here. */
  async function countDuration(before: Position, { frozen, openedAt, closedAt, positionId }: Position) {
    if (before.frozen !== null || frozen === null || openedAt === null || closedAt === null) return;
    const minutes = Math.floor(Math.max(0, closedAt - openedAt) / MINUTE_MS);
    await count(ports, observation(DURATION, minutes), { positionId });
  }

  /** Keeps what the position owes by now; what the tape has not told yet stays due. */
  return (positionId: string): Promise<void> =>
    untilWritten(ports, `figures of position ${positionId}`, async () => {
      const before = await ledger.position(positionId);
      if (before === null) return undefined;
      const now = clock.now();
      const figures = await figured(before, now);
      if (figures === null) return undefined;
      const after = withDue({ ...figures, dueTries: 0 }, now);
      const result = await ledger.commit({ positions: [{ before, after }] });
      if (result.outcome !== 'done') return 'conflict';
      await countDuration(before, after);
      return undefined;
    });
}

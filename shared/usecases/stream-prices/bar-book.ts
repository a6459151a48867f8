/**
 * One symbol's 1 s bars of the last minutes and its minute rows, made of applied ticks only (design sections 8, 10).
 *
 * A rebuild finds peaks in these bars and is then sent the refused ticks: were a refused tick already in a bar,
 * its own peak would be held against ticks that came before it, and a trailing stop would fire that was not
 * reached. So a bar is only taken in (`commit`) when the script has applied its ticks.
 */
import { foldTicks } from '../../domain/triggers/bars.ts';
import { SOURCES } from '../../domain/triggers/rules.ts';
import type { Bar, PriceSource, Tick, Units } from '../../domain/triggers/types.ts';
import type { TapeMinute } from '../../ports/tape.ts';

interface MinuteRow {
  row: TapeMinute;
  /** It holds extremes, or is a minute, that the tape's row does not have yet. */
  unsaved: boolean;
  /** Anything at all changed since it was saved. */
  changed: boolean;
}

export class BarBook {
  readonly #keptSeconds: number;
  readonly #bars = new Map<number, Bar>();
  readonly #minutes = new Map<number, MinuteRow>();
  #newest: Bar | null = null;
  #hasOwn = false;

  constructor(keptMs: number) {
    this.#keptSeconds = Math.ceil(keptMs / 1000);
  }

  /** Bars that an earlier writer left in the cache, oldest first: they are gone on with, not replaced. */
  seed(bars: readonly Bar[]): void {
    for (const bar of bars) this.#put(bar);
    this.#dropOld();
  }

  /** The bars that these ticks touch, as they stand with them. Changes nothing. */
  preview(ticks: readonly Tick[]): readonly Bar[] {
    const before = this.#newest;
    const { complete, open } = foldTicks(before, ticks);
    const after = open === null ? complete : [...complete, open];
    return after.filter((bar) => bar !== before);
  }

  /** The newest one that is taken in; null = there is none. Only this one can be gone on with. */
  get newest(): Bar | null {
    return this.#newest;
  }

  /** Takes in previewed bars whose ticks the script has applied. */
  commit(bars: readonly Bar[]): void {
    this.#hasOwn ||= bars.length > 0;
    for (const bar of bars) {
      this.#toMinute(bar, this.#bars.get(bar.second)?.count ?? 0);
      this.#put(bar);
    }
    this.#dropOld();
  }

  /** Whose bars are kept: its own as soon as one was taken in, else only what others have left. */
  get held(): 'none' | 'others' | 'own' {
    if (this.#bars.size === 0) return 'none';
    return this.#hasOwn ? 'own' : 'others';
  }

  /** All bars kept, oldest first. */
  bars(): readonly Bar[] {
    return [...this.#bars.values()];
  }

  /** Rows to save now: those with new extremes, and every ended minute that changed. `all`: whatever changed. */
  due(nowMs: number, all = false): readonly TapeMinute[] {
    const open = Math.floor(nowMs / 60_000);
    return [...this.#minutes.values()]
      .filter(({ row, unsaved, changed }) => unsaved || (changed && (all || row.minute < open)))
      .map(({ row }) => row);
  }

  /** A row that `due` gave is in the tape; it may have grown since. */
  saved(row: TapeMinute, nowMs: number): void {
    const minute = this.#minutes.get(row.minute);
    if (minute === undefined || minute.row !== row) return;
    minute.unsaved = false;
    minute.changed = false;
    if (row.minute < Math.floor(nowMs / 60_000) - 1) this.#minutes.delete(row.minute);
  }

  /** Bars are put in by time, so the map's order is theirs. */
  #put(bar: Bar): void {
    this.#bars.set(bar.second, bar);
    if (this.#newest === null || bar.second >= this.#newest.second) this.#newest = bar;
  }

  #dropOld(): void {
    for (const second of this.#bars.keys()) {
      if (second > (this.#newest?.second ?? 0) - this.#keptSeconds) break;
      this.#bars.delete(second);
    }
  }

  #toMinute(bar: Bar, alreadyCounted: number): void {
    const minute = Math.floor(bar.second / 60);
    const known = this.#minutes.get(minute);
    const row = merged(known?.row ?? null, minute, bar, alreadyCounted);
    const unsaved = known === undefined || known.unsaved || setsExtremes(row, known.row);
    this.#minutes.set(minute, { row, unsaved, changed: true });
  }
}

function merged(row: TapeMinute | null, minute: number, bar: Bar, alreadyCounted: number): TapeMinute {
  const { second: _, ...prices } = bar;
  if (row === null) return { minute, ...prices };
  const { low, high, close, firstTick, lastTick, count } = prices;
  const { open } = firstTick < row.firstTick ? prices : row;
  return {
    minute,
    ...(open !== undefined && { open }),
    low: bySource((s) => Math.min(low[s], row.low[s])),
    high: bySource((s) => Math.max(high[s], row.high[s])),
    close: lastTick >= row.lastTick ? close : row.close,
    firstTick: Math.min(firstTick, row.firstTick),
    lastTick: Math.max(lastTick, row.lastTick),
    count: row.count + count - alreadyCounted,
  };
}

const setsExtremes = (now: TapeMinute, before: TapeMinute): boolean =>
  SOURCES.some(
    (source) => now.low[source] !== before.low[source] || now.high[source] !== before.high[source],
  );

const bySource = (price: (source: PriceSource) => number): Bar['low'] => {
  const at = (source: PriceSource): Units => price(source) as Units;
  return { bid: at('bid'), ask: at('ask'), last: at('last'), mid: at('mid') };
};

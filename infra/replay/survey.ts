/** A first look at recorded files: their symbols, how long they are, and how far prices usually move. */
import { ceilTo, type Decimal, decimal, maxOf, ZERO } from '../../shared/domain/money/decimal.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import type { TickSource } from './ticks.ts';

export interface Survey {
  readonly specs: readonly SymbolSpec[];
  readonly spanMs: number;
  /** Usual distance between low and high in a sixth of the time, in percent of the low, in whole basis points. */
  readonly swingPercent: Decimal;
}

const WINDOWS = 6;
const BASIS_POINT = decimal('0.01');

interface Range {
  low: number;
  high: number;
}

/** Answers null where no tick of a known symbol is found. */
export async function survey(source: TickSource): Promise<Survey | null> {
  const seen = new Map<string, { readonly spec: SymbolSpec; readonly seconds: Map<number, Range> }>();
  const { from, to } = await source.play((spec, { last, at }) => {
    const one = seen.get(spec.symbol) ?? { spec, seconds: new Map<number, Range>() };
    seen.set(spec.symbol, one);
    widen(one.seconds, Math.floor(at / 1000), last, last);
  });
  if (from === null || to === null) return null;
  const windowMs = Math.max((to - from) / WINDOWS, 1);
  const swings = [...seen.values()].flatMap(({ seconds }) => {
    const windows = new Map<number, Range>();
    for (const [second, { low, high }] of seconds) {
      widen(
        windows,
        Math.min(WINDOWS - 1, Math.floor(Math.max(second * 1000 - from, 0) / windowMs)),
        low,
        high,
      );
    }
    return [...windows.values()].map(({ low, high }) =>
      decimal(String(high))
        .minus(decimal(String(low)))
        .times(100)
        .dividedBy(decimal(String(low))),
    );
  });
  const sorted = swings.toSorted((a, b) => a.comparedTo(b));
  const median = sorted[Math.floor(sorted.length / 2)] ?? ZERO;
  return {
    specs: [...seen.values()].map(({ spec }) => spec),
    spanMs: to - from,
    swingPercent: maxOf(ceilTo(median, BASIS_POINT), BASIS_POINT),
  };
}

function widen(ranges: Map<number, Range>, key: number, low: number, high: number): void {
  const range = ranges.get(key);
  if (range === undefined) {
    ranges.set(key, { low, high });
    return;
  }
  if (low < range.low) range.low = low;
  if (high > range.high) range.high = high;
}

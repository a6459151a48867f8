/**
 * A look at a recording before it is played: its symbols, how long it is, how far prices usually move and how
 * large its trades are, so that the demo can choose speed, distances and quantities. It decides nothing else.
 */
import { type Decimal, decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import { type SymbolSpec, symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { Units } from '../../../shared/domain/triggers/types.ts';
import { unitsToDecimal } from '../../../shared/domain/triggers/units.ts';
import { readLineBlocks } from '../../../shared/feeds/line-reader.ts';
import { parseReplayLine } from '../../../shared/feeds/replay-line.ts';

export interface RecordedSymbol {
  readonly spec: SymbolSpec;
  /** Usual distance between low and high in a sixth of the recording, in percent of the low. */
  readonly swingPercent: Decimal;
  /** Size that half of the trades reach; null when the recording has no sizes. */
  readonly usualSize: Decimal | null;
}

export interface Recording {
  readonly spanMs: number;
  readonly symbols: readonly RecordedSymbol[];
}

export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

const WINDOWS = 6;

interface Seen {
  readonly spec: SymbolSpec;
  readonly times: number[];
  readonly prices: Units[];
  readonly sizes: string[];
}

/** @throws RecordingError when the file holds no trade of a symbol that is traded here */
export async function surveyRecording(file: string): Promise<Recording> {
  const registry = symbolRegistry();
  const seen = new Map<string, Seen>();
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for await (const block of readLineBlocks(file)) {
    for (const { number, text } of block) {
      const line = number === 1 ? null : parseReplayLine(text, registry);
      if (line?.kind !== 'trade') continue;
      first = Math.min(first, line.timeMs);
      last = Math.max(last, line.timeMs);
      const one = seen.get(line.spec.symbol) ?? { spec: line.spec, times: [], prices: [], sizes: [] };
      seen.set(line.spec.symbol, one);
      one.times.push(line.timeMs);
      one.prices.push(line.price);
      if (line.quantity !== '') one.sizes.push(line.quantity);
    }
  }
  if (seen.size === 0) throw new RecordingError(`${file} holds no trade of a symbol that is traded here`);
  const spanMs = last - first;
  const symbols = [...seen.values()].map((one) => ({
    spec: one.spec,
    swingPercent: swing(one, first, spanMs),
    usualSize: usual(one.sizes),
  }));
  return { spanMs, symbols };
}

/** The median over the windows that hold trades. */
function swing({ spec, times, prices }: Seen, first: number, spanMs: number): Decimal {
  const windows = new Map<number, { low: Units; high: Units }>();
  for (const [at, price] of prices.entries()) {
    const share = spanMs === 0 ? 0 : ((times[at] ?? first) - first) / spanMs;
    const window = Math.min(WINDOWS - 1, Math.floor(share * WINDOWS));
    const range = windows.get(window) ?? { low: price, high: price };
    if (price < range.low) range.low = price;
    if (price > range.high) range.high = price;
    windows.set(window, range);
  }
  const swings = [...windows.values()].map((window) => {
    const low = unitsToDecimal(window.low, spec.unitExponent);
    return unitsToDecimal(window.high, spec.unitExponent).minus(low).dividedBy(low).times(100);
  });
  return median(swings) ?? ZERO;
}

const usual = (sizes: readonly string[]): Decimal | null => median(sizes.map(decimal));

function median(values: readonly Decimal[]): Decimal | null {
  const sorted = values.toSorted((a, b) => a.comparedTo(b));
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

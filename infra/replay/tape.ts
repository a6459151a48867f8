/**
 * One symbol's price tape of a replay: what the extremes of its positions are found in (design section 8).
 *
 * Kept are 1 s bars as plain numbers, so that days fit into memory. Asked for a span it answers whole hours and whole
 * minutes where they lie in it, and seconds at its ends: highest and lowest prices are the same, the bars are few.
 */
import type { PriceBar } from '../../shared/domain/statistics.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import { priceOf } from '../../shared/domain/triggers/rules.ts';
import type { PriceSource, Tick, Units } from '../../shared/domain/triggers/types.ts';
import { unitsToDecimal } from '../../shared/domain/triggers/units.ts';

/** Bars of one source: columns, one entry per second that had a tick. */
class Columns {
  readonly second: number[] = [];
  readonly low: number[] = [];
  readonly high: number[] = [];
  readonly close: number[] = [];

  add(second: number, price: number): void {
    const at = this.second.length - 1;
    if (this.second[at] !== second) {
      this.second.push(second);
      this.low.push(price);
      this.high.push(price);
      this.close.push(price);
      return;
    }
    if (price < (this.low[at] ?? price)) this.low[at] = price;
    if (price > (this.high[at] ?? price)) this.high[at] = price;
    this.close[at] = price;
  }

  /** Index of the first bar at or after this second. */
  from(second: number): number {
    let [low, high] = [0, this.second.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.second[middle] ?? 0) < second) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Span {
  /** Epoch second. */
  readonly start: number;
  readonly seconds: number;
}

const SPANS = [3600, 60] as const;

/** The longest whole span around a second that lies in [from, to). */
function widest(second: number, from: number, to: number): Span {
  for (const seconds of SPANS) {
    const start = Math.floor(second / seconds) * seconds;
    if (start >= from && start + seconds <= to) return { start, seconds };
  }
  return { start: second, seconds: 1 };
}

export class Tape {
  private readonly spec: SymbolSpec;
  private readonly columns: ReadonlyMap<PriceSource, Columns>;

  /** `sources`: those that anybody will ask for. */
  constructor(spec: SymbolSpec, sources: ReadonlySet<PriceSource>) {
    this.spec = spec;
    this.columns = new Map([...sources].map((source) => [source, new Columns()]));
  }

  add(tick: Tick): void {
    const second = Math.floor(tick.at / 1000);
    for (const [source, columns] of this.columns) columns.add(second, priceOf(tick, source));
  }

  /** Bars of the seconds in [from, to). */
  bars(source: PriceSource, from: number, to: number): readonly PriceBar[] {
    const columns = this.columns.get(source);
    if (columns === undefined) throw new Error(`the tape of ${this.spec.symbol} does not keep ${source}`);
    const bars: PriceBar[] = [];
    const last = columns.second.at(-1) ?? from;
    let at = columns.from(from);
    for (let second = columns.second[at]; second !== undefined && second < to; second = columns.second[at]) {
      const span = widest(second, from, Math.min(to, last + 1));
      const end = columns.from(span.start + span.seconds);
      bars.push(this.merged(columns, at, end, span));
      at = end;
    }
    return bars;
  }

  private merged({ low, high, close }: Columns, from: number, to: number, span: Span): PriceBar {
    let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
    for (let at = from; at < to; at += 1) {
      lowest = Math.min(lowest, low[at] ?? lowest);
      highest = Math.max(highest, high[at] ?? highest);
    }
    const price = (units: number) => unitsToDecimal(units as Units, this.spec.unitExponent);
    return {
      second: span.start,
      seconds: span.seconds,
      low: price(lowest),
      high: price(highest),
      close: price(close[to - 1] ?? lowest),
    };
  }
}

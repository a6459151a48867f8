/**
 * Polygon's one-minute bars as a symbol's history. They are trades of several markets, in dollars where the symbol is
 * in USDT: shown under the ticker they came from, not converted.
 */
import { Decimal } from '../../../domain/money/decimal.ts';
import { polygonNames, type SymbolRegistry } from '../../../domain/symbols.ts';
import type { Units } from '../../../domain/triggers/types.ts';
import { parseUnits } from '../../../domain/triggers/units.ts';
import type { HistoryMinute, MinuteHistory } from '../../../ports/history.ts';
import type { AggregateBar, PolygonRest } from './client.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Polygon quotes crypto in currencies of states only; a USDT pair has the name of its dollar pair. */
const QUOTES: readonly string[] = ['USDT', 'USD', 'EUR', 'GBP', 'AUD', 'JPY', 'CAD', 'CHF'];

export interface PolygonHistoryParts {
  readonly rest: PolygonRest;
  /** Read anew for each symbol. */
  readonly registry: SymbolRegistry;
  readonly now: () => number;
}

export function createPolygonHistory({ rest, registry, now }: PolygonHistoryParts): MinuteHistory {
  return {
    source: 'polygon',
    async minutes(symbol, fromMs, toMs, signal) {
      const spec = registry.get(symbol);
      if (spec === null) return { outcome: 'failed', why: 'the symbol is not known yet', hopeless: false };
      if (!QUOTES.includes(spec.quote)) {
        return { outcome: 'none', why: `Polygon has no prices in ${spec.quote}` };
      }
      // Whatever else is listed here: Polygon knows no USDT pair, so its dollar pair it is.
      const { ticker } = polygonNames(spec, false);
      let answer = await rest.minuteBars(ticker, fromMs, toMs - 1, signal);
      // The free plan tells whole days that are over.
      const midnight = now() - (now() % DAY_MS);
      if (!answer.ok && answer.error.code === 'not_entitled' && fromMs < midnight && toMs > midnight) {
        answer = await rest.minuteBars(ticker, fromMs, midnight - 1, signal);
      }
      if (!answer.ok) {
        const { code, message } = answer.error;
        const why = `${code}: ${message}`;
        if (code === 'not_entitled' || code === 'unknown_ticker') return { outcome: 'none', why };
        return { outcome: 'failed', why, hopeless: code === 'bad_key' };
      }
      const minutes = new Map<number, HistoryMinute>();
      let skipped = 0;
      for (const bar of answer.value) {
        const read = minuteOf(bar, spec.unitExponent);
        const at = (read?.minute ?? 0) * MINUTE_MS;
        if (read === null || at < fromMs || at >= toMs) skipped += 1;
        // The running one is not told to its end.
        else if (at + MINUTE_MS <= now()) minutes.set(read.minute, read);
      }
      const sorted = [...minutes.values()].sort((a, b) => a.minute - b.minute);
      return { outcome: 'minutes', ticker, minutes: sorted, skipped };
    },
  };
}

/** Null: the bar contradicts itself, or cannot be a price of this symbol. */
function minuteOf(bar: AggregateBar, exponent: number): HistoryMinute | null {
  const at = whole(bar.at);
  const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map((text) =>
    unitsOf(text, exponent),
  );
  if (at === null || at % MINUTE_MS !== 0) return null;
  if (!open || !high || !low || !close) return null;
  if (low > Math.min(open, close) || high < Math.max(open, close)) return null;
  return {
    minute: at / MINUTE_MS,
    open,
    high,
    low,
    close,
    count: bar.trades === null ? null : whole(bar.trades),
  };
}

/** Null for what is no price; zero is none. */
function unitsOf(text: string, exponent: number): Units | null {
  const parsed = parseUnits(/[eE]/.test(text) ? new Decimal(text).toFixed() : text, exponent);
  return parsed.ok && parsed.value.units > 0 ? parsed.value.units : null;
}

const whole = (text: string): number | null => (/^\d{1,15}$/.test(text) ? Number.parseInt(text, 10) : null); // not money: a time or a count

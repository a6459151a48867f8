/** What the tape says of the market when a position was entered: quarters of an hour, kept for 90 days. */
import {
  type ConditionBar,
  marketConditions,
  unbroken,
  type Volatility,
} from '../../domain/market-conditions.ts';
import { decimal } from '../../domain/money/decimal.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import type { Position } from '../../domain/types.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { ReadBars } from './read-bars.ts';
import { moneyOrNull } from './text.ts';

const QUARTER = 900;
/** Wilder's mean forgets: what lies further back no longer shows in two decimals. */
const MOST_BARS = 150;
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 500;

export interface EntryConditions {
  readonly rsi_14: string | null;
  readonly volatility: Volatility | null;
  readonly volatility_percent: string | null;
}

const UNKNOWN: EntryConditions = { rsi_14: null, volatility: null, volatility_percent: null };

export type ReadEntryConditions = (position: Position, spec: SymbolSpec) => Promise<EntryConditions>;

/**
 * What was before an entry is the same for every position of its quarter of an hour, and hardly changes any more: it is
 * remembered for a minute. (Only prices of the past: nothing of anybody's position or money.)
 */
export function makeEntryConditions(readBars: ReadBars, clock: Clock): ReadEntryConditions {
  const remembered = new Map<string, { readonly until: number; readonly found: Promise<EntryConditions> }>();
  return async (position, spec) => {
    if (position.openedAt === null) return UNKNOWN;
    const to = Math.floor(position.openedAt / 1000 / QUARTER) * QUARTER;
    const { symbol } = position;
    const { unitExponent } = spec;
    const key = `${symbol} ${unitExponent} ${to}`;
    const now = clock.now();
    const known = remembered.get(key);
    if (known !== undefined && known.until > now) return known.found;
    const found = conditionsAt(readBars, { symbol, unitExponent, to });
    // In the order in which they were asked for: the oldest goes first.
    remembered.delete(key);
    remembered.set(key, { until: now + REMEMBERED_MS, found });
    for (const oldest of remembered.keys()) {
      if (remembered.size <= MOST_REMEMBERED) break;
      remembered.delete(oldest);
    }
    found.catch(() => {
      if (remembered.get(key)?.found === found) remembered.delete(key);
    });
    return found;
  };
}

async function conditionsAt(
  readBars: ReadBars,
  {
    symbol,
    unitExponent,
    to,
  }: { readonly symbol: string; readonly unitExponent: number; readonly to: number },
): Promise<EntryConditions> {
  const { bars } = await readBars({
    symbol,
    unitExponent,
    interval: '15m',
    price: 'last',
    from: to - MOST_BARS * QUARTER,
    to,
    limit: MOST_BARS,
  });
  const whole = bars
    .filter(({ complete }) => complete)
    .map(
      ({ time, end_time, high, low, close }): ConditionBar => ({
        from: Date.parse(time) / 1000,
        to: Date.parse(end_time) / 1000,
        high: decimal(high),
        low: decimal(low),
        close: decimal(close),
      }),
    )
    .reverse();
  const { rsi14, atrPercent, volatility } = marketConditions(unbroken(whole, to));
  return { rsi_14: moneyOrNull(rsi14), volatility, volatility_percent: moneyOrNull(atrPercent) };
}

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
import type { ReadBars } from './read-bars.ts';
import { moneyOrNull } from './text.ts';

const QUARTER = 900;
/** Wilder's mean forgets: what lies further back no longer shows in two decimals. */
const MOST_BARS = 150;

export interface EntryConditions {
  readonly rsi_14: string | null;
  readonly volatility: Volatility | null;
  readonly volatility_percent: string | null;
}

const UNKNOWN: EntryConditions = { rsi_14: null, volatility: null, volatility_percent: null };

export async function entryConditions(
  readBars: ReadBars,
  position: Position,
  spec: SymbolSpec,
): Promise<EntryConditions> {
  if (position.openedAt === null) return UNKNOWN;
  const to = Math.floor(position.openedAt / 1000 / QUARTER) * QUARTER;
  const { bars } = await readBars({
    symbol: position.symbol,
    unitExponent: spec.unitExponent,
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

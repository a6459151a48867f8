/**
 * One line of a recording: `time_ms,symbol,price,qty,is_buyer_maker,trade_id`, qty and what follows may be empty.
 *
 * Prices go from decimal text to units exactly (design section 11); a malformed line is a value with a reason.
 */
import { bearsName, type SymbolRegistry, type SymbolSpec } from '../domain/symbols.ts';
import type { Units } from '../domain/triggers/types.ts';
import { formatUnits, parseUnits } from '../domain/triggers/units.ts';

export const REPLAY_HEADER = 'time_ms,symbol,price,qty,is_buyer_maker,trade_id';
const COLUMNS = REPLAY_HEADER.split(',').length;

export type ReplayLine =
  | {
      readonly kind: 'trade';
      readonly spec: SymbolSpec;
      /** The recording's own time, epoch ms. */
      readonly timeMs: number;
      readonly price: Units;
      /** The price as decimal text, all its digits, without trailing zeros. */
      readonly priceText: string;
      /** Decimal text; '' when the recording has no sizes. */
      readonly quantity: string;
      /** The price had digits finer than the unit. */
      readonly rounded: boolean;
    }
  | { readonly kind: 'unknown_symbol'; readonly symbol: string; readonly timeMs: number }
  | { readonly kind: 'malformed'; readonly reason: string };

const TIME = /^\d{1,15}$/;
const SYMBOL = /^[A-Za-z0-9:/_.-]{2,40}$/;
const QUANTITY = /^\d{1,30}(\.\d{1,18})?$/;

const malformed = (reason: string): ReplayLine => ({ kind: 'malformed', reason });

/** Reads one data line. Never throws. */
export function parseReplayLine(text: string, registry: SymbolRegistry): ReplayLine {
  const columns = text.split(',', COLUMNS + 1);
  if (columns.length !== COLUMNS) {
    return malformed(
      `${columns.length > COLUMNS ? 'more than ' : ''}${Math.min(columns.length, COLUMNS)} columns instead of ${COLUMNS}`,
    );
  }
  const [time = '', symbol = '', price = '', quantity = ''] = columns;
  if (!TIME.test(time)) return malformed('time_ms is no whole number of ms');
  if (!SYMBOL.test(symbol)) return malformed('symbol is not readable');
  if (quantity !== '' && !QUANTITY.test(quantity)) return malformed('qty is no decimal');
  const timeMs = Number(time); // not money: epoch ms
  const spec = registry.find(symbol);
  // A price in dollars is none in USDT, whatever the pair is called elsewhere.
  if (spec === null || !bearsName(spec, symbol)) return { kind: 'unknown_symbol', symbol, timeMs };
  const parsed = parseUnits(price, spec.unitExponent);
  if (!parsed.ok) return malformed(`price is unusable: ${parsed.error.code}`);
  const { units, rounded } = parsed.value;
  if (units === 0) return malformed('price is zero');
  const priceText = rounded ? price : formatUnits(units, spec.unitExponent);
  return { kind: 'trade', spec, timeMs, price: units, priceText, quantity, rounded };
}

/** Bars of BTC/USDT at one price whatever the source, from decimal text. */
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { Bar, Units } from '../../shared/domain/triggers/types.ts';
import { decimalToUnits } from '../../shared/domain/triggers/units.ts';

/** A unit of BTC/USDT is 0.0001. */
const EXPONENT = 4;

const unitsOf = (text: string): Units => {
  const units = decimalToUnits(decimal(text), EXPONENT, 'half_even');
  if (!units.ok) throw new Error(`${text} is no price`);
  return units.value;
};

export const ofAll = (text: string): Bar['low'] => {
  const units = unitsOf(text);
  return { bid: units, ask: units, last: units, mid: units };
};

export const pieceBar = (second: number, low: string, high: string, close: string): Bar => ({
  second,
  low: ofAll(low),
  high: ofAll(high),
  close: ofAll(close),
  firstTick: second * 10,
  lastTick: second * 10 + 9,
  count: 10,
});

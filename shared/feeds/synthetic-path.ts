/**
 * The price path of one made-up symbol: a random walk with jumps, in whole ticks.
 *
 * Always true:
 * - the same seed and symbol give the same sequence, whenever its steps are asked for;
 * - 0 < bid < ask (at least one tick apart), bid <= last <= ask, all on the tick grid;
 * - everything is integer arithmetic: no binary fraction ever becomes a price's text.
 */
import { Decimal } from '../domain/money/decimal.ts';
import type { SymbolSpec } from '../domain/symbols.ts';
import type { Units } from '../domain/triggers/types.ts';
import { decimalToUnits, formatUnits } from '../domain/triggers/units.ts';
import { seededRandom, seedFrom } from './prng.ts';

export interface SyntheticQuote {
  readonly bid: Units;
  readonly ask: Units;
  readonly last: Units;
  /** Decimal text in base asset, on the step grid. */
  readonly bidSize: string;
  readonly askSize: string;
}

export interface SyntheticPath {
  next(): SyntheticQuote;
}

/** Where a walk begins; any other symbol starts at 20,000 ticks. */
const START_PRICES: Readonly<Record<string, string>> = {
  'BTC/USDT': '60000',
  'BTC/USD': '60000',
  'ETH/USDT': '2500',
  'ETH/USD': '2500',
  'BNB/USDT': '600',
  'SOL/USDT': '150',
  'ETH/BTC': '0.04',
  'XRP/ETH': '0.0002',
  'EUR/USD': '1.09',
  'XAU/USD': '4100',
  'USDT/USD': '1',
  'USDC/USD': '1',
};
const OTHER_START_TICKS = 20_000;

/** One step is the sum of four bytes around zero (deviation 148); with this divisor about 1 basis point. */
const STEP_DIVISOR = 1_480_000;
/** On average one step in this many is a jump of 20 to 100 basis points. */
const STEPS_PER_JUMP = 500;
/** A usual size is worth this much quote at the start price; sizes vary from a tenth of it to four times it. */
const USUAL_NOTIONAL = '100000';

const integerOf = (value: Decimal): number => value.toNumber(); // not money: a whole count of ticks or steps

/** Begins the walk of one symbol. */
export function syntheticPath(spec: SymbolSpec, seed: number): SyntheticPath {
  const random = seededRandom(seedFrom(`${seed}:${spec.symbol}`));
  const tickUnits = unitsPerTick(spec);
  const start = startTicks(spec);
  const size = sizeTexts(spec, start);
  const low = Math.max(10, Math.trunc(start / 4));
  const high = start * 4;
  let price = start;
  let rest = 0;

  const walk = (): number => {
    const r = random();
    const noise = (r & 0xff) + ((r >>> 8) & 0xff) + ((r >>> 16) & 0xff) + (r >>> 24) - 510;
    rest += price * noise;
    const step = Math.trunc(rest / STEP_DIVISOR);
    rest -= step * STEP_DIVISOR;
    return step;
  };
  const jump = (): number => {
    const r = random();
    const ticks = Math.max(1, Math.trunc((price * (20 + (r % 81))) / 10_000));
    // Far from the start, two of three jumps lead back, so that a long run stays near believable prices.
    const towards = price > start ? -1 : 1;
    return (r >>> 16) % 3 === 0 ? -towards * ticks : towards * ticks;
  };

  return {
    next: () => {
      const jumps = random() % STEPS_PER_JUMP === 0;
      price = Math.min(high, Math.max(low, price + walk() + (jumps ? jump() : 0)));
      const spread = Math.max(1, Math.trunc(price / 100_000)) + (random() % 2);
      const bid = price - Math.trunc(spread / 2);
      const last = bid + (random() % (spread + 1));
      return {
        bid: (bid * tickUnits) as Units,
        ask: ((bid + spread) * tickUnits) as Units,
        last: (last * tickUnits) as Units,
        bidSize: size(random()),
        askSize: size(random()),
      };
    },
  };
}

function unitsPerTick(spec: SymbolSpec): number {
  const units = decimalToUnits(spec.tickSize, spec.unitExponent, 'half_even');
  if (!units.ok) throw new Error(`tick size of ${spec.symbol} is no unit count: ${units.error.code}`);
  return units.value;
}

function startTicks(spec: SymbolSpec): number {
  const text = START_PRICES[spec.symbol];
  if (text === undefined) return OTHER_START_TICKS;
  return integerOf(new Decimal(text).div(spec.tickSize).floor());
}

/** Sizes as whole counts of the step, written out exactly. */
function sizeTexts(spec: SymbolSpec, start: number): (random: number) => string {
  const places = spec.stepSize.decimalPlaces();
  const stepCount = integerOf(spec.stepSize.times(new Decimal(10).pow(places)));
  const startPrice = spec.tickSize.times(start);
  const usualSteps = new Decimal(USUAL_NOTIONAL).div(startPrice).div(spec.stepSize).floor();
  const usual = Math.min(1_000_000_000, Math.max(10, integerOf(usualSteps)));
  return (random) => {
    const steps = Math.max(1, Math.trunc((usual * (10 + (random % 391))) / 100));
    return formatUnits((steps * stepCount) as Units, places);
  };
}

/**
 * What the demo opens: six kinds of protection over the feed's symbols, at distances that fit how far the prices
 * usually move. Pure; prices come in as they are shown, requests go out as decimal text.
 */
import {
  ceilTo,
  type Decimal,
  decimal,
  decimalText,
  floorTo,
  maxOf,
  minOf,
  ZERO,
} from '../../../shared/domain/money/decimal.ts';
import type { SymbolSpec } from '../../../shared/domain/symbols.ts';

export interface Market {
  readonly spec: SymbolSpec;
  readonly swingPercent: Decimal;
  readonly usualSize: Decimal | null;
}

/** The API's `protection` of a new order. */
export interface ProtectionRequest {
  readonly stop_loss?: string;
  readonly take_profit?: string;
  readonly take_profits?: readonly { readonly price: string; readonly share: string }[];
  readonly trailing_stop?: { readonly distance_percent: string; readonly activation_price?: string };
  readonly break_even?: { readonly activation_profit_percent: string };
}

export interface Planned {
  /** For instance `trailing`. */
  readonly kind: string;
  readonly market: Market;
  /** The order's quantity and protection around a price. */
  request(price: Decimal): { readonly quantity: string; readonly protection: ProtectionRequest };
}

const POSITIONS = 8;
const LEAST_SWING_PERCENT = decimal('0.08');
/** With 0.1 % each way a stop at break-even lies 0.2 % above the entry. */
const LEAST_BREAK_EVEN_PERCENT = decimal('0.3');
/** What a position is worth, as a share of the start balance. */
const SHARE_OF_BALANCE = decimal('0.1');
/** The smallest rung of the ladder must still be worth the venue's minimum. */
const LEAST_NOTIONALS = decimal('6');

/** A wallet starts with this much of a quote asset. */
export const startBalance = (quote: string): Decimal => decimal(quote.startsWith('USD') ? '10000' : '100');

/** Price levels and distances of one position. */
interface Ruler {
  above(swings: string): string;
  below(swings: string): string;
  /** In whole basis points. */
  distance(swings: string): string;
}

type Kind = readonly [name: string, protection: (ruler: Ruler) => ProtectionRequest];

const KINDS: readonly Kind[] = [
  ['stop + target', (r) => ({ stop_loss: r.below('0.6'), take_profit: r.above('0.6') })],
  ['trailing', (r) => ({ trailing_stop: { distance_percent: r.distance('0.5') } })],
  [
    'trailing, activated',
    (r) => ({
      stop_loss: r.below('1.2'),
      trailing_stop: { distance_percent: r.distance('0.3'), activation_price: r.above('0.3') },
    }),
  ],
  [
    'ladder',
    (r) => ({
      stop_loss: r.below('1'),
      take_profits: [
        { price: r.above('0.3'), share: '0.4' },
        { price: r.above('0.6'), share: '0.3' },
        { price: r.above('1'), share: '0.3' },
      ],
    }),
  ],
  [
    'break-even',
    (r) => ({
      stop_loss: r.below('1.2'),
      take_profit: r.above('3'),
      break_even: {
        activation_profit_percent: decimalText(maxOf(decimal(r.distance('0.5')), LEAST_BREAK_EVEN_PERCENT)),
      },
    }),
  ],
  // Far away on purpose: this one is closed by hand.
  ['wide', (r) => ({ stop_loss: r.below('8'), take_profit: r.above('8') })],
];

/** Every kind once, then the first ones again twice as wide; spread over the markets. */
export function planPositions(markets: readonly Market[]): readonly Planned[] {
  return Array.from({ length: POSITIONS }, (_, at) => {
    const kind = KINDS[at % KINDS.length];
    const market = markets[at % markets.length];
    if (kind === undefined || market === undefined) throw new Error('no market to open a position in');
    const [name, protection] = kind;
    const isSecond = at >= KINDS.length;
    return {
      kind: isSecond ? `${name}, wider` : name,
      market,
      request: (price) => ({
        quantity: decimalText(quantityAt(price, market)),
        protection: protection(rulerAt(price, market, decimal(isSecond ? '2' : '1'))),
      }),
    };
  });
}

function rulerAt(price: Decimal, { spec, swingPercent }: Market, scale: Decimal): Ruler {
  const swing = maxOf(swingPercent, LEAST_SWING_PERCENT).times(scale);
  // No level further than a price can fall.
  const part = (swings: string): Decimal =>
    minOf(swing.times(decimal(swings)).dividedBy(100), decimal('0.9'));
  return {
    above: (swings) => decimalText(ceilTo(price.times(part(swings).plus(1)), spec.tickSize)),
    below: (swings) => decimalText(floorTo(price.times(part(swings).negated().plus(1)), spec.tickSize)),
    distance: (swings) => decimalText(ceilTo(part(swings).times(100), decimal('0.01'))),
  };
}

/** A tenth of the balance; no more than a usual trade where sizes are known, so that it fills in a few of them. */
function quantityAt(price: Decimal, { spec, usualSize }: Market): Decimal {
  const wanted = startBalance(spec.quote).times(SHARE_OF_BALANCE).dividedBy(price);
  const most = usualSize === null ? wanted : minOf(wanted, usualSize);
  const least = spec.minNotional.times(LEAST_NOTIONALS).dividedBy(price);
  return maxOf(floorTo(most, spec.stepSize), ceilTo(maxOf(least, ZERO), spec.stepSize));
}

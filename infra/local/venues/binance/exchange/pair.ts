/** The two legs of an OCO: which types go where (-1158 … -1199), and on which side of the last price. */
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { VenueError } from '../contract.ts';
import { refuse } from './errors.ts';
import type { Market, OrderTerms, OrderType, Side } from './state.ts';

type Kind = 'limit' | 'stop' | 'profit';

const kindOf = (type: OrderType): Kind | null => {
  switch (type) {
    case 'LIMIT_MAKER':
      return 'limit';
    case 'STOP_LOSS':
    case 'STOP_LOSS_LIMIT':
      return 'stop';
    case 'TAKE_PROFIT':
    case 'TAKE_PROFIT_LIMIT':
      return 'profit';
    default:
      return null;
  }
};

const MISPLACED: Readonly<Record<Side, Readonly<Record<Kind, VenueErrorText>>>> = {
  BUY: {
    limit: [-1165, 'A limit order in a buy OCO must be below.'],
    stop: [-1196, 'A stop loss order in a buy OCO must be above.'],
    profit: [-1198, 'A take profit order in a buy OCO must be below.'],
  },
  SELL: {
    limit: [-1166, 'A limit order in a sell OCO must be above.'],
    stop: [-1197, 'A stop loss order in a sell OCO must be below.'],
    profit: [-1199, 'A take profit order in a sell OCO must be above.'],
  },
};
type VenueErrorText = readonly [code: number, text: string];

/** Whether the types of the two legs make an OCO. */
export function checkPairTypes(side: Side, above: OrderType, below: OrderType): void {
  const kinds = [kindOf(above), kindOf(below)];
  if (kinds.includes(null)) throw new VenueError(-1158, 'Order type not supported in OCO.');
  if (kinds[0] === 'limit' && kinds[1] === 'limit') {
    throw new VenueError(-1168, 'At least one OCO order must be contingent.');
  }
  // A sell takes its profit above and stops below; a buy the other way round.
  const stopIsAbove = side === 'BUY';
  for (const [index, kind] of kinds.entries()) {
    const isAbove = index === 0;
    if (kind === null || (kind === 'stop') === (isAbove === stopIsAbove)) continue;
    throw new VenueError(...MISPLACED[side][kind]);
  }
}

/** The price at which a leg comes into play: limit price of a limit, trigger of a stop; null: trailing only. */
const playPrice = (terms: OrderTerms): Decimal | null =>
  terms.type === 'LIMIT_MAKER' ? terms.price : terms.stopPrice;

/** Upper leg above the last price, lower leg below it (equal is wrong); -2010 otherwise. */
export function checkPairPrices(market: Market, legs: readonly OrderTerms[]): void {
  for (const terms of legs) {
    const price = playPrice(terms);
    const isAbove = (kindOf(terms.type) === 'stop') === (terms.side === 'BUY');
    if (price === null || market.last === null) continue;
    const right = isAbove ? price.greaterThan(market.last) : price.lessThan(market.last);
    if (!right) throw wrongPrices();
  }
  checkPairOrder(legs);
}

/** The upper leg's price is above the lower leg's, whatever the market does. */
export function checkPairOrder(legs: readonly OrderTerms[]): void {
  const prices = legs.map(playPrice);
  const [first, second] = legs;
  const [a, b] = prices;
  if (first === undefined || second === undefined || !a || !b) return;
  const firstIsAbove = (kindOf(first.type) === 'stop') === (first.side === 'BUY');
  if (!(firstIsAbove ? a.greaterThan(b) : b.greaterThan(a))) throw wrongPrices();
}

const wrongPrices = (): VenueError =>
  refuse.order('The relationship of the prices for the orders is not correct.');

/** The stop leg comes first in answers and events. */
export const stopFirst = (legs: readonly OrderTerms[]): OrderTerms[] =>
  [...legs].sort((a, b) => Number(kindOf(b.type) === 'stop') - Number(kindOf(a.type) === 'stop'));

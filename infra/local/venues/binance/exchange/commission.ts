/**
 * Fees: the rate times what is received, in the received asset; or at a discount in BNB while there is enough of it.
 * Rounded down to the commission precision of the asset.
 */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { balanceOf } from './accounts.ts';
import { AMOUNT_DECIMALS } from './numbers.ts';
import type { Account, Market, Side, World } from './state.ts';

export const FEE_ASSET = 'BNB';
const DEFAULT_RATE = '0.001';
const DEFAULT_DISCOUNT = '0.75';

interface Commission {
  readonly amount: Decimal;
  readonly asset: string;
}

export const rateOf = (account: Account, maker: boolean): Decimal =>
  new Decimal((maker ? account.options.makerCommission : account.options.takerCommission) ?? DEFAULT_RATE);

export const discountOf = (account: Account): Decimal =>
  new Decimal(account.options.bnbDiscount ?? DEFAULT_DISCOUNT);

/** `received` is base for a BUY and quote for a SELL, already credited or not: only BNB's free balance is looked at. */
export function commissionOn(
  world: World,
  account: Account,
  market: Market,
  side: Side,
  received: Decimal,
  maker: boolean,
): Commission {
  const { info } = market;
  const asset = side === 'BUY' ? info.base : info.quote;
  const precision = side === 'BUY' ? info.baseCommissionPrecision : info.quoteCommissionPrecision;
  const full = received.times(rateOf(account, maker));
  const plain = { asset, amount: full.toDecimalPlaces(precision, Decimal.ROUND_DOWN) };
  if (account.options.payFeesInBnb !== true || full.isZero()) return plain;
  const price = asset === FEE_ASSET ? new Decimal(1) : priceInBnb(world, asset);
  if (price === null) return plain;
  const amount = full
    .times(discountOf(account))
    .times(price)
    .toDecimalPlaces(AMOUNT_DECIMALS, Decimal.ROUND_DOWN);
  const available = balanceOf(account, FEE_ASSET).free;
  if (asset !== FEE_ASSET && available.lessThan(amount)) return plain;
  return { asset: FEE_ASSET, amount };
}

/** Last price of one unit of `asset` in BNB, directly or through USDT; null when nothing tells. */
function priceInBnb(world: World, asset: string): Decimal | null {
  const direct = lastPrice(world, asset, FEE_ASSET);
  if (direct !== null) return direct;
  const inDollars = lastPrice(world, asset, 'USDT');
  const bnbInDollars = lastPrice(world, FEE_ASSET, 'USDT');
  return inDollars === null || bnbInDollars === null ? null : inDollars.dividedBy(bnbInDollars);
}

function lastPrice(world: World, base: string, quote: string): Decimal | null {
  const forward = world.markets.get(`${base}${quote}`)?.last ?? null;
  if (forward !== null) return forward;
  const backward = world.markets.get(`${quote}${base}`)?.last ?? null;
  return backward === null ? null : new Decimal(1).dividedBy(backward);
}

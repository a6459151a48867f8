/** What must hold before an order is accepted: at the API (-1013), then at the matching engine (-2010). */
import type { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import { balanceOf } from './accounts.ts';
import { refuse } from './errors.ts';
import { checkFilters, checkPrecision } from './filters.ts';
import { clientKey } from './lifecycle.ts';
import { ZERO } from './numbers.ts';
import {
  type Account,
  isOpen,
  isStop,
  type Market,
  type Order,
  type OrderTerms,
  type OrderType,
  remaining,
  type World,
} from './state.ts';
import { readFilters } from './symbol-info.ts';

const TYPE_NAMES: Readonly<Record<OrderType, string>> = {
  LIMIT: 'Limit orders',
  LIMIT_MAKER: 'Limit maker orders',
  MARKET: 'Market orders',
  STOP_LOSS: 'Stop loss orders',
  STOP_LOSS_LIMIT: 'Stop loss limit orders',
  TAKE_PROFIT: 'Take profit orders',
  TAKE_PROFIT_LIMIT: 'Take profit limit orders',
};

/** Everything that the API can say without the matching engine. */
export function checkTerms(world: World, market: Market, terms: OrderTerms): void {
  const { info } = market;
  if (info.status !== 'TRADING' && info.status !== 'CANCEL_ONLY') throw refuse.api('Market is closed.');
  const unsupported = (what: string) => refuse.api(`${what} are not supported for this symbol.`);
  if (!info.orderTypes.includes(terms.type)) throw unsupported(TYPE_NAMES[terms.type]);
  if (terms.trailingDelta !== null && !info.flag('allowTrailingStop'))
    throw unsupported('Trailing stop orders');
  if (terms.icebergQty?.greaterThan(ZERO) && !info.flag('icebergAllowed'))
    throw unsupported('Iceberg orders');
  if (terms.quoteQuantity !== null && !info.flag('quoteOrderQtyMarketAllowed')) {
    throw refuse.api('Quote order qty market orders are not support for this symbol.');
  }
  checkPrecision(market, terms);
  checkFilters(world, market, terms);
}

/** Whether orders may be placed at all: phase of the symbol, rights of the account. */
export function checkPhase(account: Account, market: Market): void {
  const { info } = market;
  if (info.status === 'CANCEL_ONLY')
    throw refuse.order('This order type is not possible in this trading phase.');
  if (account.options.canTrade === false) throw refuse.order('This action is disabled on this account.');
  const permissions = account.options.permissions ?? ['SPOT'];
  const permitted = info.permissionSets.every((set) => set.some((one) => permissions.includes(one)));
  if (!permitted) throw refuse.order('This symbol is not permitted for this account.');
}

/** Client ids are unique among the account's open orders, and within a request. */
export function checkDuplicates(account: Account, market: Market, all: readonly OrderTerms[]): void {
  const ids = all.map((terms) => terms.clientId).filter((id) => id !== null);
  const used = (id: string): boolean => {
    const known = account.byClientId.get(clientKey(market, id));
    return known !== undefined && isOpen(known);
  };
  if (new Set(ids).size < ids.length || ids.some(used)) throw refuse.order('Duplicate order sent.');
}

interface Ceiling {
  readonly filter: string;
  readonly member: string;
  readonly counts: (terms: OrderTerms) => boolean;
}

const isIceberg = (terms: OrderTerms): boolean => terms.icebergQty?.greaterThan(ZERO) === true;

const CEILINGS: readonly Ceiling[] = [
  { filter: 'MAX_NUM_ORDERS', member: 'maxNumOrders', counts: () => true },
  { filter: 'MAX_NUM_ALGO_ORDERS', member: 'maxNumAlgoOrders', counts: (terms) => isStop(terms.type) },
  {
    filter: 'MAX_NUM_ICEBERG_ORDERS',
    member: 'maxNumIcebergOrders',
    counts: isIceberg,
  },
];

/** Ceilings on how many orders are open, on the symbol and on the exchange, for all orders of a request together. */
export function checkCeilings(
  world: World,
  account: Account,
  market: Market,
  all: readonly OrderTerms[],
): void {
  const everywhere = [...account.open];
  const here = everywhere.filter((order) => order.market === market);
  const overall = readFilters(world.options.exchangeFilters);
  for (const { filter, member, counts } of CEILINGS) {
    const more = all.filter(counts).length;
    const exceeds = (limit: Decimal | undefined, open: readonly Order[]): boolean =>
      limit?.lessThan(open.filter((order) => counts(order.terms)).length + more) === true;
    if (more === 0) continue;
    if (exceeds(market.info.filter(filter)?.decimal(member), here)) throw refuse.engineFilter(filter);
    const wide = `EXCHANGE_${filter}`;
    if (exceeds(overall.get(wide)?.decimal(member), everywhere)) throw refuse.engineFilter(wide);
  }
}

/** MAX_POSITION of the symbol and MAX_ASSET of the account. */
export function checkHoldings(account: Account, market: Market, terms: OrderTerms): void {
  const quantity = terms.quantity ?? ZERO;
  const limit = market.info.filter('MAX_POSITION')?.decimal('maxPosition') ?? null;
  if (limit !== null && terms.side === 'BUY') {
    const balance = balanceOf(account, market.info.base);
    const open = [...account.open].filter((one) => one.market === market && one.terms.side === 'BUY');
    const total = open.reduce((sum, one) => sum.plus(remaining(one)), balance.free.plus(balance.locked));
    if (total.plus(quantity).greaterThan(limit)) throw refuse.engineFilter('MAX_POSITION');
  }
  const ofAsset = (asset: string, amount: Decimal | null): void => {
    const most = account.options.maxAsset?.[asset];
    if (most !== undefined && amount?.greaterThan(most)) throw refuse.engineFilter('MAX_ASSET');
  };
  const price = terms.price ?? market.last;
  ofAsset(market.info.base, quantity);
  ofAsset(market.info.quote, terms.quoteQuantity ?? price?.times(quantity) ?? null);
}

/** Whether a waiting order's trigger lies on the wrong side of the last price (equal counts as wrong). */
export function wouldTrigger(market: Market, terms: OrderTerms): boolean {
  if (!isStop(terms.type) || terms.stopPrice === null || market.last === null) return false;
  return triggersAt(terms, terms.stopPrice, market.last);
}

/** STOP_LOSS fires against its side, TAKE_PROFIT with it; "to or through". */
export function triggersAt(terms: OrderTerms, stopPrice: Decimal, last: Decimal): boolean {
  const loss = terms.type === 'STOP_LOSS' || terms.type === 'STOP_LOSS_LIMIT';
  return loss === (terms.side === 'BUY')
    ? last.greaterThanOrEqualTo(stopPrice)
    : last.lessThanOrEqualTo(stopPrice);
}

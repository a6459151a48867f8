/** Queries of the account: balances, fees, rights, filters, prevented matches, amendments. */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type { Json, JsonObject } from '../contract.ts';
import { discountOf, FEE_ASSET, rateOf } from './commission.ts';
import { refuse } from './errors.ts';
import { findOrder } from './lookup.ts';
import { amountText, EMPTY_TEXT } from './numbers.ts';
import type { ParamReader } from './params.ts';
import { LIMIT_DEFAULT, LIMIT_MAX } from './queries.ts';
import type { Account, PreventedMatch, World } from './state.ts';
import { marketOf } from './world.ts';

const BASIS_POINTS = 10_000;

export function accountStatus(account: Account, params: ParamReader): JsonObject {
  const omitZero = params.boolean('omitZeroBalances') ?? false;
  params.finish();
  const { options } = account;
  const maker = rateOf(account, true);
  const taker = rateOf(account, false);
  const balances = [...account.balances]
    .filter(([, balance]) => !omitZero || !balance.free.plus(balance.locked).isZero())
    .map(([asset, balance]) => ({
      asset,
      free: amountText(balance.free),
      locked: amountText(balance.locked),
    }));
  return {
    makerCommission: maker.times(BASIS_POINTS).toNumber(),
    takerCommission: taker.times(BASIS_POINTS).toNumber(),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: {
      maker: amountText(maker),
      taker: amountText(taker),
      buyer: EMPTY_TEXT,
      seller: EMPTY_TEXT,
    },
    canTrade: options.canTrade ?? true,
    canWithdraw: true,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: account.updateTime,
    accountType: 'SPOT',
    balances,
    permissions: options.permissions ?? ['SPOT'],
    uid: options.uid,
  };
}

export function accountCommission(world: World, account: Account, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  params.finish();
  const none = { maker: EMPTY_TEXT, taker: EMPTY_TEXT, buyer: EMPTY_TEXT, seller: EMPTY_TEXT };
  return {
    symbol: market.info.symbol,
    standardCommission: {
      ...none,
      maker: amountText(rateOf(account, true)),
      taker: amountText(rateOf(account, false)),
    },
    specialCommission: none,
    taxCommission: none,
    discount: {
      enabledForAccount: account.options.payFeesInBnb === true,
      enabledForSymbol: true,
      discountAsset: FEE_ASSET,
      discount: amountText(discountOf(account)),
    },
  };
}

/** What the key may do; a plain trading key unless the account says otherwise. */
export function apiRestrictions(account: Account, params: ParamReader): JsonObject {
  params.finish();
  return {
    ipRestrict: false,
    createTime: 1_700_000_000_000,
    enableReading: true,
    enableSpotAndMarginTrading: true,
    enableWithdrawals: false,
    enableInternalTransfer: false,
    enableMargin: false,
    enableFutures: false,
    permitsUniversalTransfer: false,
    enableVanillaOptions: false,
    enableFixApiTrade: false,
    enableFixReadOnly: false,
    enablePortfolioMarginTrading: false,
    ...account.options.restrictions,
  };
}

export function myFilters(world: World, account: Account, params: ParamReader): JsonObject {
  const market = marketOf(world, params.required('symbol'));
  params.finish();
  const { base, quote, json } = market.info;
  const assetFilters = [base, quote].flatMap((asset): JsonObject[] => {
    const limit = account.options.maxAsset?.[asset];
    return limit === undefined
      ? []
      : [{ filterType: 'MAX_ASSET', asset, limit: amountText(new Decimal(limit)) }];
  });
  const exchangeFilters = world.options.exchangeFilters ?? [];
  return { exchangeFilters, symbolFilters: json['filters'] ?? [], assetFilters };
}

export function myPreventedMatches(world: World, account: Account, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  const id = params.integer('preventedMatchId');
  const orderId = params.integer('orderId');
  const from = params.integer('fromPreventedMatchId');
  const limit = Math.min(params.integer('limit') ?? LIMIT_DEFAULT, LIMIT_MAX);
  params.finish();
  if ((id === null) === (orderId === null)) throw refuse.badCombination();
  return account.preventedMatches
    .filter(
      (match) =>
        match.taker.market === market &&
        (id === null || match.id === id) &&
        (orderId === null || match.taker.id === orderId || match.maker.id === orderId) &&
        (from === null || match.id >= from),
    )
    .slice(0, limit)
    .map(preventedShape);
}

const preventedShape = (match: PreventedMatch): JsonObject => ({
  symbol: match.taker.market.info.symbol,
  preventedMatchId: match.id,
  takerOrderId: match.taker.id,
  makerSymbol: match.maker.market.info.symbol,
  makerOrderId: match.maker.id,
  tradeGroupId: match.taker.account.options.tradeGroupId ?? -1,
  selfTradePreventionMode: match.mode,
  price: amountText(match.price),
  ...(match.takerQuantity === null ? {} : { takerPreventedQuantity: amountText(match.takerQuantity) }),
  ...(match.makerQuantity === null ? {} : { makerPreventedQuantity: amountText(match.makerQuantity) }),
  transactTime: match.time,
});

export function amendments(world: World, account: Account, params: ParamReader): Json {
  const market = marketOf(world, params.required('symbol'));
  params.required('orderId');
  const id = params.integer('orderId');
  const from = params.integer('fromExecutionId') ?? 0;
  const limit = Math.min(params.integer('limit') ?? LIMIT_DEFAULT, LIMIT_MAX);
  params.finish();
  const order = findOrder(account, market, { id, clientId: null });
  if (order === null) throw refuse.noSuchOrder();
  return order.amendments
    .filter((one) => one.executionId >= from)
    .slice(0, limit)
    .map((one) => ({
      symbol: market.info.symbol,
      orderId: order.id,
      executionId: one.executionId,
      origClientOrderId: one.from,
      newClientOrderId: one.to,
      origQty: amountText(one.origQty),
      newQty: amountText(one.newQty),
      time: one.time,
    }));
}

/** Fills by smart order routing; there is none here, so the list is always empty. */
export function myAllocations(world: World, _account: Account, params: ParamReader): Json {
  marketOf(world, params.required('symbol'));
  for (const name of ['startTime', 'endTime', 'fromAllocationId', 'limit', 'orderId']) params.integer(name);
  params.finish();
  return [];
}

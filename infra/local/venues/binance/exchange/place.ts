/** `order.place` and `order.test`. */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type { JsonObject } from '../contract.ts';
import { checkCeilings, checkDuplicates, checkHoldings, checkPhase, checkTerms } from './checks.ts';
import { discountOf, FEE_ASSET, rateOf } from './commission.ts';
import { admit, enter, fund } from './entry.ts';
import { createOrder, register } from './lifecycle.ts';
import { amountText } from './numbers.ts';
import type { ParamReader } from './params.ts';
import { placed } from './shapes/orders.ts';
import type { Account, Market, Order, OrderTerms, RespType, World } from './state.ts';
import { readRespType, readSide, readStp, readTerms, readType } from './terms.ts';
import { marketOf } from './world.ts';

export interface NewOrder {
  readonly market: Market;
  readonly terms: OrderTerms;
  readonly form: RespType;
}

/** Reads a single order from the parameters and checks what the API can check. */
export function readNewOrder(world: World, params: ParamReader): NewOrder {
  const market = marketOf(world, params.required('symbol'));
  const side = readSide(params);
  const type = readType(params);
  const stp = readStp(params, market.info);
  const own = { side, type, stp, idName: 'newClientOrderId', inList: false, quantity: 'own' } as const;
  const shared = { info: market.info, ...own };
  const terms = readTerms(params, shared);
  const form = readRespType(params, type === 'MARKET' || type === 'LIMIT' ? 'FULL' : 'ACK');
  return { market, terms, form };
}

export function placeOrder(world: World, account: Account, params: ParamReader): JsonObject {
  const request = readNewOrder(world, params);
  params.finish();
  checkTerms(world, request.market, request.terms);
  return placed(submit(world, account, request), request.form);
}

/** Checks with the matching engine and puts the order into the market. Throws before anything changed. */
export function submit(world: World, account: Account, { market, terms }: Omit<NewOrder, 'form'>): Order {
  checkPhase(account, market);
  checkDuplicates(account, market, [terms]);
  checkCeilings(world, account, market, [terms]);
  checkHoldings(account, market, terms);
  const order = createOrder(world, account, market, terms, null);
  try {
    admit([order]);
  } catch (error) {
    // A refused order leaves no gap in the ids.
    market.nextOrderId -= 1;
    throw error;
  }
  register(order);
  fund([order]);
  enter(world, order);
  return order;
}

/** Checks an order as far as the API goes; with `computeCommissionRates` says what it would cost. */
export function testOrder(world: World, account: Account, params: ParamReader): JsonObject {
  const rates = params.boolean('computeCommissionRates') ?? false;
  const { market, terms } = readNewOrder(world, params);
  params.finish();
  checkTerms(world, market, terms);
  checkPhase(account, market);
  if (!rates) return {};
  const none = { maker: amountText(new Decimal(0)), taker: amountText(new Decimal(0)) };
  return {
    standardCommissionForOrder: {
      maker: amountText(rateOf(account, true)),
      taker: amountText(rateOf(account, false)),
    },
    specialCommissionForOrder: none,
    taxCommissionForOrder: none,
    discount: {
      enabledForAccount: account.options.payFeesInBnb === true,
      enabledForSymbol: true,
      discountAsset: FEE_ASSET,
      discount: amountText(discountOf(account)),
    },
  };
}

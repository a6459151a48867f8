/** A placement in the exchange's parameters (design section 5). What the symbol does not take is refused here. */
import type { Decimal } from '../../domain/money/decimal.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import type { OrderType } from '../../domain/types.ts';
import type { PlaceRequest } from '../../ports/venue.ts';
import { limitLegId, stopLegId } from './client-ids.ts';
import { type ListKind, listRefusal, ocoParams } from './order-lists.ts';
import type { Params } from './signing.ts';

export type VenueRequest =
  | { readonly kind: 'order'; readonly params: Params }
  | { readonly kind: 'list'; readonly list: ListKind; readonly params: Params }
  | { readonly kind: 'refused'; readonly message: string };

/** Ours to the venue's. A trailing stop begins to trail at once, or at its stop price, on the side of a stop loss. */
const VENUE_TYPES: Readonly<Record<Exclude<OrderType, 'oco'>, string>> = {
  market: 'MARKET',
  limit: 'LIMIT',
  limit_maker: 'LIMIT_MAKER',
  stop_loss: 'STOP_LOSS',
  stop_limit: 'STOP_LOSS_LIMIT',
  take_profit: 'TAKE_PROFIT',
  take_profit_limit: 'TAKE_PROFIT_LIMIT',
  trailing_stop: 'STOP_LOSS',
};

export const venueTypeOf = (type: OrderType): string | null => (type === 'oco' ? null : VENUE_TYPES[type]);

/** What to use instead where a symbol has no stops that become market orders. */
const INSTEAD: Partial<Readonly<Record<OrderType, string>>> = {
  stop_loss: 'stop_limit (STOP_LOSS_LIMIT)',
  take_profit: 'take_profit_limit (TAKE_PROFIT_LIMIT)',
  trailing_stop: 'stop_limit (STOP_LOSS_LIMIT), or a monitored trailing stop',
};

const refused = (message: string): VenueRequest => ({ kind: 'refused', message });
const text = (value: Decimal | null): string | undefined => value?.toFixed();

function typeRefusal(request: PlaceRequest, { symbol, rules }: SymbolSpec): string | null {
  const { type } = request;
  const has = (wanted: OrderType): boolean => rules.orderTypes.includes(wanted);
  if (type === 'oco') {
    const missing = listRefusal('oco', rules);
    if (missing !== null) return missing;
    if (request.stopLimitPrice === null && !has('stop_loss')) {
      return `${symbol} has no STOP_LOSS orders: give the stop leg a limit price (STOP_LOSS_LIMIT)`;
    }
    return null;
  }
  if (type === 'market' && request.quoteQuantity !== null && !rules.quoteOrderQtyMarketAllowed) {
    return `${symbol} takes no market orders by quote amount`;
  }
  if (has(type)) return null;
  const instead = INSTEAD[type];
  return `${symbol} takes no ${VENUE_TYPES[type]} orders${instead === undefined ? '' : `: use ${instead}`}`;
}

/** What the type needs and the request lacks; our own rules let no such order through. */
function missingAmount(request: PlaceRequest): string | null {
  const { type, limitPrice, stopPrice, trailingDelta } = request;
  const needsLimit = ['limit', 'limit_maker', 'stop_limit', 'take_profit_limit', 'oco'].includes(type);
  const needsStop = ['stop_loss', 'stop_limit', 'take_profit', 'take_profit_limit', 'oco'].includes(type);
  if (needsLimit && limitPrice === null) return `${type} needs a limit price`;
  if (needsStop && stopPrice === null) return `${type} needs a stop price`;
  if (type === 'trailing_stop' && trailingDelta === null) return `${type} needs a trailing distance`;
  return null;
}

const HAS_TIME_IN_FORCE: readonly OrderType[] = ['limit', 'stop_limit', 'take_profit_limit'];

/** `selfTradePreventionMode`: null = the account's own default. */
export function toVenueRequest(
  request: PlaceRequest,
  spec: SymbolSpec,
  selfTradePreventionMode: string | null,
): VenueRequest {
  const wrong = missingAmount(request) ?? typeRefusal(request, spec);
  if (wrong !== null) return refused(wrong);
  const { type, clientId, side, quantity, limitPrice, stopPrice, stopLimitPrice } = request;
  if (type === 'oco') {
    if (limitPrice === null || stopPrice === null) return refused('oco needs a limit price and a stop price');
    const head = { venueSymbol: spec.venueSymbol, listClientId: clientId, selfTradePreventionMode };
    const limit = { clientId: limitLegId(clientId), price: limitPrice };
    const stop = { clientId: stopLegId(clientId), stopPrice, limitPrice: stopLimitPrice };
    return { kind: 'list', list: 'oco', params: ocoParams(head, { side, limit, stop }, quantity) };
  }
  const byQuote = type === 'market' && request.quoteQuantity !== null;
  return {
    kind: 'order',
    params: {
      symbol: spec.venueSymbol,
      side: side === 'buy' ? 'BUY' : 'SELL',
      type: VENUE_TYPES[type],
      timeInForce: HAS_TIME_IN_FORCE.includes(type) ? request.timeInForce : undefined,
      quantity: byQuote ? undefined : text(quantity),
      quoteOrderQty: byQuote ? text(request.quoteQuantity) : undefined,
      price: text(limitPrice),
      stopPrice: text(stopPrice),
      trailingDelta: request.trailingDelta?.toFixed(0),
      newClientOrderId: clientId,
      newOrderRespType: 'FULL',
      selfTradePreventionMode: selfTradePreventionMode ?? undefined,
    },
  };
}

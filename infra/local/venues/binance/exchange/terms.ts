/** Which parameters an order of each type needs and bears (-1102, -1106), for single orders and legs of lists. */
import { VenueError } from '../contract.ts';
import { refuse } from './errors.ts';
import { ZERO } from './numbers.ts';
import type { ParamReader } from './params.ts';
import {
  isLimit,
  isStop,
  type OrderTerms,
  type OrderType,
  type RespType,
  type Side,
  type StpMode,
} from './state.ts';
import type { SymbolInfo } from './symbol-info.ts';

const TYPES: readonly OrderType[] = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
];
const STP_TEXTS = ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT', 'TRANSFER'] as const;
const PEG = ['pegPriceType', 'pegOffsetType', 'pegOffsetValue'];

export function readSide(params: ParamReader): Side {
  params.required('side');
  const side = params.oneOf('side', ['BUY', 'SELL'], () => new VenueError(-1117, 'Invalid side.'));
  if (side === null) throw refuse.missing(params.name('side'));
  return side;
}

export function readType(params: ParamReader): OrderType {
  params.required('type');
  const type = params.oneOf('type', TYPES, () => new VenueError(-1116, 'Invalid orderType.'));
  if (type === null) throw refuse.missing(params.name('type'));
  return type;
}

export function readRespType(params: ParamReader, fallback: RespType): RespType {
  return (
    params.oneOf('newOrderRespType', ['ACK', 'RESULT', 'FULL'], () => refuse.invalid('newOrderRespType')) ??
    fallback
  );
}

/** The order's own mode, or the symbol's default. */
export function readStp(params: ParamReader, info: SymbolInfo): StpMode {
  const name = 'selfTradePreventionMode';
  const mode = params.oneOf(name, STP_TEXTS, () => refuse.invalid(name));
  if (mode === null) return info.defaultStp;
  const allowed = info.allowedStp.find((one) => one === mode);
  if (allowed === undefined) {
    throw refuse.api('This symbol does not allow the specified self-trade prevention mode.');
  }
  return allowed;
}

/** What is the same for all orders of a request, and what a leg takes from its list. */
export interface Shared {
  readonly info: SymbolInfo;
  readonly side: Side;
  readonly type: OrderType;
  readonly stp: StpMode;
  /** `clientOrderId` of legs, `newClientOrderId` of single orders. */
  readonly idName: string;
  readonly inList: boolean;
  /** Quantity of the whole list; 'own': the order's own parameter; 'later': pending legs of OPO. */
  readonly quantity: OrderTerms['quantity'] | 'own' | 'later';
}

export function readTerms(params: ParamReader, shared: Shared): OrderTerms {
  const { type } = shared;
  const limit = isLimit(type);
  const stop = isStop(type);
  if (PEG.some((name) => params.has(name))) {
    throw refuse.api('Pegged orders are not supported for this symbol.');
  }
  const terms: OrderTerms = {
    side: shared.side,
    type,
    tif: readTif(params, limit && type !== 'LIMIT_MAKER'),
    ...readQuantities(params, shared),
    price: limit ? needDecimal(params, 'price') : without(params, 'price'),
    ...readTrigger(params, stop),
    icebergQty: limit ? params.decimal('icebergQty') : without(params, 'icebergQty'),
    clientId: params.clientId(shared.idName),
    stp: shared.stp,
    strategyId: params.integer('strategyId'),
    strategyType: readStrategyType(params),
  };
  if (terms.icebergQty?.greaterThan(ZERO) && terms.tif !== 'GTC') {
    throw shared.inList
      ? icebergNeedsGtc(params.name('icebergQty'))
      : refuse.invalid(params.name('timeInForce'));
  }
  return terms;
}

const icebergNeedsGtc = (name: string): VenueError =>
  new VenueError(
    -1160,
    `Parameter '${name}' is not supported if \`aboveTimeInForce\`/\`belowTimeInForce\` is not GTC.`,
  );

function without(params: ParamReader, name: string): null {
  params.forbid(name);
  return null;
}

function needDecimal(params: ParamReader, name: string) {
  params.required(name);
  return params.decimal(name);
}

function readTif(params: ParamReader, needed: boolean): OrderTerms['tif'] {
  if (!needed) {
    params.forbid('timeInForce');
    return 'GTC';
  }
  params.required('timeInForce');
  const invalid = () => new VenueError(-1115, 'Invalid timeInForce.');
  return params.oneOf('timeInForce', ['GTC', 'IOC', 'FOK'], invalid) ?? 'GTC';
}

function readQuantities(params: ParamReader, shared: Shared): Pick<OrderTerms, 'quantity' | 'quoteQuantity'> {
  if (shared.quantity === 'later') {
    // An OPO sells what its working order bought.
    if (params.has('quantity')) {
      throw new VenueError(-1225, `Pending orders should not include the '${params.name('quantity')}' tag.`);
    }
    return { quantity: null, quoteQuantity: null };
  }
  if (shared.quantity !== 'own') return { quantity: shared.quantity, quoteQuantity: null };
  if (shared.type !== 'MARKET' || shared.inList) {
    params.forbid('quoteOrderQty');
    return { quantity: needDecimal(params, 'quantity'), quoteQuantity: null };
  }
  const quantity = params.decimal('quantity');
  const quoteQuantity = params.decimal('quoteOrderQty');
  if (quantity === null && quoteQuantity === null) throw refuse.missingBoth('quantity', 'quoteOrderQty');
  if (quantity !== null && quoteQuantity !== null) throw refuse.notRequired('quoteOrderQty');
  return { quantity, quoteQuantity };
}

function readTrigger(params: ParamReader, stop: boolean): Pick<OrderTerms, 'stopPrice' | 'trailingDelta'> {
  if (!stop) {
    params.forbid('stopPrice');
    params.forbid('trailingDelta');
    return { stopPrice: null, trailingDelta: null };
  }
  const stopPrice = params.decimal('stopPrice');
  const trailingDelta = params.integer('trailingDelta');
  if (stopPrice === null && trailingDelta === null) {
    throw refuse.missingBoth(params.name('stopPrice'), params.name('trailingDelta'));
  }
  return { stopPrice, trailingDelta };
}

function readStrategyType(params: ParamReader): number | null {
  const value = params.integer('strategyType');
  if (value !== null && value < 1_000_000)
    throw new VenueError(-1134, '`strategyType` was less than 1000000.');
  return value;
}

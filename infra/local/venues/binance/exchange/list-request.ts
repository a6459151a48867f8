/** Reading the requests for order lists: OCO, OTO, OTOCO, OPO, OPOCO. */
import { VenueError } from '../contract.ts';
import { checkTerms } from './checks.ts';
import { refuse } from './errors.ts';
import { checkPairOrder, checkPairTypes, stopFirst } from './pair.ts';
import type { ParamReader } from './params.ts';
import type { ListKind, Market, OrderTerms, RespType, Side, StpMode, World } from './state.ts';
import { readRespType, readSide, readStp, readTerms, readType, type Shared } from './terms.ts';
import { marketOf } from './world.ts';

export interface ListRequest {
  readonly market: Market;
  readonly kind: ListKind;
  readonly clientId: string | null;
  readonly form: RespType;
  /** Null for an OCO. */
  readonly working: OrderTerms | null;
  /** The pair of an OCO, or what waits for the working order; the stop leg first. */
  readonly legs: readonly OrderTerms[];
}

export function readList(world: World, params: ParamReader, kind: ListKind): ListRequest {
  const market = marketOf(world, params.required('symbol'));
  checkAllowed(market, kind);
  const stp = readStp(params, market.info);
  const clientId = params.clientId('listClientOrderId');
  const form = readRespType(params, 'RESULT');
  const working = kind === 'OCO' ? null : readWorking(params.leg('working'), market, stp, kind);
  const legs = readLegs(params, market, stp, kind);
  params.finish();
  for (const terms of working === null ? legs : [working, ...legs]) checkTerms(world, market, terms);
  return { market, kind, clientId, form, working, legs };
}

function checkAllowed(market: Market, kind: ListKind): void {
  const unsupported = (what: string) => refuse.api(`${what} orders are not supported for this symbol.`);
  const pair = kind === 'OCO' || kind === 'OTOCO' || kind === 'OPOCO';
  if (pair && !market.info.flag('ocoAllowed')) throw unsupported('OCO');
  if (kind !== 'OCO' && !market.info.flag('otoAllowed')) throw unsupported('OTO');
  if ((kind === 'OPO' || kind === 'OPOCO') && !market.info.flag('opoAllowed')) throw unsupported('OPO');
}

const isOpo = (kind: ListKind): boolean => kind === 'OPO' || kind === 'OPOCO';

const leg = (market: Market, stp: StpMode): Pick<Shared, 'info' | 'stp' | 'idName' | 'inList'> => ({
  info: market.info,
  stp,
  idName: 'clientOrderId',
  inList: true,
});

function readWorking(params: ParamReader, market: Market, stp: StpMode, kind: ListKind): OrderTerms {
  const type = readType(params);
  if (type !== 'LIMIT' && type !== 'LIMIT_MAKER') throw new VenueError(-1116, 'Invalid orderType.');
  const side = readSide(params);
  if (isOpo(kind) && side !== 'BUY') {
    throw new VenueError(-1222, 'Working order in an OPO list must be a bid.');
  }
  return readTerms(params, { ...leg(market, stp), side, type, quantity: 'own' });
}

function readLegs(params: ParamReader, market: Market, stp: StpMode, kind: ListKind): readonly OrderTerms[] {
  const own = kind === 'OCO' ? params : params.leg('pending');
  const side = readSide(own);
  if (isOpo(kind) && side !== 'SELL') {
    throw new VenueError(-1223, 'Pending orders in an OPO list must be asks.');
  }
  if (kind === 'OTO' || kind === 'OPO') {
    const quantity = kind === 'OPO' ? ('later' as const) : ('own' as const);
    return [readTerms(own, { ...leg(market, stp), side, type: readType(own), quantity })];
  }
  if (kind === 'OPOCO' && own.has('quantity')) {
    throw new VenueError(-1225, "Pending orders should not include the 'pendingQuantity' tag.");
  }
  return readPair(params, market, stp, kind, side, kind === 'OPOCO' ? 'later' : readQuantity(own));
}

function readQuantity(params: ParamReader): OrderTerms['quantity'] {
  params.required('quantity');
  return params.decimal('quantity');
}

function readPair(
  params: ParamReader,
  market: Market,
  stp: StpMode,
  kind: ListKind,
  side: Side,
  quantity: Shared['quantity'],
): readonly OrderTerms[] {
  const above = params.leg(kind === 'OCO' ? 'above' : 'pendingAbove');
  const below = params.leg(kind === 'OCO' ? 'below' : 'pendingBelow');
  const types = { above: readType(above), below: readType(below) };
  checkPairTypes(side, types.above, types.below);
  const legs = [
    readTerms(above, { ...leg(market, stp), side, type: types.above, quantity }),
    readTerms(below, { ...leg(market, stp), side, type: types.below, quantity }),
  ];
  checkPairOrder(legs);
  return stopFirst(legs);
}

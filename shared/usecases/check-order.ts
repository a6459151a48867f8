/** What a new order is checked for before anything is written; the same for placing and for preview (design section 5). */
import { checkProtection } from '../domain/check-protection.ts';
import { tradingRefusal } from '../domain/filters.ts';
import { checkStopBefore } from '../domain/margin.ts';
import type { MarginTerms } from '../domain/margin-facts.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { decimal } from '../domain/money/decimal.ts';
import { checkPrecision, type Explained, explain } from '../domain/normalise.ts';
import { checkTimeInForce } from '../domain/order-fields.ts';
import { NO_PROTECTION, roundProtection } from '../domain/protection.ts';
import { ok, type Result } from '../domain/result.ts';
import { worthLeft } from '../domain/risk/use.ts';
import { checkLimitOnMargin } from '../domain/stop-limit.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import { symbolRegistry } from '../domain/symbols.ts';
import { checkTimeStop } from '../domain/time-stop.ts';
import type { Environment, Order, OrderType, Position, Protection, Wallet } from '../domain/types.ts';
import { isWatchOnly, WATCHED } from '../domain/watched-symbols.ts';
import type { CachedPrice } from '../ports/trigger-index.ts';
import { liquidationOf, marginTerms } from './check-margin.ts';
import { currentPrice, entryReference, priceForSide, protectionReference } from './market-reference.ts';
import type { PlaceOrderCommand, PlaceOrderNeeds } from './place-command.ts';
import { fromField, notFound, type Refusal, refuse } from './refusal.ts';
import { askForRules } from './stale-rules.ts';
import { walletRefusal } from './wallet-gate.ts';

type Needs = Pick<
  PlaceOrderNeeds,
  'wallets' | 'symbols' | 'symbolRefresh' | 'served' | 'prices' | 'clock' | 'sleep' | 'ledger' | 'log'
>;

export interface Target {
  readonly wallet: Wallet;
  readonly spec: SymbolSpec;
}

/** Whose wallet, and which symbol there. */
export async function targetOf(ports: Needs, command: PlaceOrderCommand): Promise<Result<Target, Refusal>> {
  const { wallets, symbols, served } = ports;
  const wallet = await wallets.get(command.walletId);
  if (wallet === null || wallet.userId !== command.userId) return notFound('wallet', 'wallet_id');
  const spec = await symbols.find(wallet.environment, command.symbol);
  // Before all else that an order could be refused for: no other type or amount would help.
  if (spec !== null && isWatchOnly(spec)) return watchOnly(spec);
  if (spec !== null) return ok({ wallet, spec });
  // Nothing is known of an environment that is not served; that is the reason then.
  const barred = served.includes(wallet.environment) ? ok(null) : checkWallet(wallet, served);
  if (!barred.ok) return barred;
  const unknown = await unknownSymbol(symbols, wallet.environment, command.symbol);
  await askForRules(ports, wallet.environment, unknown.error);
  return unknown;
}

const watched = symbolRegistry(WATCHED);

function watchOnly(spec: SymbolSpec) {
  const message = `${spec.symbol} is watched only: its prices are known here, and nobody trades it`;
  return refuse('symbol_watch_only', 'symbol', message, 'trade another symbol');
}

async function unknownSymbol(symbols: Needs['symbols'], environment: Environment, symbol: string) {
  const spec = watched.find(symbol);
  if (spec !== null) return watchOnly(spec);
  if (!(await symbols.hasRules(environment))) {
    const message = "the exchange's trading rules have not been read yet";
    return refuse('unknown_symbol', 'symbol', message, 'try again in a minute');
  }
  const message = `${symbol.slice(0, 40)} is not a symbol of ${environment}`;
  return refuse(
    'unknown_symbol',
    'symbol',
    message,
    `GET /api/v1/symbols?environment=${environment} lists them`,
  );
}

export interface CheckedAmounts extends Explained {
  readonly price: CachedPrice | null;
  /** On the order's side; null without a price. */
  readonly market: Decimal | null;
}

/** What would be sent, at the price shown now. Of a symbol that does not trade no price is waited for. */
export async function checkAmounts(
  ports: Needs,
  command: PlaceOrderCommand,
  spec: SymbolSpec,
): Promise<CheckedAmounts> {
  const trades = tradingRefusal(spec) === null;
  const price = trades ? await currentPrice(ports, spec.symbol) : await ports.prices.price(spec.symbol);
  const market = price && priceForSide(price, command.side);
  const facts = { lastPrice: price && decimal(price.last) };
  return { ...explain(spec, command.side, command.type, command, market, facts), price, market };
}

/** What can be said of an order without a price or a position. */
export function checkForm(command: PlaceOrderCommand, { wallet, spec }: Target): Result<null, Refusal> {
  const { type, timeInForce, quantity } = command;
  const wrong = checkPrecision(spec, quantity) ?? checkTimeInForce(type, timeInForce, wallet.environment);
  return wrong === null ? ok(null) : { ok: false, error: fromField(wrong) };
}

export interface CheckedEntry extends CheckedAmounts {
  readonly protection: Protection;
  readonly margin: MarginTerms | null;
  /** Where it would be liquidated if it opened at the price shown, or its own; null = nowhere, or without a price. */
  readonly liquidation: Decimal | null;
}

/** What neither an order that opens a position nor one that adds to it may be, whatever it is for. */
function entryForm({ type }: PlaceOrderCommand, spec: SymbolSpec, found: CheckedAmounts) {
  const { price, refusal } = found;
  if (type === 'oco' && refusal?.code !== 'order_type_not_supported') {
    const fix = 'name the position_id that it closes';
    return refuse('type_forbidden', 'type', 'an oco order closes a position; it opens none', fix);
  }
  const waitsAtLimit = type === 'limit' || type === 'limit_maker';
  if (price === null && !waitsAtLimit && tradingRefusal(spec) === null) {
    const message = `there is no current price of ${spec.symbol}`;
    return refuse('no_price', 'symbol', message, 'try again in a moment; prices have been asked for');
  }
  return refusal === null ? ok(null) : { ok: false as const, error: fromField(refusal) };
}

/** Where the market will be when it has filled, as its position's levels see it; null without a price. */
function filledAt(
  { side, type }: PlaceOrderCommand,
  { price, sent }: CheckedAmounts,
  protection: Protection,
): Decimal | null {
  const closing = price && protectionReference(price, side === 'buy' ? 'long' : 'short', protection);
  return entryReference({ ...sent, side, type }, closing);
}

/** An order that opens a position; `found` is what `checkAmounts` answered. */
export function checkEntry(
  command: PlaceOrderCommand,
  { wallet, spec }: Target,
  found: CheckedAmounts,
  now: number,
): Result<CheckedEntry, Refusal> {
  const form = entryForm(command, spec, found);
  if (!form.ok) return form;
  const side = command.side === 'buy' ? 'long' : 'short';
  const wanted: Protection = { ...NO_PROTECTION, ...command.protection };
  const reference = filledAt(command, found, wanted);
  const margin = marginTerms(command, wallet);
  if (!margin.ok) return margin;
  const liquidation = reference === null ? ok(null) : liquidationOf(side, reference, margin.value, spec);
  if (!liquidation.ok) return liquidation;
  const wrong =
    checkProtection(wanted, side, spec, reference)[0] ??
    checkStopBefore(wanted, side, liquidation.value) ??
    checkLimitOnMargin(wanted, margin.value) ??
    checkTimeStop(wanted.timeStop, null, now);
  if (wrong !== null) return { ok: false, error: fromField(wrong) };
  const protection = roundProtection(wanted, side, spec);
  return ok({ ...found, protection, margin: margin.value, liquidation: liquidation.value });
}

/**
 * An order that adds to this position, which may take it (`checkAddition`): on the position's own terms, and its stop
 * has to come before the liquidation of the whole. `filled`: what the order, which is being amended, has filled already:
 * that is in the position.
 */
export function checkAdded(
  command: PlaceOrderCommand,
  position: Position,
  spec: SymbolSpec,
  found: CheckedAmounts,
  filled?: Pick<Order, 'filledQuantity' | 'filledQuote'>,
): Result<CheckedEntry, Refusal> {
  const form = entryForm(command, spec, found);
  if (!form.ok) return form;
  const { protection, margin, side } = position;
  const at = filledAt(command, found, protection);
  if (at === null || margin === null) return ok({ ...found, protection, margin, liquidation: null });
  const worth = worthLeft(found.sent, at, filled);
  const quantity = position.quantity.plus(worth.div(at));
  // All of it has filled, and was closed again.
  if (quantity.isZero()) return ok({ ...found, protection, margin, liquidation: null });
  const average = position.cost.plus(worth).div(quantity);
  const liquidation = liquidationOf(side, average, margin, spec);
  if (!liquidation.ok) return liquidation;
  const wrong = checkStopBefore(protection, side, liquidation.value);
  if (wrong !== null) return { ok: false, error: fromField(wrong) };
  return ok({ ...found, protection, margin, liquidation: liquidation.value });
}

/** A new position is opened only by a wallet that may. */
export function checkWallet(wallet: Wallet, served: Needs['served']): Result<null, Refusal> {
  const refusal = walletRefusal(wallet, served);
  if (refusal === null) return ok(null);
  const { code, message, fix, facts } = refusal;
  return refuse(code, 'wallet_id', message, fix, facts);
}

/** A sell that names no position, and does not ask for a short. */
export async function refuseShort({ ledger }: Needs, command: PlaceOrderCommand, spec: SymbolSpec) {
  const { userId, walletId } = command;
  const page = await ledger.positionsOfUser(userId, {
    limit: 20,
    cursor: null,
    status: ['open'],
    symbol: spec.symbol,
    walletId,
  });
  const closable = page.items.map((p) => p.positionId).join(',');
  return refuse(
    'no_position',
    'position_id',
    'a sell names the position that it closes, or opens a short where it says so',
    closable === '' ? 'buy first, or send position_side short' : 'name the position_id to close',
    { position_ids: closable },
  );
}

/** Types that the demo venue takes for entries; of a position they are its protection, which is worked here. */
const PROTECTION_TYPES: readonly OrderType[] = [
  'stop_loss',
  'stop_limit',
  'take_profit',
  'take_profit_limit',
];

/** The position that an order names, if it is the caller's own and fits the order's wallet and symbol. */
export function namedPosition(
  command: PlaceOrderCommand,
  position: Position | null,
  spec: SymbolSpec,
): Result<Position, Refusal> {
  if (position === null || position.userId !== command.userId) return notFound('position', 'position_id');
  if (position.walletId !== command.walletId) {
    const fix = 'send the wallet_id of the position';
    return refuse('wrong_wallet', 'wallet_id', 'the position belongs to another wallet', fix);
  }
  if (position.symbol !== spec.symbol) {
    return refuse('wrong_symbol', 'symbol', `the position is in ${position.symbol}`, 'send its symbol');
  }
  return ok(position);
}

/** The position that a sell names, if this order can close a part of it. */
export function checkTarget(
  command: PlaceOrderCommand,
  found: Position | null,
  spec: SymbolSpec,
): Result<Position, Refusal> {
  const named = namedPosition(command, found, spec);
  if (!named.ok) return named;
  const position = named.value;
  const closing = position.side === 'long' ? 'sell' : 'buy';
  if (command.side !== closing) {
    const message = `a ${position.side} position is closed by a ${closing}`;
    const fix = `send ${closing}, or position_effect open to add to it`;
    return refuse('wrong_side', 'side', message, fix);
  }
  if (command.protection !== null) {
    const fix = 'leave protection out; PATCH the position to change it';
    return refuse('protection_forbidden', 'protection', 'an exit opens nothing to protect', fix);
  }
  if (command.quoteQuantity !== null) {
    const message = 'an exit sells a quantity of what the position holds';
    return refuse('amount_forbidden', 'quote_quantity', message, 'send quantity instead');
  }
  if (position.environment === 'demo' && PROTECTION_TYPES.includes(command.type)) {
    const fix = "set the position's protection instead";
    return refuse('type_forbidden', 'type', `an exit by ${command.type} is the position's protection`, fix);
  }
  return ok(position);
}

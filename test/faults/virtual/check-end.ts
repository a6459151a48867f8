/** What has to hold when the storm is over and all is quiet: the ledger against the venue's own books (design section 4). */

import { levelsOf, wantsLevels } from '../../../shared/domain/levels.ts';
import { exitLot } from '../../../shared/domain/lots.ts';
import { collateralOf, liquidationPrice } from '../../../shared/domain/margin.ts';
import { type Decimal, decimal, floorTo, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import { isSettled, remaining } from '../../../shared/domain/orders.ts';
import { isClosed, isDust } from '../../../shared/domain/positions.ts';
import { hasProtection, stopPrice } from '../../../shared/domain/protection.ts';
import { asksForResident, residentOf, residentShare } from '../../../shared/domain/resident-state.ts';
import type { SymbolSpec } from '../../../shared/domain/symbol-spec.ts';
import { timeStopAt } from '../../../shared/domain/time-stop.ts';
import type { FeeAmount, Fill, Order, OrderStatus, Position } from '../../../shared/domain/types.ts';
import type { DemoMargin } from '../../../shared/ports/demo-store.ts';
import { type BookOrder, type Books, type BookTrade, booksOf, movements } from './books.ts';
import type { TakenCheck } from './check-commits.ts';
import { checkLosses } from './check-losses.ts';
import { checkRisk } from './check-risk.ts';
import { SYMBOL } from './exchange.ts';
import type { Intents } from './intents.ts';
import type { Outside, WalletPlan } from './outside.ts';
import type { Violations } from './violations.ts';

const [BASE, QUOTE] = ['BTC', 'USDT'];
const UNSETTLED: readonly OrderStatus[] = ['pending', 'submitted', 'cancelling'];
/** Of sums with 18 decimals. */
const TINY = decimal('0.000000001');

export interface EndParts {
  readonly outside: Outside;
  readonly taken: TakenCheck;
  readonly intents: Intents;
  readonly violations: Violations;
  /**
   * Orders of which the venue cannot say whether they are ours: their answer was lost, the stream missed them, and
   * somebody cancelled them elsewhere, which takes our id away. They stay unknown, alarmed, for a person to settle.
   */
  readonly undecidable: ReadonlySet<string>;
  /** Wallets that their owner has resumed: what paused them is over. */
  readonly resumed: ReadonlySet<string>;
  /** Limits of loss that the product has said to be broken, each as `WALLET NAME`: it has paused the wallet by then. */
  readonly breached: ReadonlySet<string>;
}

export function checkEnd(parts: EndParts): void {
  const { outside, violations, intents, taken } = parts;
  const { ledger } = outside;
  for (const plan of outside.plans) {
    const books = booksOf(outside, plan, taken);
    const orders = [...ledger.orderItems.values()].filter((o) => o.walletId === plan.walletId);
    checkOrders(orders, books, parts);
    checkBalances(plan, orders, books, parts);
    checkMargins(plan, orders, parts);
    checkHeld(plan, orders, books, parts);
    checkOutside(plan, books, parts);
    checkRisk(plan, orders, parts.outside, parts.violations);
    checkLosses(plan, parts);
  }
  for (const position of ledger.positionItems.values()) {
    checkProtected(position, parts);
    checkFillsOf(position, parts);
    checkProfit(position, parts);
  }
  for (const intent of intents.all) {
    if (intent.orderIds.size > 1) {
      violations.add('intent_twice', `${intent.key}: ${[...intent.orderIds].join(', ')}`, [
        ...intent.orderIds,
      ]);
    }
  }
  const entries = [...ledger.orderItems.values()].filter(
    // One that took another's place is of the same intent.
    (o) => o.role === 'entry' && o.replaces === null,
  ).length;
  const asked = intents.all.filter((i) => i.what === 'entry').length;
  if (entries > asked) violations.add('intent_twice', `${entries} entries of ${asked} intents`);
}

function checkOrders(orders: readonly Order[], books: Books, parts: EndParts): void {
  const { outside, violations, undecidable } = parts;
  const byOrder = Map.groupBy(books.orders, (order) => order.orderId);
  for (const order of orders) {
    const { orderId, status } = order;
    if (UNSETTLED.includes(status) && undecidable.has(orderId)) {
      byOrder.delete(orderId);
      continue;
    }
    if (UNSETTLED.includes(status)) {
      violations.add('unresolved', `${orderId} is still ${status} (${order.send?.outcome ?? 'unsent'})`, [
        orderId,
      ]);
    }
    const fills = outside.ledger.fillItems.get(orderId) ?? [];
    const own = byOrder.get(orderId);
    byOrder.delete(orderId);
    if (own === undefined) checkAbsent(order, fills, violations);
    else comparePair(order, fills, own, violations);
    checkSums(order, fills, violations);
    checkFees(order, fills, violations);
  }
  for (const [orderId, [first]] of byOrder) {
    violations.add('unknown_order', `${first?.clientId ?? orderId} is at the venue and not in the ledger`, [
      orderId,
    ]);
  }
}

function checkAbsent({ orderId, status }: Order, fills: readonly Fill[], violations: Violations): void {
  if (fills.length > 0) violations.add('invented_fill', `${orderId} has fills and no venue order`, [orderId]);
  if (['open', 'partially_filled', 'filled', 'expired'].includes(status)) {
    violations.add('status_differs', `${orderId} is ${status}, the venue has never had it`, [orderId]);
  }
}

const statusOf = (own: readonly BookOrder[]): BookOrder['status'] => {
  // A list is over when all of its legs are, and filled when one of them is.
  const live = own.find((o) => o.status === 'new' || o.status === 'partially_filled');
  const executed = own.find((o) => o.executed.greaterThan(0));
  return (live === undefined ? executed : live)?.status ?? own.at(-1)?.status ?? 'new';
};

function comparePair(
  order: Order,
  fills: readonly Fill[],
  own: readonly BookOrder[],
  violations: Violations,
): void {
  const { orderId, status } = order;
  const venue = statusOf(own);
  const agree: Readonly<Record<OrderStatus, readonly BookOrder['status'][]>> = {
    pending: [],
    submitted: [],
    open: ['new'],
    partially_filled: ['partially_filled'],
    filled: ['filled'],
    cancelling: [],
    cancelled: ['cancelled', 'expired'],
    rejected: ['rejected'],
    expired: ['expired', 'cancelled'],
    failed: [],
  };
  if (!UNSETTLED.includes(status) && !agree[status].includes(venue)) {
    violations.add('status_differs', `${orderId} is ${status}, at the venue ${venue}`, [orderId]);
  }
  const booked = new Map(fills.map((fill) => [fill.tradeId, fill]));
  if (booked.size !== fills.length) {
    violations.add('fill_twice', `${orderId}: a trade is booked twice`, [orderId]);
  }
  for (const trade of own.flatMap(({ trades }) => trades)) {
    const fill = booked.get(trade.tradeId);
    booked.delete(trade.tradeId);
    if (fill === undefined)
      violations.add('fill_lost', `${orderId}: trade ${trade.tradeId} is not booked`, [orderId]);
    else compareFill(orderId, fill, trade, violations);
  }
  for (const tradeId of booked.keys()) {
    violations.add('invented_fill', `${orderId}: fill ${tradeId} is no trade of the venue`, [orderId]);
  }
}

function compareFill(orderId: string, fill: Fill, trade: BookTrade, violations: Violations): void {
  const same =
    fill.price.equals(trade.price) &&
    fill.quantity.equals(trade.quantity) &&
    fill.fee.amount.equals(trade.fee) &&
    (fill.fee.asset === trade.feeAsset || trade.fee.isZero());
  if (!same)
    violations.add('fill_differs', `${orderId}: fill ${fill.tradeId} is not as the venue has it`, [orderId]);
}

const feesOf = (fees: readonly FeeAmount[], asset: string) =>
  sum(fees.filter((f) => f.asset === asset).map((f) => f.amount));

function checkSums(order: Order, fills: readonly Fill[], violations: Violations): void {
  const { orderId } = order;
  const quantity = sum(fills.map((f) => f.quantity));
  const quote = sum(fills.map((f) => f.quantity.times(f.price)));
  const agree =
    order.filledQuantity.equals(quantity) &&
    order.filledQuote.equals(quote) &&
    order.fillCount === fills.length &&
    [BASE, QUOTE, 'BNB'].every((asset) =>
      feesOf(order.fees, asset).equals(
        feesOf(
          fills.map((f) => f.fee),
          asset,
        ),
      ),
    );
  if (!agree) violations.add('sums_differ', `${orderId}: its sums are not those of its fills`, [orderId]);
}

/** Each fee has one value by now: there is a price. */
function checkFees(order: Order, fills: readonly Fill[], violations: Violations): void {
  const { orderId, lateFees, feesQuoteValue } = order;
  if (!isSettled(order)) return;
  const unvalued = fills.filter(({ fee, feeQuoteValue }) => fee.asset === 'BNB' && feeQuoteValue === null);
  const [paid, late] = [sum(unvalued.map(({ fee }) => fee.amount)), sum(lateFees.map((fee) => fee.amount))];
  if (feesQuoteValue !== null && paid.equals(late)) return;
  const text = `${orderId}: of ${paid.toFixed()} BNB without a value ${late.toFixed()} was valued since`;
  violations.add('fee_unvalued', text, [orderId]);
}

const marginsOf = ({ walletId, isDemo }: WalletPlan, { demo }: Outside): readonly DemoMargin[] =>
  isDemo ? [...demo.book(walletId).margins.values()] : [];

/** What is held or owed on margin is at the venue, not in the account; what it was traded for has not moved there. */
function lentTo(margins: readonly DemoMargin[]): ReadonlyMap<string, Decimal> {
  const signed = (m: DemoMargin, value: Decimal): Decimal => (m.side === 'long' ? value : value.negated());
  return new Map([
    [BASE, sum(margins.map((m) => signed(m, m.quantity))).negated()],
    [QUOTE, sum(margins.map((m) => signed(m, m.cost)))],
  ]);
}

/** Each position on margin is at the venue what it is in the ledger; what is put up for it is there, and no more. */
function checkMargins(plan: WalletPlan, orders: readonly Order[], { outside, violations }: EndParts): void {
  const margins = marginsOf(plan, outside);
  const found = new Map(margins.map((m) => [m.positionId, m]));
  for (const p of outside.ledger.positionItems.values()) {
    if (p.walletId !== plan.walletId || p.margin === null) continue;
    const there = found.get(p.positionId)?.quantity ?? ZERO;
    if (there.equals(p.quantity) && p.dust === null) continue;
    const text = `${p.positionId}: ${p.quantity.toFixed()} by the ledger, ${there.toFixed()} at the venue`;
    violations.add('margin_differs', text, [p.positionId]);
  }
  const book = plan.isDemo ? outside.demo.book(plan.walletId) : null;
  const live = [...(book?.orders.values() ?? [])].filter(
    ({ margin, locked }) => margin !== null && !locked.isZero(),
  );
  const entries = sum(live.filter((o) => o.margin?.closes === false).map(({ locked }) => locked));
  const plain = [...(book?.orders.values() ?? [])].filter((o) => o.margin === null && o.side === 'buy');
  const held = sum([entries, ...plain.map(({ locked }) => locked), ...margins.map((m) => m.collateral)]);
  const locked = book?.held.get(QUOTE)?.locked ?? ZERO;
  if (book !== null && !locked.equals(held)) {
    const text = `${plan.walletId}: ${locked.toFixed()} ${QUOTE} locked, ${held.toFixed()} put up`;
    violations.add('collateral_differs', text, []);
  }
  const leverages = new Map(
    orders.flatMap((o) => (o.margin === null ? [] : [[o.positionId, o.margin.leverage]])),
  );
  for (const m of margins) {
    const closing = live.filter((o) => o.margin?.closes === true && o.margin.positionId === m.positionId);
    const agree =
      m.reserved.equals(sum(closing.map((o) => o.locked))) &&
      m.collateral.equals(collateralOf(m.cost, leverages.get(m.positionId) ?? 1)) &&
      m.reserved.lessThanOrEqualTo(m.quantity);
    if (!agree)
      violations.add('collateral_differs', `${m.positionId}: its account does not agree`, [m.positionId]);
  }
}

function checkBalances(
  plan: WalletPlan,
  orders: readonly Order[],
  books: Books,
  { outside, violations, undecidable }: EndParts,
): void {
  const unknown = orders.filter((o) => UNSETTLED.includes(o.status) && undecidable.has(o.orderId));
  const ofUnknown = books.orders
    .filter((o) => unknown.some(({ orderId }) => orderId === o.orderId))
    .flatMap(({ trades }) => trades);
  const booked = orders.flatMap((order) =>
    (outside.ledger.fillItems.get(order.orderId) ?? []).map(
      (fill): BookTrade => ({
        tradeId: fill.tradeId,
        side: order.side,
        price: fill.price,
        quantity: fill.quantity,
        feeAsset: fill.fee.asset,
        fee: fill.fee.amount,
      }),
    ),
  );
  const own = movements(booked, BASE, QUOTE);
  const lent = lentTo(marginsOf(plan, outside));
  const others = movements([...books.foreign, ...ofUnknown], BASE, QUOTE);
  for (const asset of new Set([...books.balances.keys(), ...own.keys(), ...Object.keys(plan.balances)])) {
    const expected = decimal(plan.balances[asset] ?? '0')
      .plus(own.get(asset) ?? ZERO)
      .plus(others.get(asset) ?? ZERO)
      .plus(lent.get(asset) ?? ZERO);
    const held = books.balances.get(asset) ?? ZERO;
    if (!expected.equals(held)) {
      const text = `${plan.walletId}: ${asset} ${held.toFixed()} at the venue, ${expected.toFixed()} by the ledger`;
      violations.add('balance_differs', text, []);
    }
  }
}

/** What positions hold is in the account: coins that somebody sold elsewhere have left them. */
function checkHeld(
  { walletId, isDemo }: WalletPlan,
  orders: readonly Order[],
  books: Books,
  { outside, violations, undecidable }: EndParts,
): void {
  if (isDemo || orders.some(({ orderId }) => undecidable.has(orderId))) return;
  const open = [...outside.ledger.positionItems.values()].filter(
    (p) => p.walletId === walletId && !isClosed(p),
  );
  const held = sum(open.map(({ quantity }) => quantity));
  const there = books.balances.get(BASE) ?? ZERO;
  if (held.lessThanOrEqualTo(there)) return;
  const text = `${walletId}: positions hold ${held.toFixed()} ${BASE}, the account ${there.toFixed()}`;
  violations.add(
    'held_not_there',
    text,
    open.map(({ positionId }) => positionId),
  );
}

/** What is booked as sold by somebody else was sold by somebody else: no more than was sold elsewhere. */
function checkOutside(
  { walletId }: WalletPlan,
  books: Books,
  { outside, violations, undecidable }: EndParts,
): void {
  const positions = [...outside.ledger.positionItems.values()].filter((p) => p.walletId === walletId);
  const booked = sum(positions.flatMap(outsideOf).map(({ quantity }) => quantity));
  const sold = sum(books.foreign.filter(({ side }) => side === 'sell').map(({ quantity }) => quantity));
  if (booked.lessThanOrEqualTo(sold) || undecidable.size > 0) return;
  const text = `${walletId}: ${booked.toFixed()} ${BASE} booked as sold elsewhere, where ${sold.toFixed()} was`;
  violations.add(
    'invented_sale',
    text,
    positions.map(({ positionId }) => positionId),
  );
}

/** Booked as sold by somebody else, and not put back. */
const outsideOf = (p: Position) => p.externals.filter(({ reversedAt }) => reversedAt === null);

/** A position's sums are those of its orders' fills, and of what left it without an order. */
function checkFillsOf(p: Position, { outside, violations }: EndParts): void {
  const orders = [...outside.ledger.orderItems.values()].filter((o) => o.positionId === p.positionId);
  const fillsOf = (role: Order['role']) =>
    orders.filter((o) => o.role === role).flatMap((o) => outside.ledger.fillItems.get(o.orderId) ?? []);
  for (const [role, quantity, quote, fees] of [
    ['entry', p.entryQuantity, p.entryQuote, p.entryFees],
    ['exit', p.exitQuantity, p.exitQuote, p.exitFees],
  ] as const) {
    const fills = fillsOf(role);
    const gone = role === 'exit' ? outsideOf(p) : [];
    const paid = [...fills.map((f) => f.fee), ...gone.map(({ fee }) => ({ asset: QUOTE, amount: fee }))];
    const agree =
      quantity.equals(sum([...fills, ...gone].map((f) => f.quantity))) &&
      quote.equals(sum([...fills.map((f) => f.quantity.times(f.price)), ...gone.map((g) => g.quote)])) &&
      [BASE, QUOTE, 'BNB'].every((asset) => feesOf(fees, asset).equals(feesOf(paid, asset)));
    if (!agree) {
      const text = `${p.positionId}: its ${role} sums are not those of its orders' fills`;
      violations.add('sums_differ', text, [p.positionId, ...orders.map((o) => o.orderId)]);
    }
  }
}

/** Cash and holdings at cost are what profit says. */
function checkProfit(p: Position, { outside, violations }: EndParts): void {
  const orders = [...outside.ledger.orderItems.values()].filter((o) => o.positionId === p.positionId);
  const fills = orders.flatMap((o) => outside.ledger.fillItems.get(o.orderId) ?? []);
  const paid = sum(fills.filter((f) => f.fee.asset === QUOTE).map((f) => f.fee.amount));
  const valued = sum([
    ...fills.map((f) => f.feeQuoteValue ?? ZERO),
    ...orders.flatMap((o) => o.lateFees).map(({ value }) => value),
  ]);
  const feesElsewhere = sum(outsideOf(p).map(({ fee }) => fee));
  const sign = p.side === 'long' ? 1 : -1;
  const traded = p.exitQuote.minus(p.entryQuote).times(sign);
  const cash = traded.minus(paid).minus(valued).minus(feesElsewhere);
  const cost = p.cost
    .plus(p.dust?.cost ?? ZERO)
    .times(sign)
    .plus(p.openFees);
  const difference = p.realizedPnl.minus(cost).minus(cash);
  if (difference.abs().greaterThan(TINY)) {
    violations.add('profit_differs', `${p.positionId}: by ${difference.toFixed()}`, [p.positionId]);
  }
}

/** Quiet, and yet open beyond its stop; or its levels are not in the index; or a close that never ends. */
function checkProtected(p: Position, { outside, violations, undecidable }: EndParts): void {
  if (isClosed(p)) return;
  const { positionId } = p;
  if (p.flatten !== null) {
    const ofWallet = [...outside.ledger.orderItems.values()].filter((o) => o.walletId === p.walletId);
    // It may have sold the very coins that this position cannot find.
    if (ofWallet.some(({ orderId }) => undecidable.has(orderId))) return;
    // A rest that the venue takes at no price waits for a better one, alarmed; anything else has to be over.
    violations.add('not_closed', `${positionId} is still ${p.status} (${p.quantity.toFixed()} left)`, [
      positionId,
    ]);
    return;
  }
  const timeUp = timeStopAt(p);
  if (timeUp !== null && timeUp <= outside.clocks.common()) {
    const text = `${positionId}: its time stop was due at ${timeUp}`;
    violations.add('time_stop_missed', text, [positionId]);
  }
  if (p.quantity.isZero() || !(p.margin !== null || hasProtection(p.protection))) return;
  const spec = outside.venue.specs.find((s) => s.symbol === SYMBOL);
  const price = outside.prices.shown.get(SYMBOL);
  if (spec === undefined || price === undefined) return;
  const isLong = p.side === 'long';
  const closing = decimal(isLong ? price.bid : price.ask);
  for (const [what, level] of [
    ['stop', stopPrice(p)?.price ?? null],
    ['liquidation', liquidationPrice(p, spec)],
  ] as const) {
    if (level === null) continue;
    if (isLong ? closing.greaterThan(level) : closing.lessThan(level)) continue;
    const text = `${positionId}: ${closing.toFixed()} is beyond its ${what} ${level.toFixed()}`;
    violations.add('unprotected', text, [positionId]);
  }
  checkRests(p, spec, outside, violations);
  if (!wantsLevels(p)) return;
  const armed = new Set(
    (outside.index.built.get(SYMBOL)?.model.levels() ?? []).map(
      (level) => `${level.member}@${level.version}`,
    ),
  );
  // A rung that was too small to sell has done its work, and says so on the timeline.
  const skipped = (outside.ledger.actionItems.get(positionId) ?? [])
    .filter(({ kind }) => kind === 'rung_skipped')
    .map(({ facts }) => `${positionId}|${facts['level_name'] ?? ''}`);
  for (const level of levelsOf(p, spec)) {
    if (armed.has(`${level.member}@${p.levelsVersion}`) || skipped.includes(level.member)) continue;
    violations.add('not_armed', `${level.member} is not in the index`, [positionId]);
  }
}

/** Asked for, it rests over all that no other exit holds; or the position says why not. */
function checkRests(p: Position, spec: SymbolSpec, { ledger }: Outside, violations: Violations): void {
  const { resting, why } = residentOf(p);
  if (!asksForResident(p) || isDust(p.quantity, spec, null)) return;
  const order = resting && ledger.orderItems.get(resting.orderId);
  const covers = order && floorTo(residentShare(p), exitLot(spec).step).equals(remaining(order));
  if (why !== null || (order?.status === 'open' && covers === true)) return;
  const text = `${p.positionId}: ${order?.status ?? 'nothing'} rests for ${p.quantity.toFixed()}, and it does not say why`;
  violations.add('not_resting', text, [p.positionId]);
}

/** Balances: grants, reservations, and who pays whom. */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import type { AccountOptions } from '../contract.ts';
import { ceilAmount, max, ZERO } from './numbers.ts';
import {
  type Account,
  type Balance,
  isOpen,
  type Order,
  type Reservation,
  remaining,
  type World,
} from './state.ts';

export function createAccount(options: AccountOptions, now: number): Account {
  const account: Account = {
    options,
    balances: new Map(),
    open: new Set(),
    orders: [],
    fills: [],
    lists: [],
    byClientId: new Map(),
    preventedMatches: [],
    touched: new Set(),
    updateTime: now,
  };
  for (const [asset, amount] of Object.entries(options.balances)) {
    account.balances.set(asset, { free: new Decimal(amount), locked: ZERO });
  }
  return account;
}

export function balanceOf(account: Account, asset: string): Balance {
  const known = account.balances.get(asset);
  if (known !== undefined) return known;
  const fresh = { free: ZERO, locked: ZERO };
  account.balances.set(asset, fresh);
  return fresh;
}

/** Adds to what is free (negative: takes from it). An overdraft is a fault of the simulator, not of a client, and ends it. */
export function credit(account: Account, asset: string, amount: Decimal): void {
  const balance = balanceOf(account, asset);
  const free = balance.free.plus(amount);
  if (free.isNegative() && !free.isZero()) {
    throw new Error(`account ${account.options.uid} would owe ${free.negated().toFixed()} ${asset}`);
  }
  balance.free = free;
  account.touched.add(asset);
}

/** Moves between free and locked. */
export function lock(account: Account, asset: string, amount: Decimal): void {
  if (amount.isZero()) return;
  credit(account, asset, amount.negated());
  const balance = balanceOf(account, asset);
  balance.locked = balance.locked.plus(amount);
}

export const addTo = (totals: Map<string, Decimal>, asset: string, amount: Decimal): void => {
  totals.set(asset, (totals.get(asset) ?? ZERO).plus(amount));
};

/** What one order needs locked now: the base it still sells, or the quote it may still pay. */
export function need(order: Order): Decimal {
  if (!isOpen(order) || order.status === 'PENDING_NEW') return ZERO;
  if (order.terms.side === 'SELL') return remaining(order);
  if (order.budget !== null) return order.budget;
  const price = order.terms.price ?? order.lockPrice ?? ZERO;
  return ceilAmount(remaining(order).times(price));
}

export const reservedAsset = (order: Order): string =>
  order.terms.side === 'SELL' ? order.market.info.base : order.market.info.quote;

/** Reserves for orders of which only one will trade (a pair), or for a single order. Check `canReserve` before. */
export function reserve(account: Account, holders: readonly Order[]): void {
  const [first] = holders;
  if (first === undefined) return;
  const reservation: Reservation = { account, asset: reservedAsset(first), holders, amount: ZERO };
  for (const order of holders) order.reservation = reservation;
  adjust(reservation);
}

/** Brings a reservation to what its orders need now. */
export function adjust(reservation: Reservation | null): void {
  if (reservation === null) return;
  const needed = reservation.holders.map(need).reduce(max, ZERO);
  const difference = needed.minus(reservation.amount);
  lock(reservation.account, reservation.asset, difference);
  reservation.amount = needed;
}

/** Everything an asset has in accounts, with the market maker and in collected fees. */
export function totals(world: World): Record<string, string> {
  const sums = new Map<string, Decimal>();
  for (const account of world.accounts.values()) {
    for (const [asset, balance] of account.balances) addTo(sums, asset, balance.free.plus(balance.locked));
  }
  for (const [asset, amount] of world.maker) addTo(sums, asset, amount);
  for (const [asset, amount] of world.fees) addTo(sums, asset, amount);
  return Object.fromEntries([...sums].map(([asset, amount]) => [asset, amount.toFixed()]));
}

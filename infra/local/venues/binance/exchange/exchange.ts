/**
 * The simulated exchange: accounts, books, matching, filters, events. One per environment; everything in memory.
 *
 * Synchronous: an operation is done when `execute` returns, whatever the listeners hear later.
 */
import { Decimal } from '../../../../../shared/domain/money/decimal.ts';
import {
  type AccountBooks,
  type Exchange,
  type ExchangeOptions,
  type JsonObject,
  VenueError,
} from '../contract.ts';
import { balanceOf, createAccount, credit, totals } from './accounts.ts';
import { bestPrices } from './book.ts';
import { applyPrice } from './feed.ts';
import { installLists } from './lists.ts';
import { amountText } from './numbers.ts';
import { run } from './operations.ts';
import { paramReader } from './params.ts';
import { renew, settle } from './settle.ts';
import { balanceUpdate } from './shapes/events.ts';
import { queried, tradeRow } from './shapes/orders.ts';
import type { Account, Market, World } from './state.ts';
import { readSymbol } from './symbol-info.ts';
import { accountOf, createMarket, createWorld, DEFAULT_FIRST_ID, flush, sendUser } from './world.ts';

/** What tests may ask beyond the exchange itself. */
export interface SimulatedExchange extends Exchange {
  /** Sum of an asset over accounts, market maker and fees: only deposits and withdrawals change it. */
  totals(): Readonly<Record<string, string>>;
}

export function createExchange(options: ExchangeOptions): SimulatedExchange {
  // Everything within one operation happens in one instant.
  let instant: number | null = null;
  const world = createWorld({ ...options, now: () => instant ?? options.now() });
  installLists(world);

  /** Runs a change, lets its consequences play out, then tells the listeners. */
  const change = <T>(action: () => T, tell: (world: World) => void): T => {
    instant = options.now();
    try {
      return action();
    } finally {
      settle(world);
      instant = null;
      tell(world);
    }
  };
  const later = (): void => queueMicrotask(() => flush(world));
  const tellOfOperation = options.order?.reports === 'events_first' ? flush : later;
  const market = (symbol: string): Market => {
    const found = world.markets.get(symbol);
    if (found === undefined) throw new Error(`no symbol ${symbol}`);
    return found;
  };

  return {
    addAccount: (account) => {
      if (world.accounts.has(account.uid)) throw new Error(`account ${account.uid} exists`);
      world.accounts.set(account.uid, createAccount(account, world.now()));
    },
    adjustBalance: (uid, asset, delta) =>
      change(() => adjustBalance(world, accountOf(world, uid), asset, delta), flush),
    feedPrice: (symbol, price) => change(() => applyPrice(world, market(symbol), price), flush),
    setBook: (symbol, shape) => {
      const one = market(symbol);
      one.shape = { ...one.shape, ...shape };
      renew(world, one);
      flush(world);
    },
    changeSymbol: (symbol, members) => {
      const one = market(symbol);
      one.info = readSymbol({ ...one.info.json, ...members });
      if (one.info.symbol !== symbol) throw new Error('a symbol keeps its name');
    },
    setQueryLag: (ms) => {
      world.queryLagMs = ms;
    },
    reset: () => reset(world),
    execute: (operation, uid, params) => {
      const account = uid === null ? null : accountOf(world, uid);
      return change(() => run(world, operation, account, paramReader(params)), tellOfOperation);
    },
    books: (uid) => books(accountOf(world, uid)),
    symbols: () => [...world.markets.keys()],
    best: (symbol) => {
      const one = world.markets.get(symbol);
      return one === undefined ? null : (one.best ?? bestPrices(one));
    },
    onUserEvent: (listener) => world.listeners.user.push(listener),
    onTrade: (listener) => world.listeners.trade.push(listener),
    onBest: (listener) => world.listeners.best.push(listener),
    onFirstFill: (listener) => world.listeners.firstFill.push(listener),
    totals: () => totals(world),
  };
}

function adjustBalance(world: World, account: Account, asset: string, delta: string): void {
  const amount = new Decimal(delta);
  const balance = balanceOf(account, asset);
  if (balance.free.plus(amount).isNegative()) {
    throw new VenueError(-2010, 'Account has insufficient balance for requested action.');
  }
  credit(account, asset, amount);
  sendUser(world, account, balanceUpdate(asset, amount, world.now()));
}

/** As a testnet is reset: orders and trades vanish, ids start again, balances are as granted; symbols stay. */
function reset(world: World): void {
  for (const [symbol, old] of world.markets) {
    const fresh = createMarket(old.info.json, world.options);
    world.markets.set(symbol, { ...fresh, shape: old.shape, fed: old.fed, last: old.last });
    const market = world.markets.get(symbol);
    if (market !== undefined) renew(world, market);
  }
  for (const [uid, account] of world.accounts)
    world.accounts.set(uid, createAccount(account.options, world.now()));
  world.maker.clear();
  world.fees.clear();
  world.jobs.length = 0;
  world.nextListId = world.options.firstId ?? DEFAULT_FIRST_ID;
  flush(world);
}

function books(account: Account): AccountBooks {
  const balances = [...account.balances].map(
    ([asset, balance]): [string, { free: string; locked: string }] => [
      asset,
      { free: amountText(balance.free), locked: amountText(balance.locked) },
    ],
  );
  const orders: readonly JsonObject[] = account.orders.map(queried);
  return { balances: Object.fromEntries(balances), orders, trades: account.fills.map(tradeRow) };
}

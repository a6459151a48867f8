/** The exchange's memory at its start, and the queue of what listeners hear. */
import type { ExchangeOptions, JsonObject } from '../contract.ts';
import { bestPrices } from './book.ts';
import { refuse } from './errors.ts';
import { accountPosition } from './shapes/events.ts';
import type { Account, Market, World } from './state.ts';
import { readSymbol } from './symbol-info.ts';
import { OWN_SYMBOLS } from './symbols.ts';

const DEFAULT_SHAPE = { spreadTicks: 1, levels: 20, levelNotional: '50000', stepTicks: 1 };
export const DEFAULT_FIRST_ID = 1_000_001;

export function createWorld(options: ExchangeOptions): World {
  return {
    now: options.now,
    options,
    accounts: new Map(),
    markets: new Map(
      (options.symbols ?? OWN_SYMBOLS).map((entry) => {
        const market = createMarket(entry, options);
        return [market.info.symbol, market];
      }),
    ),
    maker: new Map(),
    fees: new Map(),
    nextListId: options.firstId ?? DEFAULT_FIRST_ID,
    queryLagMs: 0,
    jobs: [],
    listeners: { user: [], trade: [], best: [], firstFill: [] },
    outbox: [],
    hooks: { afterFill: () => undefined, afterEnd: () => undefined, beforeActivation: () => undefined },
  };
}

export function createMarket(entry: JsonObject, options: ExchangeOptions): Market {
  const firstId = options.firstId ?? DEFAULT_FIRST_ID;
  return {
    info: readSymbol(entry),
    shape: { ...DEFAULT_SHAPE, ...options.book },
    fed: null,
    levels: { BUY: [], SELL: [] },
    resting: { BUY: [], SELL: [] },
    waiting: new Set(),
    orders: new Map(),
    last: null,
    tape: [],
    trades: [],
    aggregates: [],
    candles: [],
    nextOrderId: firstId,
    nextTradeId: firstId,
    nextExecutionId: firstId,
    nextPreventedId: 1,
    updateId: firstId,
    changed: false,
    best: null,
  };
}

export function marketOf(world: World, symbol: string): Market {
  const market = world.markets.get(symbol);
  if (market === undefined) throw refuse.symbol();
  return market;
}

export function accountOf(world: World, uid: number): Account {
  const account = world.accounts.get(uid);
  if (account === undefined) throw new Error(`no account ${uid}`);
  return account;
}

export function sendUser(world: World, account: Account, event: JsonObject): void {
  const { uid } = account.options;
  world.outbox.push(() => {
    for (const listener of world.listeners.user) listener({ uid, event });
  });
}

/** One account position for everything that changed since the last one. */
export function sendPositions(world: World): void {
  for (const account of world.accounts.values()) {
    if (account.touched.size === 0) continue;
    account.updateTime = world.now();
    sendUser(world, account, accountPosition(account, [...account.touched], world.now()));
    account.touched.clear();
  }
}

/** Best prices that differ from the last ones told. */
export function sendBest(world: World, market: Market): void {
  if (!market.changed) return;
  market.changed = false;
  const best = bestPrices(market);
  const known = market.best;
  if (best === null) return;
  const same =
    known?.bid.equals(best.bid) &&
    known.ask.equals(best.ask) &&
    known.bidSize.equals(best.bidSize) &&
    known.askSize.equals(best.askSize);
  if (same) return;
  market.updateId += 1;
  const told = { ...best, updateId: market.updateId };
  market.best = told;
  world.outbox.push(() => {
    for (const listener of world.listeners.best) listener(told);
  });
}

/** Lets the listeners hear everything queued. */
export function flush(world: World): void {
  for (let next = world.outbox.shift(); next !== undefined; next = world.outbox.shift()) next();
}

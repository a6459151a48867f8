/** What follows an operation: pending orders go live, stops see the trades, accounts hear their balances. */
import { refill } from './book.ts';
import type { Market, World } from './state.ts';
import { trigger } from './triggers.ts';
import { sendBest, sendPositions } from './world.ts';

/** Runs until nothing moves any more: a stop that fires trades, and its trades may fire the next. */
export function settle(world: World): void {
  sendPositions(world);
  for (;;) {
    const job = world.jobs.shift();
    if (job !== undefined) job();
    else if (!showNextTrade(world)) break;
    sendPositions(world);
  }
  for (const market of world.markets.values()) sendBest(world, market);
}

function showNextTrade(world: World): boolean {
  for (const market of world.markets.values()) {
    const price = market.tape.shift();
    if (price === undefined) continue;
    if (market.info.status === 'TRADING') trigger(world, market, price);
    return true;
  }
  return false;
}

/** The market maker's levels as new, for a market whose shape or status changed. */
export function renew(world: World, market: Market): void {
  refill(market);
  sendBest(world, market);
}

/** A market that walks by itself, the same way each time: what a page of prices is looked at with. */
import { type Decimal, decimal } from '../../shared/domain/money/decimal.ts';
import type { FedMarket } from '../bench/fed-market.ts';

/** Where each symbol begins, where it has gone after `RAMP_MS`, and how far it strays from that way in one step. */
export const DEMO_SYMBOLS = {
  'BTC/USDT': { price: '64250', to: '65720', stray: '9' },
  'ETH/USDT': { price: '3120', to: '3066', stray: '0.5' },
  'BNB/USDT': { price: '585', to: '588', stray: '0.05' },
  'SOL/USDT': { price: '148', to: '149.2', stray: '0.02' },
} as const;

/** Of the way to where it goes; afterwards it stays about there, so that what is open stays open. */
const RAMP_MS = 60_000;
/** What is left after a step of how far it has strayed. */
const KEPT = '0.95';
const STEP_MS = 250;
const SEED = 20_260_105;

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Opens the market and lets it walk. Answers how to stop it; the market itself is closed by its owner. */
export async function walk(market: FedMarket): Promise<() => void> {
  const random = randomOf(SEED);
  const strayed = new Map<string, Decimal>();
  const prices = Object.entries(DEMO_SYMBOLS).map(([symbol, { price }]) => [symbol, price]);
  await market.open(Object.fromEntries(prices));
  let step = 0;
  const timer = setInterval(() => {
    step += 1;
    const gone = decimal(String(Math.min(1, (step * STEP_MS) / RAMP_MS)));
    for (const [symbol, { price, to, stray }] of Object.entries(DEMO_SYMBOLS)) {
      const by = decimal(stray).times(String(Math.round((random() - 0.5) * 4_000) / 1_000));
      const off = (strayed.get(symbol) ?? decimal('0')).times(KEPT).plus(by);
      strayed.set(symbol, off);
      const way = decimal(to).minus(price).times(gone);
      void market.tick(symbol, decimal(price).plus(way).plus(off).toFixed(2));
    }
  }, STEP_MS);
  return () => clearInterval(timer);
}

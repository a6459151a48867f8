/**
 * Tells connections the prices that they follow (design sections 14, 20): at most twice a second, and only the latest.
 *
 * Reads what the streamer has left in the cache, as `GET /prices` does, so nothing of it is in the streamer's way. It works
 * while somebody follows: a run of some seconds, which hands on to the next one.
 *
 * Always true:
 * - one run at a time (a lease); whoever is woken meanwhile leaves it to the one that runs, which looks once more who
 *   follows after it has given the lease back;
 * - one message at a time is under way to a connection: it gets the next price when it has taken this one, and none of
 *   those in between;
 * - at most [200] messages a second leave, whoever follows: what is beyond has its turn later, with the price of then.
 */
import type { ConnectionGateway, ConnectionStore, Follower, PriceWakes } from '../../ports/push.ts';
import type { PushedPrice } from '../../ports/push-messages.ts';
import type { Clock, Ids, Log } from '../../ports/runtime.ts';
import type { CachedPrice, Leases, PriceCache } from '../../ports/trigger-index.ts';
import { priceView } from '../views/price-view.ts';
import { makeDropConnection } from './drop-connection.ts';

export const PRICES_LEASE = 'push-prices';
/** From one look at the prices to the next: no symbol is told more often. */
export const TURN_MS = 500;
/** Below the function's time limit by more than the last messages take. */
export const RUN_MS = 20_000;
/** Messages of one turn. They leave by the way that orders take too, and must not fill it. */
export const FRAMES_PER_TURN = 100;
const LEASE_MS = 5_000;
/** Who follows is read this often. */
const FOLLOWERS_MS = 1_000;
/** Below the ten minutes that a wish counts. */
const WISH_MS = 60_000;

export interface TellPricesPorts {
  readonly connections: Pick<ConnectionStore, 'followers' | 'find' | 'remove'>;
  readonly gateway: ConnectionGateway;
  readonly prices: Pick<PriceCache, 'prices' | 'want'>;
  readonly leases: Pick<Leases, 'hold' | 'release'>;
  readonly wakes: PriceWakes;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const pushedPrice = (price: CachedPrice, now: number): PushedPrice => {
  const { age_ms: _, ...view } = priceView(price, now);
  return view;
};

/** What a connection was told of last, of each symbol. */
interface Told {
  readonly since: number;
  readonly ticks: Map<string, string>;
  /** Gone or dropped; who follows may have been read before that. */
  isOver: boolean;
}

const tickOf = ({ tickId, at }: CachedPrice): string => `${tickId}/${at}`;

export type TellPrices = () => Promise<'nobody_follows' | 'left_to_other' | 'told'>;

/** @throws when the cache or the store is away: the next wake-up tries again */
export function makeTellPrices(ports: TellPricesPorts): TellPrices {
  const { connections, gateway, prices, leases, wakes, clock, ids, log, sleep } = ports;
  const drop = makeDropConnection({ connections, gateway, log });
  // Kept from run to run: the next one, if it is in this process, repeats nothing.
  const told = new Map<string, Told>();
  /** Where the last turn that had no room for all of them stopped. */
  let servedUpTo = '';

  function toldOf({ connectionId, since }: Follower): Told {
    const known = told.get(connectionId);
    if (known?.since === since) return known;
    const made: Told = { since, ticks: new Map(), isOver: false };
    told.set(connectionId, made);
    return made;
  }

  async function end(follower: Follower, code: 'slow_consumer' | 'token_expired'): Promise<void> {
    toldOf(follower).isOver = true;
    const connection = await connections.find(follower.connectionId);
    await drop(follower, code, connection?.sent ?? 0);
  }

  async function tell(follower: Follower, fresh: readonly CachedPrice[]): Promise<void> {
    const { connectionId } = follower;
    try {
      const now = clock.now();
      if (now >= follower.tokenUntil) return await end(follower, 'token_expired');
      const views = fresh.map((price) => pushedPrice(price, now));
      const posted = await gateway.post(connectionId, { type: 'prices', prices: views });
      if (posted === 'gone') {
        toldOf(follower).isOver = true;
        await connections.remove(follower);
      } else if (posted === 'slow') await end(follower, 'slow_consumer');
      else for (const price of fresh) toldOf(follower).ticks.set(price.symbol, tickOf(price));
    } catch (error) {
      // Told at the next turn, if it can be then.
      log.warn('PRICES_NOT_TOLD', { connectionId, error: String(error) });
    }
  }

  /** From where the last turn stopped, round. */
  function inTurn(followers: readonly Follower[]): readonly Follower[] {
    const next = followers.findIndex(({ connectionId }) => connectionId > servedUpTo);
    return next <= 0 ? followers : [...followers.slice(next), ...followers.slice(0, next)];
  }

  async function turn(followers: readonly Follower[], posting: Map<string, Promise<void>>): Promise<number> {
    const current = await prices.prices([...new Set(followers.flatMap(({ symbols }) => symbols))]);
    let frames = 0;
    let last = '';
    for (const follower of inTurn(followers)) {
      const { connectionId, symbols, tokenUntil } = follower;
      if (frames === FRAMES_PER_TURN) break;
      if (posting.has(connectionId)) continue;
      const { ticks, isOver } = toldOf(follower);
      if (isOver) continue;
      const fresh = symbols.flatMap((symbol) => {
        const price = current.get(symbol);
        return price === undefined || ticks.get(symbol) === tickOf(price) ? [] : [price];
      });
      if (fresh.length === 0 && clock.now() < tokenUntil) continue;
      frames += 1;
      last = connectionId;
      posting.set(
        connectionId,
        tell(follower, fresh).finally(() => posting.delete(connectionId)),
      );
    }
    servedUpTo = frames === FRAMES_PER_TURN ? last : '';
    return frames;
  }

  async function turns(token: string, posting: Map<string, Promise<void>>): Promise<void> {
    const until = clock.now() + RUN_MS;
    let followers: readonly Follower[] = [];
    let readAt = Number.NEGATIVE_INFINITY;
    /** Symbol -> when it was wished for. */
    const wished = new Map<string, number>();
    let frames = 0;
    for (let began = clock.now(); began < until; began = clock.now()) {
      if (began - readAt >= FOLLOWERS_MS) {
        followers = await connections.followers();
        readAt = began;
        const open = new Set(followers.map(({ connectionId }) => connectionId));
        for (const connectionId of told.keys()) if (!open.has(connectionId)) told.delete(connectionId);
        const due = new Set(followers.flatMap(({ symbols }) => symbols)).values();
        const wishes = [...due].filter((one) => began - (wished.get(one) ?? 0) >= WISH_MS);
        await prices.want(wishes);
        for (const symbol of wishes) wished.set(symbol, began);
      }
      if (followers.length === 0) break;
      if (!(await leases.hold(PRICES_LEASE, token, LEASE_MS)).held) break;
      frames += await turn(followers, posting);
      await sleep(Math.max(0, TURN_MS - (clock.now() - began)));
    }
    log.info('PRICES_TOLD', { followers: followers.length, frames });
  }

  return async () => {
    if ((await connections.followers()).length === 0) return 'nobody_follows';
    const token = ids.token();
    if (!(await leases.hold(PRICES_LEASE, token, LEASE_MS)).held) return 'left_to_other';
    const posting = new Map<string, Promise<void>>();
    try {
      await turns(token, posting);
    } finally {
      await Promise.all(posting.values());
      await leases.release(PRICES_LEASE, token);
    }
    // Whoever began to follow while the lease was held left it to this run.
    if ((await connections.followers()).length > 0) await wakes.wake();
    return 'told';
  };
}

/** Telling prices: only the latest, in bounds, by one at a time, and by nobody when nobody follows. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionGateway, Posted } from '../../../shared/ports/push.ts';
import type { PushMessage } from '../../../shared/ports/push-messages.ts';
import type { CachedPrice } from '../../../shared/ports/trigger-index.ts';
import {
  FRAMES_PER_TURN,
  makeTellPrices,
  PRICES_LEASE,
  RUN_MS,
  type TellPrices,
  TURN_MS,
} from '../../../shared/usecases/push/tell-prices.ts';
import { MemoryLeases, MemoryPrices } from '../../support/fakes/memory-cache.ts';
import { MemoryFollowers } from '../../support/fakes/memory-followers.ts';

const START = Date.UTC(2026, 10, 29, 12);
const ignore = (): undefined => undefined;

interface Sent {
  readonly at: number;
  readonly to: string;
  readonly message: PushMessage;
}

let now: number;
let sent: Sent[];
let closed: string[];
let warned: string[];
let woken: number;
let followers: MemoryFollowers;
let prices: MemoryPrices;
let leases: MemoryLeases;
/** What becomes of a message. */
let post: (to: string) => Posted | Promise<Posted>;
/** What happens in the world at each turn, by its number. */
let meanwhile: (turn: number) => void | Promise<void>;
let tell: TellPrices;
let tick: number;

const show = (symbol: string, last: string, change: Partial<CachedPrice> = {}): void => {
  tick += 1;
  prices.show({
    ...{ symbol, bid: last, ask: last, last, bidSize: '', askSize: '', source: 'replay', quoted: true },
    ...{ tickId: tick, at: now, recordedAt: 0, ...change },
  });
};
const follow = (connectionId: string, ...symbols: readonly string[]) =>
  followers.follow({
    ...{ userId: 'user-1', connectionId, symbols, tokenUntil: START + 3_600_000, since: now },
  });
const last = (to: string): readonly string[] =>
  sent
    .filter((one) => one.to === to)
    .flatMap(({ message }) => (message.type === 'prices' ? message.prices : []).map((one) => one.last));

function make(): TellPrices {
  let turn = 0;
  const gateway: ConnectionGateway = {
    post: async (to, message) => {
      const at = now;
      const outcome = await post(to);
      if (outcome === 'sent') sent.push({ at, to, message });
      return outcome;
    },
    close: async (to) => void closed.push(to),
  };
  return makeTellPrices({
    ...{ connections: followers, gateway, prices, leases },
    wakes: {
      wake: async () => {
        woken += 1;
      },
    },
    clock: { now: () => now },
    ids: { token: () => `run-${Math.random()}` },
    log: { debug: ignore, info: ignore, warn: (code) => void warned.push(code), error: ignore },
    sleep: async (ms) => {
      // Whatever needs no time happens before the next turn.
      await new Promise(setImmediate);
      now += ms;
      await meanwhile(++turn);
    },
  });
}

beforeEach(() => {
  [now, sent, closed, warned, woken, tick] = [START, [], [], [], 0, 0];
  followers = new MemoryFollowers();
  const clock = { now: () => now };
  prices = new MemoryPrices(clock);
  leases = new MemoryLeases(clock);
  post = () => 'sent';
  meanwhile = ignore;
  tell = make();
  show('BTC/USDT', '50000');
});

it('does nothing at all while nobody follows', async () => {
  expect(await tell()).toBe('nobody_follows');
  expect([sent, woken, leases.held.size]).toEqual([[], 0, 0]);
  expect(await prices.wanted()).toEqual([]);
});

it('tells at once how a price stands, as GET /prices answers it, and that it is followed', async () => {
  show('BTC/USDT', '50001.5', { bid: '50001', ask: '50002', at: START - 5 });
  await follow('a', 'BTC/USDT', 'ETH/USDT');
  expect(await tell()).toBe('told');
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({ at: START, to: 'a', message: { type: 'prices' } });
  const [first] = sent;
  expect(first?.message.type === 'prices' && first.message.prices).toEqual([
    {
      ...{ symbol: 'BTC/USDT', bid: '50001', ask: '50002', last: '50001.5', mid: '50001.5', mark: '50001.5' },
      ...{ spread: '1', bid_size: null, ask_size: null, quoted: true, source: 'replay', tick_id: 2 },
      ...{ timestamp: '2026-11-29T11:59:59.995Z', recorded_at: null },
    },
  ]);
  // The streamer follows them both, also the one that has no price yet.
  expect(await prices.wanted()).toEqual(['BTC/USDT', 'ETH/USDT']);
});

it('tells each price once, at most twice a second and only the latest, whatever came between', async () => {
  await follow('a', 'BTC/USDT');
  meanwhile = (turn) => {
    if (turn > 3) return;
    for (const digit of [1, 2, 3]) show('BTC/USDT', `5000${turn}.${digit}`);
  };
  await tell();
  expect(last('a')).toEqual(['50000', '50001.3', '50002.3', '50003.3']);
  const gaps = sent.slice(1).map(({ at }, n) => at - (sent[n]?.at ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(TURN_MS);
  // The next run repeats nothing, and tells somebody who says so again.
  expect(await tell()).toBe('told');
  expect(last('a')).toHaveLength(4);
  await follow('a', 'BTC/USDT');
  await tell();
  expect(last('a').slice(4)).toEqual(['50003.3']);
});

it('runs for a while, hands on to the next run, and ends when nobody follows any more', async () => {
  await follow('a', 'BTC/USDT');
  await tell();
  expect(now - START).toBeGreaterThanOrEqual(RUN_MS);
  expect(now - START).toBeLessThan(RUN_MS + 2 * TURN_MS);
  expect([woken, leases.held.size]).toEqual([1, 0]);
  meanwhile = (turn) => (turn === 4 ? followers.remove({ userId: 'user-1', connectionId: 'a' }) : undefined);
  tell = make();
  const began = now;
  expect(await tell()).toBe('told');
  expect(now - began).toBeLessThan(4_000);
  expect(woken).toBe(1);
});

it('one at a time tells; who begins to follow at its very end is not forgotten', async () => {
  await follow('a', 'BTC/USDT');
  await leases.hold(PRICES_LEASE, 'another run', 5_000);
  expect(await tell()).toBe('left_to_other');
  expect(sent).toEqual([]);
  await leases.release(PRICES_LEASE, 'another run');
  // Its last look finds nobody; the one that comes then is refused the lease, and the run looks once more.
  meanwhile = (turn) => (turn === 1 ? followers.follow({ ...who, symbols: [] }) : undefined);
  const who = { userId: 'user-1', connectionId: 'a', symbols: ['BTC/USDT'], tokenUntil: now + 9e6, since: 1 };
  const { release } = leases;
  leases.release = async (...given) => {
    await follow('late', 'BTC/USDT');
    expect(await make()()).toBe('left_to_other');
    await release.apply(leases, [...given]);
  };
  expect(await tell()).toBe('told');
  expect(woken).toBe(1);
});

describe('a connection that', () => {
  it('takes its time misses what came between, and holds up nobody else', async () => {
    await follow('slowly', 'BTC/USDT');
    await follow('well', 'BTC/USDT');
    let let_go = ignore as () => void;
    post = (to) =>
      to === 'well' || now > START ? 'sent' : new Promise((done) => (let_go = () => done('sent')));
    meanwhile = (turn) => {
      if (turn === 3) let_go();
      if (turn < 5) show('BTC/USDT', `5000${turn}`);
    };
    await tell();
    expect(last('well')).toEqual(['50000', '50001', '50002', '50003', '50004']);
    expect(last('slowly').at(0)).toBe('50000');
    expect(last('slowly').at(-1)).toBe('50004');
    expect(last('slowly').length).toBeLessThan(5);
  });

  it('takes nothing is dropped with the code and its cursor; one that is gone is forgotten', async () => {
    await follow('gone', 'BTC/USDT');
    await follow('slow', 'BTC/USDT');
    await follow('well', 'BTC/USDT');
    let refused = 0;
    post = (to) => (to === 'gone' ? 'gone' : to === 'slow' && refused++ === 0 ? 'slow' : 'sent');
    await tell();
    expect(sent.find(({ to }) => to === 'slow')?.message).toEqual({
      ...{ type: 'closing', code: 'slow_consumer', cursor: '0000000000000007' },
    });
    expect(closed).toEqual(['slow']);
    expect((await followers.followers()).map(({ connectionId }) => connectionId)).toEqual(['well']);
  });

  it('has a token that is over is ended, though no price changes', async () => {
    const until = START + 2_000;
    await followers.follow({
      ...{ userId: 'user-1', connectionId: 'a', symbols: ['BTC/USDT'], tokenUntil: until, since: START },
    });
    await tell();
    expect(sent.map(({ message }) => ('code' in message ? message.code : message.type))).toEqual([
      'prices',
      'token_expired',
    ]);
    expect(sent.at(-1)?.at).toBeLessThan(until + 2 * TURN_MS);
  });

  it('could not be told because the gateway is away is told at the next turn', async () => {
    await follow('a', 'BTC/USDT');
    let failures = 2;
    post = () => (failures-- > 0 ? Promise.reject(new Error('away')) : 'sent');
    await tell();
    expect(last('a')).toEqual(['50000']);
    expect(warned).toEqual(['PRICES_NOT_TOLD', 'PRICES_NOT_TOLD']);
  });
});

it('lets so many messages leave at once, and whoever had to wait goes first at the next turn', async () => {
  const names = Array.from({ length: 2 * FRAMES_PER_TURN + 50 }, (_, n) => `c${String(n).padStart(3, '0')}`);
  for (const name of names) await follow(name, 'BTC/USDT');
  meanwhile = (turn) => show('BTC/USDT', `${50_000 + turn}`);
  await tell();
  const perTurn = [...Map.groupBy(sent, ({ at }) => at).values()].map((those) => those.length);
  expect(Math.max(...perTurn)).toBe(FRAMES_PER_TURN);
  const counts = names.map((name) => last(name).length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
});

it('fails when the cache is away, and leaves the lease to the next run', async () => {
  await follow('a', 'BTC/USDT');
  prices.prices = () => Promise.reject(new Error('the cache is away'));
  await expect(tell()).rejects.toThrow('the cache is away');
  expect(leases.held.size).toBe(0);
});

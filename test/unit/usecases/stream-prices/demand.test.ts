/** Symbols come with demand and leave after it; never one that something hangs on. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Demand } from '../../../../shared/usecases/stream-prices/demand.ts';
import { settings } from './support.ts';

const MINUTE = 60_000;

let now: number;
let wishes: Map<string, number>;
let live: string[];
let armed: string[];
let fails: 'cache' | 'index' | 'ledger' | null;

const make = (more: Parameters<typeof settings>[0] = {}) => {
  const or = async <T>(part: typeof fails, value: () => T): Promise<T> => {
    if (fails === part) throw new Error(`the ${part} is away`);
    return value();
  };
  const ports = {
    clock: { now: () => now },
    cache: {
      wantedSince: () => or('cache', () => new Map([...wishes].filter(([, at]) => at > now - 10 * MINUTE))),
    },
    index: { hasLevels: (symbol: string) => or('index', () => armed.includes(symbol)) },
    ledger: {
      liveSymbols: async () => live,
      isLive: (symbol: string) => or('ledger', () => live.includes(symbol)),
    },
  };
  const demand = new Demand(
    ports as unknown as ConstructorParameters<typeof Demand>[0],
    settings({ liveMs: 0, ...more }),
  );
  return {
    /** A turn that could ask everything. */
    turn: async () => {
      const { failures, ...turn } = await demand.turn();
      expect(failures).toEqual([]);
      return turn;
    },
    any: () => demand.turn(),
  };
};

beforeEach(() => {
  now = 1_767_571_200_000;
  wishes = new Map();
  live = [];
  armed = [];
  fails = null;
});

describe('the demand', () => {
  it('lets a symbol leave ten minutes after it was last wanted', async () => {
    const demand = make();
    wishes.set('BTC/USDT', now);
    expect(await demand.turn()).toEqual({ follow: ['BTC/USDT'], leave: [] });
    now += 10 * MINUTE - 1;
    expect(await demand.turn()).toEqual({ follow: ['BTC/USDT'], leave: [] });
    now += 1;
    expect(await demand.turn()).toEqual({ follow: [], leave: ['BTC/USDT'] });
    expect(await demand.turn()).toEqual({ follow: [], leave: [] });
    wishes.set('BTC/USDT', now);
    expect(await demand.turn()).toEqual({ follow: ['BTC/USDT'], leave: [] });
  });

  it('lets it leave ten minutes after its last position or order, and no earlier when the cache forgets', async () => {
    const demand = make();
    live = ['BTC/USDT'];
    wishes.set('ETH/USDT', now);
    await demand.turn();
    live = [];
    wishes.clear();
    now += 9 * MINUTE;
    expect((await demand.turn()).follow).toEqual(['ETH/USDT', 'BTC/USDT']);
    now += MINUTE;
    expect((await demand.turn()).leave).toEqual(['ETH/USDT', 'BTC/USDT']);
  });

  it('keeps a symbol with a level in the index, a live position or order that the look at all missed', async () => {
    // Between two looks at everything live.
    const demand = make({ liveMs: 1e9 });
    for (const symbol of ['ARMED/USDT', 'LIVE/USDT', 'FREE/USDT']) wishes.set(symbol, now);
    await demand.turn();
    armed = ['ARMED/USDT'];
    live = ['LIVE/USDT'];
    now += 11 * MINUTE;
    expect(await demand.turn()).toEqual({ follow: ['ARMED/USDT', 'LIVE/USDT'], leave: ['FREE/USDT'] });
    armed = [];
    live = [];
    now += 9 * MINUTE;
    expect((await demand.turn()).leave).toEqual([]);
    now += MINUTE;
    expect((await demand.turn()).leave).toEqual(['ARMED/USDT', 'LIVE/USDT']);
  });

  it.each(['cache', 'index', 'ledger'] as const)(
    'lets nobody leave while the %s cannot be asked',
    async (part) => {
      const demand = make();
      wishes.set('BTC/USDT', now);
      await demand.turn();
      now += 11 * MINUTE;
      fails = part;
      live = ['NEW/USDT'];
      const turn = await demand.any();
      expect(turn).toMatchObject({ leave: [], failures: [new Error(`the ${part} is away`)] });
      // What is known to be needed is followed meanwhile.
      expect(turn.follow).toEqual(['BTC/USDT', 'NEW/USDT']);
      live = [];
      fails = null;
      armed = ['BTC/USDT'];
      expect(await demand.turn()).toEqual({ follow: ['BTC/USDT', 'NEW/USDT'], leave: [] });
    },
  );

  it('follows the configured ones always', async () => {
    const demand = make({ fixedSymbols: ['SOL/USDT'] });
    for (let i = 0; i < 3; i++, now += 20 * MINUTE) {
      expect(await demand.turn()).toEqual({ follow: ['SOL/USDT'], leave: [] });
    }
  });
});

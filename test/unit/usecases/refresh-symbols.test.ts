/** When trading rules are fetched anew, and when not. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ExchangeInfo, SymbolImport, VenueRateLimit } from '../../../shared/ports/symbols.ts';
import { makeRefreshSymbols } from '../../../shared/usecases/refresh-symbols.ts';
import { bigExchange, SOME_LIMITS } from '../../support/symbol-specs.ts';

const NOTHING: SymbolImport = { added: 0, changed: 0, unchanged: 1, delisted: 0, missing: 0 };
const MINUTE = 60_000;
const T0 = 1_700_000_000_000;

let now = T0;
let savedAt: number | null = null;
let counts = NOTHING;
let askedAt: number | null = null;
let fetched = 0;
let learnt: (readonly VenueRateLimit[])[] = [];
let holder: string | null = null;
let answer: () => Promise<ExchangeInfo>;
let tokens = 0;

let log: string[] = [];
const told = (code: string): void => {
  log.push(code);
};

const refresh = () =>
  makeRefreshSymbols(
    {
      market: {
        exchangeInfo: () => {
          fetched += 1;
          return answer();
        },
      },
      store: {
        save: async (environment, _info, at) => {
          expect(environment).toBe('binance_testnet');
          savedAt = at;
          return counts;
        },
        rateLimits: async () => (savedAt === null ? [] : SOME_LIMITS),
        savedAt: async () => savedAt,
      },
      budget: {
        learn: async (limits) => {
          learnt.push(limits);
        },
      },
      wishes: { askedAt: async () => askedAt },
      leases: {
        hold: async (_name, token) => {
          if (holder !== null) return { held: false };
          holder = token;
          return { held: true, fence: 1, otherFence: 0 };
        },
        release: async (_name, token) => {
          if (holder === token) holder = null;
        },
      },
      ids: {
        token: () => {
          tokens += 1;
          return `t${tokens}`;
        },
      },
      clock: { now: () => now },
      log: { debug: told, info: told, warn: told, error: told },
    },
    { environment: 'binance_testnet' },
  )();

beforeEach(() => {
  now = T0;
  savedAt = null;
  counts = NOTHING;
  askedAt = null;
  fetched = 0;
  learnt = [];
  holder = null;
  log = [];
  answer = async () => bigExchange(1);
});

describe('refreshing the trading rules', () => {
  it('imports at the first run, then when they are half an hour old, and tells the budget the limits', async () => {
    expect(await refresh()).toEqual({ outcome: 'imported', reason: 'first', ...NOTHING });
    expect(learnt).toEqual([SOME_LIMITS]);
    expect(log).toEqual(['SYMBOLS_IMPORTED']);
    now += 30 * MINUTE - 1;
    expect(await refresh()).toEqual({ outcome: 'fresh' });
    // Each run, so that a cache that was lost knows them again.
    expect(learnt).toHaveLength(2);
    now += 1;
    expect(await refresh()).toMatchObject({ outcome: 'imported', reason: 'old' });
    expect(fetched).toBe(2);
    expect(holder).toBeNull();
  });

  it('imports when asked for, at most once a minute, and once per wish', async () => {
    await refresh();
    now += 1000;
    askedAt = now;
    expect(await refresh()).toEqual({ outcome: 'fresh' });
    now += MINUTE;
    expect(await refresh()).toMatchObject({ outcome: 'imported', reason: 'wanted' });
    now += MINUTE;
    expect(await refresh()).toEqual({ outcome: 'fresh' });
    expect(fetched).toBe(2);
  });

  it('keeps a wish that comes during an import for the next', async () => {
    answer = async () => {
      now += 500;
      askedAt = now;
      now += 500;
      return bigExchange(1);
    };
    await refresh();
    now += MINUTE;
    expect(await refresh()).toMatchObject({ outcome: 'imported', reason: 'wanted' });
  });

  it('names what it could not read', async () => {
    answer = async () => ({
      ...bigExchange(1),
      unreadable: [{ venueSymbol: 'NEWUSDT', why: 'a new shape' }],
    });
    expect(await refresh()).toMatchObject({ outcome: 'imported' });
    expect(log).toEqual(['SYMBOL_UNREADABLE', 'SYMBOLS_IMPORTED']);
  });

  it('says loudly when a good part of the exchange is missing from its list', async () => {
    counts = { ...NOTHING, missing: 700 };
    expect(await refresh()).toEqual({ outcome: 'imported', reason: 'first', ...counts });
    expect(log).toEqual(['SYMBOLS_MISSING', 'SYMBOLS_IMPORTED']);
  });

  it('leaves it to the one that is at it', async () => {
    holder = 'another';
    expect(await refresh()).toEqual({ outcome: 'busy' });
    expect(fetched).toBe(0);
    expect(holder).toBe('another');
  });

  it('looks again once it is its turn', async () => {
    // Another finishes between this one's look and its lease.
    const run = refresh();
    savedAt = now;
    expect(await run).toEqual({ outcome: 'fresh' });
    expect(fetched).toBe(0);
    expect(holder).toBeNull();
  });

  it('lets the failure be seen, frees the lease, and tries again at the next run', async () => {
    answer = async () => {
      throw new Error('no answer');
    };
    await expect(refresh()).rejects.toThrow('no answer');
    expect(holder).toBeNull();
    answer = async () => bigExchange(1);
    expect(await refresh()).toMatchObject({ outcome: 'imported' });
  });
});

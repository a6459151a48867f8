/** The simulator's keys: who they belong to and what their plan covers. All of them are made up. */
import { seededRandom, seedFrom } from '../../../../shared/feeds/prng.ts';

export interface PolygonKey {
  readonly key: string;
  /** Connections are counted per account, not per key. */
  readonly account: string;
  /** false: the plan has no WebSocket. */
  readonly websocket: boolean;
  /** Sockets per cluster at a time; the next one ends the oldest. */
  readonly connections: number;
  /** Channels that the plan does not cover. */
  readonly refused: readonly string[];
  /** REST requests a minute; null: unlimited. */
  readonly restPerMinute: number | null;
  /** false: REST answers 403 for market data. */
  readonly rest: boolean;
}

const PLAN: Omit<PolygonKey, 'key' | 'account'> = {
  websocket: true,
  connections: 1,
  refused: [],
  restPerMinute: null,
  rest: true,
};

const FREE_PER_MINUTE = 5;
const BUSINESS_CONNECTIONS = 3;

/** By name of the plan, as `npm run simulator:polygon` has them. */
export const PLANS: Readonly<Record<string, Partial<PolygonKey>>> = {
  full: {},
  business: { connections: BUSINESS_CONNECTIONS },
  bars: { refused: ['XT', 'XQ', 'T', 'Q', 'C', 'FMV', 'LULD', 'NOI'] },
  free: { websocket: false, restPerMinute: FREE_PER_MINUTE },
  none: { rest: false },
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 32;

/** 32 letters and digits, the same for the same seed. */
export function seededKey(seed: string): string {
  const random = seededRandom(seedFrom(seed));
  return Array.from({ length: LENGTH }, () => ALPHABET[random() % ALPHABET.length]).join('');
}

export class KeyTable {
  private readonly keys = new Map<string, PolygonKey>();

  /** Adds a key, or changes the plan of one that is there. */
  set(options: Partial<PolygonKey> & { readonly key: string }): PolygonKey {
    const entry = { ...PLAN, account: options.key, ...options };
    this.keys.set(entry.key, entry);
    return entry;
  }

  find(key: string): PolygonKey | null {
    return this.keys.get(key) ?? null;
  }

  revoke(key: string): boolean {
    return this.keys.delete(key);
  }
}

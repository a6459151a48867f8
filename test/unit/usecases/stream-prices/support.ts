/** A streamer's surroundings in memory: a scripted index and cache that record what they are told. */

import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import type { Bar, Nearest, Tick, Units } from '../../../../shared/domain/triggers/types.ts';
import { formatUnits } from '../../../../shared/domain/triggers/units.ts';
import type { Feed, FeedHandlers, FeedTick, LeftOut } from '../../../../shared/ports/feed.ts';
import type { TriggerMessage } from '../../../../shared/ports/messages.ts';
import type { FilledRow, TapeMinute, TapeQuarter } from '../../../../shared/ports/tape.ts';
import type {
  Claim,
  ClaimResult,
  Lease,
  PriceBatch,
  PriceBatchResult,
} from '../../../../shared/ports/trigger-index.ts';
import type { StreamPorts } from '../../../../shared/usecases/stream-prices/ports.ts';
import { STREAM_DEFAULTS, type StreamSettings } from '../../../../shared/usecases/stream-prices/settings.ts';

export const NOTHING_NEAR: Nearest = {
  falls: { bid: null, ask: null, last: null, mid: null },
  rises: { bid: null, ask: null, last: null, mid: null },
};
export const applied = (
  more: Partial<Extract<PriceBatchResult, { outcome: 'applied' }>> = {},
): PriceBatchResult => ({
  outcome: 'applied',
  hits: 0,
  wake: false,
  nearest: NOTHING_NEAR,
  ...more,
});

export const settings = (more: Partial<StreamSettings> = {}): StreamSettings => ({
  ...STREAM_DEFAULTS,
  shard: 0,
  wakeUps: true,
  resumable: false,
  flushMs: 20,
  retryMs: 2,
  retryMaxMs: 10,
  leaseRenewMs: 20,
  leaseRetryMs: 10,
  tapeMs: 20,
  demandMs: 20,
  countersMs: 20,
  metricsMs: 50,
  rebuildRepeatMs: 50,
  stopMs: 300,
  ...more,
});

const SPEC = symbolRegistry().get('BTC/USDT');

/** A quoted tick of BTC/USDT; prices in units (0.0001). */
export function feedTick(
  id: number,
  bid: number,
  more: Partial<Tick> & { ask?: Units; quoted?: boolean } = {},
): FeedTick {
  if (SPEC === null) throw new Error('BTC/USDT is not in the registry');
  const ask = more.ask ?? ((bid + 100) as Units);
  const units = { bid: bid as Units, ask, last: bid as Units };
  const tick = { id, ...units, at: Date.now(), bidSize: '1', askSize: '1', recordedAt: 0, ...more };
  const text = (price: Units): string => formatUnits(Math.max(0, price) as Units, SPEC.unitExponent);
  const texts = { bid: text(tick.bid), ask: text(tick.ask), last: text(tick.last) };
  return { spec: SPEC, tick, ...texts, quoted: more.quoted ?? true };
}

export class TestFeed implements Feed {
  readonly name = 'test';
  readonly known: ReadonlyMap<string, number>;
  readonly subscribed = new Set<string>();
  handlers: FeedHandlers | null = null;
  stopped = false;
  leftOut: LeftOut = {};
  constructor(known: ReadonlyMap<string, number>) {
    this.known = known;
  }
  async start(handlers: FeedHandlers): Promise<void> {
    this.handlers = handlers;
  }
  subscribe(symbols: readonly string[]): { unknown: readonly string[] } {
    for (const symbol of symbols) this.subscribed.add(symbol);
    return { unknown: symbols.filter((symbol) => symbol === 'NOPE/USDT') };
  }
  stats() {
    return {
      name: this.name,
      connected: this.handlers !== null && !this.stopped,
      authenticated: true,
      messagesReceived: 5,
      tradesProcessed: 3,
      quotesProcessed: 2,
      errors: 1,
      lastMessageAt: 1_700_000_000_000,
      subscriptions: [...this.subscribed],
      leftOut: this.leftOut,
    };
  }
  unsubscribe(symbols: readonly string[]): void {
    for (const symbol of symbols) this.subscribed.delete(symbol);
  }
  async stop(): Promise<void> {
    this.stopped = true;
  }
}

/** `answer` decides what the price script says; everything else works and is recorded. */
export class World {
  readonly batches: PriceBatch[] = [];
  readonly messages: TriggerMessage[] = [];
  readonly rows: TapeMinute[] = [];
  readonly quarters: TapeQuarter[] = [];
  readonly filled: FilledRow[] = [];
  readonly filledTimes = new Map<string, number>();
  readonly writtenBars: (readonly Bar[])[] = [];
  readonly logged: string[] = [];
  readonly added = new Map<string, number>();
  readonly values = new Map<string, string>();
  readonly metrics: Readonly<Record<string, number>>[] = [];
  readonly feeds: TestFeed[] = [];
  /** What was known where the feed was open already. */
  readonly opened: ReadonlyMap<string, number>[] = [];
  readonly released: string[] = [];
  /** Who holds the lease; null = free. */
  holder: string | null = null;
  fence = 1;
  /** The last one that was another's. */
  otherFence = 0;
  cached: readonly Bar[] = [];
  areBarsLeft = false;
  /** By anybody. */
  areAnyBarsLeft = false;
  wanted: string[] = [];
  live: string[] = [];
  armed: string[] = [];
  lastTicks = new Map<string, number>();
  inFlight = 0;
  mostInFlight = 0;
  tapeFails = false;
  readonly claims: Claim[] = [];
  claimed: (claim: Claim) => ClaimResult | Promise<ClaimResult> = () => ({
    outcome: 'claimed',
    standing: null,
  });
  answer: (batch: PriceBatch) => PriceBatchResult | Promise<PriceBatchResult> = () => applied();

  readonly ports: StreamPorts = {
    index: {
      applyBatch: async (batch) => {
        this.batches.push(batch);
        this.inFlight += 1;
        this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
        try {
          return await this.answer(batch);
        } finally {
          this.inFlight -= 1;
        }
      },
      claim: async (claim) => {
        this.claims.push(claim);
        return this.claimed(claim);
      },
      hasLevels: async (symbol) => this.armed.includes(symbol),
    },
    cache: {
      bars: async () => this.cached,
      prices: async () => new Map(),
      wantedSince: async () => new Map(this.wanted.map((symbol) => [symbol, Date.now()])),
      areBarsLeft: async (_, writer) => (writer === null ? this.areAnyBarsLeft : this.areBarsLeft),
      writeBars: async (_, bars) => void this.writtenBars.push(bars),
    },
    tape: {
      between: async (_, from, to) => this.rows.filter(({ minute }) => minute >= from && minute < to),
      fill: async (_, rows) => void this.filled.push(...rows),
      filledAt: async (symbol) => this.filledTimes.get(symbol) ?? null,
      noteFilled: async (symbol, at) => void this.filledTimes.set(symbol, at),
      lastTick: async (symbol) => this.lastTicks.get(symbol) ?? null,
      merge: async (_, row) => {
        if (this.tapeFails) throw new Error('the table is away');
        this.rows.push(row);
      },
      newestQuarter: async () => this.quarters.at(-1)?.from ?? null,
      since: async (_, from) => this.rows.filter(({ minute }) => minute >= from),
      putQuarter: async (_, row) => {
        if (this.tapeFails) throw new Error('the table is away');
        this.quarters.push(row);
      },
    },
    leases: {
      hold: async (_, token): Promise<Lease> => {
        if (this.holder !== null && this.holder !== token) return { held: false };
        this.holder = token;
        return { held: true, fence: this.fence, otherFence: this.otherFence };
      },
      release: async (name, token) => {
        this.released.push(name);
        if (this.holder === token) this.holder = null;
      },
    },
    counters: {
      add: async (increments) => {
        for (const [name, by] of Object.entries(increments)) {
          this.added.set(name, (this.added.get(name) ?? 0) + Number(by));
        }
      },
      set: async (values) => {
        for (const [name, value] of Object.entries(values)) this.values.set(name, value);
      },
    },
    outbox: { trigger: async (message) => void this.messages.push(message) },
    ledger: { liveSymbols: async () => this.live, isLive: async (symbol) => this.live.includes(symbol) },
    clock: { now: () => Date.now() },
    ids: { token: () => 'me' },
    log: {
      debug: () => undefined,
      info: (code) => void this.logged.push(code),
      warn: (code) => void this.logged.push(code),
      error: (code) => void this.logged.push(code),
    },
    metrics: (values) => void this.metrics.push(values),
    openFeed: (known, standby) => {
      if (standby !== null) {
        this.opened.push(known);
        return standby;
      }
      const feed = new TestFeed(known);
      this.feeds.push(feed);
      return feed;
    },
    symbols: ['BTC/USDT', 'ETH/USDT'],
  };

  /** Ids of all ticks that were answered `applied`, as the script saw them, repeats of a batch once. */
  sentIds(): number[] {
    const seen = new Map(this.batches.map((batch) => [batch.batch, batch]));
    return [...seen.values()].flatMap(({ ticks }) => ticks.map(({ id }) => id));
  }
}

/** Waits until it holds; the test's own time limit ends it otherwise. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

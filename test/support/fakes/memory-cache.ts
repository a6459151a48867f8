import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { Bar } from '../../../shared/domain/triggers/types.ts';
import type { Clock } from '../../../shared/ports/runtime.ts';
import type { TapeMinute, TapeStore } from '../../../shared/ports/tape.ts';
import type {
  CachedPrice,
  Counters,
  Lease,
  Leases,
  PriceCache,
} from '../../../shared/ports/trigger-index.ts';

const PRICE_TTL_MS = 60_000;

export class MemoryPrices implements PriceCache {
  readonly clock: Clock;
  readonly shown = new Map<string, CachedPrice>();
  readonly tape = new Map<string, readonly Bar[]>();
  readonly wantedSymbols = new Set<string>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async price(symbol: string): Promise<CachedPrice | null> {
    const price = this.shown.get(symbol);
    return price === undefined || this.clock.now() - price.at > PRICE_TTL_MS ? null : price;
  }

  async prices(symbols: readonly string[]): Promise<ReadonlyMap<string, CachedPrice>> {
    const found = new Map<string, CachedPrice>();
    for (const symbol of symbols) {
      const price = await this.price(symbol);
      if (price !== null) found.set(symbol, price);
    }
    return found;
  }

  async bars(symbol: string, fromSecond: number): Promise<readonly Bar[]> {
    return (this.tape.get(symbol) ?? []).filter((bar) => bar.second >= fromSecond);
  }

  async writeBars(symbol: string, bars: readonly Bar[]): Promise<void> {
    const merged = new Map((this.tape.get(symbol) ?? []).map((bar) => [bar.second, bar]));
    for (const bar of bars) merged.set(bar.second, bar);
    this.tape.set(
      symbol,
      [...merged.values()].sort((a, b) => a.second - b.second),
    );
  }

  async want(symbols: readonly string[]): Promise<void> {
    for (const symbol of symbols) this.wantedSymbols.add(symbol);
  }

  async wanted(): Promise<readonly string[]> {
    return [...this.wantedSymbols];
  }
}

export class MemoryTape implements TapeStore {
  readonly rows = new Map<string, readonly TapeMinute[]>();

  async merge(symbol: string, row: TapeMinute): Promise<void> {
    const others = (this.rows.get(symbol) ?? []).filter((r) => r.minute !== row.minute);
    this.rows.set(
      symbol,
      [...others, row].sort((a, b) => a.minute - b.minute),
    );
  }

  async since(symbol: string, fromMinute: number): Promise<readonly TapeMinute[]> {
    return (this.rows.get(symbol) ?? []).filter((row) => row.minute >= fromMinute);
  }

  async lastTick(symbol: string): Promise<number | null> {
    return (this.rows.get(symbol) ?? []).at(-1)?.lastTick ?? null;
  }
}

export class MemoryLeases implements Leases {
  readonly clock: Clock;
  readonly held = new Map<string, { token: string; until: number }>();
  private fence = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async hold(name: string, token: string, ttlMs: number): Promise<Lease> {
    const holder = this.held.get(name);
    if (holder !== undefined && holder.token !== token && holder.until > this.clock.now())
      return { held: false };
    if (holder?.token !== token) this.fence += 1;
    this.held.set(name, { token, until: this.clock.now() + ttlMs });
    return { held: true, fence: this.fence };
  }

  async release(name: string, token: string): Promise<void> {
    if (this.held.get(name)?.token === token) this.held.delete(name);
  }

  async once(key: string, ttlMs: number): Promise<boolean> {
    const seen = this.held.get(key);
    if (seen !== undefined && seen.until > this.clock.now()) return false;
    this.held.set(key, { token: 'once', until: this.clock.now() + ttlMs });
    return true;
  }
}

export class MemoryCounters implements Counters {
  readonly values = new Map<string, string>();

  async add(increments: Readonly<Record<string, number | string>>): Promise<void> {
    for (const [name, by] of Object.entries(increments)) {
      this.values.set(
        name,
        decimal(this.values.get(name) ?? '0')
          .plus(by)
          .toFixed(),
      );
    }
  }

  async set(values: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(values)) this.values.set(name, value);
  }

  async read(names: readonly string[]): Promise<Readonly<Record<string, string | null>>> {
    return Object.fromEntries(names.map((name) => [name, this.values.get(name) ?? null]));
  }
}

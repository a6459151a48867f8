/**
 * The cache in memory: prices, tape, leases and counters, held to the real ones by test/contracts. `flush` of each
 * loses what it holds, as a cache may at any moment; the tape's minutes (`MemoryTape`) are in the ledger's database.
 */
import { Decimal, decimal } from '../../../shared/domain/money/decimal.ts';
import { mergeBars } from '../../../shared/domain/triggers/bars.ts';
import type { Bar, Units } from '../../../shared/domain/triggers/types.ts';
import type { Clock } from '../../../shared/ports/runtime.ts';
import type {
  FilledLength,
  FilledRow,
  TapeMinute,
  TapeQuarter,
  TapeStore,
} from '../../../shared/ports/tape.ts';
import type {
  CachedPrice,
  Counters,
  Lease,
  Leases,
  PriceBatch,
  PriceCache,
} from '../../../shared/ports/trigger-index.ts';
import { frozen } from './frozen.ts';

const PRICE_TTL_MS = 60_000;
const TAPE_SECONDS = 7200;
const WANTED_MS = 600_000;
const WRITERS = 4;

export class MemoryPrices implements PriceCache {
  readonly clock: Clock;
  /** What a test puts in here lives from the price's own time on. */
  readonly shown = new Map<string, CachedPrice>();
  readonly tape = new Map<string, readonly Bar[]>();
  /** Who has left bars of a symbol since the last flush, and who has to know of each one's first ones. */
  private readonly left = new Map<string, Set<string>>();
  onFirstBars: (symbol: string) => void = () => undefined;
  /** When each was last wanted. */
  private readonly wishes = new Map<string, number>();
  /** When the price was written, where it came through `show`. */
  private readonly shownAt = new WeakMap<CachedPrice, number>();
  private readonly tapeUntil = new WeakMap<readonly Bar[], number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  flush(): void {
    this.shown.clear();
    this.tape.clear();
    this.left.clear();
    this.wishes.clear();
  }

  /** What the price script does with the last price of a batch. */
  show(price: CachedPrice): void {
    const shown = frozen({ ...price });
    this.shown.set(price.symbol, shown);
    this.shownAt.set(shown, this.clock.now());
  }

  async price(symbol: string): Promise<CachedPrice | null> {
    const price = this.shown.get(symbol);
    if (price === undefined) return null;
    const since = this.shownAt.get(price) ?? price.at;
    return this.clock.now() - since >= PRICE_TTL_MS ? null : price;
  }

  async prices(symbols: readonly string[]): Promise<ReadonlyMap<string, CachedPrice>> {
    const found = new Map<string, CachedPrice>();
    for (const symbol of symbols) {
      const price = await this.price(symbol);
      if (price !== null) found.set(price.symbol, price);
    }
    return found;
  }

  async bars(symbol: string, fromSecond: number): Promise<readonly Bar[]> {
    return this.standing(symbol).filter((bar) => bar.second >= fromSecond);
  }

  async writeBars(symbol: string, bars: readonly Bar[], writer = 'writer'): Promise<void> {
    this.putBars(symbol, bars);
    if (bars.length === 0 || this.left.get(symbol)?.has(writer) === true) return;
    this.leave(symbol, writer);
    this.onFirstBars(symbol);
  }

  async areBarsLeft(symbol: string, writer: string | null): Promise<boolean> {
    const left = this.left.get(symbol);
    return writer === null ? left !== undefined : left?.has(writer) === true;
  }

  /** Notes that this writer has left bars. */
  leave(symbol: string, writer: string): void {
    const others = [...(this.left.get(symbol) ?? [])];
    if (!others.includes(writer)) this.left.set(symbol, new Set([...others.slice(1 - WRITERS), writer]));
  }

  /** Were what this writer holds not left since the last flush? */
  misses(symbol: string, held: PriceBatch['heldBars'], writer: string): boolean {
    if (held === 'none') return false;
    const left = this.left.get(symbol);
    return held === 'own' ? left?.has(writer) !== true : left === undefined;
  }

  /** What the price script does with the bars of a batch. */
  putBars(symbol: string, bars: readonly Bar[]): void {
    if (bars.length === 0) return;
    const newest = bars.reduce((last, { second }) => Math.max(last, second), 0);
    const standing = this.standing(symbol);
    const isWithin = (standing[0]?.second ?? newest) >= newest - TAPE_SECONDS;
    // In the order of their seconds: where the first is young enough, all are.
    const kept = isWithin ? standing.slice() : standing.filter((bar) => bar.second >= newest - TAPE_SECONDS);
    for (const bar of bars) {
      if (bar.second < newest - TAPE_SECONDS) continue;
      // Bars are in the order of their seconds, and what is written are nearly always the last.
      const at = kept.findLastIndex((one) => one.second <= bar.second);
      const known = kept[at];
      if (known?.second === bar.second) kept[at] = frozen(mergeBars(known, bar));
      else kept.splice(at + 1, 0, frozen({ ...bar }));
    }
    this.tape.set(symbol, kept);
    this.tapeUntil.set(kept, this.clock.now() + TAPE_SECONDS * 1000);
  }

  async want(symbols: readonly string[]): Promise<void> {
    for (const symbol of symbols) this.wishes.set(symbol, this.clock.now());
  }

  async wanted(): Promise<readonly string[]> {
    return [...this.wantedSymbols].sort();
  }

  async wantedSince(): Promise<ReadonlyMap<string, number>> {
    return new Map([...this.wishes].filter(([, at]) => at >= this.clock.now() - WANTED_MS));
  }

  get wantedSymbols(): ReadonlySet<string> {
    return new Set(
      [...this.wishes].filter(([, at]) => at >= this.clock.now() - WANTED_MS).map(([symbol]) => symbol),
    );
  }

  /** A tape that nobody has written to for two hours is gone; one that a test has put in stays. */
  private standing(symbol: string): readonly Bar[] {
    const bars = this.tape.get(symbol) ?? [];
    const until = this.tapeUntil.get(bars) ?? Number.POSITIVE_INFINITY;
    return until <= this.clock.now() ? [] : bars;
  }
}

const ofEach = (a: Bar['low'], b: Bar['low'], pick: (x: number, y: number) => number): Bar['low'] => {
  const at = (x: Units, y: Units): Units => pick(x, y) as Units;
  return { bid: at(a.bid, b.bid), ask: at(a.ask, b.ask), last: at(a.last, b.last), mid: at(a.mid, b.mid) };
};

export class MemoryTape implements TapeStore {
  readonly rows = new Map<string, readonly TapeMinute[]>();
  readonly history = new Map<string, readonly FilledRow[]>();
  readonly quarterRows = new Map<string, readonly TapeQuarter[]>();
  private readonly filledTimes = new Map<string, number>();
  /** Ticks of a row by the first tick of who wrote them: one writer's ticks count once. */
  private readonly counts = new WeakMap<TapeMinute, ReadonlyMap<number, number>>();

  async merge(symbol: string, news: TapeMinute): Promise<void> {
    const all = this.rows.get(symbol) ?? [];
    const stored = all.find((row) => row.minute === news.minute);
    const counts = new Map(
      stored === undefined ? [] : (this.counts.get(stored) ?? [[stored.firstTick, stored.count]]),
    );
    counts.set(news.firstTick, Math.max(counts.get(news.firstTick) ?? 0, news.count));
    const row = stored === undefined ? { ...news } : { ...widened(stored, news), count: 0 };
    row.count = [...counts.values()].reduce((a, b) => a + b, 0);
    this.counts.set(row, counts);
    const others = all.filter(({ minute }) => minute !== news.minute);
    this.rows.set(
      symbol,
      [...others, frozen(row)].sort((a, b) => a.minute - b.minute),
    );
  }

  async since(symbol: string, fromMinute: number): Promise<readonly TapeMinute[]> {
    return (this.rows.get(symbol) ?? []).filter((row) => row.minute >= fromMinute);
  }

  async between(symbol: string, fromMinute: number, toMinute: number): Promise<readonly TapeMinute[]> {
    return (await this.since(symbol, fromMinute)).filter((row) => row.minute < toMinute);
  }

  async putQuarter(symbol: string, row: TapeQuarter): Promise<void> {
    const others = (this.quarterRows.get(symbol) ?? []).filter(({ from }) => from !== row.from);
    this.quarterRows.set(
      symbol,
      [...others, frozen({ ...row })].sort((a, b) => a.from - b.from),
    );
  }

  async quarters(symbol: string, fromMinute: number, toMinute: number): Promise<readonly TapeQuarter[]> {
    const rows = this.quarterRows.get(symbol) ?? [];
    return rows.filter(({ from }) => from >= fromMinute && from < toMinute);
  }

  async newestQuarter(symbol: string): Promise<number | null> {
    return this.quarterRows.get(symbol)?.at(-1)?.from ?? null;
  }

  async fill(symbol: string, rows: readonly FilledRow[]): Promise<void> {
    const key = (row: FilledRow): string => `${row.length} ${row.minute}`;
    const byMinute = new Map((this.history.get(symbol) ?? []).map((row) => [key(row), row]));
    for (const row of rows) byMinute.set(key(row), frozen({ ...row }));
    this.history.set(
      symbol,
      [...byMinute.values()].sort((a, b) => a.minute - b.minute),
    );
  }

  async filled(
    symbol: string,
    length: FilledLength,
    fromMinute: number,
    toMinute: number,
  ): Promise<readonly FilledRow[]> {
    const rows = (this.history.get(symbol) ?? []).filter((row) => row.length === length);
    return rows.filter(({ minute }) => minute >= fromMinute && minute < toMinute);
  }

  async filledAt(symbol: string): Promise<number | null> {
    return this.filledTimes.get(symbol) ?? null;
  }

  async noteFilled(symbol: string, at: number): Promise<void> {
    this.filledTimes.set(symbol, at);
  }

  async lastTick(symbol: string): Promise<number | null> {
    return (this.rows.get(symbol) ?? []).at(-1)?.lastTick ?? null;
  }
}

const widened = (stored: TapeMinute, news: TapeMinute): TapeMinute => ({
  ...(news.firstTick < stored.firstTick ? news : stored),
  low: ofEach(stored.low, news.low, Math.min),
  high: ofEach(stored.high, news.high, Math.max),
  close: news.lastTick >= stored.lastTick ? news.close : stored.close,
  firstTick: Math.min(stored.firstTick, news.firstTick),
  lastTick: Math.max(stored.lastTick, news.lastTick),
});

export class MemoryLeases implements Leases {
  readonly clock: Clock;
  readonly held = new Map<string, { token: string; until: number }>();
  private readonly fences = new Map<string, { fence: number; other: number; token: string }>();
  private readonly seen = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  flush(): void {
    this.held.clear();
    this.fences.clear();
    this.seen.clear();
  }

  async hold(name: string, token: string, ttlMs: number): Promise<Lease> {
    const now = this.clock.now();
    const last = this.held.get(name);
    const holder = last !== undefined && last.until > now ? last.token : null;
    if (holder !== null && holder !== token) return { held: false };
    const known = this.fences.get(name);
    let fence = known?.fence ?? 0;
    const other = known === undefined || known.token === token ? (known?.other ?? 0) : known.fence;
    // Never below the time, so that it also grows after the cache was lost.
    if (holder === null || fence === 0) fence = Math.max(fence + 1, now);
    this.fences.set(name, { fence, other, token });
    this.held.set(name, { token, until: now + ttlMs });
    return { held: true, fence, otherFence: other };
  }

  async release(name: string, token: string): Promise<void> {
    if (this.held.get(name)?.token === token) this.held.delete(name);
  }

  async once(key: string, ttlMs: number): Promise<boolean> {
    const now = this.clock.now();
    if ((this.seen.get(key) ?? now) > now) return false;
    this.seen.set(key, now + ttlMs);
    return true;
  }
}

/** Of two decimals no digit of the sum is lost: 30 before and 18 after the point each. */
const Wide = Decimal.clone({ precision: 60 });
/** Nearly all are; a JavaScript number counts them exactly. */
const SMALL_COUNT = /^\d{1,15}$/;

export class MemoryCounters implements Counters {
  readonly values = new Map<string, string>();
  private readonly clock: Clock | null;
  private readonly until = new Map<string, number>();

  /** Without a clock nothing that was set ever ends. */
  constructor(clock: Clock | null = null) {
    this.clock = clock;
  }

  flush(): void {
    this.values.clear();
    this.until.clear();
  }

  async add(increments: Readonly<Record<string, number | string>>): Promise<void> {
    const sums = Object.entries(increments).map(([name, by]): [string, string] => {
      const known = this.value(name) ?? '0';
      if (typeof by === 'number' && Number.isSafeInteger(by) && SMALL_COUNT.test(known)) {
        const sum = Number(known) + by;
        if (Number.isSafeInteger(sum)) return [name, String(sum)];
      }
      // A count stays one: what has become a fraction, or is none, is refused.
      if (typeof by === 'number' && !(Number.isSafeInteger(by) && /^-?\d+$/.test(known))) {
        throw new Error(`${name} is not a whole number`);
      }
      return [name, new Wide(decimal(known)).plus(decimal(String(by))).toFixed()];
    });
    for (const [name, sum] of sums) this.values.set(name, sum);
  }

  async set(values: Readonly<Record<string, string>>, ttlMs?: number): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      this.values.set(name, value);
      if (ttlMs === undefined || this.clock === null) this.until.delete(name);
      else this.until.set(name, this.clock.now() + ttlMs);
    }
  }

  async read(names: readonly string[]): Promise<Readonly<Record<string, string | null>>> {
    return Object.fromEntries(names.map((name) => [name, this.value(name)]));
  }

  private value(name: string): string | null {
    const until = this.until.get(name);
    if (until !== undefined && this.clock !== null && until <= this.clock.now()) {
      this.until.delete(name);
      this.values.delete(name);
    }
    return this.values.get(name) ?? null;
  }
}

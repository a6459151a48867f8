/** The trigger index in memory, over the naive model; held to the scripts by test/contracts/trigger-index.ts. */
import { NaiveTriggers } from '../../../shared/domain/triggers/naive.ts';
import { checkLevel, hitKey } from '../../../shared/domain/triggers/rules.ts';
import { shardOf } from '../../../shared/domain/triggers/shard.ts';
import type { Hit, Level, Tick } from '../../../shared/domain/triggers/types.ts';
import type {
  ArmResult,
  Claim,
  ClaimResult,
  FinishResult,
  LoadResult,
  PriceBatch,
  PriceBatchResult,
  TriggerIndex,
} from '../../../shared/ports/trigger-index.ts';
import { frozen } from './frozen.ts';
import type { MemoryPrices } from './memory-cache.ts';

interface StoredHit {
  readonly hit: Hit;
  visibleAt: number;
}

/** Who wrote last: a lower fence, or another token of the same one, is refused. */
interface Writer {
  readonly fence: number;
  readonly token: string;
  readonly batch: number;
}

interface SymbolIndex {
  model: NaiveTriggers;
  /** Until they are settled. */
  hits: Map<string, StoredHit>;
  writer: Writer | null;
  standing: Tick | null;
}

interface Versioned {
  readonly member: string;
  readonly version: number;
}

export interface MemoryIndexOptions {
  /** [1] A symbol's shard follows from its name. */
  readonly shards?: number;
  /** The cache that a batch writes its last price and its bars to, as the script does. */
  readonly prices?: MemoryPrices;
  /** [`prices`] The cache in which a writer leaves its bars; without one none are missed. */
  readonly tape?: MemoryPrices | undefined;
}

const newIndex = (): SymbolIndex => ({
  model: new NaiveTriggers(),
  hits: new Map(),
  ...{ writer: null, standing: null },
});

export class MemoryIndex implements TriggerIndex {
  /** By symbol, those whose epoch exists. */
  readonly built = new Map<string, SymbolIndex>();
  /** Tokens of rebuilds that have begun. */
  private readonly building = new Map<string, string>();
  private readonly loading = new Map<string, SymbolIndex>();
  private readonly shards: number;
  private readonly prices: MemoryPrices | null;
  private readonly tape: MemoryPrices | null;

  constructor({ shards = 1, prices, tape = prices }: MemoryIndexOptions = {}) {
    this.shards = shards;
    this.prices = prices ?? null;
    this.tape = tape ?? null;
    if (this.tape !== null) this.tape.onFirstBars = (symbol) => this.distrust(symbol);
  }

  /** Its epoch goes, and whoever builds it must begin anew; what is in it stays. */
  private distrust(symbol: string): void {
    this.building.delete(symbol);
    const index = this.built.get(symbol);
    if (index === undefined) return;
    this.built.delete(symbol);
    this.loading.set(symbol, index);
  }

  /** A symbol starts built, as after its first rebuild. */
  build(symbol: string): void {
    this.built.set(symbol, newIndex());
  }

  flush(): void {
    this.built.clear();
    this.building.clear();
    this.loading.clear();
  }

  /** What the streamer does with one tick, whoever it is; answers whether a wake-up is due. */
  tick(
    symbol: string,
    tick: Tick,
    newest = tick.id,
  ): { readonly hits: readonly Hit[]; readonly wake: boolean } | 'rebuild' {
    const index = this.built.get(symbol);
    if (index === undefined) return 'rebuild';
    const hits = index.model.applyTicks([frozen({ ...tick })], newest);
    stand(index, [tick]);
    return { hits, wake: this.store(index, hits, tick.at) };
  }

  async applyBatch(given: PriceBatch): Promise<PriceBatchResult> {
    const { symbol, leaseToken: token, fence, batch, nowMs } = given;
    const index = this.built.get(symbol);
    const writer = (index ?? this.loading.get(symbol))?.writer ?? null;
    if (writer !== null && (fence < writer.fence || (fence === writer.fence && token !== writer.token))) {
      return { outcome: 'not_leader' };
    }
    const areBarsMissing = this.tape?.misses(symbol, given.heldBars, token) === true;
    if (index === undefined || areBarsMissing) return { outcome: 'rebuild' };
    if (writer !== null && fence === writer.fence && batch <= writer.batch) {
      // Its first answer may have been lost, and with it the wake-up.
      const wake = visible(index, nowMs).length > 0;
      return { outcome: 'applied', hits: 0, wake, nearest: index.model.nearest() };
    }
    holdLate(index, given.ticks[0]?.id ?? 0, given.lateTick);
    const hits = index.model.applyTicks(
      given.ticks.map((tick) => frozen({ ...tick })),
      given.newestTick,
    );
    stand(index, given.ticks);
    index.writer = { fence, token, batch };
    const wake = this.store(index, hits, nowMs);
    this.prices?.show(given.display);
    this.prices?.putBars(symbol, given.bars);
    if (given.bars.length > 0) this.tape?.leave(symbol, token);
    return { outcome: 'applied', hits: hits.length, wake, nearest: index.model.nearest() };
  }

  async claim({ symbol, leaseToken: token, fence }: Claim): Promise<ClaimResult> {
    const index = this.built.get(symbol);
    const writer = index?.writer ?? null;
    if (writer !== null && (fence < writer.fence || (fence === writer.fence && token !== writer.token))) {
      return { outcome: 'not_leader' };
    }
    if (index === undefined) return { outcome: 'rebuild' };
    if (writer === null || fence > writer.fence) index.writer = { fence, token, batch: 0 };
    return { outcome: 'claimed', standing: index.standing };
  }

  async arm(
    symbol: string,
    levels: readonly Level[],
    remove: readonly Versioned[],
    nowMs: number,
  ): Promise<ArmResult> {
    levels.forEach(checkLevel);
    const index = this.built.get(symbol);
    if (index === undefined) return { outcome: 'rebuild' };
    const armed = index.model.arm(armable(index, levels), remove);
    const wake = this.store(index, armed.hits, nowMs);
    return { outcome: 'armed', armedTick: armed.armedTick, hits: armed.hits.length, wake };
  }

  async takeHits(symbol: string, limit: number, nowMs: number, hideMs: number): Promise<readonly Hit[]> {
    const index = this.indexOf(symbol);
    if (index === undefined) return [];
    const taken = visible(index, nowMs).slice(0, limit);
    for (const [i, stored] of taken.entries()) stored.visibleAt = placeAfter(nowMs + hideMs, i);
    return taken.map((stored) => stored.hit);
  }

  async settleHits(symbol: string, hits: readonly Versioned[]): Promise<void> {
    const index = this.indexOf(symbol);
    index?.model.settle(hits);
    for (const { member, version } of hits) index?.hits.delete(hitKey(member, version));
  }

  async symbolsWithHits(shard: number, nowMs: number): Promise<readonly string[]> {
    const found: string[] = [];
    for (const indexes of [this.built, this.loading]) {
      for (const [symbol, index] of indexes) {
        if (index.hits.size > 0 && this.isIn(shard, symbol) && visible(index, nowMs).length > 0)
          found.push(symbol);
      }
    }
    return found.sort();
  }

  async isBuilt(symbol: string): Promise<boolean> {
    return this.built.has(symbol);
  }

  async loadRebuilt(
    symbol: string,
    token: string,
    levels: readonly Level[],
    hits: readonly Hit[],
    nowMs: number,
  ): Promise<LoadResult> {
    levels.forEach(checkLevel);
    if (this.building.get(symbol) !== token) return { outcome: 'lost' };
    const index = this.indexOf(symbol) ?? newIndex();
    if (!this.built.has(symbol)) this.loading.set(symbol, index);
    index.model.arm([], hits);
    const news = hits.filter(({ member, version }) => !index.hits.has(hitKey(member, version)));
    this.store(index, news, nowMs);
    this.store(index, index.model.arm(armable(index, levels)).hits, nowMs);
    return { outcome: 'loaded' };
  }

  async beginRebuild(symbol: string, token: string): Promise<void> {
    this.building.set(symbol, token);
  }

  async finishRebuild(symbol: string, token: string, nowMs: number): Promise<FinishResult> {
    if (this.building.get(symbol) !== token) return { outcome: 'lost' };
    this.building.delete(symbol);
    const index = this.indexOf(symbol) ?? newIndex();
    this.built.set(symbol, index);
    this.loading.delete(symbol);
    return { outcome: 'finished', wake: visible(index, nowMs).length > 0 };
  }

  async hasLevels(symbol: string): Promise<boolean> {
    return (await this.levels(symbol)).length > 0;
  }

  async levels(symbol: string): Promise<readonly Level[]> {
    return this.indexOf(symbol)?.model.levels() ?? [];
  }

  private indexOf(symbol: string): SymbolIndex | undefined {
    return this.built.get(symbol) ?? this.loading.get(symbol);
  }

  private isIn(shard: number, symbol: string): boolean {
    return (this.shards === 1 ? 0 : shardOf(symbol, this.shards)) === shard;
  }

  private store(index: SymbolIndex, hits: readonly Hit[], nowMs: number): boolean {
    if (hits.length === 0) return false;
    const before = visible(index, nowMs).length;
    const taken = [...index.hits.values()].map(({ visibleAt }) => visibleAt);
    let visibleAt = Math.max(nowMs - 1, ...taken.filter((at) => at > nowMs - 1 && at <= nowMs));
    let last: number | null = null;
    for (const hit of hits) {
      if (hit.tick.id !== last) visibleAt = Math.min(visibleAt + 1 / PLACES, nowMs);
      last = hit.tick.id;
      index.hits.set(hitKey(hit.member, hit.version), { hit: frozen({ ...hit }), visibleAt });
    }
    return before === 0;
  }
}

function stand(index: SymbolIndex, ticks: readonly Tick[]): void {
  for (const tick of ticks) if (tick.id > (index.standing?.id ?? -1)) index.standing = tick;
}

/** Levels armed since the standing tick, where none stands all, count late ones of their own time on. */
function holdLate({ model, standing }: SymbolIndex, first: number, late: number): void {
  if (first > late) return;
  const since = standing?.id ?? 0;
  const from = (level: Level): number => Math.min(level.armedAt * 1000, late);
  const held = model.levels().filter((level) => level.armedTick >= since && from(level) > first);
  model.arm([], held);
  model.arm(held.map((level) => ({ ...level, armedTick: from(level) })));
}

/** Levels without a hit of the same or a newer version that is unsettled; the model knows only hits of its own. */
const armable = ({ hits }: SymbolIndex, levels: readonly Level[]): Level[] => {
  const unsettled = [...hits.values()].map(({ hit }) => hit);
  return levels
    .filter((l) => !unsettled.some((hit) => hit.member === l.member && hit.version >= l.version))
    .map((level) => frozen({ ...level }));
};

/** Hits of one ms stand within the ms before it, in the order of their ticks, as in index.lua. */
const PLACES = 4096;
const placeAfter = (at: number, i: number): number => at - 1 + Math.min(i + 1, PLACES) / PLACES;

/** Oldest first, those of one tick by their names. */
const visible = ({ hits }: SymbolIndex, nowMs: number): StoredHit[] => {
  if (hits.size === 0) return [];
  return [...hits]
    .filter(([, stored]) => stored.visibleAt <= nowMs)
    .sort(([a, x], [b, y]) => x.visibleAt - y.visibleAt || (a < b ? -1 : 1))
    .map(([, stored]) => stored);
};

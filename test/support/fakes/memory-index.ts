import { NaiveTriggers } from '../../../shared/domain/triggers/naive.ts';
import type { Hit, Level, Tick } from '../../../shared/domain/triggers/types.ts';
import type {
  ArmResult,
  PriceBatch,
  PriceBatchResult,
  TriggerIndex,
} from '../../../shared/ports/trigger-index.ts';

interface StoredHit {
  readonly hit: Hit;
  visibleAt: number;
}

interface SymbolIndex {
  model: NaiveTriggers;
  hits: Map<string, StoredHit>;
}

const keyOf = (hit: { member: string; version: number }): string => `${hit.member}@${hit.version}`;

/** The trigger index over the naive model: same answers as the scripts, in memory. `flush` loses everything. */
export class MemoryIndex implements TriggerIndex {
  readonly built = new Map<string, SymbolIndex>();
  private readonly loading = new Map<string, SymbolIndex>();

  /** A symbol starts built, as after its first rebuild. */
  build(symbol: string): void {
    this.built.set(symbol, { model: new NaiveTriggers(), hits: new Map() });
  }

  flush(): void {
    this.built.clear();
    this.loading.clear();
  }

  /** What the streamer does with one tick; answers whether a wake-up is due. */
  tick(symbol: string, tick: Tick): { readonly hits: readonly Hit[]; readonly wake: boolean } | 'rebuild' {
    const index = this.built.get(symbol);
    if (index === undefined) return 'rebuild';
    const hits = index.model.applyTicks([tick]);
    return { hits, wake: this.store(index, hits, tick.at) };
  }

  async applyBatch(batch: PriceBatch): Promise<PriceBatchResult> {
    const index = this.built.get(batch.symbol);
    if (index === undefined) return { outcome: 'rebuild' };
    const hits = index.model.applyTicks(batch.ticks);
    const wake = this.store(index, hits, batch.nowMs);
    return { outcome: 'applied', hits: hits.length, wake, nearest: index.model.nearest() };
  }

  async arm(
    symbol: string,
    levels: readonly Level[],
    remove: readonly { member: string; version: number }[],
    nowMs: number,
  ): Promise<ArmResult> {
    const index = this.built.get(symbol);
    if (index === undefined) return { outcome: 'rebuild' };
    const armed = index.model.arm(levels, remove);
    const wake = this.store(index, armed.hits, nowMs);
    return { outcome: 'armed', armedTick: armed.armedTick, hits: armed.hits.length, wake };
  }

  async takeHits(symbol: string, limit: number, nowMs: number, hideMs: number): Promise<readonly Hit[]> {
    const visible = this.visible(symbol, nowMs).slice(0, limit);
    for (const stored of visible) stored.visibleAt = nowMs + hideMs;
    return visible.map((stored) => stored.hit);
  }

  async settleHits(symbol: string, hits: readonly { member: string; version: number }[]): Promise<void> {
    const index = this.built.get(symbol);
    index?.model.settle(hits);
    for (const hit of hits) index?.hits.delete(keyOf(hit));
  }

  async symbolsWithHits(shard: number, nowMs: number): Promise<readonly string[]> {
    if (shard !== 0) return [];
    return [...this.built.keys()].filter((symbol) => this.visible(symbol, nowMs).length > 0);
  }

  async isBuilt(symbol: string): Promise<boolean> {
    return this.built.has(symbol);
  }

  async loadRebuilt(
    symbol: string,
    levels: readonly Level[],
    hits: readonly Hit[],
    nowMs: number,
  ): Promise<void> {
    if (this.built.has(symbol)) return;
    const index = this.loading.get(symbol) ?? { model: new NaiveTriggers(), hits: new Map() };
    this.loading.set(symbol, index);
    this.store(index, index.model.arm(levels).hits, nowMs);
    this.store(index, hits, nowMs);
  }

  async finishRebuild(symbol: string, _epoch: string, nowMs: number): Promise<{ readonly wake: boolean }> {
    if (!this.built.has(symbol)) {
      this.built.set(symbol, this.loading.get(symbol) ?? { model: new NaiveTriggers(), hits: new Map() });
    }
    return { wake: this.visible(symbol, nowMs).length > 0 };
  }

  async levels(symbol: string): Promise<readonly Level[]> {
    return this.built.get(symbol)?.model.levels() ?? [];
  }

  private store(index: SymbolIndex, hits: readonly Hit[], nowMs: number): boolean {
    const before = [...index.hits.values()].some((h) => h.visibleAt <= nowMs);
    for (const hit of hits) index.hits.set(keyOf(hit), { hit, visibleAt: nowMs });
    return !before && hits.length > 0;
  }

  private visible(symbol: string, nowMs: number): StoredHit[] {
    return [...(this.built.get(symbol)?.hits.values() ?? [])].filter((h) => h.visibleAt <= nowMs);
  }
}

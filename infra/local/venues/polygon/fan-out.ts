/** From a market to the sockets of one listener: who is silenced, what is spoiled, and on to who holds the topic. */
import type { Faults } from './faults/faults.ts';
import { spoilAll } from './faults/spoil.ts';
import type { Audience, MarketMessage } from './market/market.ts';
import type { Cluster } from './market/symbols.ts';
import type { Bucket } from './ws/bucket.ts';

export type Buckets = Readonly<Record<Cluster, Bucket>>;

export interface Silence {
  readonly cluster: Cluster | undefined;
  readonly symbols: readonly string[] | undefined;
  /** Epoch ms. */
  readonly until: number;
}

export class FanOut implements Audience {
  private readonly buckets: Buckets;
  private readonly faults: Faults;
  private silences: Silence[] = [];

  constructor(buckets: Buckets, faults: Faults) {
    this.buckets = buckets;
    this.faults = faults;
  }

  /** Sockets live on, data stop. */
  silence(silence: Silence): void {
    this.silences.push(silence);
  }

  clear(): void {
    this.silences = [];
  }

  private isSilent(cluster: Cluster, symbol: string): boolean {
    if (this.silences.length === 0) return false;
    const now = Date.now();
    return this.silences.some(
      (silence) =>
        now < silence.until &&
        (silence.cluster ?? cluster) === cluster &&
        (silence.symbols?.includes(symbol) ?? true),
    );
  }

  wants(cluster: Cluster, ev: string, symbol: string): boolean {
    return this.buckets[cluster].wants(ev, symbol) && !this.isSilent(cluster, symbol);
  }

  tell({ cluster, ev, symbol, venue, text }: MarketMessage): void {
    const bucket = this.buckets[cluster];
    if (!this.faults.has('message')) {
      bucket.tell(ev, symbol, text);
      return;
    }
    const facts = { cluster, channel: ev, symbol, venue, message: text };
    for (const made of spoilAll(text, this.faults.strike('message', facts))) {
      if (made.afterMs === 0) bucket.tell(ev, symbol, made.text);
      // To whoever holds the topic then: also to those who have connected anew.
      else this.faults.later(made.afterMs, () => bucket.tell(ev, symbol, made.text));
    }
  }
}

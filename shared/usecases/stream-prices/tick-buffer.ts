/**
 * The last ticks of each symbol, for who may have to write them later. Pure.
 *
 * Always true: those of one symbol are in the order they came; none is younger than [15 s] but missing unless `dropped`
 * counts it; there are never more than [5,000] of one symbol, nor [200,000] of all beyond one of each.
 */
import type { FeedTick } from '../../ports/feed.ts';
import { KeptTicks } from './kept-ticks.ts';

export interface BufferSettings {
  readonly keepMs: number;
  readonly mostOfSymbol: number;
  readonly most: number;
}

/** While it is full. */
const SWEEP_EVERY_MS = 250;

export class TickBuffer {
  /** Ticks that were young enough and did not fit. */
  dropped = 0;
  readonly #settings: BufferSettings;
  readonly #lines = new Map<string, KeptTicks>();
  #count = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #isFrozen = false;

  constructor(settings: BufferSettings) {
    this.#settings = settings;
  }

  put(tick: FeedTick): void {
    const { keepMs, mostOfSymbol, most } = this.#settings;
    const { symbol } = tick.spec;
    const line = this.#lines.get(symbol) ?? new KeptTicks();
    this.#lines.set(symbol, line);
    this.#expire(line, tick.tick.at - keepMs);
    line.push(tick);
    this.#count += 1;
    if (this.#count > most) this.#sweep(tick.tick.at);
    while (line.length > mostOfSymbol || (this.#count > most && line.length > 1)) {
      this.#shift(line);
      this.dropped += 1;
    }
  }

  /** The lease is ours: what is young enough now is kept, however long it takes until it is written. */
  freeze(now: number): void {
    for (const line of this.#lines.values()) this.#expire(line, now - this.#settings.keepMs);
    this.#isFrozen = true;
  }

  /** By symbol, oldest first. */
  all(): ReadonlyMap<string, KeptTicks> {
    return new Map([...this.#lines].filter(([, line]) => line.length > 0));
  }

  /** What `all` answers; nothing is kept of it: a writer's term lasts for weeks. */
  drain(): ReadonlyMap<string, KeptTicks> {
    const ticks = this.all();
    this.#lines.clear();
    this.#count = 0;
    return ticks;
  }

  /** Room that others hold with what has expired: who has gone silent puts nothing in that would let it go. */
  #sweep(now: number): void {
    if (this.#isFrozen || now - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = now;
    for (const [symbol, line] of this.#lines) {
      this.#expire(line, now - this.#settings.keepMs);
      if (line.length === 0) this.#lines.delete(symbol);
    }
  }

  #expire(line: KeptTicks, before: number): void {
    if (this.#isFrozen) return;
    for (let at = line.oldestAt; at !== undefined && at < before; at = line.oldestAt) this.#shift(line);
  }

  #shift(line: KeptTicks): void {
    line.shift();
    this.#count -= 1;
  }
}

/**
 * What waits of ticks from before the lease: the symbol is claimed before any of them is sent, and those that the writer
 * before had applied are left out (late-ticks.ts).
 */
import type { Bar } from '../../domain/triggers/types.ts';
import type { FeedTick } from '../../ports/feed.ts';
import { LateStretch } from './late-ticks.ts';
import type { SymbolCalls } from './symbol-calls.ts';

export class LateClaim {
  readonly #calls: SymbolCalls;
  /** Null: there are none, or no longer any that could be one. */
  #late: LateStretch | null = null;

  constructor(calls: SymbolCalls) {
    this.#calls = calls;
  }

  /** `until`: the id of the last one. */
  begin(until: number): void {
    this.#late = new LateStretch(until, this.#calls.context.ports.clock.now());
  }

  /** Id of the last one; -1 = there is none. */
  get until(): number {
    return this.#late?.until ?? -1;
  }

  /** May the writer before have applied it? */
  mayBeKnown(tick: FeedTick): boolean {
    return this.#late?.mayBeKnown(tick) === true;
  }

  /**
   * Ends earlier writers' batches and asks how far they have come; only where something from before the lease waits.
   * `newestBar`: of what the writer before has left, asked only then. False: stopped before the answer.
   */
  async claim(newestBar: () => Promise<Bar | null>): Promise<boolean> {
    const late = this.#late;
    if (late === null || late.known !== null) return true;
    const { symbol, context } = this.#calls;
    const { ports, writer } = context;
    const done = await this.#calls.untilDone('symbol_not_claimed', async () => {
      const fence = writer.fence();
      const claimed = await ports.index.claim({ symbol, leaseToken: writer.token, fence });
      if (claimed.outcome === 'not_leader') {
        // Where the lease is in other hands, this ends the term.
        await this.#calls.isStillWriter(fence);
        return null;
      }
      const standing = claimed.outcome === 'claimed' ? claimed.standing : null;
      late.known = { standing, newestBar: await newestBar() };
      return true;
    });
    return done !== null;
  }

  /** What of the queue is still to be sent. */
  settle(queue: FeedTick[]): FeedTick[] {
    const late = this.#late;
    const first = queue[0];
    if (late === null || first === undefined) return queue;
    if (late.isOver(first)) {
      this.#late = null;
      return queue;
    }
    const left = late.settle(queue);
    this.#calls.context.tally.lateKnown += queue.length - left.length;
    return left;
  }
}

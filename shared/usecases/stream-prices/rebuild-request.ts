/** The index of one symbol is empty: what a rebuild reads is left, then one is asked for; again while it lasts. */
import type { BarBook } from './bar-book.ts';
import { leaveBars } from './leave-bars.ts';
import type { SymbolCalls } from './symbol-calls.ts';

export class RebuildRequest {
  readonly #calls: SymbolCalls;
  readonly #book: BarBook;
  readonly #saveMinutes: () => Promise<void>;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** `saveMinutes`: puts the open minute's row into the tape too. */
  constructor(calls: SymbolCalls, book: BarBook, saveMinutes: () => Promise<void>) {
    this.#calls = calls;
    this.#book = book;
    this.#saveMinutes = saveMinutes;
  }

  /** It is built: the next time is told anew. */
  over(): void {
    this.#sentAt = Number.NEGATIVE_INFINITY;
  }

  /** Never rejects. */
  async ask(): Promise<void> {
    const { symbol, context } = this.#calls;
    const { ports, settings, tally } = context;
    if (performance.now() - this.#sentAt < settings.rebuildRepeatMs) return;
    try {
      await leaveBars(symbol, this.#book, context);
      await this.#saveMinutes();
      const at = ports.clock.now();
      await ports.outbox.trigger({ kind: 'rebuild', symbol, at });
      if (this.#sentAt === Number.NEGATIVE_INFINITY) {
        tally.rebuilds += 1;
        ports.log.info('index_rebuild_asked', { symbol, bars: this.#book.bars().length });
      }
      this.#sentAt = performance.now();
    } catch (error) {
      this.#calls.failed('index_rebuild_not_asked', error);
    }
  }
}

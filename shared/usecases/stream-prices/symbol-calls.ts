/**
 * One symbol's calls of the cache: each again until it is answered, in the symbol's turns, and an outage told without a
 * flood.
 */
import { messageOf, pause } from './background.ts';
import type { Place } from './send-turns.ts';
import type { SymbolContext } from './symbol-context.ts';

/** An outage is told when it begins and then this often; its failures are counted each. */
const TELL_EVERY_MS = 10_000;

export interface SymbolCallsParts {
  readonly symbol: string;
  readonly context: SymbolContext;
  /** Nothing more is called. */
  readonly stopped: AbortSignal;
  readonly place: Place;
  /** What is called has to be there at once. */
  readonly isUrgent: () => boolean;
  /** Ticks that are not applied. */
  readonly waiting: () => number;
}

export class SymbolCalls {
  readonly #parts: SymbolCallsParts;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SymbolCallsParts) {
    this.#parts = parts;
  }

  get context(): SymbolContext {
    return this.#parts.context;
  }

  get symbol(): string {
    return this.#parts.symbol;
  }

  /**
   * Calls until `call` answers something; what it throws is told under `code`. Null: stopped before. Begins in a turn and
   * ends in one; others have theirs in the pauses.
   */
  async untilDone<T>(code: string, call: () => Promise<T | null>): Promise<T | null> {
    const { stopped, context } = this.#parts;
    const { retryMs, retryMaxMs } = context.settings;
    for (let wait = retryMs; !stopped.aborted; wait *= 2) {
      try {
        const answer = await call();
        if (answer !== null) return answer;
      } catch (error) {
        this.failed(code, error);
      }
      await this.#rest(Math.min(wait, retryMaxMs));
    }
    return null;
  }

  /** The script refused this fence. False: the lease is in other hands, and nothing more is called. */
  async isStillWriter(fence: number): Promise<boolean> {
    try {
      return await this.#parts.context.writer.refused(fence);
    } catch (error) {
      this.failed('lease_not_checked', error);
      return true;
    }
  }

  /** Calls are answered again: the next failure is a new outage. */
  answered(): void {
    this.#toldAt = Number.NEGATIVE_INFINITY;
  }

  failed(code: string, error: unknown): void {
    const { symbol, context, waiting } = this.#parts;
    const { ports, tally } = context;
    tally.errors += 1;
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    ports.log.error(code, { symbol, waiting: waiting(), error: messageOf(error) });
  }

  async #rest(ms: number): Promise<void> {
    const { place, stopped, isUrgent } = this.#parts;
    place.leave();
    await pause(ms, stopped);
    await new Promise<void>((resolve) => {
      const hurry = (): void => place.hurry();
      const go = (): void => {
        stopped.removeEventListener('abort', hurry);
        resolve();
      };
      stopped.addEventListener('abort', hurry);
      place.wait(performance.now(), go, stopped.aborted || isUrgent());
    });
  }
}

/**
 * Fills a symbol's minutes from before we followed it, once, when it is first followed (design section 8; issue 5).
 *
 * In the background and never in the way of a price: one symbol at a time, failures counted and told, tried again
 * later. What is filled lies apart from our own tape (ports/tape.ts) and only where that has nothing.
 */
import type { Units } from '../../domain/triggers/types.ts';
import type { HistoryMinute, MinuteHistory } from '../../ports/history.ts';
import type { Clock, Log } from '../../ports/runtime.ts';
import type { FilledRow, TapeStore } from '../../ports/tape.ts';
import { QUARTER_MINUTES } from '../roll-up-tape.ts';
import { type Background, messageOf } from './background.ts';
import type { Tally } from './tally.ts';

export interface HistoryParts {
  readonly history: MinuteHistory;
  readonly tape: Pick<TapeStore, 'between' | 'fill' | 'filledAt' | 'noteFilled'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: Pick<Tally, 'errors'>;
  readonly background: Background;
  readonly signal: AbortSignal;
}

const KEPT_MINUTES = 7 * 24 * 60;
const MINUTE_MS = 60_000;
/** A symbol that comes back after this is filled anew: what is missing lies between. */
const ANEW_MS = 24 * 3_600_000;
const AGAIN_MS = 10 * 60_000;
const HOPELESS_MS = 60 * 60_000;
/** Rows written between two looks at whether to go on. */
const CHUNK = 500;

export class HistoryFiller {
  readonly #parts: HistoryParts;
  /** Symbol -> not to be looked at before, epoch ms. */
  readonly #settled = new Map<string, number>();
  readonly #queue = new Set<string>();
  #running = false;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** These are followed now. Returns at once. */
  want(symbols: readonly string[]): void {
    const now = this.#parts.clock.now();
    for (const symbol of symbols) {
      if ((this.#settled.get(symbol) ?? 0) <= now) this.#queue.add(symbol);
    }
    if (this.#running || this.#queue.size === 0) return;
    this.#running = true;
    this.#parts.background.run('history', async () => {
      try {
        await this.#work();
      } finally {
        this.#running = false;
      }
    });
  }

  async #work(): Promise<void> {
    const { clock, signal, log, tally, history } = this.#parts;
    for (const symbol of this.#queue) {
      if (signal.aborted) return;
      this.#queue.delete(symbol);
      try {
        const again = await this.#fill(symbol);
        this.#settled.set(symbol, clock.now() + again);
        if (again === HOPELESS_MS) this.#giveUpAll();
      } catch (error) {
        tally.errors += 1;
        this.#settled.set(symbol, clock.now() + AGAIN_MS);
        log.error('history_not_filled', { symbol, source: history.source, error: messageOf(error) });
      }
    }
  }

  /** Answers after how long the symbol may be looked at again. */
  async #fill(symbol: string): Promise<number> {
    const { history, tape, clock, log, tally, signal } = this.#parts;
    const now = clock.now();
    const filledAt = await tape.filledAt(symbol);
    if (filledAt !== null && filledAt > now - ANEW_MS) return filledAt + ANEW_MS - now;
    const to = Math.floor(now / MINUTE_MS);
    const from = to - KEPT_MINUTES;
    const answer = await history.minutes(symbol, from * MINUTE_MS, to * MINUTE_MS, signal);
    if (signal.aborted) return 0;
    if (answer.outcome === 'failed') {
      tally.errors += 1;
      log.error('history_not_filled', { symbol, source: history.source, error: answer.why });
      return answer.hopeless ? HOPELESS_MS : AGAIN_MS;
    }
    if (answer.outcome === 'none') {
      log.info('history_has_none', { symbol, source: history.source, why: answer.why });
      await tape.noteFilled(symbol, now);
      return ANEW_MS;
    }
    const own = new Set((await tape.between(symbol, from, to)).map(({ minute }) => minute));
    const { ticker, skipped } = answer;
    const rows = answer.minutes
      .filter(({ minute }) => !own.has(minute))
      .map((minute) => rowOf(minute, history.source, ticker));
    const all = [...rows, ...filledQuarters(rows)];
    for (let start = 0; start < all.length; start += CHUNK) {
      if (signal.aborted) return 0;
      await tape.fill(symbol, all.slice(start, start + CHUNK));
    }
    await tape.noteFilled(symbol, now);
    log.info('history_filled', { symbol, source: history.source, ticker, minutes: rows.length, skipped });
    return ANEW_MS;
  }

  #giveUpAll(): void {
    const until = this.#parts.clock.now() + HOPELESS_MS;
    for (const symbol of this.#queue) this.#settled.set(symbol, until);
    this.#queue.clear();
  }
}

const rowOf = (minute: HistoryMinute, source: FilledRow['source'], ticker: string): FilledRow => ({
  ...minute,
  source,
  ticker,
  length: 1,
  minutes: 1,
  firstMinute: minute.minute,
  lastMinute: minute.minute,
});

/** The same rows, oldest first, by quarters of an hour. */
function filledQuarters(rows: readonly FilledRow[]): readonly FilledRow[] {
  const quarters = new Map<number, FilledRow>();
  for (const row of rows) {
    const minute = row.minute - (row.minute % QUARTER_MINUTES);
    const before = quarters.get(minute);
    quarters.set(
      minute,
      before === undefined
        ? { ...row, minute, length: 15 }
        : {
            ...before,
            high: Math.max(row.high, before.high) as Units,
            low: Math.min(row.low, before.low) as Units,
            close: row.close,
            count: before.count === null || row.count === null ? null : before.count + row.count,
            minutes: before.minutes + 1,
            lastMinute: row.minute,
          },
    );
  }
  return [...quarters.values()];
}

/** One account's book: read, decide, write, again after a conflict (design section 14: optimistic versions). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SymbolSpec } from '../../domain/symbols.ts';
import type { DemoWallet } from '../../domain/types.ts';
import type { DemoSlice, DemoStore } from '../../ports/demo-store.ts';
import type { Clock } from '../../ports/runtime.ts';
import type { Account, Holding } from './matching.ts';

export interface BookPorts {
  readonly store: DemoStore;
  readonly clock: Clock;
  /** Waits before a try after a conflict; tests bring their own. */
  readonly pause?: (attempt: number) => Promise<void>;
}

/** The book could not be read: whatever was asked for has not been done. */
export class BookUnreadableError extends Error {
  override readonly name = 'BookUnreadableError';
}

/** A step to be written with the answer it gives, or the answer without one. */
export type Decision<T> = { readonly step: Holding; readonly answer: T } | { readonly answer: T };

/** Tries of one step when others keep writing the same account. */
const MAX_TRIES = 10;

export const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** 5 ms doubling to 80 ms, half of it random, so that those who collided do not collide again. */
const pauseAtRandom = (attempt: number): Promise<void> =>
  sleep(5 * 2 ** Math.min(attempt, 4) * (0.5 + Math.random() / 2));

export function accountOf({ balances: [base, quote], margin }: DemoSlice): Account {
  if (base === undefined || quote === undefined) throw new Error('the book answered without balances');
  return { base, quote, margin };
}

export function createBook(
  { walletId, demo }: DemoWallet,
  { store, clock, pause = pauseAtRandom }: BookPorts,
) {
  const openAccount = (): Promise<void> => store.open(walletId, demo.startingBalances, clock.now());

  /**
   * The order with its two balances and the position on margin that it, or a new one, belongs to (`of`); opens the
   * account where its opening was never finished. Throws BookUnreadableError.
   */
  async function load(clientId: string, spec: SymbolSpec, of: string | null): Promise<DemoSlice> {
    const read = (positionId: string | null) =>
      store.load(walletId, clientId, [spec.base, spec.quote], positionId);
    try {
      const slice = await read(of);
      if (!slice.opened) {
        await openAccount();
        return await read(of);
      }
      // Whoever asks by the order alone learns here that it is on margin.
      const own = slice.order?.margin?.positionId ?? null;
      return own === null || own === of ? slice : await read(own);
    } catch (error) {
      throw new BookUnreadableError(text(error), { cause: error });
    }
  }

  /** After a try: what cannot be read now may have been written then. */
  async function reload(clientId: string, spec: SymbolSpec, of: string | null): Promise<DemoSlice> {
    try {
      return await load(clientId, spec, of);
    } catch (error) {
      throw new Error(`the book could not be read after a try to write it: ${text(error)}`, { cause: error });
    }
  }

  /**
   * Decides on what is stored now and writes it, again after each conflict. Null: others kept writing, nothing
   * was done. Throws BookUnreadableError when nothing was written, anything else when that is not known: a conflict
   * may be that of our own write, repeated after its answer was lost and somebody wrote on; the next read shows it.
   */
  async function inBook<T>(
    clientId: string,
    spec: SymbolSpec,
    decide: (slice: DemoSlice) => Decision<T>,
    of: string | null = null,
  ): Promise<Decision<T> | null> {
    for (let attempt = 1; ; attempt++) {
      if (attempt > 1) await pause(attempt);
      const slice = attempt === 1 ? await load(clientId, spec, of) : await reload(clientId, spec, of);
      const decision = decide(slice);
      if (!('step' in decision)) return decision;
      if (attempt > MAX_TRIES) return null;
      const { order, base, quote, fills } = decision.step;
      const before = accountOf(slice);
      const margin = decision.step.margin === before.margin ? null : decision.step.margin;
      const balances = [base, quote].filter((after) => after !== before.base && after !== before.quote);
      if ((await store.commit(walletId, { order, balances, margin, fills })) === 'done') return decision;
    }
  }

  return { openAccount, load, inBook };
}

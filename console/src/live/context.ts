/** How pages get at what the page knows (`useLive`), read something of their own (`useQuery`) and do something (`useAction`). */
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';
import { ApiProblem } from '../../../shared/client/client.ts';
import type { EventView } from '../../../shared/client/push.ts';
import type { Live } from './store.ts';
import { createTurns } from './turns.ts';

export const LiveContext = createContext<Live | null>(null);

/** The store. @throws outside of the signed-in page */
export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('useLive outside of the signed-in page');
  return live;
}

export interface Query<T> {
  /** The last answer; null before the first one. It stays while a later read fails. */
  readonly value: ReadonlySignal<T | null>;
  readonly problem: ReadonlySignal<ApiProblem | null>;
  readonly isLoading: ReadonlySignal<boolean>;
  reload(): void;
}

export interface QueryOptions {
  /** Reads again every so often while the page is seen. */
  readonly everyMs?: number;
  /** Reads again shortly after an event for which this is true. */
  readonly after?: (event: EventView) => boolean;
}

const SETTLE_MS = 400;

/** Any failure as one that can be shown. */
export const problemOf = (error: unknown): ApiProblem =>
  error instanceof ApiProblem
    ? error
    : new ApiProblem('page', 0, 'page_error', error instanceof Error ? error.message : String(error), null);

/**
 * Reads something that the store does not hold. `key` names what is read: another key reads anew, and an answer to the one
 * before is not taken any more.
 */
export function useQuery<T>(key: string, read: () => Promise<T>, options: QueryOptions = {}): Query<T> {
  const live = useLive();
  const value = useSignal<T | null>(null);
  const problem = useSignal<ApiProblem | null>(null);
  const isLoading = useSignal(true);
  const latest = useRef({ read, options });
  const [turns] = useState(createTurns);
  latest.current.read = read;
  latest.current.options = options;

  const reload = useCallback(() => {
    const turn = turns.begin();
    isLoading.value = true;
    const take = async (): Promise<void> => {
      try {
        const answer = await latest.current.read();
        if (!turns.take(turn)) return;
        value.value = answer;
        problem.value = null;
      } catch (error) {
        if (turns.take(turn)) problem.value = problemOf(error);
      } finally {
        if (turns.isLast(turn)) isLoading.value = false;
      }
    };
    void take();
  }, [turns, value, problem, isLoading]);

  // The key says when it is another thing that is read.
  useEffect(() => {
    value.value = null;
    problem.value = null;
    reload();
    return () => turns.drop();
  }, [key, reload, value, problem, turns]);

  const { everyMs } = options;
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (!document.hidden && !isLoading.peek()) reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, reload, isLoading]);

  useEffect(() => {
    let settle: ReturnType<typeof setTimeout> | undefined;
    const letGo = live.onEvent((event) => {
      if (latest.current.options.after?.(event) !== true) return;
      // Not from the beginning with each event: where they never stop, it is read all the same.
      settle ??= setTimeout(() => {
        settle = undefined;
        reload();
      }, SETTLE_MS);
    });
    return () => {
      clearTimeout(settle);
      letGo();
    };
  }, [live, reload]);

  return { value, problem, isLoading, reload };
}

export interface Action<Args extends readonly unknown[], T> {
  /** Null: it failed (`problem` says how), or one is under way. */
  run(...args: Args): Promise<T | null>;
  readonly isBusy: ReadonlySignal<boolean>;
  readonly problem: ReadonlySignal<ApiProblem | null>;
  /** Takes the problem away. */
  clear(): void;
}

/** A change: one at a time, and its refusal is kept to be shown beside the field that it names. */
export function useAction<Args extends readonly unknown[], T>(
  work: (...args: Args) => Promise<T>,
): Action<Args, T> {
  const busy = useSignal(false);
  const problem = useSignal<ApiProblem | null>(null);
  const isBusy = useComputed(() => busy.value);
  return {
    isBusy,
    problem,
    clear: () => {
      problem.value = null;
    },
    run: async (...args) => {
      if (busy.peek()) return null;
      busy.value = true;
      problem.value = null;
      try {
        return await work(...args);
      } catch (error) {
        problem.value = problemOf(error);
        return null;
      } finally {
        busy.value = false;
      }
    },
  };
}

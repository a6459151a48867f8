/** Keys of changes: the same body goes under the same key until the API has said what became of it. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { problemOf } from '../live/context.ts';
import { isRefusal } from './submission.ts';

export interface Keyring {
  /** Sends under the body's key. @throws what `work` throws */
  send<T>(body: unknown, work: (key: string) => Promise<T>): Promise<T>;
  /** The last answer did not come. */
  readonly isUnknown: ReadonlySignal<boolean>;
}

/** Of one form. A body that must not be kept (keys of a wallet) is stood for by what is no secret of it. */
export function useKeyring(): Keyring {
  const isUnknown = useSignal(false);
  const kept = useRef<{ readonly of: string; readonly key: string } | null>(null);
  return {
    isUnknown,
    send: async (body, work) => {
      const of = JSON.stringify(body);
      if (kept.current?.of !== of) kept.current = { of, key: crypto.randomUUID() };
      try {
        const answer = await work(kept.current.key);
        kept.current = null;
        isUnknown.value = false;
        return answer;
      } catch (error) {
        const isKnown = isRefusal(problemOf(error));
        if (isKnown) kept.current = null;
        isUnknown.value = !isKnown;
        throw error;
      }
    },
  };
}

/** Keys of changes: the same body goes under the same key until the API has said what became of it. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { problemOf } from '../live/context.ts';
import { isRefusal } from './submission.ts';

export interface Keyring {
  /** Sends under the body's key. @throws what `work` throws */
  send<T>(body: unknown, work: (key: string) => Promise<T>): Promise<T>;
  /** The last answer did not come. */
  readonly isUnknown: ReadonlySignal<boolean>;
}

export function createKeyring(): Keyring {
  const isUnknown = signal(false);
  let kept: { readonly of: string; readonly key: string } | null = null;
  return {
    isUnknown,
    send: async (body, work) => {
      const of = JSON.stringify(body);
      if (kept?.of !== of) kept = { of, key: crypto.randomUUID() };
      try {
        const answer = await work(kept.key);
        kept = null;
        isUnknown.value = false;
        return answer;
      } catch (error) {
        const isKnown = isRefusal(problemOf(error));
        if (isKnown) kept = null;
        isUnknown.value = !isKnown;
        throw error;
      }
    },
  };
}

/**
 * Of one form, for as long as the component is there: of a dialog that can be closed and opened again the page holds it. A
 * body that must not be kept (keys of a wallet) is stood for by what is no secret of it.
 */
export const useKeyring = (): Keyring => useState(createKeyring)[0];

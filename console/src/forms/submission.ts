/**
 * Sending what must not happen twice: one key per intent, kept until it is known what became of it. Pure.
 *
 * Always true:
 * - while one is being sent, or its outcome is not known, nothing else is begun: a second click changes nothing;
 * - what is sent again has the key and the body of the first time, so it cannot be made twice;
 * - an answer that never came is `unknown`, never `refused`.
 */
import type { ApiProblem } from '../../../shared/client/client.ts';

export interface Intent<Body> {
  readonly key: string;
  readonly body: Body;
  /** When it was last sent, by the page's clock. */
  readonly at: number;
}

export type Submission<Body> =
  /** `intent`: the last one, refused. `problem`: why. */
  | { readonly kind: 'editing'; readonly intent: Intent<Body> | null; readonly problem: ApiProblem | null }
  | { readonly kind: 'sending'; readonly intent: Intent<Body> }
  /** `problem` null: the page was left before the answer came. */
  | { readonly kind: 'unknown'; readonly intent: Intent<Body>; readonly problem: ApiProblem | null };

export const editing: Submission<never> = { kind: 'editing', intent: null, problem: null };

/** It was sent, and nobody here knows what became of it. */
export const unsettled = <Body>(intent: Intent<Body>): Submission<Body> => ({
  kind: 'unknown',
  intent,
  problem: null,
});

/** Null: nothing is to be sent now. The same body as the one that was refused goes under the same key. */
export function begin<Body>(
  state: Submission<Body>,
  body: Body,
  fresh: { readonly newKey: () => string; readonly now: number },
): Extract<Submission<Body>, { kind: 'sending' }> | null {
  if (state.kind !== 'editing') return null;
  const { intent } = state;
  const isSame = intent !== null && JSON.stringify(intent.body) === JSON.stringify(body);
  const { newKey, now } = fresh;
  return { kind: 'sending', intent: isSame ? { ...intent, at: now } : { key: newKey(), body, at: now } };
}

/** Sends what is unknown again. Null: there is nothing unknown. */
export const again = <Body>(
  state: Submission<Body>,
  now: number,
): Extract<Submission<Body>, { kind: 'sending' }> | null =>
  state.kind === 'unknown' ? { kind: 'sending', intent: { ...state.intent, at: now } } : null;

/**
 * No request is on its way for so long: two tries with their pauses last a minute at most, and the API answers or ends the
 * last of them within another half.
 */
const ON_ITS_WAY_MS = 120_000;

/** Whether a look at `lookedAt` (epoch ms) that found nothing says that nothing will come. */
export const isAbsent = <Body>({ at }: Intent<Body>, lookedAt: number | null): boolean =>
  lookedAt !== null && lookedAt - at >= ON_ITS_WAY_MS;

/** What is known after a failure. */
export function failed<Body>(intent: Intent<Body>, problem: ApiProblem): Submission<Body> {
  return isRefusal(problem) ? { kind: 'editing', intent, problem } : { kind: 'unknown', intent, problem };
}

/** A refusal that is no longer shown. It keeps its key: the same body goes under it once more. */
export const withoutProblem = <Body>(state: Submission<Body>): Submission<Body> =>
  state.kind === 'editing' ? { ...state, problem: null } : state;

/** These say nothing of a try before, whose answer may have been lost. */
const SAYS_NOTHING: readonly number[] = [401, 408, 429];
/** Of the 5xx only these: what is needed to begin was not there. Any other may come after the writing. */
const NOT_BEGUN: readonly string[] = ['no_price', 'balances_unavailable', 'keys_unavailable'];

/** The API has looked at it, and nothing was made. */
export const isRefusal = ({ status, code, problem }: ApiProblem): boolean => {
  if (problem === null || status < 400 || SAYS_NOTHING.includes(status)) return false;
  return status < 500 || NOT_BEGUN.includes(code);
};

/** What is sent once: a second click, a lost answer and a retry never make two. */
import { describe, expect, it } from 'vitest';
import {
  again,
  begin,
  editing,
  failed,
  isAbsent,
  isRefusal,
  unsettled,
  withoutProblem,
} from '../../../console/src/forms/submission.ts';
import { ApiProblem } from '../../../shared/client/client.ts';

const document = (status: number, code: string) => ({
  ...{ type: 't', title: 'T', status, code, field: null, detail: 'd', next_action: 'n', request_id: 'r' },
});
const refused = (status: number, code = 'c') =>
  new ApiProblem('createOrder', status, code, 'd', document(status, code));
const lost = new ApiProblem('createOrder', 0, 'unreachable', 'no answer', null);

let made = 0;
const fresh = { newKey: () => `key-${++made}`, now: 1_000 };
const sent = (body: unknown) => {
  const next = begin(editing, body, fresh);
  if (next === null) throw new Error('it was to be sent');
  return next.intent;
};

describe('an intent', () => {
  it('is not begun a second time while it is on its way, or while its outcome is not known', () => {
    const intent = sent({ quantity: '1' });
    expect(begin({ kind: 'sending', intent }, { quantity: '1' }, fresh)).toBeNull();
    expect(begin(unsettled(intent), { quantity: '2' }, fresh)).toBeNull();
  });

  it('whose answer is lost is unknown, and goes again under the same key with the same body', () => {
    const intent = sent({ quantity: '1' });
    const state = failed(intent, lost);
    expect(state).toMatchObject({ kind: 'unknown', problem: lost });
    expect(again(state, 5_000)).toEqual({ kind: 'sending', intent: { ...intent, at: 5_000 } });
  });

  it('that was refused keeps its key for the same body, and gets another one for another body', () => {
    const intent = sent({ quantity: '1' });
    const state = failed(intent, refused(422));
    expect(state.kind).toBe('editing');
    expect(begin(state, { quantity: '1' }, fresh)?.intent.key).toBe(intent.key);
    expect(begin(state, { quantity: '2' }, fresh)?.intent.key).not.toBe(intent.key);
    expect(again(state, 5_000)).toBeNull();
  });

  it.each([
    [400, true],
    [403, true],
    [404, true],
    [409, true],
    [422, true],
    // An answer to this try, which says nothing of the one before.
    [401, false],
    [408, false],
    [429, false],
    [500, false],
    [502, false],
    [504, false],
  ])('answered %i is refused: %s', (status, is) => {
    expect(isRefusal(refused(status))).toBe(is);
  });

  it.each([
    // Nothing was begun for want of these.
    ['no_price', true],
    ['balances_unavailable', true],
    ['keys_unavailable', true],
    // Whether it was done is not known; and another who changes the same thing may be the first try of this very request.
    ['temporarily_unavailable', false],
    ['conflict', false],
    ['a_code_of_tomorrow', false],
  ])('answered 503 %s is refused: %s', (code, is) => {
    expect(isRefusal(refused(503, code))).toBe(is);
  });

  it('that was refused keeps its key also once the refusal is taken off the page', () => {
    const intent = sent({ quantity: '1' });
    const shown = withoutProblem(failed(intent, refused(422)));
    expect(shown).toEqual({ kind: 'editing', intent, problem: null });
    expect(begin(shown, { quantity: '1' }, fresh)?.intent.key).toBe(intent.key);
    // What is on its way, or not known, is not touched.
    expect(withoutProblem(unsettled(intent))).toEqual(unsettled(intent));
  });

  it('is given up only where a look found nothing, two minutes after it was sent last', () => {
    const intent = sent({ quantity: '1' });
    expect(isAbsent(intent, null)).toBe(false);
    expect(isAbsent(intent, 120_999)).toBe(false);
    expect(isAbsent(intent, 121_000)).toBe(true);
  });

  it('answered by what is not the API (no problem document) is unknown', () => {
    expect(isRefusal(new ApiProblem('createOrder', 403, 'no_problem_document', '<html>', null))).toBe(false);
  });
});

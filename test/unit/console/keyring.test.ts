/** Keys of changes: what may have been done is sent again under its key, so that it is not done twice. */
import { describe, expect, it } from 'vitest';
import { createKeyring, type Keyring } from '../../../console/src/forms/keyring.ts';
import { ApiProblem } from '../../../shared/client/client.ts';

const document = { type: 't', title: 'T', field: null, detail: 'd', next_action: 'n', request_id: 'r' };
const refused = (status: number, code: string) =>
  new ApiProblem('closePosition', status, code, 'd', { ...document, status, code });
const lost = new ApiProblem('closePosition', 0, 'unreachable', 'no answer', null);

/** Under which key it was sent. */
async function keyOf(ring: Keyring, body: unknown, answer: () => void = () => undefined): Promise<string> {
  let used = '';
  const sent = ring.send(body, async (key) => {
    used = key;
    answer();
  });
  await sent.catch((error: unknown) => {
    if (!(error instanceof ApiProblem)) throw error;
  });
  return used;
}
const failing = (problem: ApiProblem) => () => {
  throw problem;
};

describe('a keyring', () => {
  it.each([
    ['without an answer', lost],
    ['with a store that did not answer in time', refused(503, 'temporarily_unavailable')],
  ])('sends the same body again under the same key after a try %s', async (_, problem) => {
    const ring = createKeyring();
    const first = await keyOf(ring, { quantity: '1' }, failing(problem));
    expect(ring.isUnknown.value).toBe(true);
    expect(await keyOf(ring, { quantity: '1' })).toBe(first);
    expect(ring.isUnknown.value).toBe(false);
  });

  it('takes another key for another body, and after an answer', async () => {
    const ring = createKeyring();
    const first = await keyOf(ring, { quantity: '1' }, failing(lost));
    const other = await keyOf(ring, { quantity: '2' });
    expect(other).not.toBe(first);
    expect(await keyOf(ring, { quantity: '2' })).not.toBe(other);
    const again = await keyOf(ring, { quantity: '3' }, failing(refused(422, 'invalid')));
    expect(ring.isUnknown.value).toBe(false);
    expect(await keyOf(ring, { quantity: '3' })).not.toBe(again);
  });
});

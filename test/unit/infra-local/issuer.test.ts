/** The laptop's token issuer: a token that was found good is not taken for longer than it says, nor for another audience. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createIssuer } from '../../../infra/local/http/issuer.ts';

afterEach(() => vi.useRealTimers());

describe('a token', () => {
  it('is good until it expires, however often it was found good before', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-01-05T12:00:00Z'), toFake: ['Date'] });
    const issuer = await createIssuer('http://here', 'app');
    const token = await issuer.issue({ sub: 'user', expiresInSeconds: 60 });
    for (let n = 0; n < 3; n++) expect(await issuer.verify(token, ['app'])).toMatchObject({ sub: 'user' });
    vi.setSystemTime(Date.now() + 59_000);
    expect(await issuer.verify(token, ['app'])).toMatchObject({ sub: 'user' });
    vi.setSystemTime(Date.now() + 1_000);
    await expect(issuer.verify(token, ['app'])).rejects.toThrow('"exp" claim timestamp check failed');
  });

  it('is held against the audience each time', async () => {
    const issuer = await createIssuer('http://here', 'app');
    const token = await issuer.issue({ sub: 'user' });
    await issuer.verify(token, ['app']);
    await expect(issuer.verify(token, ['another'])).rejects.toThrow('wrong audience');
  });

  it('with another signature is refused, beside one that was found good', async () => {
    const issuer = await createIssuer('http://here', 'app');
    const [head, claims] = (await issuer.issue({ sub: 'user' })).split('.');
    const good = await issuer.issue({ sub: 'user' });
    await issuer.verify(good, ['app']);
    await expect(issuer.verify(`${head}.${claims}.${good.split('.')[2]}`, ['app'])).rejects.toThrow(
      'signature',
    );
  });
});

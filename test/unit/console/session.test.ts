/** The console's token: kept for the tab, renewed before its end, gone when it is refused. */
import { beforeEach, describe, expect, it } from 'vitest';
import { challengeOf, randomText } from '../../../console/src/sign-in/pkce.ts';
import { createSession, type Grant, MARGIN_MS, SignedOut } from '../../../console/src/sign-in/session.ts';

class TabStorage {
  readonly kept = new Map<string, string>();
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

const HOUR = 3_600_000;
let now: number;
let storage: TabStorage;
let told: boolean[];
let asked: Grant[];
beforeEach(() => {
  now = 1_000_000;
  storage = new TabStorage();
  told = [];
  asked = [];
});

const grant = (name: string, expiresAt = now + HOUR): Grant => ({
  accessToken: name,
  expiresAt,
  refreshToken: 'r',
});
const session = (renew: () => Promise<Grant> = async () => grant('next')) =>
  createSession({
    renew: (old) => {
      asked.push(old);
      return renew();
    },
    storage,
    now: () => now,
    onChange: (isSignedIn) => told.push(isSignedIn),
  });

describe('a session', () => {
  it('of another user is not replaced by a renewal of the one before', async () => {
    let answer: (grant: Grant) => void = () => undefined;
    const one = session(() => new Promise((resolve) => (answer = resolve)));
    one.begin(grant('first', now));
    const waiting = one.token();
    one.end();
    one.begin(grant('of another'));
    answer(grant('next'));
    await expect(waiting).rejects.toThrow(SignedOut);
    expect(await one.token()).toBe('of another');
    expect(await session().token()).toBe('of another');
  });

  it('has no token before somebody signs in', async () => {
    const one = session();
    expect(one.isSignedIn()).toBe(false);
    await expect(one.token()).rejects.toThrow(SignedOut);
  });

  it('is that of the tab: a page that is loaded anew goes on with it', async () => {
    session().begin(grant('first'));
    expect(await session().token()).toBe('first');
    expect(asked).toEqual([]);
  });

  it('is renewed a minute before its end, once, however many ask', async () => {
    const one = session();
    one.begin(grant('first'));
    now += HOUR - MARGIN_MS - 1;
    expect(await one.token()).toBe('first');
    now += 1;
    expect(await Promise.all([one.token(), one.token(), one.token()])).toEqual(['next', 'next', 'next']);
    expect(asked.length).toBe(1);
    expect(await session().token()).toBe('next');
  });

  it('goes on to its end where it cannot be renewed just then, and is tried again', async () => {
    let isAway = true;
    const one = session(async () => {
      if (isAway) throw new Error('no network');
      return grant('next');
    });
    one.begin(grant('first'));
    now += HOUR - 1_000;
    expect(await one.token()).toBe('first');
    isAway = false;
    expect(await one.token()).toBe('next');
    isAway = true;
    now += 2 * HOUR;
    await expect(one.token()).rejects.toThrow('no network');
    expect(one.isSignedIn()).toBe(true);
  });

  it('is over when the issuer refuses to renew it, and nothing of it is kept', async () => {
    const one = session(async () => {
      throw new SignedOut('no');
    });
    one.begin(grant('first'));
    one.refused();
    await expect(one.token()).rejects.toThrow(SignedOut);
    expect([one.isSignedIn(), storage.kept.size, told.at(-1)]).toEqual([false, 0, false]);
  });

  it('that was left stays left, though a renewal was under way', async () => {
    const { promise, resolve } = Promise.withResolvers<Grant>();
    const one = session(() => promise);
    one.begin(grant('first'));
    one.refused();
    const waiting = one.token();
    one.end();
    resolve(grant('next'));
    // Nothing is asked any more with a token that came too late.
    await expect(waiting).rejects.toThrow(SignedOut);
    expect([one.isSignedIn(), storage.kept.size]).toEqual([false, 0]);
  });
});

describe('the proof key', () => {
  it('is the one of RFC 7636, appendix B', async () => {
    expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
    expect(randomText()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(randomText()).not.toBe(randomText());
  });
});

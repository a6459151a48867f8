import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BEING_DELETED, paused, pauseWithdrawn, resumed } from '../../../shared/domain/pauses.ts';
import type { ExchangeAccount, KeyProblem } from '../../../shared/domain/types.ts';
import {
  deleted,
  hasUsableKeys,
  type KeyVerdict,
  newAccount,
  nextDueCheck,
  type SealedKeys,
  withCheckWanted,
  withKeyProblem,
  withNewKeys,
  withVerdict,
} from '../../../shared/domain/wallets.ts';

const T = 1_000_000;
const keys = (name: string): SealedKeys => ({
  keyType: 'hmac',
  keyHint: name.slice(-4),
  sealedKeys: `sealed-${name}`,
  keyFingerprint: `print-${name}`,
});
const good = (accountUid = 'uid-1', warnings: readonly string[] = []): KeyVerdict => ({
  ok: true,
  accountUid,
  warnings,
});
const bad = (code: KeyProblem['code'], retry = false): KeyVerdict => ({
  ok: false,
  retry,
  problem: { code, message: code },
});
const fresh = newAccount(keys('one'), 'hash', T);
const active = withVerdict(fresh, good(), T + 10);

describe('an exchange account', () => {
  it('may trade once a check is good, and shows its warnings', () => {
    const account = withVerdict(fresh, good('uid-1', ['no_ip_restriction']), T + 10);
    expect(account).toMatchObject({
      status: 'active',
      accountUid: 'uid-1',
      warnings: ['no_ip_restriction'],
      checkedAt: T + 10,
      checkWantedAt: null,
      keyVersion: 1,
    });
    expect([hasUsableKeys(fresh), hasUsableKeys(account)]).toEqual([false, true]);
  });

  it('is refused with the reason, and keeps keys that can be corrected', () => {
    const account = withVerdict(fresh, bad('ip_not_allowed'), T + 10);
    expect(account).toMatchObject({
      status: 'refused',
      problem: { code: 'ip_not_allowed' },
      sealedKeys: 'sealed-one',
    });
    expect(withVerdict(withCheckWanted(account, T + 20), good(), T + 30).status).toBe('active');
  });

  it('does not keep keys that may withdraw', () => {
    const account = withVerdict(fresh, bad('withdraw_permission'), T);
    expect(account).toMatchObject({ status: 'refused', sealedKeys: '', keyVersion: 2 });
    const waiting = withVerdict(withNewKeys(active, keys('two'), T), bad('withdraw_permission'), T);
    expect(waiting).toMatchObject({ status: 'active', sealedKeys: 'sealed-one', pendingKeys: null });
  });

  it('keeps keys that turn out to withdraw after they have traded: positions can still be closed with them', () => {
    const late = withVerdict(withCheckWanted(active, T), bad('withdraw_permission'), T + 10);
    expect(late).toMatchObject({
      status: 'refused',
      problem: { code: 'withdraw_permission' },
      sealedKeys: 'sealed-one',
      keyVersion: active.keyVersion,
    });
    expect(hasUsableKeys(late)).toBe(false);
  });

  it('stays as it is when nothing is known, and a check stays owed where one must come', () => {
    const waiting = withVerdict(fresh, bad('venue_unreachable', true), T + 10);
    expect(waiting).toMatchObject({
      status: 'checking',
      problem: { code: 'venue_unreachable' },
      checkWantedAt: T,
    });
    const asked = withVerdict(withCheckWanted(active, T + 50), bad('venue_unreachable', true), T + 60);
    expect(asked).toMatchObject({ status: 'active', checkWantedAt: null });
    const rotating = withVerdict(
      withNewKeys(active, keys('two'), T + 50),
      bad('venue_unreachable', true),
      T + 60,
    );
    expect(rotating).toMatchObject({
      status: 'active',
      checkWantedAt: T + 50,
      pendingKeys: { keyHint: 'two' },
    });
    expect(withVerdict(asked, good(), T + 70).problem).toBeNull();
  });

  it('takes new keys over only when they are good and of the same account', () => {
    const rotating = withNewKeys(active, keys('two'), T + 20);
    expect(rotating).toMatchObject({ status: 'active', sealedKeys: 'sealed-one', keyVersion: 1 });
    expect(withVerdict(rotating, good(), T + 30)).toMatchObject({
      status: 'active',
      sealedKeys: 'sealed-two',
      keyFingerprint: 'print-two',
      keyVersion: 2,
      pendingKeys: null,
      problem: null,
    });
    const unchanged = { status: 'active', sealedKeys: 'sealed-one', keyVersion: 1, pendingKeys: null };
    expect(withVerdict(rotating, good('uid-2'), T + 30)).toMatchObject({
      ...unchanged,
      problem: { code: 'account_changed' },
    });
    expect(withVerdict(rotating, bad('bad_signature'), T + 30)).toMatchObject({
      ...unchanged,
      problem: { code: 'bad_signature' },
    });
  });

  it('has the keys in use tried when they rest and the new ones turn out to be no good', () => {
    const rotating = withNewKeys(active, keys('two'), T + 20);
    const resting = withKeyProblem(rotating, { code: 'key_rejected', message: 'of one order' }, 1, T + 25);
    const left = withVerdict(resting, bad('bad_signature'), T + 30);
    expect(left).toMatchObject({ sealedKeys: 'sealed-one', pendingKeys: null, checkWantedAt: T + 30 });
    expect(nextDueCheck(left)).not.toBeNull();
    expect(withVerdict(left, good(), T + 40)).toMatchObject({ status: 'active', sealedKeys: 'sealed-one' });
    const wipedNow: ExchangeAccount = { ...active, status: 'refused', sealedKeys: '' };
    const again = withVerdict(withNewKeys(wipedNow, keys('two'), T + 30), bad('bad_signature'), T + 40);
    expect(again).toMatchObject({ status: 'refused', sealedKeys: '', checkWantedAt: null });
  });

  it('takes new keys at once where none ever worked', () => {
    const refused = withVerdict(fresh, bad('bad_signature'), T);
    const again = withNewKeys(refused, keys('two'), T + 20);
    expect(again).toMatchObject({
      status: 'checking',
      sealedKeys: 'sealed-two',
      keyVersion: 2,
      problem: null,
      pendingKeys: null,
      checkWantedAt: T + 20,
    });
  });

  it('rests when a request says that its key is gone, until a check says what is true', () => {
    const marked = withKeyProblem(active, { code: 'key_rejected', message: 'gone' }, 1, T + 20);
    expect(marked).toMatchObject({ status: 'refused', checkWantedAt: T + 20 });
    expect(withVerdict(marked, bad('venue_unreachable', true), T + 30)).toMatchObject({
      status: 'refused',
      problem: { code: 'key_rejected' },
      checkWantedAt: T + 20,
    });
    expect(withVerdict(marked, good(), T + 30)).toMatchObject({ status: 'active', problem: null });
    const oneSymbol = { code: 'no_trade_permission', message: 'not for you' } as const;
    expect(withKeyProblem(active, oneSymbol, 1, T + 20)).toMatchObject({
      status: 'active',
      problem: oneSymbol,
      checkWantedAt: T + 20,
    });
    expect(withKeyProblem(fresh, { code: 'key_rejected', message: 'gone' }, 1, T)).toBe(fresh);
  });

  it('is not touched by the late refusal of a request that earlier keys had signed', () => {
    const rotated = withVerdict(withNewKeys(active, keys('two'), T + 20), good(), T + 30);
    expect(rotated).toMatchObject({ status: 'active', sealedKeys: 'sealed-two', keyVersion: 2 });
    const gone = { code: 'key_rejected', message: 'gone' } as const;
    expect(withKeyProblem(rotated, gone, 1, T + 40)).toBe(rotated);
    expect(withKeyProblem(rotated, gone, null, T + 40)).toBe(rotated);
    expect(withKeyProblem(rotated, gone, 2, T + 40)).toMatchObject({ status: 'refused' });
  });

  it('takes over the pause of a deletion, which may be taken back, and is not taken over by one', () => {
    const deleting = paused(active, T + 1, BEING_DELETED);
    const own = paused(deleting, T + 2, 'daily loss');
    expect(own).toEqual({ ...active, pausedAt: T + 2, pauseReason: 'daily loss', pauses: 2 });
    expect(paused(deleting, T + 2, null)).toMatchObject({ pausedAt: T + 2, pauseReason: null, pauses: 2 });
    expect(paused(deleting, T + 2, BEING_DELETED)).toBe(deleting);
    expect(paused(own, T + 3, BEING_DELETED)).toBe(own);
  });

  it('keeps the first pause and its reason', () => {
    const first = paused(active, T + 1, 'holiday');
    expect(paused(first, T + 2, 'other')).toBe(first);
    expect(hasUsableKeys(first)).toBe(true);
    expect(resumed(first)).toEqual({ ...active, pauses: 1 });
    expect(pauseWithdrawn(first)).toEqual(active);
  });

  it('owes its check until it is answered, further and further apart', () => {
    let account = fresh;
    const dues: number[] = [];
    for (let i = 0; i < 9; i++) {
      const due = nextDueCheck(account) ?? Number.NaN;
      dues.push(due - (account.checkedAt ?? T));
      account = withVerdict(account, bad('venue_unreachable', true), due);
    }
    expect(dues).toEqual([2_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(nextDueCheck(active)).toBeNull();
    expect(nextDueCheck(deleted(fresh))).toBeNull();
  });

  it('never has usable keys without a good check, nor after it is deleted', () => {
    type Step = (account: ExchangeAccount, now: number) => ExchangeAccount;
    const verdicts: readonly KeyVerdict[] = [
      good('uid-1'),
      good('uid-2'),
      bad('key_rejected'),
      bad('withdraw_permission'),
      bad('venue_unreachable', true),
    ];
    const step: fc.Arbitrary<{ name: string; run: Step }> = fc.oneof(
      fc.constantFrom(...verdicts).map((verdict) => ({
        name: `verdict ${JSON.stringify(verdict)}`,
        run: (a: ExchangeAccount, now: number) => withVerdict(a, verdict, now),
      })),
      fc.constantFrom('two', 'three').map((name) => ({
        name: `keys ${name}`,
        run: (a: ExchangeAccount, now: number) =>
          a.status === 'deleted' ? a : withNewKeys(a, keys(name), now),
      })),
      fc.constant({ name: 'asked', run: withCheckWanted }),
      fc.constant({
        name: 'revoked',
        run: (a: ExchangeAccount, now: number) =>
          withKeyProblem(a, { code: 'key_rejected', message: '' }, a.keyVersion, now),
      }),
      fc.constant({ name: 'deleted', run: deleted }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let account = fresh;
        steps.forEach(({ run }, i) => {
          const before = account;
          account = run(before, T + i);
          if (before.status === 'deleted') {
            expect([account.status, account.sealedKeys, account.pendingKeys]).toEqual(['deleted', '', null]);
          }
          if (before.accountUid !== null) expect(account.accountUid).toBe(before.accountUid);
          if (account.sealedKeys !== before.sealedKeys)
            expect(account.keyVersion).toBe(before.keyVersion + 1);
          if (hasUsableKeys(account)) expect(account.accountUid).not.toBeNull();
          if (account.status === 'checking') expect(account.checkWantedAt).not.toBeNull();
          if (account.pendingKeys !== null) expect(nextDueCheck(account)).not.toBeNull();
        });
      }),
    );
  });
});

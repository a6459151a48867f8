/** What every wallet store does: conditions, one wallet per account, the sparse indexes, balances. */
import { beforeEach, describe, expect, it } from 'vitest';
import { decimal, ZERO } from '../../shared/domain/money/decimal.ts';
import { paused, resumed, stopDone, withPause } from '../../shared/domain/pauses.ts';
import type { ExchangeAccount, PauseState, Wallet } from '../../shared/domain/types.ts';
import {
  deleted,
  newAccount,
  withKeyProblem,
  withNewKeys,
  withVerdict,
} from '../../shared/domain/wallets.ts';
import { BadCursorError, type WalletStore } from '../../shared/ports/ledger.ts';
import { aWallet, NOW } from '../integration/dynamodb/samples.ts';

const KEYS = { keyType: 'ed25519', keyHint: 'abcd', sealedKeys: 'c2VhbGVk', keyFingerprint: 'ff' } as const;

const exchangeWallet = (walletId: string, changes: Partial<Wallet> = {}): Wallet =>
  aWallet({
    walletId,
    environment: 'binance_testnet',
    demo: null,
    exchange: newAccount(KEYS, 'hash', NOW),
    ...changes,
  });

export interface OpenWallets {
  /** Empty, and nobody else's. */
  readonly wallets: WalletStore;
  /** Waits until lists and indexes show everything that was written before. */
  caughtUp(): Promise<void>;
}

export function describeWallets(name: string, open: () => Promise<OpenWallets>): void {
  describe(name, () => {
    let wallets: WalletStore;
    let caughtUp: OpenWallets['caughtUp'];

    beforeEach(async () => {
      ({ wallets, caughtUp } = await open());
    });

    const read = async (walletId: string): Promise<Wallet & { readonly exchange: ExchangeAccount }> => {
      const wallet = await wallets.get(walletId);
      if (wallet === null || wallet.exchange === null) throw new Error(`no wallet ${walletId}`);
      return { ...wallet, exchange: wallet.exchange };
    };
    const change = async (walletId: string, to: (account: ExchangeAccount) => ExchangeAccount) => {
      const before = await read(walletId);
      return { before, after: { ...before, exchange: to(before.exchange) } };
    };
    const activate = async (walletId: string, uid: string) =>
      wallets.claimAccount(
        await change(walletId, (a) =>
          withVerdict(a, { ok: true, accountUid: uid, warnings: ['no_ip_restriction'] }, NOW + 5),
        ),
      );
    const made = async (walletId: string, changes: Partial<Wallet> = {}): Promise<void> => {
      expect(await wallets.create(exchangeWallet(walletId, changes))).toBe(true);
    };

    it('come back as they were written, with and without waiting keys, problems and pauses', async () => {
      await made('w-1');
      expect(await wallets.get('w-1')).toEqual(exchangeWallet('w-1', { version: 1 }));
      expect(await wallets.create(exchangeWallet('w-1'))).toBe(false);
      const full = await change('w-1', (a) => ({
        ...paused(withNewKeys({ ...a, accountUid: 'uid-1' }, KEYS, NOW + 1), NOW + 2, 'holiday'),
        problem: { code: 'account_changed', message: 'why' },
        warnings: ['key_restrictions_unknown'],
      }));
      expect(await wallets.update(full)).toBe(true);
      expect(await wallets.get('w-1')).toEqual({ ...full.after, version: 2 });
    });

    it('creates a wallet once and lists those of a user, newest first', async () => {
      expect(await wallets.create(aWallet())).toBe(true);
      expect(await wallets.create(aWallet({ name: 'Other' }))).toBe(false);
      expect(await wallets.get('wallet-1')).toEqual(aWallet({ version: 1 }));
      expect(await wallets.get('wallet-2')).toBeNull();
      await wallets.create(aWallet({ walletId: 'wallet-2', createdAt: NOW + 1 }));
      await wallets.create(aWallet({ walletId: 'wallet-3', userId: 'user-2' }));
      await caughtUp();
      const first = await wallets.ofUser('user-1', { limit: 1, cursor: null });
      expect(first.items.map((w) => w.walletId)).toEqual(['wallet-2']);
      const rest = await wallets.ofUser('user-1', { limit: 1, cursor: first.cursor });
      expect(rest).toMatchObject({ items: [{ walletId: 'wallet-1' }], cursor: null });
      for (const cursor of ['1', `${first.cursor}A`]) {
        await expect(wallets.ofUser('user-1', { limit: 1, cursor })).rejects.toThrow(BadCursorError);
      }
      await expect(wallets.ofUser('user-2', { limit: 1, cursor: first.cursor })).rejects.toThrow(
        BadCursorError,
      );
    });

    it('writes one wallet, and only one that is there', async () => {
      const before = exchangeWallet('w-1', { version: 1 });
      expect(await wallets.update({ before, after: before })).toBe(false);
      expect(await wallets.get('w-1')).toBeNull();
      await made('w-1');
      const after = exchangeWallet('w-2', { version: 1 });
      await expect(wallets.update({ before, after })).rejects.toThrow('not one wallet');
      await expect(wallets.claimAccount({ before, after: before })).rejects.toThrow('without naming it');
      expect(await wallets.get('w-1')).toEqual(before);
    });

    it('lets exactly one of many writers through', async () => {
      await made('w-1');
      const same = await change('w-1', (a) => paused(a, NOW, null));
      const results = await Promise.all(Array.from({ length: 6 }, () => wallets.update(same)));
      expect(results.filter(Boolean)).toHaveLength(1);
      expect((await read('w-1')).version).toBe(2);
    });

    it('gives an account to one wallet, and frees it when that is deleted', async () => {
      await Promise.all(['w-1', 'w-2', 'w-3'].map((id) => made(id)));
      const race = await Promise.all([activate('w-1', 'uid-1'), activate('w-2', 'uid-1')]);
      expect(race.filter((outcome) => outcome === 'done')).toHaveLength(1);
      const [winner, loser] = race[0] === 'done' ? ['w-1', 'w-2'] : ['w-2', 'w-1'];
      expect(await activate(loser ?? '', 'uid-1')).toBe('taken');
      expect((await read(loser ?? '')).exchange.status).toBe('checking');
      expect(await activate(winner ?? '', 'uid-1')).toBe('done');
      expect(await activate('w-3', 'uid-2')).toBe('done');

      expect(await wallets.update(await change(winner ?? '', deleted))).toBe(true);
      expect(await activate(loser ?? '', 'uid-1')).toBe('done');
      // Another environment has accounts of its own.
      await made('w-4', { environment: 'binance_demo' });
      expect(await activate('w-4', 'uid-1')).toBe('done');
    });

    it('neither claims nor writes when the wallet was changed meanwhile', async () => {
      await made('w-1');
      const stale = await change('w-1', (a) =>
        withVerdict(a, { ok: true, accountUid: 'uid-1', warnings: [] }, NOW),
      );
      await wallets.update(await change('w-1', (a) => paused(a, NOW, null)));
      expect(await wallets.claimAccount(stale)).toBe('conflict');
      await made('w-2');
      expect(await activate('w-2', 'uid-1')).toBe('done');
    });

    it('lists by environment those whose keys may be used, paused ones too, and counts the refused', async () => {
      for (const id of ['active', 'paused', 'checking', 'revoked', 'gone']) await made(id);
      await made('elsewhere', { environment: 'binance' });
      for (const id of ['active', 'paused', 'revoked', 'gone', 'elsewhere']) await activate(id, `uid-${id}`);
      await wallets.update(await change('paused', (a) => paused(a, NOW, null)));
      const problem = { code: 'key_rejected', message: 'gone' } as const;
      await wallets.update(await change('revoked', (a) => withKeyProblem(a, problem, a.keyVersion, NOW)));
      await wallets.update(await change('gone', deleted));
      await caughtUp();
      const ids = async (environment: 'binance' | 'binance_testnet') =>
        (await wallets.exchangeWallets(environment)).map((wallet) => wallet.walletId).sort();
      expect(await ids('binance_testnet')).toEqual(['active', 'paused']);
      expect(await ids('binance')).toEqual(['elsewhere']);
      expect(await wallets.refusedWallets('binance_testnet')).toBe(1);
      expect(await wallets.refusedWallets('binance')).toBe(0);
      const listed = await wallets.ofUser('user-1', { limit: 50, cursor: null });
      expect(listed.items.map((wallet) => wallet.walletId)).not.toContain('gone');
      expect((await read('gone')).exchange).toMatchObject({ status: 'deleted', sealedKeys: '' });
    });

    it('finds the checks that are owed, and moves each on for one sweep only', async () => {
      await made('w-1');
      await made('w-2', { exchange: newAccount(KEYS, 'hash', NOW + 500) });
      await made('w-3');
      await activate('w-3', 'uid-3');
      await caughtUp();
      expect(await wallets.dueWallets(NOW + 1_999, 10)).toEqual([]);
      const due = await wallets.dueWallets(NOW + 10_000, 10);
      expect(due).toEqual([
        { walletId: 'w-1', dueAt: NOW + 2_000 },
        { walletId: 'w-2', dueAt: NOW + 2_500 },
      ]);
      expect(await wallets.dueWallets(NOW + 10_000, 1)).toHaveLength(1);
      const [first] = due;
      if (first === undefined) throw new Error('nothing is due');
      const moves = await Promise.all(
        Array.from({ length: 4 }, (_, i) => wallets.moveWallet(first, NOW + 20_000 + i)),
      );
      expect(moves.filter(Boolean)).toHaveLength(1);
      await caughtUp();
      expect((await wallets.dueWallets(NOW + 10_000, 10)).map((check) => check.walletId)).toEqual(['w-2']);
      // Moving on is no change that a writer has to see.
      expect(await activate('w-1', 'uid-1')).toBe('done');
      await caughtUp();
      expect(await wallets.dueWallets(NOW + 100_000, 10)).toEqual([{ walletId: 'w-2', dueAt: NOW + 2_500 }]);
      expect(await wallets.moveWallet({ walletId: 'nobody', dueAt: 1 }, 2)).toBe(false);
    });

    it('finds what pauses owe, of wallets of both kinds, until it is done or the wallet is resumed', async () => {
      const stop = { flatten: true, cause: 'manual' } as const;
      await made('w-1');
      await activate('w-1', 'uid-1');
      expect(await wallets.create(aWallet({ walletId: 'demo-1' }))).toBe(true);
      const change = async (walletId: string, to: <P extends PauseState>(state: P) => P): Promise<void> => {
        const before = await wallets.get(walletId);
        if (before === null) throw new Error(`no wallet ${walletId}`);
        expect(await wallets.update({ before, after: withPause(before, to) })).toBe(true);
      };
      await change('w-1', (state) => paused(state, NOW, 'enough', stop));
      await change('demo-1', (state) => paused(state, NOW + 1, null, { ...stop, flatten: false }));
      await caughtUp();
      expect(await wallets.dueWallets(NOW + 1_999, 10)).toEqual([]);
      const due = await wallets.dueWallets(NOW + 10_000, 10);
      expect(due).toEqual([
        { walletId: 'w-1', dueAt: NOW + 2_000 },
        { walletId: 'demo-1', dueAt: NOW + 2_001 },
      ]);
      for (const one of due) expect(await wallets.moveWallet(one, NOW + 20_000)).toBe(true);
      expect((await wallets.get('demo-1'))?.demo?.stop).toEqual({ ...stop, flatten: false, since: NOW + 1 });
      expect((await wallets.get('w-1'))?.exchange?.stop).toEqual({ ...stop, since: NOW });
      await change('w-1', (state) => stopDone(state, { ...stop, since: NOW }));
      await change('demo-1', resumed);
      await caughtUp();
      expect(await wallets.dueWallets(NOW + 100_000, 10)).toEqual([]);
    });

    it('keeps the newest balances, exactly', async () => {
      await made('w-1');
      expect(await wallets.balances('w-1')).toBeNull();
      const newer = {
        asOf: NOW + 10,
        balances: [{ asset: 'BTC', free: decimal('123456789.123456789123456789'), locked: ZERO }],
      };
      await wallets.saveBalances('w-1', newer);
      await wallets.saveBalances('w-1', { asOf: NOW + 9, balances: [] });
      expect(await wallets.balances('w-1')).toEqual(newer);
      await wallets.saveBalances('w-1', { asOf: NOW + 10, balances: [] });
      expect(await wallets.balances('w-1')).toEqual(newer);
      await wallets.saveBalances('w-1', { asOf: NOW + 11, balances: [] });
      expect(await wallets.balances('w-1')).toEqual({ asOf: NOW + 11, balances: [] });
    });
  });
}

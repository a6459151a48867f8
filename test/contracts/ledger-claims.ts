/** What every ledger does with claims: one order, and the wallet that lets it go, in one transaction. */
import { beforeEach, describe, expect, it } from 'vitest';
import { paused, pauseOf, resumed, withPause } from '../../shared/domain/pauses.ts';
import type { Order, PauseState } from '../../shared/domain/types.ts';
import { newAccount } from '../../shared/domain/wallets.ts';
import type { ClaimResult, Ledger, PauseGate, WalletStore } from '../../shared/ports/ledger.ts';
import { aWallet, NOW } from '../integration/dynamodb/samples.ts';
import { newOrders, type OpenLedgerWith, orderOf } from './ledger-support.ts';

const KEYS = { keyType: 'hmac', keyHint: 'abcd', sealedKeys: 'c2VhbGVk', keyFingerprint: 'ff' } as const;

export function describeLedgerClaims(name: string, open: OpenLedgerWith): void {
  describe(name, () => {
    let ledger: Ledger;
    let wallets: WalletStore;

    beforeEach(async () => {
      ({ ledger, wallets } = await open({ shards: 2 }));
      await wallets.create(
        aWallet({ environment: 'binance_testnet', demo: null, exchange: newAccount(KEYS, 'hash', NOW) }),
      );
      await ledger.commit(newOrders({}));
    });

    type To = <P extends PauseState>(state: P) => P;
    const change = async (to: To, walletId = 'wallet-1'): Promise<void> => {
      const before = await wallets.get(walletId);
      if (before === null) throw new Error('no wallet');
      expect(await wallets.update({ before, after: withPause(before, to) })).toBe(true);
    };
    const pause = (walletId?: string): Promise<void> => change((state) => paused(state, NOW, null), walletId);
    const submitted = (before: Order) => ({ before, after: { ...before, status: 'submitted' as const } });
    const claim = async (gate: PauseGate | null): Promise<ClaimResult> =>
      ledger.claim(submitted(await orderOf(ledger, 'order-1')), gate);
    const gate = (pauses: number | null): PauseGate => ({ walletId: 'wallet-1', pauses });
    const untouched = async (): Promise<void> =>
      expect(await ledger.order('order-1')).toMatchObject({ status: 'pending', version: 1 });

    it('are written once, with or without a wallet that is asked', async () => {
      const before = await orderOf(ledger, 'order-1');
      expect(await ledger.claim(submitted(before), gate(0))).toBe('done');
      expect(await ledger.order('order-1')).toMatchObject({ status: 'submitted', version: 2 });
      expect(await ledger.claim(submitted(before), gate(0))).toBe('conflict');
      expect(await ledger.claim(submitted(before), null)).toBe('conflict');
      expect(await claim(null)).toBe('done');
    });

    it('do not hold while the wallet is paused, nor once it was since', async () => {
      await pause();
      for (const pauses of [null, 0, 1]) expect(await claim(gate(pauses))).toBe('paused');
      await untouched();
      await change(resumed);
      expect(await claim(gate(0))).toBe('paused');
      await untouched();
      expect(await claim(gate(1))).toBe('done');
    });

    it('of an order from before there was a count hold while the wallet is not paused', async () => {
      await pause();
      await change(resumed);
      expect(await claim(gate(null))).toBe('done');
    });

    it('without a gate never ask the wallet', async () => {
      await pause();
      expect(await claim(null)).toBe('done');
    });

    it('ask a demo wallet too', async () => {
      await wallets.create(aWallet({ walletId: 'demo-1' }));
      const own = (pauses: number | null): PauseGate => ({ walletId: 'demo-1', pauses });
      await pause('demo-1');
      for (const pauses of [null, 0, 1]) expect(await claim(own(pauses))).toBe('paused');
      await change(resumed, 'demo-1');
      expect(await claim(own(0))).toBe('paused');
      await untouched();
      expect(await claim(own(1))).toBe('done');
      expect(await claim(own(null))).toBe('done');
      const wallet = await wallets.get('demo-1');
      expect(wallet && pauseOf(wallet)).toMatchObject({ pausedAt: null, pauses: 1 });
    });

    it('do not hold for a wallet that is not there', async () => {
      expect(await claim({ walletId: 'nobody', pauses: null })).toBe('paused');
      await untouched();
    });

    it('that lost the order say so, whatever the wallet is', async () => {
      const before = await orderOf(ledger, 'order-1');
      await claim(null);
      await pause();
      expect(await ledger.claim(submitted(before), gate(0))).toBe('conflict');
    });
  });
}

import { describe, expect, it } from 'vitest';
import { DEFAULT_SIGNAL_POLICY } from '../../../shared/domain/signals.ts';
import { newAccount } from '../../../shared/domain/wallets.ts';
import { USER, World } from '../../support/fakes/world.ts';

const KEYS = { keyType: 'hmac', keyHint: 'abcd', sealedKeys: 'c2VhbGVk', keyFingerprint: 'ff' } as const;

describe('a check of keys that is owed', () => {
  it('is sent again by the sweep of the first shard, spaced out, until it is made', async () => {
    const world = new World();
    world.outbox.fate = ({ queue }) => (queue === 'submit' ? 'drop' : 'deliver');
    await world.wallets.create({
      walletId: 'wallet-9',
      version: 0,
      userId: USER,
      environment: 'binance_testnet',
      name: 'mine',
      demo: null,
      exchange: newAccount(KEYS, 'hash', world.now),
      signalPolicy: DEFAULT_SIGNAL_POLICY,
      resident: 'none',
      createdAt: world.now,
      updatedAt: world.now,
    });
    const asked = (): number =>
      world.outbox.sent.filter((sent) => sent.queue === 'submit' && 'walletId' in sent.message).length;
    await world.pass(1);
    expect(asked()).toBe(0);
    await world.pass(2);
    expect(asked()).toBe(1);
    await world.pass(60);
    expect(asked()).toBeGreaterThan(3);
    expect(asked()).toBeLessThan(10);
    expect(world.errors()).toEqual([]);
  });
});

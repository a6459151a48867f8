/** What a wallet is set to, changed beside everything else that changes it. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { USER, WALLET, World } from '../../support/fakes/world.ts';

const change = (world: World, signalPolicy: { readonly act?: boolean; readonly minConfidence?: Decimal }) =>
  world.useCases.wallets.change({ userId: USER, walletId: WALLET, signalPolicy });

describe('the policy of signals', () => {
  it('is changed by several at once, each keeping what the others have set', async () => {
    const world = new World({ exchange: {} });
    const minConfidence = new Decimal('0.6');
    const answers = await Promise.all([
      change(world, { act: true }),
      change(world, { minConfidence }),
      world.useCases.wallets.pause({ userId: USER, walletId: WALLET, reason: 'holiday' }),
    ]);
    expect(answers.map((answer) => answer.ok)).toEqual([true, true, true]);
    expect(await world.wallets.get(WALLET)).toMatchObject({
      version: 4,
      signalPolicy: { act: true, minConfidence, allowLoosen: false },
      exchange: { pauseReason: 'holiday' },
    });
  });

  it('is written once: the same again changes nothing', async () => {
    const world = new World();
    await change(world, { act: true });
    const before = await world.wallets.get(WALLET);
    world.now += 1_000;
    expect(await change(world, { act: true, minConfidence: new Decimal('0.80') })).toMatchObject({
      ok: true,
    });
    expect(await world.wallets.get(WALLET)).toBe(before);
  });

  it('of a deleted wallet, or of somebody else, stays as it is', async () => {
    const world = new World({ exchange: { status: 'deleted', sealedKeys: '' } });
    expect(await change(world, { act: true })).toMatchObject({ error: { code: 'wallet_deleted' } });
    const others = { userId: 'user-2', walletId: WALLET, signalPolicy: { act: true } };
    expect(await world.useCases.wallets.change(others)).toMatchObject({ error: { code: 'not_found' } });
    expect(await world.wallets.get(WALLET)).toMatchObject({ version: 1, signalPolicy: { act: false } });
  });
});

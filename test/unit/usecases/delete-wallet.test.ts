/**
 * A deletion that dies on its way leaves the wallet as it was, or paused with its reason, or deleted: asked again it
 * goes on from there, and whoever wants the wallet back resumes it.
 */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { BEING_DELETED } from '../../../shared/domain/pauses.ts';
import type { ExchangeAccount } from '../../../shared/domain/types.ts';
import { Crashed, type CrashPlan, dying } from '../../support/fakes/crash.ts';
import { USER, WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const command = { userId: USER, walletId: WALLET };

async function accountOf(world: World): Promise<ExchangeAccount> {
  const exchange = (await world.wallets.get(WALLET))?.exchange;
  if (exchange == null) throw new Error('no exchange wallet');
  return exchange;
}

/** Deletes by a process that dies at one call; answers whether it did. */
async function deleteDying(world: World, plan: CrashPlan): Promise<boolean> {
  const doomed = dying(world.ports, plan);
  const { wallets } = makeUseCases(doomed.ports, { monitorEnabled: true });
  try {
    await wallets.delete(command);
    return false;
  } catch (error) {
    if (!(error instanceof Crashed)) throw error;
    return true;
  }
}

/** A world for each call that a deletion can die at, as that leaves it. */
async function* afterEachCrash(begin: () => Promise<World>): AsyncGenerator<World> {
  for (const when of ['before', 'after'] as const) {
    for (let at = 1; ; at++) {
      const world = await begin();
      if (!(await deleteDying(world, { at, when }))) break;
      yield world;
    }
  }
}

const idle = async (): Promise<World> => new World({ exchange: {} });

/** An entry is written between the two looks of a deletion: it has to give up. */
async function withLateEntry(): Promise<World> {
  const world = new World({ exchange: {} });
  world.tick('50000');
  const look = world.ledger.liveOrdersOfWallet.bind(world.ledger);
  let looks = 0;
  world.ledger.liveOrdersOfWallet = async (walletId) => {
    const seen = await look(walletId);
    looks += 1;
    if (looks === 1) await world.place({ type: 'limit', limitPrice: new Decimal('40000') });
    return seen;
  };
  return world;
}

describe('a deletion that dies on its way', () => {
  it('is finished by the next one', async () => {
    let paused = 0;
    for await (const world of afterEachCrash(idle)) {
      const left = await accountOf(world);
      if (left.status === 'active' && left.pauseReason === BEING_DELETED) paused += 1;
      const again = await world.useCases.wallets.delete(command);
      // It may have died after its last write: then it is done.
      if (left.status === 'deleted') expect(again).toMatchObject({ error: { code: 'wallet_deleted' } });
      else expect(again.ok).toBe(true);
      expect(await accountOf(world)).toMatchObject({ status: 'deleted', sealedKeys: '' });
    }
    expect(paused).toBeGreaterThan(2);
  });

  it('is taken back by whoever resumes the wallet, which takes entries again', async () => {
    let paused = 0;
    for await (const world of afterEachCrash(idle)) {
      const left = await accountOf(world);
      if (left.status === 'deleted') continue;
      if (left.pausedAt !== null) paused += 1;
      expect((await world.useCases.wallets.resume(command)).ok).toBe(true);
      expect(await accountOf(world)).toMatchObject({ status: 'active', pausedAt: null, pauseReason: null });
      const { positionId } = await world.openPosition();
      expect(world.position(positionId).status).toBe('open');
    }
    expect(paused).toBeGreaterThan(2);
  });

  it('is given up by the next one where something is live, and leaves no pause of its own', async () => {
    let paused = 0;
    for await (const world of afterEachCrash(withLateEntry)) {
      if ((await accountOf(world)).pauseReason === BEING_DELETED) paused += 1;
      if (world.ledger.orderItems.size === 0) continue;
      const again = await world.useCases.wallets.delete(command);
      expect(again).toMatchObject({ ok: false, error: { code: 'wallet_in_use' } });
      expect(await accountOf(world)).toMatchObject({ status: 'active', pausedAt: null, pauseReason: null });
    }
    expect(paused).toBeGreaterThan(2);
  });

  it('leaves the pause of somebody else where something is live', async () => {
    const world = await withLateEntry();
    await world.place({ type: 'limit', limitPrice: new Decimal('40000') });
    await world.useCases.wallets.pause({ ...command, reason: 'holiday' });
    expect(await world.useCases.wallets.delete(command)).toMatchObject({ error: { code: 'wallet_in_use' } });
    expect(await accountOf(world)).toMatchObject({ pauseReason: 'holiday' });
  });
});

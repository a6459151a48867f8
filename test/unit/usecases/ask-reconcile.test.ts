/** A comparison that is asked for: noted, told once, and not more often than it can be done. */
import { describe, expect, it } from 'vitest';
import { USER, WALLET, World } from '../../support/fakes/world.ts';

const ask = (world: World) => world.useCases.reconcile.ask({ userId: USER, walletId: WALLET });
const messages = (world: World) => world.outbox.queue.filter(({ queue }) => queue === 'reconcile');

describe('asking for a comparison', () => {
  it('again and again is one pass, which answers all of them', async () => {
    const world = new World();
    for (let i = 0; i < 20; i++) {
      expect(await ask(world)).toMatchObject({ ok: true });
      world.now += 100;
    }
    expect(messages(world)).toHaveLength(1);
    await world.pump();
    const statement = await world.reconciles.latest(WALLET);
    expect(statement).toMatchObject({ reason: 'asked', status: 'in_agreement' });
    expect(await world.reconciles.state(WALLET)).toMatchObject({ wantedAt: null });
  });

  it('right after one waits until a pass may cost the exchange another', async () => {
    const world = new World();
    await ask(world);
    await world.pump();
    world.now += 1_000;
    await ask(world);
    expect(messages(world)).toMatchObject([{ delaySeconds: 4 }]);
    await world.pass(6);
    expect(world.reconciles.written.get(WALLET)).toHaveLength(2);
  });

  it('is told again when nothing came of it', async () => {
    const world = new World();
    world.outbox.fate = () => 'drop';
    await ask(world);
    world.outbox.fate = () => 'deliver';
    world.now += 31_000;
    await ask(world);
    expect(messages(world)).toHaveLength(1);
  });

  it('is for its owner alone', async () => {
    const world = new World();
    const answer = await world.useCases.reconcile.ask({ userId: 'somebody', walletId: WALLET });
    expect(answer).toMatchObject({ ok: false, error: { code: 'not_found' } });
    expect(messages(world)).toEqual([]);
  });
});

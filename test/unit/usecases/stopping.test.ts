/** Pauses that cancel and close: of both kinds of wallet, and finished whoever dies on the way (design section 12). */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { pauseOf } from '../../../shared/domain/pauses.ts';
import type { PauseState } from '../../../shared/domain/types.ts';
import type { PauseWalletCommand } from '../../../shared/usecases/pause-wallet.ts';
import { Crashed, dying } from '../../support/fakes/crash.ts';
import { USER, WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (text: string) => new Decimal(text);
const own = { userId: USER, walletId: WALLET };
const STOPPED = { pausedAt: expect.any(Number), stop: null } as const;

function pauseStateOf(world: World): PauseState {
  const wallet = world.wallets.items.get(WALLET);
  if (wallet === undefined) throw new Error('no wallet');
  return pauseOf(wallet);
}

const pause = async (world: World, over: Partial<PauseWalletCommand> = {}, useCases = world.useCases) => {
  const paused = await useCases.wallets.pause({ ...own, reason: null, ...over });
  if (!paused.ok) throw new Error(paused.error.message);
  return paused.value;
};

const resting = (world: World, key: string) =>
  world.place({ type: 'limit', limitPrice: d('40000'), idempotencyKey: key });

/** One position and one entry that rests, both of them at work. */
async function busy(of: ConstructorParameters<typeof World>[0] = {}) {
  const world = new World(of);
  const position = await world.openPosition({ stopLoss: { price: d('45000') } });
  const entry = await resting(world, 'resting');
  await world.pump();
  expect(world.position(position.positionId).status).toBe('open');
  expect(world.order(entry.orderId).status).toBe('open');
  return { world, positionId: position.positionId, entryId: entry.orderId };
}

describe.each([
  ['a demo wallet', {}],
  ['a wallet at an exchange', { exchange: {} }],
])('%s', (_name, of) => {
  it('opens nothing while it is paused, and goes on once it is resumed', async () => {
    const { world, positionId, entryId } = await busy(of);
    const { wallet, cancelled, flattened } = await pause(world, { reason: 'holiday' });
    expect(pauseOf(wallet)).toMatchObject({ pauseReason: 'holiday', pauses: 1, stop: null });
    expect([cancelled, flattened]).toEqual([[], []]);
    const refused = await world.useCases.placeOrder(world.command({ idempotencyKey: 'b' }));
    expect(refused).toMatchObject({ ok: false, error: { code: 'wallet_paused' } });
    await world.pass(10);
    expect(world.order(entryId).status).toBe('open');
    expect(world.position(positionId).status).toBe('open');
    expect(await world.useCases.wallets.resume(own)).toMatchObject({ ok: true });
    const again = await world.place({ idempotencyKey: 'b' });
    await world.pump();
    expect(world.order(again.orderId).status).toBe('filled');
  });

  it('never sends what was written before the pause, also once it is resumed', async () => {
    const world = new World(of);
    world.tick('50000');
    const order = await world.place();
    await pause(world);
    await world.useCases.wallets.resume(own);
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({
      status: 'rejected',
      refusal: { code: 'wallet_paused' },
    });
  });

  it('cancels its entries when that is asked for, and keeps its positions', async () => {
    const { world, positionId, entryId } = await busy(of);
    const { cancelled, flattened } = await pause(world, { cancelEntries: true });
    expect([cancelled, flattened]).toEqual([[entryId], []]);
    await world.pass(10);
    expect(world.order(entryId).status).toBe('cancelled');
    expect(world.position(positionId).status).toBe('open');
    expect(pauseStateOf(world)).toMatchObject(STOPPED);
  });

  it('closes its positions when that is asked for, and cancels its entries too', async () => {
    const { world, positionId, entryId } = await busy(of);
    const { cancelled, flattened } = await pause(world, { flatten: true });
    const opening = world.order(entryId).positionId;
    expect([cancelled, [...flattened].sort()]).toEqual([[entryId], [positionId, opening].sort()]);
    await world.pass(10);
    expect(world.order(entryId).status).toBe('cancelled');
    expect(world.position(opening)).toMatchObject({ status: 'closed', openedAt: null });
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'manual' });
    expect(world.exitsOf(positionId).filter(({ status }) => status === 'filled')).toHaveLength(1);
    expect(pauseStateOf(world)).toMatchObject(STOPPED);
    expect(world.errors()).toEqual([]);
  });

  it('finishes the stop whatever the process that began it could still do', async () => {
    let completed = 0;
    let interrupted = 0;
    for (let at = 1; completed < 2; at++) {
      const { world, positionId, entryId } = await busy(of);
      const doomed = dying(world.ports, { at: Math.ceil(at / 2), when: at % 2 === 0 ? 'after' : 'before' });
      const useCases = makeUseCases(doomed.ports, { monitorEnabled: true });
      try {
        await pause(world, { flatten: true }, useCases);
        completed += 1;
      } catch (error) {
        if (!(error instanceof Crashed)) throw error;
        interrupted += 1;
      }
      await world.pass(80);
      const isPaused = pauseStateOf(world).pausedAt !== null;
      // Before the wallet is written nothing was taken on.
      const done = ['cancelled', 'closed', null];
      const found = [
        world.order(entryId).status,
        world.position(positionId).status,
        pauseStateOf(world).stop,
      ];
      expect(found, `died at ${at}`).toEqual(isPaused ? done : ['open', 'open', null]);
    }
    expect(interrupted).toBeGreaterThan(20);
  });
});

describe('a stop', () => {
  it('closes what an entry brought that filled before its cancel arrived', async () => {
    const { world, entryId } = await busy();
    world.outbox.fate = ({ queue }) => (queue === 'exits' ? 'drop' : 'deliver');
    await pause(world, { flatten: true });
    world.tick('39000');
    await world.pump();
    world.outbox.fate = () => 'deliver';
    await world.pass(30);
    const { positionId, filledQuantity } = world.order(entryId);
    expect(filledQuantity.toFixed()).toBe('0.5');
    expect(world.position(positionId).status).toBe('closed');
    expect(pauseStateOf(world)).toMatchObject(STOPPED);
  });

  it('claims what its entries may still open at its first look, and not when somebody looks again', async () => {
    const { world, positionId, entryId } = await busy();
    world.outbox.fate = ({ queue }) => (queue === 'exits' ? 'drop' : 'deliver');
    const opening = world.order(entryId).positionId;
    const { flattened } = await pause(world, { flatten: true });
    expect([...flattened].sort()).toEqual([positionId, opening].sort());
    expect(world.position(opening)).toMatchObject({ status: 'closing', flatten: { cause: 'manual' } });
    // Its entry fills before the cancel arrives: what it brings is sold at once, whoever looks at the wallet.
    world.outbox.fate = () => 'deliver';
    world.tick('39000');
    await world.pump();
    expect(world.position(opening).status).toBe('closed');
    expect(world.order(entryId).filledQuantity.toFixed()).toBe('0.5');
    await world.pass(10);
    expect(pauseStateOf(world)).toMatchObject(STOPPED);
  });

  it('may be asked for once the wallet is paused, whose first reason stays', async () => {
    const { world, positionId } = await busy();
    await pause(world, { reason: 'holiday' });
    await pause(world, { reason: 'enough', flatten: true });
    expect(pauseStateOf(world)).toMatchObject({ pauseReason: 'holiday', pauses: 1 });
    await world.pass(10);
    expect(world.position(positionId).status).toBe('closed');
  });

  it('owes nothing more once the wallet is resumed, and what is opened then stays', async () => {
    const { world, positionId } = await busy();
    await pause(world, { flatten: true });
    await world.useCases.wallets.resume(own);
    const later = await world.place({ idempotencyKey: 'later' });
    await world.pass(30);
    expect(world.position(positionId).status).toBe('closed');
    expect(world.position(later.positionId).status).toBe('open');
    expect(pauseStateOf(world)).toMatchObject({ pausedAt: null, stop: null });
  });

  it('goes on where one that was made by somebody else is at work already', async () => {
    const { world, positionId } = await busy();
    const both = [pause(world, { flatten: true }), pause(world, { cancelEntries: true })];
    await Promise.all(both);
    expect(pauseStateOf(world).stop).toMatchObject({ flatten: true });
    await world.pass(20);
    expect(world.position(positionId).status).toBe('closed');
    expect(pauseStateOf(world)).toMatchObject(STOPPED);
  });

  it("is nobody else's to ask for", async () => {
    const world = new World();
    const asked = await world.useCases.wallets.pause({
      ...own,
      userId: 'user-2',
      reason: null,
      flatten: true,
    });
    expect(asked).toMatchObject({ ok: false, error: { code: 'not_found' } });
    expect(pauseStateOf(world).pausedAt).toBeNull();
  });
});

/** Whoever speaks of an attempt that is no longer the order's present one has nothing to say about the order. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);

/** A stop has been reached; its exit order is claimed and the request is under way. */
async function untilExit(world: World): Promise<{ positionId: string; exitId: string }> {
  world.tick('50000');
  const { positionId } = await world.openPosition({ stopLoss: { price: d('49000') } });
  world.tick('48900');
  for (let i = 0; i < 50 && world.exitsOf(positionId).length === 0; i++) {
    for (const sent of world.outbox.take()) await world.deliver(sent);
  }
  const [exit] = world.exitsOf(positionId);
  if (exit === undefined) throw new Error('no exit');
  return { positionId, exitId: exit.orderId };
}

const sales = (world: World): number => world.venue.placed.filter(({ side }) => side === 'sell').length;

describe.each<[string, 'demo' | 'exchange']>([
  ['the demo wallet', 'demo'],
  ['an exchange', 'exchange'],
])('a stale attempt at %s', (_what, at) => {
  const newWorld = (): World => (at === 'demo' ? new World() : new World({ exchange: {} }));

  it('two that resolve at once: the second finds a newer attempt and leaves it alone', async () => {
    const world = newWorld();
    world.tick('50000');
    const { venue } = world;
    const { positionId, exitId } = await untilExit(world);
    venue.faults = ['lost_before'];
    await world.useCases.advance({ orderId: exitId });
    expect(world.order(exitId)).toMatchObject({ status: 'submitted', send: { outcome: 'unknown' } });
    world.now += 18_000;
    // The second one has its proof, and is slow to write it down.
    const { promise: slow, resolve: goOn } = Promise.withResolvers<void>();
    const look = venue.secondLook.bind(venue);
    let looks = 0;
    venue.secondLook = async (sought) => {
      const found = await look(sought);
      if (looks++ === 0) await slow;
      return found;
    };
    const second = world.useCases.advance({ orderId: exitId });
    await world.useCases.advance({ orderId: exitId });
    expect(world.order(exitId).status).toBe('pending');
    // The next attempt is at the venue; its answer is lost, so the venue alone knows.
    venue.faults = ['lost_after'];
    await world.useCases.advance({ orderId: exitId });
    expect(world.order(exitId)).toMatchObject({ status: 'submitted', send: { attempt: 2 } });
    goOn();
    await second;
    expect(world.order(exitId)).toMatchObject({ status: 'submitted', send: { attempt: 2 } });
    await world.useCases.advance({ orderId: exitId });
    expect(sales(world)).toBe(1);
    await world.pass(40);
    expect(sales(world)).toBe(1);
    expect(world.position(positionId)).toMatchObject({ status: 'closed' });
  });

  it.each(['not_executed', 'refused', 'not_sent', 'unknown'] as const)(
    'a sender that was frozen hears "%s" of its attempt when a newer one is at the venue',
    async (kind) => {
      const world = newWorld();
      const { venue } = world;
      const { positionId, exitId } = await untilExit(world);
      const place = venue.placeOrder.bind(venue);
      const { promise: frozen, resolve: thaw } = Promise.withResolvers<void>();
      const message = 'timestamp outside of recvWindow';
      const late = {
        not_executed: { kind, message } as const,
        refused: { kind: 'refused', code: 'other', message } as const,
        not_sent: { kind: 'not_sent', code: 'network', retryAfterMs: 1_000 } as const,
        unknown: { kind, message } as const,
      }[kind];
      const { promise: leaving, resolve: left } = Promise.withResolvers<void>();
      venue.placeOrder = async () => {
        left();
        await frozen;
        return late as Awaited<ReturnType<typeof place>>;
      };
      const first = world.useCases.advance({ orderId: exitId });
      await leaving;
      venue.placeOrder = place;
      world.now += 18_000;
      await world.useCases.advance({ orderId: exitId });
      venue.faults = ['lost_after'];
      await world.useCases.advance({ orderId: exitId });
      const { send } = world.order(exitId);
      expect(send).toMatchObject({ attempt: 2, outcome: 'unknown' });
      thaw();
      await first;
      expect(world.order(exitId)).toMatchObject({ status: 'submitted', send: { attempt: 2 } });
      await world.pass(40);
      expect(sales(world)).toBe(1);
      expect(world.position(positionId)).toMatchObject({ status: 'closed' });
    },
  );
});

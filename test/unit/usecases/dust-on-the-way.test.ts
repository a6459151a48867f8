/** A rest that the market makes too little while it is being closed. */
import { expect, it } from 'vitest';
import { USER, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

it('is dust, and is not offered for ever: the present price tells once an exit has ended without selling', async () => {
  const world = new World();
  world.tick('50100');
  const { positionId, status } = await world.openPosition({}, { quantity: d('0.0001') });
  expect(status).toBe('open');
  // Worth 5.01 when it is claimed, and 4.99 when it is to be sold: less than the venue takes.
  await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'out' });
  world.tick('49900');
  world.venue.faults = Array.from({ length: 20 }, () => ({ refuse: 'filter', filter: 'notional' }));
  await world.pump();
  await world.pass(60);
  const position = world.position(positionId);
  expect(position).toMatchObject({ status: 'closed', exitCause: 'manual', dust: { quantity: d('0.0001') } });
  expect(position.exitsMade).toBeLessThanOrEqual(2);
});

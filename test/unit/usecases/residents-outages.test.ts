/** Resident protection while the cache is away: it is for the time in which nothing is watched. */
import { describe, expect, it } from 'vitest';
import type { Protection } from '../../../shared/domain/types.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

const STOP: Partial<Protection> = { stopLoss: { price: d(49_000) }, resident: 'stop' };
const away = () => Promise.reject(new Error('the cache is away'));

describe('while levels cannot be armed', () => {
  it('the stop rests at the venue all the same', async () => {
    const world = new World({ exchange: {} });
    world.tick('50000');
    world.index.arm = away;
    const { positionId } = await world.openPosition(STOP);
    await world.pass(10);
    const p = world.position(positionId);
    expect(p.armedVersion).toBe(0);
    expect(world.order(p.resident?.resting?.orderId ?? '')).toMatchObject({ status: 'open' });
  });

  it('the claim that is owed after the first right is made', async () => {
    const world = new World({ exchange: {} });
    const { positionId } = await world.openPosition(STOP);
    world.tick('48990');
    await world.pump();
    expect(world.position(positionId).resident?.owed?.cause).toBe('stop_loss');
    world.tick('49500');
    world.index.arm = away;
    const change = { takeProfits: [{ price: d(52_000), share: d(1) }] };
    expect((await world.useCases.changeProtection({ userId: USER, positionId, change })).ok).toBe(true);
    await world.pass(5);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });
});

describe('while nobody can say whose turn it is', () => {
  it('a stop that tightened is looked at every ten seconds, and moved when somebody can', async () => {
    const world = new World({ exchange: {} });
    const { positionId } = await world.openPosition(STOP);
    await world.pass(10);
    const { once } = world.leases;
    world.leases.once = (key, ttl) =>
      key.startsWith('resident') ? away() : once.call(world.leases, key, ttl);
    const change = { stopLoss: { price: d(49_500) } };
    expect((await world.useCases.changeProtection({ userId: USER, positionId, change })).ok).toBe(true);
    await world.pump();
    const before = world.position(positionId).version;
    await world.pass(60);
    expect(world.position(positionId).version - before).toBeLessThan(8);
    world.leases.once = once.bind(world.leases);
    await world.pass(12);
    const rests = world.position(positionId).resident?.resting;
    expect(rests?.stopPrice.toFixed()).toBe('49500');
  });
});

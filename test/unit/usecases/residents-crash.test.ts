/**
 * Whoever looks after a resident order dies once, before and after each of its calls took effect; sweeps alone put things
 * right: the order rests as it is to, parts are sold, the exit that is owed is made, and nothing is sold twice.
 */
import { describe, expect, it } from 'vitest';
import { Decimal, sum } from '../../../shared/domain/money/decimal.ts';
import type { Protection } from '../../../shared/domain/types.ts';
import { clientIdOf } from '../../../shared/usecases/derive-ids.ts';
import { type CrashPlan, dying } from '../../support/fakes/crash.ts';
import type { Sent } from '../../support/fakes/memory-outbox.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (text: string) => new Decimal(text);
const STOP: Partial<Protection> = { stopLoss: { price: d('49000') }, resident: 'stop' };
const ofPosition = (sent: Sent): boolean => sent.queue === 'exits' && 'positionId' in sent.message;

/** The first look at a position that comes to its call number `at` dies there; answers whether one did. */
function dieOnce(world: World, plan: CrashPlan): () => boolean {
  const deliver = world.deliver.bind(world);
  let hasDied = false;
  world.deliver = async (sent) => {
    if (hasDied || !ofPosition(sent)) return deliver(sent);
    const doomed = dying(world.ports, plan);
    world.workers = makeUseCases(doomed.ports, { monitorEnabled: true });
    const isTaken = await deliver(sent);
    world.workers = world.useCases;
    hasDied = !isTaken;
    // The message is lost with it: what is owed has to be found by the sweeps.
    return true;
  };
  return () => hasDied;
}

interface Story {
  /** Before anybody dies. */
  readonly begin: (world: World) => Promise<string>;
  readonly go: (world: World, positionId: string) => Promise<unknown>;
  readonly check: (world: World, positionId: string) => void;
}

const open = async (world: World, protection: Partial<Protection> = STOP) => {
  world.tick('50000');
  return (await world.openPosition(protection)).positionId;
};
const restsOf = (world: World, positionId: string) => {
  const resting = world.position(positionId).resident?.resting;
  const order = resting === undefined || resting === null ? null : world.order(resting.orderId);
  return order && `${order.status} ${order.quantity.toFixed()} at ${order.stopPrice?.toFixed()}`;
};
const change = (world: World, positionId: string, wanted: Partial<Protection>) =>
  world.useCases.changeProtection({ userId: USER, positionId, change: wanted });

const STORIES: Record<string, Story> = {
  'placing it': {
    begin: (world) => open(world, { stopLoss: { price: d('49000') } }),
    go: (world, positionId) => change(world, positionId, { resident: 'stop' }),
    check: (world, positionId) => expect(restsOf(world, positionId)).toBe('open 0.5 at 49000'),
  },
  'moving it': {
    begin: open,
    go: (world, positionId) => change(world, positionId, { stopLoss: { price: d('48000') } }),
    check: (world, positionId) => expect(restsOf(world, positionId)).toBe('open 0.5 at 48000'),
  },
  'taking it back': {
    begin: open,
    go: (world, positionId) => change(world, positionId, { resident: 'none' }),
    check: (world, positionId) => expect(world.position(positionId).liveExits).toEqual([]),
  },
  'a part that waits for it': {
    begin: open,
    go: (world, positionId) =>
      world.useCases.closePosition({
        ...{ userId: USER, positionId, quantity: d('0.2'), idempotencyKey: 'part' },
      }),
    check: (world, positionId) => {
      expect(world.position(positionId).exitQuantity.toFixed()).toBe('0.2');
      expect(restsOf(world, positionId)).toBe('open 0.3 at 49000');
    },
  },
  'the end of its first right': {
    begin: open,
    go: async (world) => world.tick('48990'),
    check: (world, positionId) =>
      expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' }),
  },
  'what it has sold in part': {
    begin: open,
    go: async (world, positionId) => {
      const order = world.order(world.position(positionId).resident?.resting?.orderId ?? '');
      await world.venue.trade(clientIdOf(order), d('0.1'), d('48990'));
    },
    check: (world, positionId) =>
      expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' }),
  },
  'giving its place away': {
    begin: async (world) => {
      const { rules } = (await world.symbols.find('binance_simulator', 'BTC/USDT')) ?? { rules: null };
      world.rules = { filters: [...(rules?.filters ?? []), { kind: 'max_num_algo_orders', limit: 1 }] };
      await open(world, { ...STOP, stopLoss: { price: d('40000') } });
      const near = await world.openPosition({ stopLoss: { price: d('49000') } }, { idempotencyKey: 'near' });
      return near.positionId;
    },
    go: (world, positionId) => change(world, positionId, { resident: 'stop' }),
    check: (world, positionId) => expect(restsOf(world, positionId)).toBe('open 0.5 at 49000'),
  },
};

/** Calls until nobody dies any more: all of its await points. */
async function allCrashes({ begin, go, check }: Story, when: CrashPlan['when']): Promise<number> {
  for (let at = 1; at < 60; at++) {
    const world = new World({ exchange: {} });
    const positionId = await begin(world);
    await world.pass(2);
    const hasDied = dieOnce(world, { at, when });
    await go(world, positionId);
    await world.pump();
    await world.pass(20);
    check(world, positionId);
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'end' });
    await world.pass(20);
    const p = world.position(positionId);
    expect([p.status, p.exitQuantity.toFixed()]).toEqual(['closed', '0.5']);
    const sold = [...world.venue.orders.values()]
      .filter(({ request }) => world.exitsOf(positionId).some((o) => clientIdOf(o) === request.clientId))
      .flatMap(({ fills }) => fills.map(({ quantity }) => quantity));
    expect(sum(sold).toFixed()).toBe('0.5');
    if (!hasDied()) return at - 1;
  }
  throw new Error('more calls than expected');
}

describe('a process that looks after a resident order, and dies', () => {
  for (const [name, story] of Object.entries(STORIES)) {
    for (const when of ['before', 'after'] as const) {
      it(`${name}, ${when} any of its calls, costs only time`, async () => {
        expect(await allCrashes(story, when)).toBeGreaterThan(2);
      });
    }
  }
});

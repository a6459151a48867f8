/**
 * Every call of the money paths dies once, before and after it took effect; then sweeps alone put things right.
 * Whatever died: one entry at the venue (or none, and proof of it), one exit, the position closed, sold what was bought.
 */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Order } from '../../../shared/domain/types.ts';
import type { Ports } from '../../../shared/usecases/ports.ts';
import { type CrashPlan, dying } from '../../support/fakes/crash.ts';
import type { Sent } from '../../support/fakes/memory-outbox.ts';
import { BTC, World } from '../../support/fakes/world.ts';
import { makeUseCases, type UseCases } from '../../support/use-cases.ts';

const d = (text: string) => new Decimal(text);
const protection = { stopLoss: { price: d('49000') }, takeProfits: [{ price: d('60000'), share: d('1') }] };
const over = (ports: Ports): UseCases => makeUseCases(ports, { monitorEnabled: true });

/** Delivers until empty; each message that `dies` picks is worked by a process that dies, and is then lost. */
async function pumpDying(world: World, plan: CrashPlan, dies: (sent: Sent) => boolean): Promise<number> {
  let died = 0;
  for (let round = 0; round < 50; round++) {
    const batch = world.outbox.take();
    if (batch.length === 0) return died;
    for (const sent of batch) {
      if (!dies(sent) || died > 0) {
        await world.deliver(sent);
        continue;
      }
      const doomed = dying(world.ports, plan);
      world.workers = over(doomed.ports);
      const taken = await world.deliver(sent);
      world.workers = world.useCases;
      if (!taken) died += 1;
    }
  }
  throw new Error('the queues never became empty');
}

/** Lost FIFO messages come back in real life; here they are lost for good, so that the query has to find them. */
async function recover(world: World, order: Order): Promise<void> {
  for (let i = 0; i < 120 && world.position(order.positionId).status !== 'closed'; i++) {
    await world.pass(1);
    if (i === 40 && world.position(order.positionId).status === 'open') world.tick('48000');
  }
}

function check(world: World, order: Order): void {
  const position = world.position(order.positionId);
  const entries = world.venue.placed.filter((p) => p.side === 'buy');
  const exits = world.venue.placed.filter((p) => p.side === 'sell');
  if (world.order(order.orderId).status === 'failed') {
    // Claimed, and died before the request left: the venue's own evidence says that it never came.
    expect({ placed: world.venue.placed.length, status: position.status }).toEqual({
      placed: 0,
      status: 'closed',
    });
    return;
  }
  expect(entries).toHaveLength(1);
  expect(exits).toHaveLength(1);
  expect(position.status).toBe('closed');
  expect(position.entryQuantity.toFixed()).toBe('0.5');
  expect(position.exitQuantity.toFixed()).toBe('0.5');
  expect(world.ledger.fillItems.get(order.orderId)).toHaveLength(1);
  const fees = position.exitQuote.plus(position.entryQuote).times('0.001');
  const cash = position.exitQuote.minus(position.entryQuote).minus(fees);
  expect(position.realizedPnl.toFixed()).toBe(cash.toFixed());
  const codes = world.errors().filter((code) => code !== 'DEAD_LETTER' && code !== 'HIT_FAILED');
  expect(codes).toEqual([]);
}

const STAGES: Record<string, (sent: Sent) => boolean> = {
  'sending the entry': (sent) => sent.queue === 'submit',
  'booking a fill': (sent) => sent.queue === 'executions',
  'evaluating the hit': (sent) => sent.queue === 'triggers',
  'sending the exit': (sent) => sent.queue === 'exits',
};

/** Calls until a stage no longer dies: all of its await points. */
async function allCrashes(stage: (sent: Sent) => boolean, when: CrashPlan['when']): Promise<number> {
  for (let at = 1; at < 60; at++) {
    const world = new World();
    world.tick('50000');
    const order = await world.place({ protection });
    let died = await pumpDying(world, { at, when }, stage);
    world.now += 500;
    world.tick('48990');
    if (died === 0) died = await pumpDying(world, { at, when }, stage);
    await recover(world, order);
    check(world, order);
    if (died === 0) return at - 1;
  }
  throw new Error('more calls than expected');
}

describe('a process that dies', () => {
  for (const [name, stage] of Object.entries(STAGES)) {
    for (const when of ['before', 'after'] as const) {
      it(`${name}, ${when} any of its calls, costs only time`, async () => {
        expect(await allCrashes(stage, when)).toBeGreaterThan(3);
      });
    }
  }

  for (const when of ['before', 'after'] as const) {
    it(`taking the order, ${when} any of its calls, leaves none or one`, async () => {
      for (let at = 1; at < 20; at++) {
        const world = new World();
        world.tick('50000');
        const doomed = dying(world.ports, { at, when });
        const answer = await over(doomed.ports)
          .placeOrder(world.command({ protection }))
          .then(
            () => 'answered',
            () => 'died',
          );
        // The caller repeats with the same key.
        const order = await world.place({ protection });
        await world.pump();
        world.tick('48990');
        await recover(world, order);
        check(world, order);
        if (answer === 'answered' && doomed.calls() < at) return;
      }
      throw new Error('more calls than expected');
    });
  }
});

describe('messages', () => {
  it('may be doubled, all of them', async () => {
    const world = new World();
    world.outbox.fate = () => 'double';
    world.tick('50000');
    const order = await world.place({ protection });
    await world.pump();
    world.tick('48990');
    await world.pump();
    check(world, order);
  });

  for (const queue of ['submit', 'exits', 'executions', 'triggers'] as const) {
    it(`may be lost on ${queue}, each once`, async () => {
      const world = new World();
      const lost = new Set<string>();
      world.outbox.fate = (sent) => {
        const key = JSON.stringify(sent);
        if (sent.queue !== queue || lost.has(key)) return 'deliver';
        lost.add(key);
        return 'drop';
      };
      world.tick('50000');
      const order = await world.place({ protection });
      await world.pump();
      await world.pass(10);
      world.tick('48990');
      await recover(world, order);
      check(world, order);
      expect(world.index.built.has(BTC)).toBe(true);
    });
  }
});

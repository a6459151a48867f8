import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Protection } from '../../../shared/domain/types.ts';
import { makeSweep } from '../../../shared/usecases/sweep.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);
const stop = (price: string) => ({ stopLoss: { price: d(price) } });

/** A resting limit buy of 0.5 at 49,500 while the market is at 50,000. */
async function restingEntry(world: World, protection: Partial<Protection>) {
  world.tick('50000');
  const order = await world.place({ type: 'limit', limitPrice: d('49500'), protection });
  await world.pump();
  return { order, clientId: `mq${order.orderId}-1` };
}

describe('a position stays protected', () => {
  it('when its entry goes on after all of it was sold and its stop was reached meanwhile', async () => {
    const world = new World();
    const { order, clientId } = await restingEntry(world, stop('49000'));
    const { positionId } = order;
    await world.venue.trade(clientId, d('0.2'), d('49500'));
    await world.pump();
    await world.useCases.closePosition({ userId: USER, positionId, quantity: d('0.2'), idempotencyKey: 'a' });
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'open', entryLive: true });
    expect(world.position(positionId).quantity.isZero()).toBe(true);
    // One tick reaches the stop, which has nothing to sell, and fills the rest of the entry.
    world.tick('48900');
    await world.pump();
    await world.pass(3);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('when the index was rebuilt while it held nothing', async () => {
    const world = new World();
    const { order, clientId } = await restingEntry(world, stop('49000'));
    const { positionId } = order;
    await world.venue.trade(clientId, d('0.2'), d('49500'));
    await world.pump();
    await world.useCases.closePosition({ userId: USER, positionId, quantity: d('0.2'), idempotencyKey: 'a' });
    await world.pump();
    world.index.flush();
    world.tick('49800');
    await world.pump();
    await world.venue.trade(clientId, d('0.3'), d('49500'));
    await world.pump();
    await world.pass(3);
    world.tick('48900');
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
  });

  it('when who changed its protection before the first fill was frozen, and takes out what is none of its business', async () => {
    const world = new World();
    const { order, clientId } = await restingEntry(world, stop('49000'));
    const { positionId } = order;
    const arm = world.index.arm.bind(world.index);
    const { promise: frozen, resolve: thaw } = Promise.withResolvers<void>();
    const { promise: leaving, resolve: left } = Promise.withResolvers<void>();
    world.index.arm = async (...args) => {
      left();
      await frozen;
      return arm(...args);
    };
    const change = stop('49100');
    const changing = world.useCases.changeProtection({ userId: USER, positionId, change });
    await leaving;
    world.index.arm = arm;
    await world.venue.trade(clientId, d('0.5'), d('49500'));
    await world.pump();
    thaw();
    await changing;
    world.tick('49050');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('when the only report of a limit order that crossed at once is lost', async () => {
    const world = new World();
    const { order, clientId } = await restingEntry(world, stop('49000'));
    world.outbox.fate = (sent) => (sent.queue === 'executions' ? 'drop' : 'deliver');
    await world.venue.trade(clientId, d('0.5'), d('49500'));
    world.outbox.fate = () => 'deliver';
    await world.pass(8);
    const position = world.position(order.positionId);
    expect(position.status).toBe('open');
    expect(position.armedVersion).toBe(position.levelsVersion);
  });

  it('by the same trailing peak when a fill comes between arming and its note', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('5') }, activationPrice: null };
    const { order, clientId } = await restingEntry(world, { trailingStop });
    const { positionId } = order;
    await world.venue.trade(clientId, d('0.2'), d('49500'));
    await world.venue.trade(clientId, d('0.3'), d('49500'));
    const [first, second] = world.outbox.take();
    if (first === undefined || second === undefined) throw new Error('two reports are expected');
    const commit = world.ledger.commit.bind(world.ledger);
    let isInterrupted = false;
    world.ledger.commit = async (change) => {
      const isNote = change.positions?.some((p) => p.before?.armedVersion === 0 && p.after.armedVersion > 0);
      if (isNote === true && !isInterrupted) {
        isInterrupted = true;
        world.now += 40;
        await world.deliver(second);
      }
      return commit(change);
    };
    await world.deliver(first);
    expect(isInterrupted).toBe(true);
    expect(world.position(positionId).quantity.toFixed()).toBe('0.5');
    world.tick('55000');
    world.tick('53000');
    await world.pump();
    await world.useCases.changeProtection({ userId: USER, positionId, change: stop('40000') });
    await world.pump();
    // 5 % below 55,000 is 52,250.
    world.tick('52200');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
  });

  it('when another position of the symbol has a level that the index cannot hold', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('5') }, activationPrice: d('60000') };
    const bad = await world.openPosition({ trailingStop });
    const good = await world.openPosition(stop('49000'), { idempotencyKey: 'key-2' });
    const stored = world.position(bad.positionId);
    world.ledger.positionItems.set(bad.positionId, {
      ...stored,
      protection: { ...stored.protection, trailingStop: { ...trailingStop, activationPrice: d('0') } },
    });
    world.index.flush();
    world.tick('49900');
    await world.pump();
    world.tick('48900');
    await world.pump();
    await world.pass(3);
    expect(world.position(good.positionId).status).toBe('closed');
    expect(world.errors()).toContain('LEVELS_UNUSABLE');
  });
});

describe('a take profit', () => {
  it('that found all held by another exit sells when that one lets go', async () => {
    const world = new World();
    const takeProfits = ['51000', '60000'].map((price) => ({ price: d(price), share: d('0.5') }));
    const { positionId } = await world.openPosition({ takeProfits });
    const sell = await world.place({
      side: 'sell',
      type: 'limit',
      limitPrice: d('70000'),
      positionId,
      idempotencyKey: 'sell',
    });
    await world.pump();
    world.tick('51000');
    await world.pump();
    expect(world.exitsOf(positionId)).toHaveLength(1);
    await world.useCases.cancelOrder({ userId: USER, orderId: sell.orderId });
    await world.pump();
    await world.pass(3);
    expect(world.position(positionId).quantity.toFixed()).toBe('0.25');
  });
});

describe('break-even', () => {
  it('does not activate below the stop that it sets: that would close at a loss', async () => {
    const world = new World();
    const breakEven = { activationProfitPercent: d('0.1'), offsetPercent: d('0') };
    const { positionId } = await world.openPosition({ breakEven });
    world.tick('50050');
    await world.pump();
    await world.pass(2);
    expect(world.position(positionId).status).toBe('open');
    world.tick('50200');
    await world.pump();
    expect(world.position(positionId).breakEvenStop?.greaterThan('50100')).toBe(true);
    world.tick('50101');
    await world.pump();
    expect(world.position(positionId).status).toBe('open');
  });
});

describe('an activation price that rounds to nothing', () => {
  it('is refused: no level could be made of it', async () => {
    const world = new World();
    world.tick('50000');
    const trailingStop = { distance: { percent: d('5') }, activationPrice: d('0.001') };
    const placed = await world.useCases.placeOrder(world.command({ protection: { trailingStop } }));
    expect(placed.ok ? null : placed.error.field).toBe('protection.trailing_stop.activation_price');
  });
});

describe('a sweep', () => {
  it('sends due work also while hits keep it busy', async () => {
    const world = new World();
    let driven = 0;
    let release = (): void => undefined;
    const busy = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sweep = makeSweep(
      { ...world.ports, index: Object.assign(world.index, { symbolsWithHits: async () => [BTC] }) },
      {
        evaluateHits: async () => {
          await busy;
          return { taken: 1, exits: 0, failed: 0 };
        },
        checkLosses: async () => 0,
        redriveDue: async () => {
          driven += 1;
          return { driven: 1, overdueMs: 0, unknownMs: 0, failure: null };
        },
      },
      true,
    );
    const done = sweep({ shard: 0, second: Math.floor(world.now / 1000) });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(driven).toBe(1);
    release();
    expect(await done).toBe('done');
  });
});

describe('a key that closed a part', () => {
  it('does not close the whole', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const close = (quantity: Decimal | null) =>
      world.useCases.closePosition({ userId: USER, positionId, quantity, idempotencyKey: 'same' });
    expect((await close(d('0.1'))).ok).toBe(true);
    const whole = await close(null);
    expect(whole.ok ? null : whole.error.code).toBe('idempotency_mismatch');
    expect(world.position(positionId).flatten).toBeNull();
  });
});

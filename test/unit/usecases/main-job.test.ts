import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { BTC, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);

describe('the main job', () => {
  it('buys, protects, gets out by its stop and books the exact result', async () => {
    const world = new World();
    const position = await world.openPosition({ stopLoss: { price: d('49000') } });
    expect(position.status).toBe('open');
    expect(position.armedVersion).toBe(position.levelsVersion);
    expect(await world.index.levels(BTC)).toHaveLength(1);

    world.now += 1_000;
    world.tick('49500');
    await world.pump();
    expect(world.position(position.positionId).status).toBe('open');

    world.now += 1_000;
    world.tick('48990.5');
    await world.pump();
    const closed = world.position(position.positionId);
    expect(closed).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    // 0.5 x (48,990.5 - 50,000) - 25 - 24.49525
    expect(closed.realizedPnl.toFixed()).toBe('-554.24525');
    const [exit] = world.exitsOf(position.positionId);
    expect(exit?.exit?.trigger).toMatchObject({
      levelName: 'stop_loss',
      tickId: world.tickId,
      armedTickId: 101,
    });
    expect(exit?.timings.tickAt).toBe(world.now);
    expect(await world.index.levels(BTC)).toHaveLength(0);
    expect(world.errors()).toEqual([]);
    // Its figures are kept once the tape has told all of it; then nothing is owed any more.
    world.now += 1_000;
    world.tick('48990');
    await world.pass(7);
    expect(await world.ledger.due(0, world.now + 600_000, 10)).toEqual([]);
  });

  it('follows the high and sells below it', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('2') }, activationPrice: null };
    const { positionId } = await world.openPosition({ trailingStop });
    for (const price of ['51000', '51500', '51000', '50470.01', '50470']) {
      world.now += 500;
      world.tick(price);
      await world.pump();
    }
    const closed = world.position(positionId);
    expect(closed).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
    expect(closed.flatten?.trigger?.peak?.toFixed()).toBe('51500');
    expect(closed.flatten?.trigger?.level.toFixed()).toBe('50470');
  });

  it('sells a ladder rung by rung, and the last takes the rest', async () => {
    const world = new World();
    const takeProfits = [
      { price: d('51000'), share: d('0.4') },
      { price: d('52000'), share: d('0.6') },
    ];
    const { positionId } = await world.openPosition({ takeProfits, stopLoss: { price: d('49000') } });
    world.tick('51000');
    await world.pump();
    expect(world.position(positionId).quantity.toFixed()).toBe('0.3');
    expect(world.position(positionId)).toMatchObject({ status: 'open', claimedRungs: [0], flatten: null });
    world.tick('52000');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'take_profit' });
    expect(world.venue.placed.map((p) => p.quantity.toFixed())).toEqual(['0.5', '0.2', '0.3']);
  });

  it('moves the stop to break-even and gets out there without a loss', async () => {
    const world = new World();
    const breakEven = { activationProfitPercent: d('1'), offsetPercent: d('0') };
    const { positionId } = await world.openPosition({ breakEven, stopLoss: { price: d('49000') } });
    world.tick('50500');
    await world.pump();
    const moved = world.position(positionId);
    expect(moved.breakEvenActivatedAt).not.toBeNull();
    expect(moved.armedVersion).toBe(moved.levelsVersion);
    world.tick(moved.breakEvenStop?.toFixed() ?? '');
    await world.pump();
    const closed = world.position(positionId);
    expect(closed).toMatchObject({ status: 'closed', exitCause: 'break_even' });
    expect(closed.realizedPnl.greaterThanOrEqualTo(0)).toBe(true);
  });

  it('rests a limit order until the market comes, then protects what it bought', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place({
      type: 'limit',
      limitPrice: d('49000'),
      protection: { stopLoss: { price: d('48000') } },
    });
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'open' });
    world.tick('48990');
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'filled' });
    const position = world.position(order.positionId);
    expect(position.status).toBe('open');
    world.tick('47000');
    await world.pump();
    expect(world.position(order.positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(world.errors()).toEqual([]);
  });

  it('fires on a gap from above to far below the stop', async () => {
    const world = new World();
    const { positionId } = await world.openPosition({ stopLoss: { price: d('49000') } });
    world.tick('30000');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });
});

import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport } from '../../../shared/domain/types.ts';
import { QuarantinedError } from '../../../shared/usecases/apply-execution.ts';
import { World } from '../../support/fakes/world.ts';
import { sought } from '../venues/bench.ts';

const d = (text: string) => new Decimal(text);
const stop = (price: string) => ({ stopLoss: { price: d(price) } });

describe('sending exactly once', () => {
  it('leaves a lost reply unknown until the venue shows the order', async () => {
    const world = new World();
    world.venue.faults = ['lost_after'];
    world.outbox.fate = (sent) => (sent.queue === 'executions' ? 'drop' : 'deliver');
    const { entryOrderId } = await world.openPosition();
    expect(world.order(entryOrderId)).toMatchObject({ status: 'submitted', send: { outcome: 'unknown' } });
    await world.pass(10);
    expect(world.order(entryOrderId).status).toBe('submitted');
    await world.pass(15);
    expect(world.order(entryOrderId)).toMatchObject({ status: 'filled', send: { attempt: 1 } });
    expect(world.venue.placed).toHaveLength(1);
  });

  it('fails an entry only with proof that it never came', async () => {
    const world = new World();
    world.venue.faults = ['lost_before'];
    const { entryOrderId, positionId } = await world.openPosition();
    await world.pass(16);
    expect(world.order(entryOrderId).status).toBe('submitted');
    await world.pass(20);
    expect(world.order(entryOrderId)).toMatchObject({ status: 'failed', refusal: { code: 'not_executed' } });
    expect(world.position(positionId).status).toBe('closed');
    expect(world.venue.placed).toHaveLength(0);
  });

  it('sends an exit anew, under a new id, after proof that the first never came', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.venue.faults = ['lost_before'];
    world.tick('48900');
    await world.pump();
    await world.pass(30);
    expect(world.position(positionId).status).toBe('closed');
    const [exit] = world.exitsOf(positionId);
    expect(exit?.send?.attempt).toBe(2);
    expect(world.venue.placed.filter((p) => p.side === 'sell')).toHaveLength(1);
  });

  it('claims anew after a definite not-executed, and after a wait', async () => {
    const world = new World();
    world.venue.faults = ['not_executed', { notSent: 1_000 }];
    const { entryOrderId } = await world.openPosition();
    await world.pass(8);
    expect(world.order(entryOrderId)).toMatchObject({ status: 'filled', send: { attempt: 3 } });
    expect(world.venue.placed).toHaveLength(1);
  });

  it('gives up an entry that could never be sent', async () => {
    const world = new World();
    world.venue.faults = Array.from({ length: 100 }, () => ({ notSent: 1_000 }));
    const { entryOrderId, positionId } = await world.openPosition();
    await world.pass(150);
    expect(world.order(entryOrderId)).toMatchObject({
      status: 'rejected',
      refusal: { code: 'not_sent_in_time' },
    });
    expect(world.position(positionId).status).toBe('closed');
  });

  it('records a refusal and closes what was never opened', async () => {
    const world = new World();
    world.venue.faults = [{ refuse: 'insufficient_balance' }];
    const { entryOrderId, positionId } = await world.openPosition();
    expect(world.order(entryOrderId)).toMatchObject({
      status: 'rejected',
      refusal: { code: 'insufficient_balance' },
    });
    expect(world.position(positionId).status).toBe('closed');
    expect(await world.ledger.due(0, world.now + 600_000, 10)).toEqual([]);
  });

  it('lets only one of two workers send', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place();
    const pointer = { orderId: order.orderId };
    await Promise.all([world.useCases.advance(pointer), world.useCases.advance(pointer)]);
    expect(world.venue.placed).toHaveLength(1);
  });

  it('climbs the ladder when exits end unfinished, until nothing is left', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.venue.slices = [d('0.1')];
    world.tick('48900');
    await world.pump();
    const [first] = world.venue.placed.filter((p) => p.side === 'sell');
    world.venue.slices = null;
    await world.venue.expire(first?.clientId ?? '');
    await world.pump();
    await world.pass(10);
    const closed = world.position(positionId);
    expect(closed).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(closed.exitQuantity.toFixed()).toBe('0.5');
    expect(
      world
        .exitsOf(positionId)
        .map((o) => o.status)
        .sort(),
    ).toEqual(['expired', 'filled']);
    // Only the claim's own exit is filled at the trigger tick's price.
    expect(world.exitsOf(positionId).map((o) => o.exit?.trigger !== null)).toEqual([true, false]);
  });

  it('goes on while a symbol is halted, each time with an order of its own, and sells all when it trades again', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const failures = 14;
    const sold = () => world.venue.placed.filter((p) => p.side === 'sell');
    world.venue.slices = [];
    world.tick('48900');
    await world.pump();
    for (let failed = 0; failed < failures; failed += 1) {
      const sells = sold();
      expect(sells).toHaveLength(failed + 1);
      if (failed === failures - 1) world.venue.slices = null;
      await world.venue.expire(sells.at(-1)?.clientId ?? '');
      await world.pump();
      const { flatten, exitOrderIds, liveExits } = world.position(positionId);
      expect(exitOrderIds).toEqual(liveExits.map(({ orderId }) => orderId));
      const { step = 0, retryAt } = flatten ?? {};
      expect(step).toBe(failed + 1);
      await world.pass(Math.ceil(((retryAt ?? 0) - world.now) / 1000) - 1);
      expect(sold()).toHaveLength(failed + 1);
      await world.pass(2);
    }
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    const exits = world.exitsOf(positionId);
    expect(exits).toHaveLength(failures + 1);
    expect(new Set(exits.map(({ orderId }) => orderId)).size).toBe(failures + 1);
    const filled = exits.filter(({ status }) => status === 'filled').map(({ orderId }) => orderId);
    expect(world.position(positionId).exitOrderIds).toEqual(filled);
  });

  it('asks for the trades that a report says are missing', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place();
    let dropped = 0;
    world.outbox.fate = (sent) => {
      if (sent.queue !== 'executions' || sent.report.fills.length === 0 || dropped > 0) return 'deliver';
      dropped += 1;
      return 'drop';
    };
    world.venue.slices = [d('0.2'), d('0.3')];
    await world.pump();
    await world.pass(3);
    expect(world.order(order.orderId)).toMatchObject({ status: 'filled', fillCount: 2 });
    expect(world.position(order.positionId).quantity.toFixed()).toBe('0.5');
  });
});

describe('execution reports', () => {
  const reportOf = (world: World, orderId: string, over: Partial<ExecutionReport> = {}): ExecutionReport => ({
    walletId: 'wallet-1',
    environment: 'demo',
    symbol: 'BTC/USDT',
    clientId: `mq${orderId}-1`,
    venueOrderId: 'v1',
    status: 'filled',
    reason: null,
    cumulativeQuantity: d('0.5'),
    fills: [],
    at: world.now,
    source: 'stream',
    ...over,
  });

  it('of no order of ours are never dropped', async () => {
    const world = new World();
    const strange = reportOf(world, 'A'.repeat(22));
    const given = (report: ExecutionReport) =>
      world.useCases.applyExecution(report).catch((error: unknown) => error);
    const unknown = await given(strange);
    expect(unknown).toBeInstanceOf(QuarantinedError);
    expect(unknown).toMatchObject({ reason: 'unknown_order' });
    expect(await given({ ...strange, clientId: 'web_1' })).toMatchObject({
      name: 'QuarantinedError',
      reason: 'not_ours',
    });
    expect(world.errors()).toEqual(['FILL_QUARANTINED', 'FILL_QUARANTINED']);
  });

  it("of another wallet's account are not booked", async () => {
    const world = new World();
    const { entryOrderId } = await world.openPosition();
    const foreign = reportOf(world, entryOrderId, { walletId: 'wallet-2' });
    await expect(world.useCases.applyExecution(foreign)).rejects.toMatchObject({
      name: 'QuarantinedError',
      reason: 'foreign_order',
    });
  });

  it('above the amount are booked, protected and alarmed', async () => {
    const world = new World();
    const { entryOrderId, positionId } = await world.openPosition(stop('49000'));
    const fill = {
      tradeId: 'late',
      price: d('50000'),
      quantity: d('0.1'),
      fee: { asset: 'USDT', amount: d('5') },
      feeQuoteValue: null,
      at: world.now,
      tickId: null,
      maker: false,
    };
    const late = reportOf(world, entryOrderId, { cumulativeQuantity: d('0.6'), fills: [fill] });
    await world.useCases.applyExecution(late);
    await world.useCases.applyExecution(late);
    expect(world.position(positionId).quantity.toFixed()).toBe('0.6');
    expect(world.errors()).toEqual(['ORDER_OVERFILLED']);
  });

  it('value a fee in a third asset at its price', async () => {
    const world = new World();
    const { entryOrderId, positionId } = await world.openPosition();
    const bnb = world.prices.shown.get('BTC/USDT');
    if (bnb === undefined) throw new Error('no price');
    world.prices.shown.set('BNB/USDT', { ...bnb, symbol: 'BNB/USDT', last: '600' });
    const fill = {
      tradeId: 'bnb',
      price: d('50000'),
      quantity: d('0.1'),
      fee: { asset: 'BNB', amount: d('0.01') },
      feeQuoteValue: null,
      at: world.now,
      tickId: null,
      maker: false,
    };
    const before = world.position(positionId).openFees;
    await world.useCases.applyExecution(
      reportOf(world, entryOrderId, { fills: [fill], cumulativeQuantity: d('0.6') }),
    );
    expect(world.position(positionId).openFees.minus(before).toFixed()).toBe('6');
    expect(world.position(positionId).unvaluedFees).toEqual([]);
  });

  it('count once, whatever their number and source', async () => {
    const world = new World();
    const { entryOrderId, positionId } = await world.openPosition();
    const found = await world.venue.orderStatus(sought(`mq${entryOrderId}-1`));
    if (found.kind !== 'found') throw new Error('absent');
    await Promise.all([1, 2, 3].map(() => world.useCases.applyExecution(found.report)));
    expect(world.position(positionId).quantity.toFixed()).toBe('0.5');
    expect(world.counters.values.get('orders:filled_total')).toBe('1');
  });
});

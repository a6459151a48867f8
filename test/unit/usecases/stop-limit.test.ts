/** Stops that sell by a limit order first (design section 9): never past the limit while its time lasts, always out after it. */
import { describe, expect, it } from 'vitest';
import type { Order, Protection } from '../../../shared/domain/types.ts';
import { makeReadPositions } from '../../../shared/usecases/views/read-positions.ts';
import { holding } from '../../support/fakes/short-account.ts';
import { BTC, USER, WALLET, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

const limited = (more: Partial<Protection> = {}): Partial<Protection> => ({
  stopLoss: { price: d(49_000) },
  stopLimit: { percent: d('0.5'), seconds: 10 },
  ...more,
});
async function tick(world: World, price: string, afterMs = 1_000): Promise<void> {
  world.now += afterMs;
  world.tick(price);
  await world.pump();
}
async function pass(world: World, seconds: number, price: string): Promise<void> {
  for (let n = 0; n < seconds; n++) {
    await world.pass(1);
    world.tick(price);
    await world.pump();
  }
}
const clientId = ({ orderId }: Order): string => `mq${orderId}-1`;
const exits = (world: World, positionId: string) =>
  world
    .exitsOf(positionId)
    .map((o) => [o.type, o.limitPrice?.toFixed() ?? null, o.status, o.filledQuantity.toFixed()]);
const all = (world: World, positionId: string) =>
  [...world.ledger.orderItems.values()]
    .filter((o) => o.positionId === positionId && o.role === 'exit')
    .map((o) => `${o.type} ${o.status} ${o.filledQuantity.toFixed()}`);

describe('a stop with a limit', () => {
  it('rests at its price less the distance, and fills there', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(limited());
    await tick(world, '48700');
    // 49,000 less 0.5 %, which the price is below.
    expect(exits(world, positionId)).toEqual([['limit', '48755', 'open', '0']]);
    const view = await makeReadPositions(world.ports).get(USER, positionId);
    expect(view?.closing).toMatchObject({ cause: 'stop_loss', limit: { price: '48755' } });
    expect(view?.risk_management.stop_limit).toEqual({ percent: '0.5', seconds: 10 });
    const [exit] = world.exitsOf(positionId);
    if (exit === undefined) throw new Error('no exit');
    await world.venue.trade(clientId(exit), exit.quantity, d('48755'));
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(world.errors()).toEqual([]);
  });

  it('sells by market what has not sold when the time is over, and no more than is left', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(limited());
    await tick(world, '48700');
    const [exit] = world.exitsOf(positionId);
    if (exit === undefined) throw new Error('no exit');
    await world.venue.trade(clientId(exit), d('0.2'), d('48755'));
    await pass(world, 9, '48000');
    expect(world.position(positionId).status).toBe('closing');
    expect(all(world, positionId)).toEqual(['limit partially_filled 0.2']);
    await pass(world, 4, '48000');
    const p = world.position(positionId);
    expect([p.status, p.exitQuantity.toFixed()]).toEqual(['closed', '0.5']);
    expect(all(world, positionId).toSorted()).toEqual(['limit cancelled 0.2', 'market filled 0.3']);
    expect(world.errors()).toEqual([]);
  });

  it('goes to the market at once where the venue takes no such limit', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(limited());
    world.venue.faults = [{ refuse: 'filter' }];
    await tick(world, '48700');
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(all(world, positionId).toSorted()).toEqual(['limit rejected 0', 'market filled 0.5']);
  });

  it('is over when somebody closes by hand', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(limited());
    await tick(world, '48700');
    const close = { userId: USER, positionId, quantity: null, idempotencyKey: 'now' };
    expect(await world.useCases.closePosition(close)).toMatchObject({ ok: true });
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(all(world, positionId).toSorted()).toEqual(['limit cancelled 0', 'market filled 0.5']);
    const again = { ...close, idempotencyKey: 'again' };
    expect(await world.useCases.closePosition(again)).toMatchObject({ error: { code: 'not_open' } });
  });

  it('is over when a signal closes it, or its wallet is flattened', async () => {
    const world = new World();
    const wallet = world.wallets.items.get(WALLET);
    if (wallet === undefined) throw new Error('no wallet');
    world.wallets.items.set(WALLET, { ...wallet, signalPolicy: { ...wallet.signalPolicy, act: true } });
    const one = await world.openPosition(limited());
    const two = await world.openPosition(limited(), { idempotencyKey: 'two' });
    await tick(world, '48700');
    const signal = { action: 'close', confidence: d('0.9'), urgency: 'high', reasoning: 'out' } as const;
    const said = await world.useCases.takeSignal({
      ...{ userId: USER, positionId: one.positionId, idempotencyKey: 'out' },
      signal: { ...signal, agentId: 'a', adjust: null },
    });
    expect(said).toMatchObject({ ok: true, value: { signal: { outcome: 'closing' } } });
    await world.pump();
    expect(world.position(one.positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(world.position(two.positionId).status).toBe('closing');
    const paused = await world.useCases.wallets.pause({
      ...{ userId: USER, walletId: WALLET, reason: null },
      flatten: true,
    });
    expect(paused).toMatchObject({ ok: true, value: { flattened: [two.positionId] } });
    await world.pump();
    expect(world.position(two.positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(all(world, two.positionId).toSorted()).toEqual(['limit cancelled 0', 'market filled 0.5']);
    expect(world.errors()).toEqual([]);
  });

  it('holds for trailing and break-even stops, and for nothing else', async () => {
    const trailing = new World();
    const stop = { trailingStop: { distance: { percent: d(1) }, activationPrice: null } };
    const one = await trailing.openPosition({ ...limited(), stopLoss: null, ...stop });
    await tick(trailing, '51000');
    await tick(trailing, '50000');
    // 51,000 less 1 % is 50,490; less 0.5 % of it 50,237.55.
    expect(exits(trailing, one.positionId)).toEqual([['limit', '50237.55', 'open', '0']]);
    const target = new World();
    const two = await target.openPosition(limited({ takeProfits: [{ price: d(51_000), share: d(1) }] }));
    await tick(target, '51000');
    expect(exits(target, two.positionId)).toEqual([['market', null, 'filled', '0.5']]);
  });

  it('is none where its resident order is refused because the price is there, or sells: that goes by market', async () => {
    const late = new World({ exchange: {} });
    const { placeOrder } = late.venue;
    late.venue.placeOrder = async (request) =>
      request.type === 'stop_loss'
        ? { kind: 'refused', code: 'would_trigger', message: 'Stop price would trigger immediately.' }
        : placeOrder.call(late.venue, request);
    const one = await late.openPosition(limited({ resident: 'stop' }));
    await late.pass(1);
    expect(late.position(one.positionId)).toMatchObject({ status: 'closed', flatten: { limit: null } });
    const world = new World({ exchange: {} });
    const { positionId } = await world.openPosition(limited({ resident: 'stop' }));
    const rests = world.position(positionId).resident?.resting?.orderId ?? '';
    await world.venue.trade(clientId(world.order(rests)), d('0.1'), d('47000'));
    await world.pump();
    await pass(world, 5, '47000');
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(all(world, positionId).toSorted()).toEqual(['market filled 0.4', 'stop_loss cancelled 0.1']);
  });

  it('lies behind the bound where that has sold a stop that waited', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(limited({ confirmSeconds: 10 }));
    await tick(world, '48900');
    expect(world.position(positionId).flatten).toBeNull();
    await tick(world, '48500');
    // 49,000 less 1 % is 48,510; less 0.5 % of it.
    expect(world.position(positionId).flatten?.limit?.price.toFixed()).toBe('48267.45');
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('of coins that are not all there sells what is there, and the rest once it comes', async () => {
    const world = new World({ exchange: {} });
    world.outbox.fate = ({ queue }) => (queue === 'reconcile' ? 'drop' : 'deliver');
    const { positionId } = await world.openPosition(limited());
    const account = holding(world, '0.3');
    await tick(world, '48700');
    await pass(world, 8, '48700');
    expect(world.position(positionId).exitQuantity.toFixed()).toBe('0.3');
    account.free = d('0.2');
    await pass(world, 40, '48700');
    const p = world.position(positionId);
    expect([p.status, p.exitQuantity.toFixed()]).toEqual(['closed', '0.5']);
  });

  it('is not prolonged by late fills of the entry, which are sold at the limit while it lasts', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place({ type: 'limit', limitPrice: d('49900'), protection: limited() });
    await world.pump();
    await world.venue.trade(clientId(order), d('0.2'), d('49900'));
    await world.pump();
    await tick(world, '48700');
    const p = world.position(order.positionId);
    expect(p.status).toBe('closing');
    await pass(world, 14, '48700');
    expect(world.position(order.positionId).status).toBe('closed');
    expect(await world.index.levels(BTC)).toEqual([]);
  });

  it('crashed anywhere, gets out all the same', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(limited());
    await tick(world, '48700');
    // Every message is lost: what is due finds it.
    for (let n = 0; n < 20; n++) {
      await world.pass(1);
      world.tick('48000');
    }
    expect(world.position(positionId).status).toBe('closed');
  });
});

describe('is refused', () => {
  it.each([
    [{ percent: d('100'), seconds: 10 }, 'percent_out_of_range', 'protection.stop_limit.percent'],
    [{ percent: d('0.001'), seconds: 10 }, 'percent_out_of_range', 'protection.stop_limit.percent'],
    [{ percent: d('1'), seconds: 0 }, 'stop_limit_out_of_range', 'protection.stop_limit.seconds'],
    [{ percent: d('1'), seconds: 301 }, 'stop_limit_out_of_range', 'protection.stop_limit.seconds'],
  ])('%j', async (stopLimit, code, field) => {
    const world = new World();
    world.tick('50000');
    const placed = await world.useCases.placeOrder(world.command({ protection: limited({ stopLimit }) }));
    expect(placed).toMatchObject({ ok: false, error: { code, field } });
    const { positionId } = await world.openPosition(limited());
    const changed = await world.useCases.changeProtection({
      userId: USER,
      positionId,
      change: { stopLimit },
    });
    expect(changed).toMatchObject({ ok: false, error: { code, field } });
  });

  it('on margin, where the liquidation cannot wait', async () => {
    const world = new World();
    world.tick('50000');
    const wallet = world.wallets.items.get('wallet-1');
    if (wallet?.demo == null) throw new Error('no demo wallet');
    world.wallets.items.set('wallet-1', { ...wallet, demo: { ...wallet.demo, maxLeverage: 10 } });
    const over = { leverage: 5, protection: limited() };
    expect(await world.useCases.placeOrder(world.command(over))).toMatchObject({
      error: { code: 'stop_limit_on_margin', field: 'protection.stop_limit' },
    });
  });
});

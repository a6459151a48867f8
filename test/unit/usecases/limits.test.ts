/** Limits of a wallet at work: entries that they refuse, what never asks, and sums that stay right (design section 12). */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { NO_LIMITS, type RiskLimits } from '../../../shared/domain/risk/limits.ts';
import { sumsOver } from '../../../shared/domain/risk/use.ts';
import type { PlaceOrderCommand } from '../../../shared/usecases/place-order.ts';
import { makeSetLimits } from '../../../shared/usecases/wallet-limits.ts';
import { USER, WALLET, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);

function started(of: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(of);
  world.tick('50000');
  return world;
}

const limit = (world: World, limits: Partial<RiskLimits>) =>
  world.useCases.wallets.setLimits({ userId: USER, walletId: WALLET, limits });

const buy = (world: World, key: string, over: Partial<PlaceOrderCommand> = {}) =>
  world.useCases.placeOrder(world.command({ idempotencyKey: key, quantity: d('0.1'), ...over }));

/** What the orders and positions that are stored say. */
function shouldBe({ ledger }: World) {
  const { reserved, cost, open } = sumsOver(
    [...ledger.orderItems.values()],
    [...ledger.positionItems.values()],
  );
  return { reserved: reserved.toFixed(), cost: cost.toFixed(), open };
}
async function used({ ledger }: World) {
  const risk = await ledger.risk(WALLET);
  if (risk === null) throw new Error('nothing is used');
  return { reserved: risk.reserved.toFixed(), cost: risk.cost.toFixed(), open: risk.open };
}

describe('an entry', () => {
  it('is refused with every limit that it breaks, and nothing is written', async () => {
    const world = started();
    await limit(world, {
      maxPositionNotional: d('4000'),
      maxTotalExposure: d('4500'),
      maxOpenPositions: 0,
      maxOrdersPerMinute: 0,
      allowedSymbols: ['ETHUSDT'],
    });
    const answer = await buy(world, 'a');
    expect(answer).toMatchObject({
      ok: false,
      error: {
        code: 'risk_limit',
        facts: {
          broken:
            'allowed_symbols,max_position_notional,max_total_exposure,max_open_positions,max_orders_per_minute',
          allowed_symbols_limit: 'ETH/USDT',
          allowed_symbols_asked: 'BTC/USDT',
          max_position_notional_limit: '4000',
          max_position_notional_asked: '5000',
          max_total_exposure_limit: '4500',
          max_total_exposure_used: '0',
          max_total_exposure_asked: '5000',
          max_open_positions_limit: '0',
          max_orders_per_minute_limit: '0',
        },
      },
    });
    expect(world.ledger.orderItems.size + world.ledger.positionItems.size).toBe(0);
    expect(world.outbox.queue).toEqual([]);
  });

  it('is reserved from the moment it is written, and its cost counts once it has filled', async () => {
    const world = started();
    await limit(world, { maxTotalExposure: d('9000') });
    expect(await buy(world, 'a')).toMatchObject({ ok: true });
    expect(await used(world)).toEqual({ reserved: '5000', cost: '0', open: 1 });
    expect(await buy(world, 'b')).toMatchObject({ error: { facts: { max_total_exposure_used: '5000' } } });
    await world.pump();
    expect(await used(world)).toMatchObject({ reserved: '0', cost: '5000', open: 1 });
    expect(await buy(world, 'b')).toMatchObject({ error: { code: 'risk_limit' } });
    expect(await used(world)).toEqual(shouldBe(world));
  });

  it('that is repeated finds the order that stands, though there is no more room', async () => {
    const world = started();
    await limit(world, { maxOpenPositions: 1, maxOrdersPerMinute: 1 });
    await buy(world, 'a');
    expect(await buy(world, 'a')).toMatchObject({ ok: true, value: { repeated: true } });
    expect(await world.ledger.risk(WALLET)).toMatchObject({ open: 1, minuteOrders: 1 });
  });

  it('gives back what it did not buy, but not its place in the minute', async () => {
    const world = started();
    await limit(world, { maxOrdersPerMinute: 1, maxOpenPositions: 1 });
    const order = await world.place({ type: 'limit', limitPrice: d('40000'), quantity: d('0.1') });
    await world.pump();
    await world.useCases.cancelOrder({ userId: USER, orderId: order.orderId, idempotencyKey: null });
    await world.pump();
    expect(await used(world)).toEqual({ reserved: '0', cost: '0', open: 0 });
    expect(await buy(world, 'b')).toMatchObject({ error: { facts: { broken: 'max_orders_per_minute' } } });
    world.now += 60_000;
    world.tick('50000');
    expect(await buy(world, 'b')).toMatchObject({ ok: true });
  });

  it('of many at once passes as long as there is room, whoever comes first', async () => {
    const world = started();
    await limit(world, { maxTotalExposure: d('15000'), maxOrdersPerMinute: 5 });
    const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => buy(world, `k-${n}`)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(3);
    for (const answer of answers.filter(({ ok }) => !ok)) {
      expect(answer).toMatchObject({ error: { facts: { broken: 'max_total_exposure' } } });
    }
    expect(await used(world)).toMatchObject({ reserved: '15000', open: 3 });
  });

  it('that is amended asks for what comes on top, and holds it until the heir has it', async () => {
    const world = started();
    await limit(world, { maxTotalExposure: d('9000'), maxPositionNotional: d('8000') });
    const order = await world.place({ type: 'limit', limitPrice: d('40000'), quantity: d('0.1') });
    await world.pump();
    const amend = (quantity: string, key: string) =>
      world.useCases.amendOrder({
        userId: USER,
        orderId: order.orderId,
        change: { quantity: d(quantity) },
        idempotencyKey: key,
      });
    expect(await amend('0.3', 'a')).toMatchObject({
      error: {
        facts: {
          broken: 'max_position_notional,max_total_exposure',
          max_position_notional_used: '4000',
          max_total_exposure_used: '4000',
          max_total_exposure_asked: '8000',
        },
      },
    });
    expect(world.order(order.orderId)).toMatchObject({ amendment: null });
    expect(await amend('0.2', 'b')).toMatchObject({ ok: true });
    expect(await used(world)).toMatchObject({ reserved: '8000', open: 1 });
    await world.pump();
    expect(world.order(order.orderId).replacedBy).not.toBeNull();
    expect(await used(world)).toMatchObject({ reserved: '8000', open: 1 });
    expect(await used(world)).toEqual(shouldBe(world));
  });
});

describe('what takes risk away', () => {
  it('never asks: closes and cancels pass under limits of nothing, and give back', async () => {
    const world = started();
    const held = await world.place({ quantity: d('0.1') });
    const bid = { type: 'limit', limitPrice: d('40000'), idempotencyKey: 'r' } as const;
    const resting = await world.place({ ...bid, quantity: d('0.1') });
    await world.pump();
    world.now += 6_000;
    world.tick('50000');
    await limit(world, {
      maxPositionNotional: d('0.01'),
      maxTotalExposure: d('0.01'),
      maxOpenPositions: 0,
      maxOrdersPerMinute: 0,
      allowedSymbols: [],
    });
    const close = { userId: USER, positionId: held.positionId, quantity: null, idempotencyKey: 'c' };
    expect(await world.useCases.closePosition(close)).toMatchObject({ ok: true });
    const cancel = { userId: USER, orderId: resting.orderId, idempotencyKey: null };
    expect(await world.useCases.cancelOrder(cancel)).toMatchObject({ ok: true });
    await world.pump();
    expect(world.position(held.positionId).status).toBe('closed');
    expect(await used(world)).toEqual({ reserved: '0', cost: '0', open: 0 });
  });
});

describe('the first limit', () => {
  /** A wallet of before anything was counted, with one position held and one order resting. */
  async function older(): Promise<World> {
    const world = started();
    await world.place({ quantity: d('0.1') });
    const bid = { type: 'limit', limitPrice: d('40000'), idempotencyKey: 'r' } as const;
    await world.place({ ...bid, quantity: d('0.2') });
    await world.pump();
    world.ledger.riskItems.clear();
    return world;
  }
  const whole = { reserved: '8000', cost: '5000', open: 2 };

  it('of an older wallet counts what is live, and from then on every write', async () => {
    const world = await older();
    const read = await world.useCases.wallets.limits({ userId: USER, walletId: WALLET });
    expect(read).toMatchObject({ ok: true, value: { risk: { counted: false, open: 2 } } });
    expect(await limit(world, { maxTotalExposure: d('20000') })).toMatchObject({ ok: true });
    expect(await used(world)).toEqual(whole);
    await world.pass(5);
    expect(await buy(world, 'x')).toMatchObject({ ok: true });
    expect(await buy(world, 'y')).toMatchObject({ error: { facts: { max_total_exposure_used: '18000' } } });
  });

  it('of an older wallet that goes on trading before it is right as well', async () => {
    const world = await older();
    await buy(world, 'x');
    expect(await used(world)).toMatchObject({ reserved: '5000', open: 1 });
    await world.pump();
    // The lists may miss the order of a moment ago: it waits until they have it.
    const before = world.now;
    expect(await limit(world, { maxOpenPositions: 9 })).toMatchObject({ ok: true });
    expect(world.now - before).toBeGreaterThanOrEqual(5_000);
    expect(await used(world)).toEqual({ ...whole, cost: '10000', open: 3 });
    expect(await used(world)).toEqual(shouldBe(world));
  });

  it('of one that orders again while it waits is refused, and nothing is set', async () => {
    const world = await older();
    await buy(world, 'x');
    const { sleep } = world.ports;
    let isFirst = true;
    const ports = {
      ...world.ports,
      sleep: async (ms: number) => {
        await sleep(ms);
        if (isFirst) await buy(world, 'y');
        isFirst = false;
      },
    };
    const asked = { userId: USER, walletId: WALLET, limits: { maxOpenPositions: 9 } };
    expect(await makeSetLimits(ports)(asked)).toMatchObject({ error: { code: 'conflict' } });
    expect(await world.ledger.risk(WALLET)).toMatchObject({ counted: false });
  });
});

describe('setting limits', () => {
  it('sets what is named, takes away what is null, and leaves the rest', async () => {
    const world = started();
    await limit(world, { maxOpenPositions: 3, allowedSymbols: ['X:BTCUSDT', 'btc/usdt', 'ETH-USDT'] });
    await limit(world, { maxTotalExposure: d('1000') });
    const answer = await limit(world, { maxOpenPositions: null });
    expect(answer).toMatchObject({
      ok: true,
      value: {
        risk: {
          limits: { ...NO_LIMITS, maxTotalExposure: d('1000'), allowedSymbols: ['BTC/USDT', 'ETH/USDT'] },
          limitsVersion: 3,
        },
      },
    });
  });

  it('by several at once loses none', async () => {
    const world = started();
    const answers = await Promise.all([
      limit(world, { maxOpenPositions: 3 }),
      limit(world, { maxOrdersPerMinute: 4 }),
      buy(world, 'a'),
    ]);
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(await world.ledger.risk(WALLET)).toMatchObject({
      limits: { maxOpenPositions: 3, maxOrdersPerMinute: 4 },
      open: 1,
    });
  });

  it('is refused for unknown symbols, and for wallets of others and deleted ones', async () => {
    const world = started();
    expect(await limit(world, { allowedSymbols: ['NOPE/USDT'] })).toMatchObject({
      error: { code: 'unknown_symbol', field: 'allowed_symbols' },
    });
    const others = { userId: 'user-2', walletId: WALLET };
    expect(await world.useCases.wallets.limits(others)).toMatchObject({ error: { code: 'not_found' } });
    expect(
      await world.useCases.wallets.setLimits({ ...others, limits: { maxOpenPositions: 1 } }),
    ).toMatchObject({ error: { code: 'not_found' } });
    const gone = started({ exchange: { status: 'deleted', sealedKeys: '' } });
    expect(await limit(gone, { maxOpenPositions: 1 })).toMatchObject({ error: { code: 'wallet_deleted' } });
    expect(world.ledger.riskItems.size + gone.ledger.riskItems.size).toBe(0);
  });
});

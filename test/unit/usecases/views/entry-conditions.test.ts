/** GET /positions/{id} fills the market at the entry from the tape. */
import { describe, expect, it } from 'vitest';
import { rollUpTape } from '../../../../shared/usecases/roll-up-tape.ts';
import { ofAll } from '../../../support/bars.ts';
import { ApiWorld } from '../../api/world.ts';

const SYMBOL = 'BTC/USDT';

async function open(world: ApiWorld, change: object = {}): Promise<string> {
  const wallet_id = await world.wallet();
  const body = { wallet_id, symbol: SYMBOL, side: 'buy', type: 'market', quantity: '0.5', ...change };
  const order = await world.call('POST', '/api/v1/orders', { key: 'buy', body });
  await world.settle();
  return `/api/v1/positions/${order.body.position_id}`;
}

/** Minutes from so many before the world's time on, each with this price by its number. */
async function minutes(world: ApiWorld, from: number, to: number, price: (i: number) => string) {
  const begin = world.now / 60_000;
  for (let i = from; i < to; i++) {
    const all = ofAll(price(i));
    const ticks = { firstTick: (begin + i) * 10, lastTick: (begin + i) * 10 + 9, count: 10 };
    await world.tape.merge(SYMBOL, {
      minute: begin + i,
      open: all,
      low: all,
      high: all,
      close: all,
      ...ticks,
    });
  }
}

describe('the market at the entry', () => {
  it('is reckoned from the quarters of an hour before it, the same at any later time', async () => {
    const world = new ApiWorld();
    // Four hours that only rise, 10 a minute; then the entry; then a crash that does not count.
    await minutes(world, -240, 0, (i) => String(50_000 + i * 10));
    const path = await open(world);
    const shown = async () => (await world.call('GET', path)).body.entry.market_conditions;
    const first = await shown();
    // True range: 140 within a bar and 10 from the close before = 150 of 49,990.
    expect(first).toMatchObject({
      ...{ price: '50000', rsi_14: '100', volatility: 'medium', volatility_percent: '0.3001' },
    });
    await minutes(world, 0, 60, (i) => String(40_000 - i * 100));
    world.now += 2 * 3_600_000;
    expect(await shown()).toEqual(first);
    // Quarters made of the minutes meanwhile say the same, once what was read is no longer remembered.
    await rollUpTape(world.tape, SYMBOL, world.now);
    expect(await world.tape.newestQuarter(SYMBOL)).not.toBeNull();
    world.now += 60_000;
    expect(await shown()).toEqual(first);
  });

  it('is read once a minute, not with every look at the position', async () => {
    const world = new ApiWorld();
    await minutes(world, -240, 0, (i) => String(50_000 + i * 10));
    const path = await open(world);
    let reads = 0;
    const quarters = world.tape.quarters.bind(world.tape);
    world.tape.quarters = (...asked) => {
      reads += 1;
      return quarters(...asked);
    };
    const shown = async () => (await world.call('GET', path)).body.entry.market_conditions;
    const first = await shown();
    for (let n = 0; n < 3; n++) expect(await shown()).toEqual(first);
    expect(reads).toBe(1);
    world.now += 60_000;
    await shown();
    expect(reads).toBe(2);
  });

  it('is read again after a read that failed', async () => {
    const world = new ApiWorld();
    await minutes(world, -240, 0, (i) => String(50_000 + i * 10));
    const path = await open(world);
    const quarters = world.tape.quarters.bind(world.tape);
    world.tape.quarters = async () => {
      throw new Error('away');
    };
    expect((await world.call('GET', path)).status).toBe(500);
    world.tape.quarters = quarters;
    const { body } = await world.call('GET', path);
    expect(body.entry.market_conditions).toMatchObject({ rsi_14: '100' });
  });

  it('is not told where the tape does not reach back far enough', async () => {
    const world = new ApiWorld();
    await minutes(world, -200, 0, () => '50000');
    const path = await open(world);
    const { entry } = (await world.call('GET', path)).body;
    expect(entry.market_conditions).toMatchObject({
      rsi_14: null,
      volatility: null,
      volatility_percent: null,
    });
  });

  it("is the caller's where they gave it, digit for digit, and says so", async () => {
    const world = new ApiWorld();
    await minutes(world, -240, 0, (i) => String(50_000 + i * 10));
    const market_conditions = { price: '50000.000000000000000001', rsi_14: '45', volatility: 'high' };
    const path = await open(world, { market_conditions });
    const { entry, orders } = (await world.call('GET', path)).body;
    expect(entry.market_conditions).toEqual({
      ...market_conditions,
      volume_24h: null,
      volatility_percent: '0.3001',
      given_by_caller: ['price', 'rsi_14', 'volatility'],
    });
    // The order was decided on our price, whatever the caller saw.
    expect(orders[0].reference_price).toBe('50000');
  });

  it('is part of what the order is: another one under its key is refused', async () => {
    const world = new ApiWorld();
    const wallet_id = await world.wallet();
    const body = { wallet_id, symbol: SYMBOL, side: 'buy', type: 'market', quantity: '0.5' };
    const place = (rsi_14: string | null) =>
      world.call('POST', '/api/v1/orders', {
        key: 'buy',
        body: { ...body, ...(rsi_14 !== null && { market_conditions: { rsi_14 } }) },
      });
    expect((await place('45')).status).toBe(201);
    expect((await place('45.0')).status).toBe(200);
    expect(await place('46')).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
    expect(await place(null)).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
  });
});

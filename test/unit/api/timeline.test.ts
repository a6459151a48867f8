import { beforeEach, describe, expect, it } from 'vitest';
import { pieceBar } from '../../support/bars.ts';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let path: string;
let positionId: string;

beforeEach(async () => {
  world = new ApiWorld();
  const wallet = await world.wallet();
  const body = {
    ...{ wallet_id: wallet, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.5' },
    protection: { stop_loss: '49000', take_profit: '52000' },
  };
  const order = await world.call('POST', '/api/v1/orders', { key: 'buy', body });
  await world.settle();
  positionId = String(order.body.position_id);
  path = `/api/v1/positions/${positionId}/timeline`;
});

const later = (ms: number) => {
  world.now += ms;
  world.price('50000');
};
const actionsOf = (body: { readonly items: readonly { readonly action: string }[] }): string[] =>
  body.items.map(({ action }) => action);

describe('the timeline of a position', () => {
  it('has its orders, its signals, what was done and why, oldest first', async () => {
    later(1_000);
    const hold = { signal: 'close', confidence: '0.9', reasoning: 'weak' };
    await world.call('POST', `/api/v1/positions/${positionId}/signals`, { key: 's', body: hold });
    later(1_000);
    await world.call('PATCH', `/api/v1/positions/${positionId}/protection`, { body: { stop_loss: '49500' } });
    later(1_000);
    await world.call('POST', `/api/v1/positions/${positionId}/close`, { body: {} });
    await world.settle();
    const { status, body } = await world.call('GET', path);
    expect(status).toBe(200);
    const actions = actionsOf(body);
    const inOrder = [
      'order_pending',
      'opened',
      'signal_close',
      'protection_changed',
      'close_requested',
      'closed',
    ];
    expect(actions.filter((action, i) => inOrder.includes(action) && actions.indexOf(action) === i)).toEqual(
      inOrder,
    );
    const at = (action: string) => body.items.find((item: { action: string }) => item.action === action);
    expect(at('signal_close')).toMatchObject({ refused: true, reason: 'acting_off', kind: 'signal' });
    expect(at('closed')).toMatchObject({ cause: 'manual', rule: null, refused: false });
    expect(at('order_filled')).toMatchObject({ kind: 'order', details: { role: 'entry', side: 'buy' } });
    const times = body.items.map((item: { timestamp: string }) => item.timestamp);
    expect(times).toEqual([...times].sort());
    expect(body).toMatchObject({ position_id: positionId, status: 'closed', levels: [], next_cursor: null });
  });

  it('comes in pages that together are the whole, each entry once', async () => {
    for (let i = 0; i < 7; i++) {
      // Several of one instant, and of every kind.
      if (i % 2 === 0) later(1_000);
      const body = { signal: 'hold', confidence: '0.5' };
      await world.call('POST', `/api/v1/positions/${positionId}/signals`, { key: `s${i}`, body });
      const change = { stop_loss: `${49_001 + i}` };
      await world.call('PATCH', `/api/v1/positions/${positionId}/protection`, { body: change });
    }
    const whole = (await world.call('GET', `${path}?limit=200`)).body.items;
    expect(whole.length).toBeGreaterThan(14);
    for (const limit of [1, 3, 4]) {
      const items: unknown[] = [];
      let cursor: string | null = null;
      do {
        const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const { body } = await world.call('GET', `${path}?limit=${limit}${more}`);
        items.push(...body.items);
        cursor = body.next_cursor;
      } while (cursor !== null);
      expect(items).toEqual(whole);
    }
  });

  it('answers a stretch of time, with the price that the levels are compared with', async () => {
    later(10_000);
    const second = Math.floor(world.now / 1000);
    await world.prices.writeBars('BTC/USDT', [
      pieceBar(second, '49500', '50100', '50000'),
      pieceBar(second + 2, '49000.01', '50000', '49900'),
    ]);
    await world.call('PATCH', `/api/v1/positions/${positionId}/protection`, { body: { stop_loss: '49000' } });
    world.now += 60_000;
    const stretch = `from=${new Date(second * 1000).toISOString()}&to=${new Date((second + 4) * 1000).toISOString()}`;
    const { body } = await world.call('GET', `${path}?${stretch}`);
    // Nothing happened, and this is why: the bid stayed a cent above the stop.
    expect(body.items).toEqual([]);
    expect(body.levels).toMatchObject([
      { rule: 'stop_loss', source: 'bid', level: '49000', direction: 'falls' },
      { rule: 'take_profit:0', source: 'bid', level: '52000', direction: 'rises' },
    ]);
    expect(body.market).toMatchObject({
      source: 'bid',
      low: '49000.01',
      high: '50100',
      resolution_seconds: 1,
    });
    expect(body.market.gaps).toHaveLength(2);
    expect((await world.call('GET', path)).body.market).toBeNull();
  });

  it('is not there for others, and refuses what makes no sense', async () => {
    const bad = async (search: string) => (await world.call('GET', `${path}?${search}`)).body;
    expect(await world.call('GET', path, { user: 'bob' })).toMatchObject({
      status: 404,
      body: { code: 'not_found', field: 'position_id' },
    });
    expect((await world.call('GET', '/api/v1/positions/nobody/timeline')).status).toBe(404);
    expect(await bad('cursor=abc')).toMatchObject({ code: 'invalid_cursor', field: 'cursor' });
    expect(await bad('limit=0')).toMatchObject({ field: 'limit' });
    expect(await bad('from=2026-01-05T12:00:00Z&to=2026-01-05T12:00:00Z')).toMatchObject({ field: 'from' });
    expect(await bad('from=yesterday')).toMatchObject({ field: 'from' });
    const { next_cursor } = (await world.call('GET', `${path}?limit=1`)).body;
    const other = `${path}?limit=1&from=2026-01-05T11:00:00Z&cursor=${encodeURIComponent(next_cursor)}`;
    expect(await world.call('GET', other)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });
});

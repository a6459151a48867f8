import { beforeEach, describe, expect, it } from 'vitest';
import { ofAll, pieceBar } from '../../support/bars.ts';
import { ApiWorld } from './world.ts';

const SYMBOL = 'BTC/USDT';
let world: ApiWorld;
let wallet: string;
/** The second in which the position opened: a whole minute. */
let begin: number;

beforeEach(async () => {
  world = new ApiWorld();
  wallet = await world.wallet();
  begin = world.now / 1000;
});

async function open(protection: Record<string, unknown> = { stop_loss: '49000' }): Promise<string> {
  const body = {
    wallet_id: wallet,
    symbol: SYMBOL,
    side: 'buy',
    type: 'market',
    quantity: '0.5',
    protection,
  };
  const order = await world.call('POST', '/api/v1/orders', { key: 'buy', body });
  await world.settle();
  return String(order.body.position_id);
}
const updates = async (id: string, search = '') =>
  (await world.call('GET', `/api/v1/positions/${id}/updates${search}`)).body;
const iso = (second: number) => new Date(second * 1000).toISOString();
const flat = (second: number, price: string) => pieceBar(second, price, price, price);

describe('the updates of a position', () => {
  it("are the specification's position_updates, newest first, with what happened and what is missing", async () => {
    const id = await open();
    world.now = (begin + 3) * 1000;
    await world.call('PATCH', `/api/v1/positions/${id}/protection`, { body: { stop_loss: '49500' } });
    world.now = (begin + 5) * 1000;
    await world.call('PATCH', `/api/v1/positions/${id}/protection`, { body: { stop_loss: '49600' } });
    await world.prices.writeBars(SYMBOL, [
      flat(begin - 60, '50000'),
      flat(begin + 1, '50000'),
      flat(begin + 2, '51000'),
      flat(begin + 3, '49900'),
    ]);
    world.now = (begin + 8) * 1000;
    const body = await updates(id);
    expect(body).toMatchObject({ position_id: id, symbol: SYMBOL, status: 'open', next_cursor: null });
    expect(body.items).toMatchObject([
      {
        ...{
          timestamp: iso(begin + 3),
          price: '49900',
          unrealized_pnl: '-75',
          unrealized_pnl_percent: '-0.3',
        },
        actions_triggered: [{ action: 'protection_changed', from: null, to: null }],
      },
      {
        ...{ update_id: `${id}-${begin + 2}`, position_id: id, timestamp: iso(begin + 2), seconds: 1 },
        ...{ price: '51000', amount: '0.5', unrealized_pnl: '475', unrealized_pnl_percent: '1.9' },
        actions_triggered: [],
      },
      { timestamp: iso(begin + 1), price: '50000', unrealized_pnl: '-25', unrealized_pnl_percent: '-0.1' },
    ]);
    // The action at second 5 has no price beside it; it is told with the gap that it lies in.
    expect(body.gaps).toMatchObject([
      {
        ...{ from: iso(begin + 4), to: iso(begin + 8) },
        actions_triggered: [{ action: 'protection_changed', timestamp: iso(begin + 5) }],
      },
      { from: iso(begin), to: iso(begin + 1), actions_triggered: [{ action: 'opened' }] },
    ]);
  });

  it('are reckoned with what was held at the time, and end with the close', async () => {
    const id = await open();
    world.now = (begin + 10) * 1000 + 300;
    world.price('51000');
    const part = { quantity: '0.2' };
    await world.call('POST', `/api/v1/positions/${id}/close`, { key: 'part', body: part });
    await world.settle();
    world.now = (begin + 20) * 1000 + 300;
    world.price('51500');
    await world.call('POST', `/api/v1/positions/${id}/close`, { body: {} });
    await world.settle();
    const at = (second: number) => flat(begin + second, '51000');
    await world.prices.writeBars(SYMBOL, [flat(begin - 60, '50000'), ...[1, 9, 10, 19, 20, 21].map(at)]);
    world.now = (begin + 60) * 1000;
    const { items, gaps } = await updates(id);
    const told = items.map(({ timestamp, amount, unrealized_pnl }: Record<string, string>) => [
      Date.parse(timestamp ?? '') / 1000 - begin,
      amount,
      unrealized_pnl,
    ]);
    // 0.5 x 1000 less the entry's fee of 25; 0.3 x 1000 less 15 of it once 0.2 are sold.
    expect(told).toEqual([
      [20, '0', '0'],
      [19, '0.3', '285'],
      [10, '0.3', '285'],
      [9, '0.5', '475'],
      [1, '0.5', '475'],
    ]);
    expect(gaps[0].to).toBe(iso(begin + 19));
  });

  it('say how the trailing stop followed the market, from where to where', async () => {
    const id = await open({ trailing_stop: { distance_percent: '2' } });
    const [, position] = [...world.ledger.positionItems][0] ?? [];
    if (position === undefined) throw new Error('no position');
    const peak = position.entryQuote.dividedBy(position.entryQuantity);
    const armings = { trailing_stop: { tick: 1, at: begin * 1000, peak } };
    world.ledger.positionItems.set(id, { ...position, armings });
    await world.prices.writeBars(SYMBOL, [
      flat(begin - 60, '50000'),
      flat(begin + 1, '50000'),
      flat(begin + 2, '51000'),
      pieceBar(begin + 3, '50500', '50900', '50500'),
      flat(begin + 4, '51500'),
    ]);
    world.now = (begin + 5) * 1000;
    const { items } = await updates(id);
    expect(items.map((item: { actions_triggered: unknown }) => item.actions_triggered)).toEqual([
      [{ action: 'trailing_stop_adjusted', from: '49980', to: '50470' }],
      [],
      [{ action: 'trailing_stop_adjusted', from: '49000', to: '49980' }],
      [],
    ]);
  });

  it('come by the minute where the seconds are gone, for seven days, in pages that are together the whole', async () => {
    const id = await open();
    const minute = begin / 60;
    for (let i = 0; i < 30; i++) {
      if (i === 12) continue;
      const price = ofAll(`${50_000 + i}`);
      const ticks = { firstTick: i * 10, lastTick: i * 10 + 9, count: 10 };
      await world.tape.merge(SYMBOL, { minute: minute + i, low: price, high: price, close: price, ...ticks });
    }
    // The cache begins within a minute that has a row: the row stands for it.
    await world.prices.writeBars(
      SYMBOL,
      [28, 31, 33].map((i) => flat(begin + i * 60 + 30, '50100')),
    );
    world.now = (begin + 34 * 60) * 1000;
    const whole = await updates(id, '?limit=1000');
    expect(whole.items).toHaveLength(31);
    expect(whole.items[0]).toMatchObject({ seconds: 1, timestamp: iso(begin + 33 * 60 + 30) });
    expect(whole.items.at(-1)).toMatchObject({ seconds: 60, timestamp: iso(begin), price: '50000' });
    expect(whole.gaps.map((gap: { from: string; to: string }) => [gap.from, gap.to])).toContainEqual([
      iso(begin + 12 * 60),
      iso(begin + 13 * 60),
    ]);
    const items: unknown[] = [];
    const gaps: { from: string; to: string }[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof updates>> = await updates(
        id,
        `?limit=7${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      items.push(...page.items);
      gaps.push(...page.gaps);
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(items).toEqual(whole.items);
    expect(gaps).toEqual(whole.gaps);
    const some = await updates(id, `?from=${iso(begin + 60)}&to=${iso(begin + 180)}`);
    expect(some.items.map((item: { price: string }) => item.price)).toEqual(['50002', '50001']);
    world.now = (begin + 7 * 86_400 + 20 * 60) * 1000;
    const old = await updates(id, '?limit=1000');
    expect(old.items.at(-1)).toMatchObject({ timestamp: iso(begin + 20 * 60) });
  });

  it('are not there for others, and refuse what makes no sense', async () => {
    const id = await open();
    const path = `/api/v1/positions/${id}/updates`;
    expect(await world.call('GET', path, { user: 'bob' })).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    expect(await updates(id, '?cursor=abc')).toMatchObject({ code: 'invalid_cursor' });
    expect(await updates(id, '?limit=1001')).toMatchObject({ field: 'limit' });
    expect(await updates(id, '?interval=1m')).toMatchObject({ status: 400 });
    world.isWorked = false;
    const body = {
      wallet_id: wallet,
      symbol: SYMBOL,
      side: 'buy',
      type: 'limit',
      quantity: '0.1',
      limit_price: '40000',
    };
    const resting = await world.call('POST', '/api/v1/orders', { key: 'rest', body });
    expect(await updates(resting.body.position_id)).toMatchObject({ status: 'opening', items: [], gaps: [] });
  });
});

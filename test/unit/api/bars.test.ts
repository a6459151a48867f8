/** GET /prices/{symbol}/bars over the use case and tapes in memory. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Bar, Units } from '../../../shared/domain/triggers/types.ts';
import { rollUpTape } from '../../../shared/usecases/roll-up-tape.ts';
import { ApiWorld } from './world.ts';

/** BTC/USDT: a unit is 0.0001. */
const UNITS = 10_000;
const SYMBOL = 'BTC/USDT';
const PATH = '/api/v1/prices/BTC-USDT/bars';

let world: ApiWorld;
/** Epoch minute of the world's clock, which stands at its begin. */
let minute: number;
beforeEach(() => {
  world = new ApiWorld();
  minute = world.now / 60_000;
});

const at = (price: number): Bar['low'] => {
  const units = (price * UNITS) as Units;
  return { bid: (units - 5) as Units, ask: (units + 5) as Units, last: units, mid: units };
};
const prices = (all: readonly number[], first: number) => ({
  open: at(all[0] ?? 0),
  low: at(Math.min(...all)),
  high: at(Math.max(...all)),
  close: at(all.at(-1) ?? 0),
  firstTick: first,
  lastTick: first + all.length - 1,
  count: all.length,
});
const row = (ofMinute: number, ...all: number[]) =>
  world.tape.merge(SYMBOL, { minute: ofMinute, ...prices(all, ofMinute * 100) });
const second = (ofSecond: number, ...all: number[]) =>
  world.prices.writeBars(SYMBOL, [{ second: ofSecond, ...prices(all, ofSecond * 10) }]);
const iso = (ofMinute: number) => new Date(ofMinute * 60_000).toISOString();

describe('bars of a symbol', () => {
  it('come newest first, with what is missing said and the running one marked', async () => {
    world.now += 90_000;
    await row(minute - 10, 100, 103, 101);
    await row(minute - 9, 99, 102);
    await row(minute, 200.5, 201);
    await second(minute * 60 + 59, 198, 199);
    await second(minute * 60 + 60, 250, 240);
    const answer = await world.call('GET', `${PATH}?interval=5m&limit=4`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      symbol: SYMBOL,
      interval: '5m',
      price: 'last',
      from: iso(minute - 15),
      to: iso(minute + 5),
      gaps: [
        { from: iso(minute - 8), to: iso(minute) },
        { from: iso(minute - 15), to: iso(minute - 10) },
      ],
    });
    expect(answer.body.items).toEqual([
      {
        time: iso(minute),
        end_time: iso(minute + 5),
        open: '200.5',
        high: '250',
        low: '198',
        close: '240',
        count: 4,
        first_time: iso(minute),
        last_time: iso(minute + 2),
        first_tick: minute * 100,
        last_tick: (minute + 1) * 600 + 1,
        running: true,
        complete: false,
        source: 'own',
      },
      expect.objectContaining({
        time: iso(minute - 10),
        open: '100',
        high: '103',
        low: '99',
        close: '102',
        count: 5,
        running: false,
        complete: false,
      }),
    ]);
  });

  it('of seconds come from the cache, by any kind of price', async () => {
    world.now += 5_000;
    const now = minute * 60 + 5;
    await second(now - 3, 10, 12);
    await second(now, 11);
    const { body } = await world.call('GET', `${PATH}?interval=1s&price=bid&limit=4`);
    expect(
      body.items.map((bar: Record<string, unknown>) => [bar['open'], bar['high'], bar['complete']]),
    ).toEqual([
      ['10.9995', '10.9995', false],
      ['9.9995', '11.9995', true],
    ]);
    expect(body.gaps).toEqual([
      { from: new Date((now - 2) * 1000).toISOString(), to: new Date(now * 1000).toISOString() },
    ]);
  });

  it('are filled from another source only where our own tape has none, and only with trades', async () => {
    const filled = { source: 'polygon', ticker: 'X:BTCUSD', length: 1, minutes: 1 } as const;
    const at = (price: number) => (price * UNITS) as Units;
    const told = { ...filled, open: at(1), high: at(4), low: at(1), close: at(2) };
    const of = (first: number) => ({ minute: first, firstMinute: first, lastMinute: first });
    await world.tape.fill(SYMBOL, [
      { ...told, ...of(minute - 2), count: 7 },
      { ...told, ...of(minute - 1), count: null },
      { ...told, ...of(minute - 60), length: 15, minutes: 9, lastMinute: minute - 46, count: 70 },
    ]);
    await row(minute - 1, 50);
    const { body } = await world.call('GET', `${PATH}?interval=1m&limit=3`);
    expect(
      body.items.map((bar: Record<string, unknown>) => [bar['source'], bar['close'], bar['count']]),
    ).toEqual([
      ['own', '50', 1],
      ['polygon', '2', 7],
    ]);
    expect((await world.call('GET', `${PATH}?interval=1m&limit=3&price=mid`)).body.items).toHaveLength(1);
    const [quarter, older] = (await world.call('GET', `${PATH}?interval=15m`)).body.items;
    expect(quarter).toMatchObject({ source: 'own', open: '50', close: '50', complete: false });
    expect(older).toMatchObject({
      source: 'polygon',
      count: 70,
      complete: false,
      last_time: iso(minute - 45),
    });
    const [hour] = (await world.call('GET', `${PATH}?interval=1h`)).body.items;
    expect(hour).toMatchObject({ source: 'mixed', open: '1', high: '50', close: '50', count: 71 });
  });

  it('above 5 minutes are made of quarters of an hour, and behind the newest of minutes', async () => {
    world.now += 10 * 60_000;
    for (let m = minute - 60; m < minute + 10; m++) if (m !== minute - 20) await row(m, m - minute + 100);
    await rollUpTape(world.tape, SYMBOL, minute * 60_000 - 1);
    // The minutes are gone after a week: what was made of them stays.
    world.tape.rows.set(
      SYMBOL,
      (await world.tape.since(SYMBOL, minute - 30)).filter((one) => one.minute >= minute - 20),
    );
    const { body } = await world.call('GET', `${PATH}?interval=15m&limit=5`);
    expect(
      body.items.map((bar: Record<string, unknown>) => [
        bar['time'],
        bar['open'],
        bar['close'],
        bar['complete'],
      ]),
    ).toEqual([
      [iso(minute), '100', '109', false],
      [iso(minute - 15), '85', '99', true],
      [iso(minute - 30), '70', '84', false],
      [iso(minute - 45), '55', '69', true],
      [iso(minute - 60), '40', '54', true],
    ]);
    expect(body.items[2]).toMatchObject({
      count: 14,
      first_time: iso(minute - 30),
      last_time: iso(minute - 15),
    });
    const day = (await world.call('GET', `${PATH}?interval=1d`)).body;
    expect(day.items).toMatchObject([
      { open: '40', high: '109', low: '40', close: '109', count: 69, running: true },
    ]);
    expect(day.next_cursor).not.toBeNull();
  });

  it('go on behind the cursor, to the last one that is kept, none twice', async () => {
    for (let m = 1; m <= 7; m++) await row(minute - m, m);
    const seen: string[] = [];
    const from = iso(minute - 7);
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await world.call('GET', `${PATH}?interval=1m&limit=3&from=${from}${more}`);
      seen.push(...body.items.map((bar: { close: string }) => bar.close));
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });

  it('reach back no further than what is kept', async () => {
    const days: number[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await world.call('GET', `${PATH}?interval=1d&from=2020-01-01T00:00:00Z${more}`);
      expect(body).toMatchObject({ items: [], kept_since: '2025-10-07T00:00:00.000Z' });
      expect(body.gaps).toHaveLength(1);
      days.push((Date.parse(body.to) - Date.parse(body.from)) / 86_400_000);
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(days).toEqual([31, 31, 29]);
  });

  it.each([
    ['', 'missing_field', 'interval'],
    ['interval=2m', 'invalid_field', 'interval'],
    ['interval=1m&price=best', 'invalid_field', 'price'],
    ['interval=1m&from=yesterday', 'invalid_field', 'from'],
    ['interval=1m&to=1767571200', 'invalid_field', 'to'],
    ['interval=1m&from=2026-01-05T12:00:00Z&to=2026-01-05T12:00:00Z', 'invalid_field', 'from'],
    ['interval=1m&from=2126-01-05T12:00:00Z', 'invalid_field', 'from'],
    ['interval=1m&limit=1001', 'invalid_field', 'limit'],
    ['interval=1m&cursor=abc', 'invalid_cursor', 'cursor'],
    ['interval=1m&page=2', 'unknown_field', 'page'],
  ])('refuse %s', async (query, code, field) => {
    expect(await world.call('GET', `${PATH}?${query}`)).toMatchObject({ status: 400, body: { code, field } });
  });

  it('of an unknown symbol, or without a token, are refused', async () => {
    const unknown = await world.call('GET', '/api/v1/prices/NOPE/bars?interval=1m');
    expect(unknown).toMatchObject({ status: 422, body: { code: 'unknown_symbol', field: 'symbol' } });
    expect(await world.call('GET', `${PATH}?interval=1m`, { user: null })).toMatchObject({ status: 401 });
    const { body } = await world.call('GET', `${PATH}?interval=1m&limit=1&from=${iso(minute - 5)}`);
    expect(body.next_cursor).not.toBeNull();
    const other = `/api/v1/prices/ETH-USDT/bars?interval=1m&from=${iso(minute - 5)}&cursor=${body.next_cursor}`;
    expect(await world.call('GET', other)).toMatchObject({ body: { code: 'invalid_cursor' } });
  });
});

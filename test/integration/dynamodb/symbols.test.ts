/** Trading rules on DynamoDB Local: imports, names, pages, and a whole exchange. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createSymbolStore, ImplausibleImportError } from '../../../shared/adapters/dynamodb/symbol-store.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { BadCursorError } from '../../../shared/ports/ledger.ts';
import type { SymbolStore } from '../../../shared/ports/symbols.ts';
import { parseExchangeInfo } from '../../../shared/venues/binance/exchange-info.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';
import { recordedJson } from '../../support/recordings.ts';
import { anySpec, bigExchange, exchangeInfo, ordinarySpec, SOME_LIMITS } from '../../support/symbol-specs.ts';

const ENV = 'binance_testnet';

describe('the symbols table', () => {
  let db: DynamoDb;
  let store: SymbolStore;
  /** Items put since the last look. */
  let written = 0;

  beforeAll(async () => {
    if (dynamoDbMissing !== null) return;
    db = openDynamoDb(inject('dynamoDb'));
    // Counts what goes over the wire, whatever the store calls it.
    db.client.middlewareStack.add(
      (next) => async (args) => {
        const input = args.input as { RequestItems?: Record<string, readonly unknown[]> };
        for (const requests of Object.values(input.RequestItems ?? {})) {
          if (Array.isArray(requests)) written += requests.length;
        }
        return next(args);
      },
      { step: 'initialize' },
    );
  });
  afterAll(async () => {
    await db?.stop();
  });
  const test = it.runIf(dynamoDbMissing === null);
  const newStore = async (): Promise<SymbolStore> => {
    const tables = await db.createTables();
    return createSymbolStore({ client: db.client, symbolsTable: tables.symbols });
  };

  test('knows nothing before the first import', async () => {
    store = await newStore();
    expect(await store.find(ENV, 'BTC/USDT')).toBeNull();
    expect(await store.all(ENV)).toEqual([]);
    expect(await store.savedAt(ENV)).toBeNull();
    expect([await store.hasRules(ENV), await store.hasRules('demo')]).toEqual([false, false]);
    expect(await store.summary(ENV)).toBeNull();
    expect(await store.rateLimits(ENV)).toEqual([]);
  });

  test('finds a symbol in every format, and only where both assets are the named ones', async () => {
    store = await newStore();
    const odd = [
      ordinarySpec('1000SATS', 'USDT'),
      ordinarySpec('币安人生', 'USDT'),
      ordinarySpec('BTC', 'USDT'),
      ordinarySpec('BTCU', 'SD'),
    ];
    await store.save(ENV, exchangeInfo(odd), 5);
    for (const text of [
      '1000SATS/USDT',
      '1000SATS-USDT',
      '1000SATSUSDT',
      'X:1000SATSUSDT',
      '1000sats/usdt',
    ]) {
      expect(await store.find(ENV, text), text).toEqual(odd[0]);
    }
    for (const text of ['币安人生/USDT', '币安人生usdt', '币安人生-USDT']) {
      expect(await store.find(ENV, text), text).toEqual(odd[1]);
    }
    for (const text of ['X:1000SATSUSD', '1000SATS-USD', '1000sats-usd']) {
      expect(await store.find(ENV, text), text).toEqual(odd[0]);
    }
    expect((await store.find(ENV, 'X:BTCUSD'))?.symbol).toBe('BTCU/SD');
    for (const text of ['1000SATS/USD', '1000SATSUSD', 'BTC-USD', 'ETH-USD', `${'A'.repeat(97)}-USD`]) {
      expect(await store.find(ENV, text), text).toBeNull();
    }
    for (const text of ['BTCUS/DT', '#meta', '/', '', 'BTC/US/DT', 'A'.repeat(3000)]) {
      expect(await store.find(ENV, text), text).toBeNull();
    }
    expect((await store.find(ENV, 'BTCU/SD'))?.symbol).toBe('BTCU/SD');
    expect(await store.find('binance', 'BTC/USDT')).toBeNull();
    expect(await store.rateLimits(ENV)).toEqual(SOME_LIMITS);
  });

  test('writes what changed, keeps what is gone as delisted, and takes it up again', async () => {
    store = await newStore();
    const [a, b, c] = [ordinarySpec('A', 'USDT'), ordinarySpec('B', 'USDT'), ordinarySpec('C', 'USDT')];
    const none = { added: 0, changed: 0, unchanged: 0, delisted: 0, missing: 0 };
    expect(await store.save(ENV, exchangeInfo([a, b]), 10)).toEqual({ ...none, added: 2 });
    written = 0;
    expect(await store.save(ENV, exchangeInfo([a, b]), 20)).toEqual({ ...none, unchanged: 2 });
    expect(written).toBe(0);
    expect(await store.savedAt(ENV)).toBe(20);
    expect(await store.hasRules(ENV)).toBe(true);
    const finer = { ...a, tickSize: new Decimal('0.001') };
    const halted = ordinarySpec('C', 'USDT', { status: 'halt', venueStatus: 'HALT' });
    expect(await store.save(ENV, exchangeInfo([finer, halted]), 30)).toEqual({
      ...none,
      ...{ added: 1, changed: 1, delisted: 1 },
    });
    expect(written).toBe(3);
    expect(await store.find(ENV, 'A/USDT')).toEqual(finer);
    expect(await store.find(ENV, 'B/USDT')).toEqual({ ...b, rules: { ...b.rules, status: 'delisted' } });
    expect(await store.summary(ENV)).toEqual({ savedAt: 30, listed: 2, trading: 1 });
    expect(await store.save(ENV, exchangeInfo([finer, halted]), 40)).toEqual({ ...none, unchanged: 2 });
    expect(await store.save(ENV, exchangeInfo([finer, b, c]), 50)).toEqual({
      ...none,
      ...{ changed: 2, unchanged: 1 },
    });
    expect(await store.find(ENV, 'BUSDT')).toEqual(b);
  });

  test('leaves what is listed and cannot be read as it was', async () => {
    store = await newStore();
    const [a, b] = [ordinarySpec('A', 'USDT'), ordinarySpec('B', 'USDT')];
    await store.save(ENV, exchangeInfo([a, b]), 10);
    const info = { ...exchangeInfo([a]), unreadable: [{ venueSymbol: 'BUSDT', why: 'a new shape' }] };
    expect(await store.save(ENV, info, 20)).toEqual({
      ...{ added: 0, changed: 0, unchanged: 1, delisted: 0, missing: 0 },
    });
    expect(await store.find(ENV, 'BUSDT')).toEqual(b);
    expect(await store.summary(ENV)).toEqual({ savedAt: 20, listed: 2, trading: 1 });
  });

  test('refuses a list that cannot be one, and changes nothing', async () => {
    store = await newStore();
    const a = ordinarySpec('A', 'USDT');
    await store.save(ENV, exchangeInfo([a]), 10);
    await expect(store.save(ENV, exchangeInfo([]), 20)).rejects.toThrow(ImplausibleImportError);
    await expect(store.save(ENV, exchangeInfo([a, a]), 20)).rejects.toThrow(ImplausibleImportError);
    expect(await store.find(ENV, 'A/USDT')).toEqual(a);
    expect(await store.savedAt(ENV)).toBe(10);
  });

  test('does not believe that a good part of what trades is gone at once, and takes the rest of the list', async () => {
    store = await newStore();
    const specs = Array.from({ length: 100 }, (_, i) => ordinarySpec(`S${i + 100}`, 'USDT'));
    await store.save(ENV, exchangeInfo(specs), 10);
    const finer = { ...ordinarySpec('S100', 'USDT'), tickSize: new Decimal('0.001') };
    const few = [finer, ...specs.slice(1, 79)];
    expect(await store.save(ENV, exchangeInfo(few), 20)).toEqual({
      ...{ added: 0, changed: 1, unchanged: 78, delisted: 0, missing: 21 },
    });
    expect(await store.find(ENV, 'S199/USDT')).toEqual(specs[99]);
    expect(await store.find(ENV, 'S100/USDT')).toEqual(finer);
    expect(await store.savedAt(ENV)).toBe(20);
    // Twenty are few enough, whatever their share.
    expect(await store.save(ENV, exchangeInfo([...few, ...specs.slice(79, 80)]), 30)).toMatchObject({
      ...{ unchanged: 80, delisted: 20, missing: 0 },
    });
    expect((await store.find(ENV, 'S199/USDT'))?.rules.status).toBe('delisted');
  });

  test('takes many for delisted where they are a small part, or did not trade', async () => {
    store = await newStore();
    const specs = Array.from({ length: 150 }, (_, i) => ordinarySpec(`S${i + 100}`, 'USDT'));
    const halted = Array.from({ length: 60 }, (_, i) =>
      ordinarySpec(`H${i + 100}`, 'USDT', { status: 'halt', venueStatus: 'BREAK' }),
    );
    await store.save(ENV, exchangeInfo([...specs, ...halted]), 10);
    expect(await store.save(ENV, exchangeInfo(specs), 20)).toMatchObject({ delisted: 60, missing: 0 });
    expect(await store.save(ENV, exchangeInfo(specs.slice(0, 120)), 30)).toMatchObject({
      ...{ delisted: 30, missing: 0 },
    });
  });

  test('lists page after page in the order of names', async () => {
    store = await newStore();
    const specs = ['E', 'B', 'D', 'A', 'C'].map((base) => ordinarySpec(base, 'USDT'));
    await store.save(ENV, exchangeInfo(specs), 10);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<SymbolStore['list']>> = await store.list(ENV, { limit: 2, cursor });
      seen.push(...page.items.map((spec) => spec.base));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(seen).toEqual(['A', 'B', 'C', 'D', 'E']);
    await expect(store.list(ENV, { limit: 2, cursor: 'nonsense' })).rejects.toThrow(BadCursorError);
  });

  test('gives any rules back as they were', async () => {
    store = await newStore();
    const named = fc
      .array(anySpec, { minLength: 1, maxLength: 5 })
      .map((specs) => specs.map((spec, i) => ({ ...spec, venueSymbol: `S${i}` })));
    await fc.assert(
      fc.asyncProperty(named, async (specs) => {
        await store.save(ENV, exchangeInfo(specs), 1);
        const all = await store.all(ENV);
        expect(all.filter((spec) => specs.some((one) => one.venueSymbol === spec.venueSymbol))).toEqual(
          specs,
        );
      }),
      { numRuns: 20 },
    );
  });

  const recordings = ['20211012', '20250807'].map((day) => ({
    day,
    json: recordedJson(`exchange-info/binance-spot-exchangeInfo-${day}.json`),
  }));
  it.runIf(dynamoDbMissing === null).each(recordings.filter(({ json }) => json !== null))(
    'gives back what the exchange listed on $day',
    async ({ json }) => {
      store = await newStore();
      const info = parseExchangeInfo(json);
      expect(info.symbols.length).toBeGreaterThan(20);
      expect(info.unreadable).toEqual([]);
      await store.save(ENV, info, 1);
      const sorted = info.symbols.toSorted((x, y) => (x.venueSymbol < y.venueSymbol ? -1 : 1));
      expect(await store.all(ENV)).toEqual(sorted);
      expect(await store.rateLimits(ENV)).toEqual(info.rateLimits);
    },
  );

  test('takes a whole exchange, and again without a write', { timeout: 220_000 }, async () => {
    store = await newStore();
    const info = bigExchange(3000);
    const started = performance.now();
    expect(await store.save(ENV, info, 1)).toMatchObject({ added: 3000 });
    written = 0;
    expect(await store.save(ENV, info, 2)).toMatchObject({ added: 0, changed: 0, unchanged: 3000 });
    // Ten times what it should take: the machine may be busy.
    expect(performance.now() - started).toBeLessThan(200_000);
    expect(written).toBe(0);
    expect(await store.all(ENV)).toHaveLength(3000);
    expect(await store.summary(ENV)).toEqual({ savedAt: 2, listed: 3000, trading: 3000 });
  });
});

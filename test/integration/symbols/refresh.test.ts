/** Trading rules from an exchange that answers as Binance does, into the real table, under the real budget. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { openMarket } from '../../../functions/symbols/market.ts';
import { makeRun } from '../../../functions/symbols/run.ts';
import { type Simulator, startSimulator } from '../../../infra/local/venues/binance/start.ts';
import { createSymbolStore } from '../../../shared/adapters/dynamodb/symbol-store.ts';
import { createValkey, type Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import { createSymbolWishes } from '../../../shared/adapters/valkey/symbol-wishes.ts';
import type { SymbolStore } from '../../../shared/ports/symbols.ts';
import { VenueUnavailableError } from '../../../shared/ports/venue.ts';
import { makeRefreshSymbols } from '../../../shared/usecases/refresh-symbols.ts';
import { binanceEndpoints } from '../../../shared/venues/binance/endpoints.ts';
import { type DynamoDb, dynamoDbMissing, openDynamoDb } from '../../support/dynamodb.ts';
import { type RedisServer, startJsRedis } from '../../support/redis.ts';

const ENV = 'binance_simulator';

describe('refreshing the rules of an exchange', () => {
  let db: DynamoDb;
  let redis: RedisServer;
  let valkey: Valkey;
  let simulator: Simulator;
  let store: SymbolStore;
  let opened: ReturnType<typeof openMarket>;
  let lines: Record<string, unknown>[] = [];
  let log: string[] = [];
  const test = it.runIf(dynamoDbMissing === null);

  beforeAll(async () => {
    if (dynamoDbMissing !== null) return;
    db = openDynamoDb(inject('dynamoDb'));
    redis = await startJsRedis();
    valkey = createValkey(redis.url);
  });
  afterAll(async () => {
    await valkey?.close();
    await redis?.stop();
    await db?.stop();
  });

  const told = (code: string): void => {
    log.push(code);
  };
  const quiet = { debug: () => undefined, info: told, warn: told, error: told };

  beforeEach(async () => {
    if (dynamoDbMissing !== null) return;
    lines = [];
    log = [];
    simulator = await startSimulator();
    const tables = await db.createTables();
    store = createSymbolStore({ client: db.client, symbolsTable: tables.symbols });
    opened = openMarket({
      binance: {
        environment: ENV,
        endpoints: binanceEndpoints(ENV, {
          rest: simulator.restUrl,
          wsApi: 'ws://127.0.0.1:1',
          stream: 'ws://127.0.0.1:1',
        }),
        egressAddress: randomUUID(),
      },
      ...{ stage: 'test', valkey, clock: { now: () => Date.now() }, log: quiet },
    });
  });
  afterEach(async () => {
    opened?.close();
    await simulator?.stop();
  });

  const run = () => {
    const clock = { now: () => Date.now() };
    const { market, budget, clock: venueClock } = opened;
    const refresh = makeRefreshSymbols(
      {
        ...{ market, budget, store, clock, log: quiet, leases: createLeases(valkey) },
        wishes: createSymbolWishes(valkey, clock.now),
        ids: { token: () => randomUUID() },
      },
      { environment: ENV },
    );
    const write = (line: string): void => {
      lines.push(JSON.parse(line));
    };
    return makeRun({ refresh, budget, venueClock, clock, log: quiet, stage: 'test', write })();
  };

  test('imports all of its symbols, learns its limits, tells the figures, and then leaves it alone', async () => {
    // Its counts are of one minute: not the last seconds of one.
    const left = 60_000 - (Date.now() % 60_000);
    if (left < 8000) await sleep(left + 200);
    await run();
    const all = await store.all(ENV);
    expect(all.map((spec) => spec.venueSymbol).toSorted()).toEqual(simulator.exchange.symbols().toSorted());
    expect(await store.find(ENV, 'btc-usdt')).toMatchObject({
      symbol: 'BTC/USDT',
      rules: { status: 'trading' },
    });
    const limits = await store.rateLimits(ENV);
    const weight = limits.find(({ type }) => type === 'REQUEST_WEIGHT')?.limit;
    expect(await opened.budget.figures()).toMatchObject({ assumed: false, weight: [{ limit: weight }] });
    // Three looks at the clock, and the rules: the venue's own count, from its headers.
    expect(lines).toMatchObject([
      {
        budget_weight_used_percent: Math.round(2300 / (weight ?? 0)),
        budget_weight_used: 23,
        budget_weight_limit: weight,
        budget_blocked_seconds: 0,
        budget_limits_assumed: 0,
      },
    ]);
    await run();
    expect(log.filter((code) => code === 'SYMBOLS_IMPORTED')).toHaveLength(1);
    expect(lines).toHaveLength(2);
  });

  test('tells that it is blocked, and tries again when it is not', async () => {
    await opened.budget.block({ account: null, until: Date.now() + 2500, reason: '429' });
    const error = await run().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(VenueUnavailableError);
    // What a function's runtime writes of it: one line, with the reason.
    expect(error).toHaveProperty(
      'stack',
      expect.stringMatching(/^VenueUnavailableError: the trading rules could not be read: .+$/),
    );
    expect(log).toContain('VENUE_CLOCK_UNKNOWN');
    const [line] = lines;
    expect(Number(line?.['budget_blocked_seconds'])).toBeGreaterThan(0);
    expect(await store.savedAt(ENV)).toBeNull();
    await expect
      .poll(
        async () => {
          await run().catch(() => undefined);
          return store.savedAt(ENV);
        },
        { timeout: 30_000, interval: 300 },
      )
      .not.toBeNull();
  });
});

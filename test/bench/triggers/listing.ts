/**
 * Listing 1,000 open positions with live P&L (design section 22): the API's use case on DynamoDB Local, prices from a real
 * Redis. In pages of 200, the most that one answer has.
 */
import { createLedger } from '../../../shared/adapters/dynamodb/ledger.ts';
import type { Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { Position } from '../../../shared/domain/types.ts';
import type { TriggerIndex } from '../../../shared/ports/trigger-index.ts';
import { makeReadPositions } from '../../../shared/usecases/views/read-positions.ts';
import { startDynamoDb } from '../../support/dynamodb.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';
import { type Distribution, distribution } from '../report.ts';

const POSITIONS = 1_000;
const SYMBOLS = 50;
const PAGE = 200;
const RUNS = 20;
const WARM_UP = 3;
const AT_ONCE = 16;

export interface ListingFigures {
  readonly positions: number;
  readonly symbols: number;
  readonly pages: number;
  /** Of all pages together, ms. */
  readonly listing: Distribution;
  readonly page: Distribution;
  /** Of this process's core, for all pages, ms; the database's is not in it. */
  readonly core: Distribution;
  readonly wrong: readonly string[];
}

const symbolOf = (nth: number): string => (nth % SYMBOLS === 0 ? BTC : `SYM${nth % SYMBOLS}/USDT`);

/** Bought at 50,000, each on a symbol of a price of its own: of the nth 50,000 + n. */
const alike = (p: Position, nth: number): Position => ({
  ...{ ...p, version: 0, symbol: symbolOf(nth), createdAt: p.createdAt + nth },
  positionId: `${p.positionId.slice(0, 12)}${String(nth).padStart(10, '0')}`,
});

export async function measureListing({
  index,
  valkey,
}: {
  readonly index: TriggerIndex;
  readonly valkey: Valkey;
}): Promise<ListingFigures> {
  await valkey.command(['FLUSHALL']);
  const world = new World();
  world.tick('50000');
  const opened = await world.openPosition(
    { stopLoss: { price: decimal('45000') } },
    { quantity: decimal('0.5') },
  );
  const first = world.position(opened.positionId);
  const dynamo = await startDynamoDb({ lasting: true });
  try {
    const { client } = dynamo;
    const tables = await dynamo.createTables();
    const { orders: ordersTable, positions: positionsTable, wallets: walletsTable } = tables;
    const ledger = createLedger({ client, ordersTable, positionsTable, walletsTable, sweepShards: 1 });
    const rest = Array.from({ length: POSITIONS }, (_, nth) => alike(first, nth));
    const write = async (): Promise<void> => {
      for (let p = rest.pop(); p !== undefined; p = rest.pop()) {
        const { outcome } = await ledger.commit({ positions: [{ before: null, after: p }] });
        if (outcome !== 'done') throw new Error(`a position was not written: ${outcome}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, write));
    let batch = 0;
    /** They live for a minute. */
    const showPrices = async (): Promise<void> => {
      batch += 1;
      for (let nth = 0; nth < SYMBOLS; nth++) {
        await showPrice(index, symbolOf(nth), { price: 50_000 + nth, batch, at: world.now });
      }
    };
    const { list } = makeReadPositions({ ...world.ports, ledger, prices: createPriceCache(valkey) });
    return await measure(list, showPrices);
  } finally {
    await dynamo.stop();
  }
}

async function measure(
  list: ReturnType<typeof makeReadPositions>['list'],
  showPrices: () => Promise<void>,
): Promise<ListingFigures> {
  const [whole, single, own]: [number[], number[], number[]] = [[], [], []];
  const wrong = new Set<string>();
  let pages = 0;
  for (let run = 0; run < WARM_UP + RUNS; run++) {
    const ids = new Set<string>();
    await showPrices();
    const cpu = process.cpuUsage();
    const begun = performance.now();
    pages = 0;
    for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
      const since = performance.now();
      const page = await list(USER, { limit: PAGE, cursor, status: ['open'] });
      if (run >= WARM_UP) single.push(performance.now() - since);
      for (const { position_id: id, symbol, current } of page.items) {
        ids.add(id);
        const nth = symbol === BTC ? 0 : Number(symbol.slice(3, -5));
        // 0.5 x n, less the entry's fee of 25.
        const expected = decimal('0.5').times(nth).minus(25).toFixed();
        if (current.unrealized_pnl !== expected)
          wrong.add(`${symbol}: P&L ${current.unrealized_pnl}, not ${expected}`);
      }
      pages += 1;
      cursor = page.cursor;
    }
    if (run >= WARM_UP) {
      whole.push(performance.now() - begun);
      const { user, system } = process.cpuUsage(cpu);
      own.push((user + system) / 1_000);
    }
    if (ids.size !== POSITIONS) wrong.add(`${ids.size} positions were listed, not ${POSITIONS}`);
  }
  return {
    ...{
      positions: POSITIONS,
      symbols: SYMBOLS,
      pages,
      listing: distribution(whole),
      page: distribution(single),
      core: distribution(own),
    },
    wrong: [...wrong].slice(0, 5).map((text) => `listing: ${text}`),
  };
}

async function showPrice(
  index: TriggerIndex,
  symbol: string,
  { price, batch, at }: { readonly price: number; readonly batch: number; readonly at: number },
): Promise<void> {
  const text = String(price);
  const shown = { symbol, bid: text, ask: text, last: text, bidSize: '', askSize: '', source: 'bench' };
  if (batch === 1) {
    await index.beginRebuild(symbol, 'bench');
    await index.finishRebuild(symbol, 'bench', at);
  }
  const result = await index.applyBatch({
    ...{ symbol, shard: 0, leaseToken: 'bench', fence: 1, batch, ticks: [], newestTick: 1 },
    ...{ lateTick: -1, heldBars: 'none', bars: [], barBefore: null, nowMs: at },
    display: { ...shown, quoted: true, tickId: 1, at, recordedAt: 0 },
  });
  if (result.outcome !== 'applied') throw new Error(`the script answered ${result.outcome}`);
}

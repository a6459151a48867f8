/** From a source's print to the exit: what is no price closes nothing, a real fall closes all that it reaches. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Printed } from '../../../shared/domain/prices/price-tick.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { Units } from '../../../shared/domain/triggers/types.ts';
import { parseUnits } from '../../../shared/domain/triggers/units.ts';
import type { FeedTick } from '../../../shared/ports/feed.ts';
import { Background } from '../../../shared/usecases/stream-prices/background.ts';
import { SendTurns } from '../../../shared/usecases/stream-prices/send-turns.ts';
import { STREAM_DEFAULTS } from '../../../shared/usecases/stream-prices/settings.ts';
import { SymbolStream } from '../../../shared/usecases/stream-prices/symbol-stream.ts';
import { Tally } from '../../../shared/usecases/stream-prices/tally.ts';
import { BTC, World } from '../../support/fakes/world.ts';

const SPEC = symbolRegistry().get(BTC);
const d = (text: string) => new Decimal(text);
const units = (text: string): Units => {
  const parsed = parseUnits(text, SPEC?.unitExponent ?? 0);
  if (!parsed.ok) throw new Error(`not a price: ${text}`);
  return parsed.value.units;
};

/** The streamer's path of one symbol into the system in memory. */
class Market {
  readonly world = new World();
  readonly tally = new Tally();
  readonly peaks: number[] = [];
  readonly #stream: SymbolStream;

  constructor() {
    const { world } = this;
    let batches = 0;
    const log = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: () => undefined,
    };
    this.#stream = new SymbolStream(BTC, world.tickId, {
      source: 'binance',
      tally: this.tally,
      settings: { ...STREAM_DEFAULTS, shard: 0, wakeUps: true, resumable: false, flushMs: 1 },
      background: new Background(log, () => expect.unreachable()),
      turns: new SendTurns(1),
      shareOfWaiting: () => STREAM_DEFAULTS.mostWaiting,
      writer: { token: 'me', fence: () => 1, nextBatch: () => ++batches, refused: async () => false },
      ports: {
        index: {
          applyBatch: async (batch) => {
            world.prices.shown.set(BTC, batch.display);
            this.peaks.push(...batch.ticks.map(({ last, ask }) => Math.max(last, ask)));
            return world.index.applyBatch(batch);
          },
          claim: (claim) => world.index.claim(claim),
          hasLevels: (symbol) => world.index.hasLevels(symbol),
        },
        cache: world.prices,
        tape: world.tape,
        leases: world.leases,
        counters: world.counters,
        outbox: world.outbox,
        ledger: world.ledger,
        clock: world.clock,
        ids: { token: () => 'me' },
        log,
        metrics: () => undefined,
        openFeed: () => expect.unreachable(),
        symbols: [],
      },
    });
  }

  print(bid: string, ask: string, last: string, printed?: Printed): void {
    const { world } = this;
    if (SPEC === null) throw new Error(`${BTC} is not in the registry`);
    world.now += 5;
    world.tickId += 1;
    const prices = { bid: units(bid), ask: units(ask), last: units(last) };
    const tick = { id: world.tickId, ...prices, at: world.now, bidSize: '9', askSize: '9', recordedAt: 0 };
    const texts: Omit<FeedTick, 'tick'> = { spec: SPEC, bid, ask, last, quoted: bid !== ask };
    void this.#stream.accept({ ...texts, tick, ...(printed !== undefined && { printed }) });
  }

  /** What was let through is applied, and what follows from it is worked. */
  async settle(): Promise<void> {
    while (this.#stream.pending().length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await this.world.pump();
  }

  close(): Promise<void> {
    return this.#stream.finish(100);
  }
}

const trailing = { trailingStop: { distance: { percent: d('1') }, activationPrice: null } };
const stop = (price: string) => ({ stopLoss: { price: d(price) } });

async function marketWithStops() {
  const market = new Market();
  market.world.tick('50000', '50001');
  const opened: string[] = [];
  for (const protection of [stop('49000'), stop('45000'), stop('40500'), trailing]) {
    const { positionId } = await market.world.openPosition(protection, {
      idempotencyKey: `key-${opened.length}`,
    });
    opened.push(positionId);
  }
  const open = () => opened.filter((id) => market.world.position(id).status === 'open').length;
  return { market, opened, open };
}

describe('an outlier 20 % away', () => {
  it.each([
    ['below, of a trade', '50000', '50001', '40000', 'trade'],
    ['below, of the bid', '40000', '50001', '50000', 'quote'],
    ['above, of a trade', '50000', '50001', '60000', 'trade'],
    ['above, of the ask', '50000', '60000', '50000', 'quote'],
  ] as const)('%s triggers nothing, raises no peak and is in no bar', async (_, bid, ask, last, printed) => {
    const { market, open } = await marketWithStops();
    market.print('50000', '50001', '50000');
    market.print(bid, ask, last, printed);
    market.print('50000.5', '50001', printed === 'trade' ? last : '50000', 'quote');
    market.print('50000.5', '50001', '50000.5', 'trade');
    await market.settle();
    expect(open()).toBe(4);
    expect(market.tally).toMatchObject({ outliersHeld: 1, dropped: { outliers_dropped: 1 } });
    expect(Math.max(...market.peaks)).toBe(units('50001'));
    // A trailing stop of 1 % stands below the true high.
    market.print('49501', '49502', '49501');
    await market.settle();
    expect(open()).toBe(4);
    market.print('49500', '49501', '49500');
    await market.settle();
    expect(open()).toBe(3);
    await market.close();
  });
});

describe('a real fall of 20 %', () => {
  it('over several ticks triggers all its stops, each at the first price that reached it', async () => {
    const { market, opened, open } = await marketWithStops();
    market.print('50000', '50001', '50000');
    for (const bid of ['47500', '45000', '42500', '40000']) market.print(bid, `${bid}.5`, bid, 'quote');
    await market.settle();
    expect(open()).toBe(0);
    const prices = opened.map((id) => market.world.position(id).flatten?.price?.toFixed());
    expect(prices).toEqual(['47500', '45000', '40000', '47500']);
    expect(market.tally.outliersHeld).toBe(0);
    await market.close();
  });

  it('of the bid alone is held for one tick, and then triggers all its stops', async () => {
    const { market, opened, open } = await marketWithStops();
    market.print('50000', '50001', '50000');
    for (const bid of ['47500', '45000', '42500', '40000']) market.print(bid, '50001', '50000', 'quote');
    await market.settle();
    expect(open()).toBe(4);
    market.print('39990', '50001', '50000', 'quote');
    await market.settle();
    expect(open()).toBe(0);
    const prices = opened.map((id) => market.world.position(id).flatten?.price?.toFixed());
    expect(prices).toEqual(['47500', '45000', '40000', '47500']);
    await market.close();
  });

  it('in one print that nobody answers counts after 2 s', async () => {
    const { market, open } = await marketWithStops();
    market.print('50000', '50001', '50000');
    market.print('40000', '50001', '50000', 'quote');
    await market.settle();
    expect(open()).toBe(4);
    market.world.now += 2_000;
    // The clock of this world is not the timer's: the next message finds it due.
    market.print('50000', '50001', '50000', 'quote');
    await market.settle();
    expect(open()).toBe(0);
    await market.close();
  });
});

describe('a decision', () => {
  it('says where its price came from, how old it was and that it was checked', async () => {
    const { market, opened } = await marketWithStops();
    market.print('48999', '48999.5', '48999');
    market.world.now += 40;
    await market.settle();
    const [first = ''] = opened;
    const claimed = (await market.world.ledger.actions(first)).find(({ kind }) => kind === 'exit_claimed');
    expect(claimed?.facts).toMatchObject({ price_source: 'binance', price_age_ms: '40' });
    expect(claimed?.facts).not.toHaveProperty('unchecked');
    expect(market.world.position(first).flatten?.trigger).toMatchObject({
      origin: { feed: 'binance', converted: false, checked: true },
      ageMs: 40,
    });
    await market.close();
  });

  it('on a price without a book says that it was not checked', async () => {
    const { market, opened } = await marketWithStops();
    market.print('40000', '40000', '40000');
    await market.settle();
    const [first = ''] = opened;
    const claimed = (await market.world.ledger.actions(first)).find(({ kind }) => kind === 'exit_claimed');
    expect(claimed?.facts).toMatchObject({ price_source: 'binance', unchecked: 'true' });
    await market.close();
  });
});

/**
 * What is measured: each step of the product by itself, with so many positions lying there. `ONE` are steps of which nothing may
 * grow with positions that do nothing; `ALL` are looks at everything there is, by intent, and are shown apart.
 */
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { makeArmLevels } from '../../../shared/usecases/arm-levels.ts';
import { makeAuditIndex } from '../../../shared/usecases/audit-index.ts';
import { BTC, USER } from '../../support/fakes/world.ts';
import { distribution } from '../report.ts';
import { units } from '../triggers/levels.ts';
import { type Outside, symbolOf } from './outside.ts';
import { copyOf, PRICE, stateRow, WALLET_SHARE, writePositions, writeRows } from './population.ts';

export const ONE = ['tick', 'sweep', 'look', 'read', 'list', 'entry', 'exit', 'redrive'] as const;
export const ALL = ['gauges', 'live', 'audit', 'rebuild', 'schedule'] as const;
export type Step = (typeof ONE)[number] | (typeof ALL)[number];

export const STEP_NAMES: Readonly<Record<Step, string>> = {
  tick: 'a tick that reaches no level',
  sweep: 'a sweep with nothing due',
  look: "an evaluator's look without hits",
  read: 'one position, read',
  list: 'a page of 20 of a user',
  entry: 'an entry to its fill, stop armed',
  exit: 'a close to its end',
  redrive: '20 late positions, sent again',
  gauges: 'gauges of all, each minute',
  live: 'which symbols have something live',
  audit: 'index against ledger, a symbol each 5 min',
  rebuild: "a symbol's index, rebuilt",
  schedule: 'who is to be compared, each minute',
};

export interface Measured {
  /** Median, ms. */
  readonly ms: number;
  /** Of DynamoDB, median. */
  readonly units: number;
}

export type MeasuredSteps = Readonly<Record<Exclude<Step, 'live'>, Measured>> & {
  /** Null: not measured with so many. */
  readonly live: Measured | null;
};

/** Late at once, and wallets whose comparison is due: so many whatever else there is. */
const LATE = 20;
const DUE_WALLETS = 10;
const PAGE = 20;
/** Of the steps that take a while. */
const FEW_RUNS = 5;

/** BTC/USDT, on which orders are made, and so many others. */
export const symbolsOf = (others: number): readonly string[] => [
  BTC,
  ...Array.from({ length: others }, (_, nth) => symbolOf(nth)),
];

export class Steps {
  readonly #outside: Outside;
  readonly #symbols: number;
  readonly #wrong: string[] = [];
  #tick = 1_000;
  #orders = 0;
  #late = 0;

  constructor(outside: Outside, symbols: number) {
    this.#outside = outside;
    this.#symbols = symbols;
  }

  /** What was not as it has to be. */
  get wrong(): readonly string[] {
    return this.#wrong;
  }

  expect<T>(found: T, wanted: T, what: string): void {
    if (found !== wanted) this.#wrong.push(`${what}: ${String(found)}, not ${String(wanted)}`);
  }

  /** One tick; answers how many levels it has reached. */
  async play(symbol: string, price: number): Promise<number> {
    const { index, world } = this.#outside;
    this.#tick += 1;
    const at = world.now;
    const bid = units(price);
    const one = { id: this.#tick, bid, ask: bid, last: bid, at, bidSize: '', askSize: '', recordedAt: 0 };
    const text = (price / 10_000).toFixed(4);
    const shown = { symbol, bid: text, ask: text, last: text, bidSize: '', askSize: '', source: 'bench' };
    const result = await index.applyBatch({
      ...{ symbol, shard: 0, leaseToken: 'bench', fence: 1, batch: this.#tick, ticks: [one] },
      ...{ newestTick: this.#tick, lateTick: -1, heldBars: 'none', bars: [], barBefore: null, nowMs: at },
      display: { ...shown, quoted: true, tickId: this.#tick, at, recordedAt: 0 },
    });
    if (result.outcome !== 'applied') throw new Error(`the price script answered ${result.outcome}`);
    return result.hits;
  }

  /** A market entry on BTC with a stop, to its fill; answers its position. */
  async enter(): Promise<string> {
    const { world, useCases } = this.#outside;
    this.#orders += 1;
    const placed = await useCases.placeOrder(
      world.command({
        idempotencyKey: `scale-${this.#orders}`,
        protection: { stopLoss: { price: decimal('45000') } },
      }),
    );
    if (!placed.ok) throw new Error(`an entry was refused: ${placed.error.code}`);
    await world.pump();
    return placed.value.order.positionId;
  }

  /** Each step with `positions` lying there. `like`: one of them. `listing`: also the list of symbols (see outside.ts). */
  async measure(
    like: Position,
    {
      positions,
      runs,
      listing,
    }: { readonly positions: number; readonly runs: number; readonly listing: boolean },
  ): Promise<MeasuredSteps> {
    const { world, useCases, ledger } = this.#outside;
    const few = Math.min(runs, FEW_RUNS);
    const symbol = (run: number): string => symbolOf((run * 7) % this.#symbols);
    const of = (times: number, step: (run: number) => Promise<void>) => this.#each(times, step);
    const entered: string[] = [];
    return {
      tick: await of(runs, async (run) =>
        this.expect(await this.play(symbol(run), PRICE + run), 0, 'levels reached by a quiet tick'),
      ),
      sweep: await of(runs, async () => {
        world.now += 1_000;
        const second = Math.floor(world.now / 1_000);
        this.expect(await useCases.sweep({ shard: 0, second }), 'done', 'a sweep');
      }),
      look: await of(runs, async (run) =>
        this.expect((await useCases.evaluateHits(symbol(run))).taken, 0, 'hits of a quiet symbol'),
      ),
      read: await of(runs, (run) => this.#read(like, run)),
      list: await of(runs, (run) => this.#list(run)),
      entry: await of(runs, async () => {
        world.tick('50000');
        entered.push(await this.enter());
      }),
      exit: await of(runs, async (run) => this.#close(entered[run] ?? '')),
      redrive: await this.#redrive(like, few),
      gauges: await of(1, () => this.#measureGauges(positions)),
      live: listing
        ? await of(1, async () =>
            this.expect(
              (await ledger.liveSymbols()).length >= this.#symbols,
              true,
              'symbols with something live',
            ),
          )
        : null,
      audit: await of(few, (run) => this.#audit(symbol(run))),
      rebuild: await of(few, (run) => this.#rebuild(symbol(run))),
      schedule: await of(few, () => this.#schedule()),
    };
  }

  async #each(times: number, step: (run: number) => Promise<void>): Promise<Measured> {
    const [ms, consumed]: [number[], number[]] = [[], []];
    for (let run = 0; run < times; run += 1) {
      this.#outside.meter.take();
      const since = performance.now();
      await step(run);
      ms.push(performance.now() - since);
      consumed.push(this.#outside.meter.take().units);
    }
    return { ms: Math.round(distribution(ms).p50 * 100) / 100, units: distribution(consumed).p50 };
  }

  async #read(like: Position, run: number): Promise<void> {
    const { positionId } = copyOf(like, `i${run}`);
    const found = await this.#outside.positions.get(`owner-${Math.floor(run / WALLET_SHARE)}`, positionId);
    this.expect(found === null, false, 'a position that is not there');
  }

  async #list(run: number): Promise<void> {
    const query = { limit: PAGE, cursor: null, status: ['open'] as const };
    const { items } = await this.#outside.positions.list(`owner-${run}`, query);
    this.expect(items.length, WALLET_SHARE, 'positions of a user');
  }

  async #close(positionId: string): Promise<void> {
    const { useCases, world, ledger } = this.#outside;
    const wish = { userId: USER, positionId, quantity: null, idempotencyKey: null };
    const taken = await useCases.closePosition(wish);
    if (!taken.ok) throw new Error(`a close was refused: ${taken.error.code}`);
    await world.pump();
    this.expect((await ledger.position(positionId))?.status, 'closed', 'a position that was closed');
  }

  /** So many are late, whatever else lies in the index; the messages themselves go nowhere. */
  async #redrive(like: Position, runs: number): Promise<Measured> {
    const { world, useCases } = this.#outside;
    const late = Array.from({ length: LATE }, (_, nth) => copyOf(like, `d${this.#late}n${nth}`));
    this.#late += 1;
    const all: Measured[] = [];
    for (let run = 0; run < runs; run += 1) {
      await writePositions(
        this.#outside,
        late.map((one) => ({ ...one, dueAt: world.now - 5_000 })),
      );
      all.push(
        await this.#each(1, async () => {
          const { driven, failure } = await useCases.redriveDue(0);
          if (failure !== null) throw failure.error;
          this.expect(driven, LATE, 'late positions that were sent again');
        }),
      );
      this.expect(world.outbox.take().length, LATE, 'messages for late positions');
    }
    await writePositions(this.#outside, late);
    const median = (of: (one: Measured) => number): number => distribution(all.map(of)).p50;
    return { ms: median((one) => one.ms), units: median((one) => one.units) };
  }

  /** The clock of the use cases stands still: their limit of 20 s is not met here. */
  async #measureGauges(positions: number): Promise<void> {
    const measured = await this.#outside.useCases.reconcile.measurePositions();
    this.expect(measured.isWhole, true, `gauges of ${positions} positions`);
    const open = measured.isWhole ? measured.open : 0;
    if (open < positions) this.#wrong.push(`gauges counted ${open} of ${positions} positions`);
  }

  async #audit(symbol: string): Promise<void> {
    const { ports, ledger, world } = this.#outside;
    // Later than what has just been written, and each time anew.
    world.now += 6 * 60_000;
    const one = { ...ledger, liveSymbols: async () => [symbol] };
    const fresh = { ...ports.leases, once: async () => true };
    const of = { ...ports, ledger: one, leases: fresh };
    const { symbols, strays, missing } = await makeAuditIndex(of, makeArmLevels(of))();
    this.expect(`${symbols} ${strays} ${missing}`, '1 0 0', 'symbols, strays and missing levels of an audit');
  }

  async #rebuild(symbol: string): Promise<void> {
    const { valkey, index, useCases, ledger } = this.#outside;
    await valkey.command(['DEL', `epoch:{${symbol}}`]);
    this.expect(await useCases.rebuildSymbol(symbol), 'rebuilt', 'an index that was lost');
    const wanted = (await ledger.livePositionIds(symbol)).length;
    this.expect((await index.levels(symbol)).length, wanted, 'levels of a rebuilt index');
    await this.play(symbol, PRICE);
  }

  async #schedule(): Promise<void> {
    const { tables, schedule, world } = this.#outside;
    const due = Array.from({ length: DUE_WALLETS }, (_, nth) => stateRow(`wallet-${nth}`, world.now - 1_000));
    await writeRows(this.#outside, tables.wallets, due);
    this.#outside.meter.take();
    this.expect((await schedule()).sent, DUE_WALLETS, 'wallets that are compared');
    world.outbox.take();
  }

  /** The first tick of each symbol, on an empty index. */
  async begin(): Promise<void> {
    const { index, world } = this.#outside;
    for (const symbol of symbolsOf(this.#symbols)) {
      await index.beginRebuild(symbol, 'bench');
      await index.finishRebuild(symbol, 'bench', world.now);
      await this.play(symbol, PRICE);
    }
    world.tick('50000');
  }
}

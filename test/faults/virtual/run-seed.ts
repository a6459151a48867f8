/**
 * One run: a storm drawn from the seed, then calm until all is quiet, then the comparison with the venue's books.
 */

import { encodeReconcile, encodeTrigger } from '../../../shared/adapters/sqs/messages.ts';
import type { Log, LogFields } from '../../../shared/ports/runtime.ts';
import { makeDispatchSweeps, SWEEP_HORIZON_SECONDS } from '../../../shared/usecases/dispatch-sweeps.ts';
import { App } from './app.ts';
import { runBot, type Stage } from './bots.ts';
import { Chaos } from './chaos.ts';
import { TakenCheck, watchCommits } from './check-commits.ts';
import { checkEnd } from './check-end.ts';
import { Api, askAgain } from './clients.ts';
import { FULL_BOOK, SYMBOL, type TakenOrder, VENUE_SYMBOL } from './exchange.ts';
import { startFunctions } from './functions.ts';
import { Intents } from './intents.ts';
import { Kernel } from './kernel.ts';
import type { Lambda } from './lambda.ts';
import { News } from './news.ts';
import { makeOutside, type Outside, USER } from './outside.ts';
import { Market } from './prices.ts';
import { Gate, Proc } from './proc.ts';
import { Chance } from './random.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import type { Queue } from './sqs.ts';
import { type Machine, makePorts, makeSystem } from './system.ts';
import { joined, type Note, Trace } from './trace.ts';
import { type Violation, Violations } from './violations.ts';
import { useVirtual } from './virtual-globals.ts';

export interface SeedResult {
  readonly seed: number;
  readonly fingerprint: string;
  readonly violations: readonly Violation[];
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** Kept only when asked for. */
  readonly notes: readonly Note[];
}

/** Logged only where something has gone wrong that must not. */
const MUST_NOT_HAPPEN = [
  'POSITION_OVERSOLD',
  'ORDER_OVERFILLED',
  'FAILED_ORDER_AT_VENUE',
  'FILL_QUARANTINED',
];
/** The product looks at a silent order after five minutes; one more for what follows. */
const LONGEST_SILENCE_MS = 6 * 60_000;
const LONGEST_CALM_MS = 20 * 60_000;
const GRACE_MS = 500;
const STACK_LINES = 10;
/** What the second look says of an order that may be ours, or anybody's (second-look.ts). */
const UNDECIDABLE = 'was cancelled elsewhere and may be it';

const isSweep = (body: string): boolean => body.includes('"kind":"sweep"');

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

class Run {
  readonly #seed: number;
  readonly #chance: Chance;
  readonly #scenario: Scenario;
  readonly #kernel: Kernel;
  readonly #trace: Trace;
  readonly #chaos: Chaos;
  readonly #outside: Outside;
  readonly #violations: Violations;
  readonly #taken: TakenCheck;
  readonly #intents = new Intents();
  readonly #machine: Machine;
  readonly #functions: readonly Lambda[];
  readonly #market: Market;
  readonly #news: News | null;
  readonly #api: Api;
  readonly #app: App;
  readonly #undecidable = new Set<string>();
  #isOver = false;
  #sweepAt = 0;

  constructor(seed: number, isTraced: boolean) {
    const chance = new Chance(`seed ${seed}`);
    const scenario = drawScenario(chance.fork('scenario'));
    const kernel = new Kernel(scenario.start);
    useVirtual({ kernel, chance: chance.fork('random') });
    const trace = new Trace(() => kernel.now, isTraced);
    const chaos = new Chaos(scenario.weather, chance);
    const gate = new Gate(kernel, chaos, trace);
    const outside = makeOutside(kernel, scenario.plans, {
      kernel,
      chaos,
      chance: chance.fork('queues'),
      trace,
    });
    this.#seed = seed;
    this.#chance = chance;
    this.#scenario = scenario;
    this.#kernel = kernel;
    this.#trace = trace;
    this.#chaos = chaos;
    this.#outside = outside;
    this.#violations = new Violations(() => kernel.now);
    this.#taken = new TakenCheck(this.#violations);
    watchCommits(outside.ledger, this.#violations);
    // Named first: the engine puts a function that is written as a member's value among what stays, and with it all
    // that it refers to, here the run; a thousand runs are then collected by the costly full collections alone.
    const onBug = (error: unknown): void => this.#crashed(error);
    const onTaken = (order: TakenOrder): void => this.#taken.take(order);
    outside.venue.onBug = onBug;
    outside.venue.onTaken = onTaken;
    const onLog = (level: keyof Log, code: string, fields: LogFields, proc: Proc): void =>
      this.#onLog(level, code, fields, proc);
    const onUnexplained = (proc: Proc, error: unknown): void => this.#unexplained(proc.name, textOf(error));
    this.#machine = { gate, outside, chance: chance.fork('machines'), onLog, onUnexplained };
    const skews = chance.fork('skews');
    const makeProc = (name: string): Proc => {
      const proc = new Proc(name);
      const { skewMs } = scenario.weather;
      if (!chaos.isOver && skewMs > 0) proc.skewMs = skews.between(-skewMs, skewMs);
      return proc;
    };
    const lambdaChance = chance.fork('lambda');
    this.#functions = startFunctions(this.#machine, { kernel, gate, trace, chance: lambdaChance, makeProc });
    this.#market = new Market(kernel, outside, chance.fork('market'), trace, scenario.walk);
    const isDemo = scenario.plans.every((plan) => plan.isDemo);
    this.#news = isDemo ? null : new News(this.#machine, chance.fork('news'));
    this.#api = new Api(this.#machine, makeProc);
    const appChance = chance.fork('app');
    this.#app = new App({ kernel, outside, market: this.#market, chance: appChance, trace });
  }

  async play(): Promise<SeedResult> {
    this.#direct().catch((error: unknown) => {
      this.#violations.add(
        'crashed',
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
      this.#isOver = true;
    });
    await this.#kernel.run(() => this.#isOver);
    return {
      seed: this.#seed,
      fingerprint: this.#trace.fingerprint(),
      violations: this.#violations.all,
      figures: this.#figures(),
      faults: this.#chaos.counts,
      notes: this.#trace.notes,
    };
  }

  /** No fault has struck the process, so it is the product's own. Losing a race too often is not. */
  #unexplained(who: string, error: string): void {
    if (error.includes('ContendedError')) return;
    this.#violations.add('unexplained_error', `${who}: ${error}`);
  }

  /** A mistake of the harness or of the exchange it plays, not of the product. */
  #crashed(error: unknown): void {
    this.#violations.add('crashed', textOf(error));
  }

  async #direct(): Promise<void> {
    const { start, stormMs } = this.#scenario;
    const endAt = start + stormMs;
    this.#market.start();
    this.#news?.start();
    this.#dispatch();
    const bots = this.#startBots(endAt);
    this.#startTroubles(endAt);
    await this.#kernel.sleep(stormMs);
    this.#calm();
    await bots;
    if (this.#scenario.closesAll) await this.#closeAll();
    await this.#untilQuiet();
    await this.#untilAgreed();
    checkEnd({
      outside: this.#outside,
      taken: this.#taken,
      intents: this.#intents,
      violations: this.#violations,
      undecidable: this.#undecidable,
    });
    this.#checkDeadLetters();
    this.#isOver = true;
  }

  #startBots(endAt: number): Promise<unknown> {
    const stage = this.#stage();
    const { bots, start, plans, stormMs } = this.#scenario;
    const chance = this.#chance.fork('bots');
    const running = Array.from({ length: bots }, (_, i) => {
      const own = chance.fork(String(i));
      const startAt = start + own.between(300, Math.floor(stormMs * 0.6));
      const plan = { name: `bot-${i}`, walletId: own.pick(plans).walletId, startAt, endAt };
      return runBot(stage, own, plan);
    });
    return Promise.all(running);
  }

  #stage(): Stage {
    return { api: this.#api, market: this.#market, outside: this.#outside, intents: this.#intents };
  }

  /** What happens to the world beside the calls: again and again, until the storm is over. */
  #startTroubles(endAt: number): void {
    const s = this.#scenario;
    const { venue } = this.#outside;
    const again = (name: string, everyMs: number, act: (chance: Chance) => void): void => {
      if (everyMs === 0) return;
      const chance = this.#chance.fork(name);
      const next = (): void => {
        this.#kernel.after(chance.between(1, 2 * everyMs), () => {
          if (this.#kernel.now >= endAt) return;
          this.#chaos.count(name);
          this.#trace.note(`trouble.${name}`, () => '');
          act(chance);
          next();
        });
      };
      next();
    };
    again('cache_flushed', s.flushEveryMs, () => this.#flush());
    again('streamer_killed', s.streamerKillEveryMs, () => this.#news?.kill());
    again('session_broken', s.sessionBreakEveryMs, (chance) =>
      this.#news?.breakSession(chance.between(100, 8_000)),
    );
    again('query_lag', s.queryLagEveryMs, (chance) => {
      venue.exchange.setQueryLag(s.queryLagMs);
      this.#kernel.after(chance.between(2_000, 10_000), () => venue.exchange.setQueryLag(0));
    });
    again('venue_clock_step', s.venueStepEveryMs, (chance) => {
      venue.skewMs = chance.between(-3_000, 3_000);
    });
    again('thin_book', s.thinBookEveryMs, (chance) => {
      venue.exchange.setBook(VENUE_SYMBOL, { levels: 1, levelNotional: chance.pick(['500', '2000']) });
      this.#kernel.after(chance.between(1_000, 6_000), () => this.#fullBook());
    });
    if (s.appEveryMs > 0) {
      this.#app.run(s.appEveryMs, endAt).catch((error: unknown) => this.#crashed(error));
    }
  }

  #fullBook(): void {
    this.#outside.venue.exchange.setBook(VENUE_SYMBOL, FULL_BOOK);
  }

  #flush(): void {
    const { index, prices, leases, counters } = this.#outside;
    index.flush();
    prices.flush();
    leases.held.clear();
    counters.values.clear();
  }

  /** Nothing strikes any more. What was struck is left as it is. */
  #calm(): void {
    const { venue } = this.#outside;
    this.#chaos.isOver = true;
    this.#trace.note('calm', () => '');
    venue.skewMs = 0;
    venue.exchange.setQueryLag(0);
    this.#fullBook();
    this.#app.cancelOwn();
    this.#market.stop();
    if (this.#scenario.restartsAfterStorm) this.#news?.kill();
    this.#compare();
  }

  /** Wallets at the exchange whose comparison is not in doubt: an order that nobody can settle keeps its coins in doubt. */
  #compared(): readonly string[] {
    const { ledger, plans } = this.#outside;
    const inDoubt = new Set([...this.#undecidable].map((id) => ledger.orderItems.get(id)?.walletId));
    return plans.filter(({ isDemo, walletId }) => !isDemo && !inDoubt.has(walletId)).map((p) => p.walletId);
  }

  /** As somebody asks for it through the API. */
  #compare(walletIds: readonly string[] = this.#compared()): void {
    const { queues } = this.#outside;
    for (const walletId of walletIds) {
      queues.reconcile.send(encodeReconcile({ walletId, reason: 'asked' }), 0, null, null);
    }
  }

  /** Until the product's own comparison, begun after all was quiet, says that ledger and exchange are equal. */
  async #untilAgreed(): Promise<void> {
    const kernel = this.#kernel;
    const { written } = this.#outside.reconciles;
    const [since, lastAt] = [kernel.now, kernel.now + LONGEST_CALM_MS];
    const behind = (): readonly string[] =>
      this.#compared().filter((walletId) => {
        const latest = written.get(walletId)?.[0];
        return latest === undefined || latest.asOf < since || latest.status !== 'in_agreement';
      });
    while (behind().length > 0 && kernel.now < lastAt) {
      this.#compare(behind());
      await kernel.sleep(10_000);
      await this.#untilQuiet();
    }
    for (const walletId of behind()) {
      const latest = written.get(walletId)?.[0];
      const text = `${walletId} is ${latest?.status ?? 'not compared'}: ${JSON.stringify(latest?.differences ?? [])}`;
      this.#violations.add('not_agreed', text, [walletId]);
    }
  }

  /** The rule of each minute. Its process is new each time. */
  #dispatch(): void {
    if (this.#chaos.isOver) return;
    const proc = new Proc('dispatch');
    const { outbox, clock } = makePorts(this.#machine, proc);
    const settings = { shards: 1, intervalSeconds: 1, horizonSeconds: SWEEP_HORIZON_SECONDS, enabled: true };
    const dispatch = makeDispatchSweeps({ outbox, clock }, settings);
    this.#machine.gate.run(proc, dispatch).catch(() => this.#chaos.count('dispatch_failed'));
    const rule = new Proc('reconcile-rule');
    const { schedule } = makeSystem(this.#machine, rule).useCases.reconcile;
    this.#machine.gate.run(rule, schedule).catch(() => this.#chaos.count('schedule_failed'));
    this.#kernel.after(60_000, () => this.#dispatch());
  }

  async #closeAll(): Promise<void> {
    const { ledger } = this.#outside;
    const chance = this.#chance.fork('closing');
    const once = { times: 3, isEager: false, inParallel: false };
    for (const { orderId, role, status } of [...ledger.orderItems.values()]) {
      const isLive = ['pending', 'submitted', 'open', 'partially_filled'].includes(status);
      if (role !== 'entry' || !isLive) continue;
      await askAgain(this.#api, chance, once, (uc) => uc.cancelOrder({ userId: USER, orderId }));
    }
    for (const { positionId } of [...ledger.positionItems.values()]) {
      await askAgain(this.#api, chance, once, (uc) =>
        uc.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: `end ${positionId}` }),
      );
    }
  }

  /** The next instant at which something is owed; null = nothing is. */
  #nextOwed(): number | null {
    const { ledger, index } = this.#outside;
    let next: number | null = null;
    const at = (time: number): void => {
      next = next === null ? time : Math.min(next, time);
    };
    for (const { dueAt } of ledger.orderItems.values()) if (dueAt !== null) at(dueAt + GRACE_MS);
    for (const { dueAt } of ledger.positionItems.values()) if (dueAt !== null) at(dueAt + GRACE_MS);
    for (const { hits } of index.built.values()) for (const hit of hits.values()) at(hit.visibleAt);
    return next;
  }

  get #workQueues(): readonly Queue[] {
    const { queues } = this.#outside;
    return [queues.submit, queues.exits, queues.executions];
  }

  #isWorking(): boolean {
    // While the index is being rebuilt nothing is decided.
    if (!this.#outside.index.built.has(SYMBOL)) return true;
    const waiting = this.#workQueues.some((queue) => queue.messages.length > 0);
    return waiting || this.#functions.some((one) => !one.isIdle);
  }

  /**
   * Work is under way or waits: when something can happen next. While every message is hidden and no function runs
   * that is the time at which one comes back; a second before, so that there is a fresh price then.
   */
  #nextWork(owed: number | null): number {
    const { now } = this.#kernel;
    if (!this.#outside.index.built.has(SYMBOL) || this.#functions.some((one) => !one.isIdle)) return now;
    const back = this.#workQueues.flatMap((queue) => queue.messages.map((message) => message.visibleAt));
    return Math.min(owed ?? Number.POSITIVE_INFINITY, ...back.map((at) => at - 2_000));
  }

  /** Sweeps at the seconds at which something is owed, until nothing is that the longest silence would not show. */
  async #untilQuiet(): Promise<void> {
    const kernel = this.#kernel;
    const { queues } = this.#outside;
    const silentFrom = kernel.now;
    const lastAt = kernel.now + LONGEST_CALM_MS;
    // Those that were sent ahead are lost: each second would be swept, and most of them twice.
    queues.triggers.loseHidden(isSweep);
    while (kernel.now < lastAt) {
      const isWorking = this.#isWorking();
      const next = this.#nextOwed();
      const isQuiet = !isWorking && (next === null || next > silentFrom + LONGEST_SILENCE_MS);
      if (isQuiet && kernel.now >= silentFrom + 5_000) return;
      const wait = Math.max(1_000, (isWorking ? this.#nextWork(next) : (next ?? kernel.now)) - kernel.now);
      await kernel.sleep(1_000 - (kernel.now % 1_000) + Math.floor((wait - 1) / 1_000) * 1_000);
      this.#market.refresh();
      this.#sweep();
    }
    this.#violations.add(
      'not_quiet',
      `something is still owed: ${JSON.stringify(this.#owed())}`,
      this.#owed(),
    );
  }

  #owed(): string[] {
    const { ledger } = this.#outside;
    return [...ledger.orderItems.values(), ...ledger.positionItems.values()]
      .filter(({ dueAt }) => dueAt !== null)
      .map((item) => ('orderId' in item ? item.orderId : item.positionId));
  }

  #sweep(): void {
    const second = Math.floor(this.#kernel.now / 1_000);
    if (second === this.#sweepAt) return;
    this.#sweepAt = second;
    this.#outside.queues.triggers.send(encodeTrigger({ kind: 'sweep', shard: 0, second }), 0, null, null);
  }

  #checkDeadLetters(): void {
    for (const queue of Object.values(this.#outside.queues)) {
      for (const { body, unexplained } of queue.dead) {
        this.#chaos.count('dead_letters');
        if (unexplained === 0) continue;
        this.#violations.add(
          'dead_letter',
          `${queue.name}: ${body} failed ${unexplained} times without a fault`,
        );
      }
    }
  }

  #onLog(level: keyof Log, code: string, fields: LogFields, proc: Proc): void {
    this.#trace.note(joined('log', '.', code), () => `${level} ${proc.name} ${JSON.stringify(fields)}`);
    if (code === 'MESSAGE_FAILED' && !proc.wasStruck) this.#unexplained(proc.name, String(fields['error']));
    const isUndecidable = code === 'ORDER_STILL_UNKNOWN' && String(fields['why']).endsWith(UNDECIDABLE);
    if (isUndecidable && this.#chaos.isOver) this.#undecidable.add(String(fields['orderId']));
    if (!MUST_NOT_HAPPEN.includes(code)) return;
    const about = [fields['orderId'], fields['positionId']].map(String);
    this.#violations.add(code.toLowerCase(), JSON.stringify(fields), about);
  }

  #figures(): Readonly<Record<string, number>> {
    const { ledger } = this.#outside;
    const orders = [...ledger.orderItems.values()];
    return {
      orders: orders.length,
      positions: ledger.positionItems.size,
      closed: [...ledger.positionItems.values()].filter((p) => p.status === 'closed' && p.openedAt !== null)
        .length,
      fills: [...ledger.fillItems.values()].reduce((sum, fills) => sum + fills.length, 0),
      venue_orders: this.#taken.size,
      attempts: orders.reduce((sum, o) => sum + (o.send?.attempt ?? 0), 0),
      intents: this.#intents.all.length,
      undecidable: this.#undecidable.size,
      compared: [...this.#outside.reconciles.written.values()].reduce((sum, one) => sum + one.length, 0),
      sold_outside: [...ledger.positionItems.values()].reduce((sum, p) => sum + p.externals.length, 0),
      put_back: [...ledger.positionItems.values()].reduce(
        (sum, p) => sum + p.externals.filter(({ reversedAt }) => reversedAt !== null).length,
        0,
      ),
      commits: ledger.commits,
      invocations: this.#functions.reduce((sum, one) => sum + one.invocations, 0),
      unexplained_failures: this.#functions.reduce((sum, one) => sum + one.unexplainedFailures, 0),
      ticks: this.#market.ticks,
      app_acts: this.#app.acts,
      events: this.#kernel.fired,
    };
  }
}

export async function runSeed(seed: number, isTraced = false): Promise<SeedResult> {
  // Most errors are faults; where they come from is told when somebody wants to read it.
  Error.stackTraceLimit = isTraced ? STACK_LINES : 0;
  try {
    return await new Run(seed, isTraced).play();
  } finally {
    useVirtual(null);
  }
}

/**
 * One run: a storm drawn from the seed, then calm until all is quiet, then the comparison with the venue's books.
 */

import { isClosed } from '../../../shared/domain/positions.ts';
import { SLOT_GIVEN } from '../../../shared/domain/resident-refusals.ts';
import { isDeleted } from '../../../shared/domain/wallets.ts';
import type { Log, LogFields } from '../../../shared/ports/runtime.ts';
import { makeDispatchSweeps, SWEEP_HORIZON_SECONDS } from '../../../shared/usecases/dispatch-sweeps.ts';
import { App } from './app.ts';
import { runBot, type Stage } from './bots.ts';
import { Chaos } from './chaos.ts';
import { TakenCheck, watchCommits } from './check-commits.ts';
import { CountCheck } from './check-count.ts';
import { checkEnd } from './check-end.ts';
import { ProtectionCheck } from './check-protection.ts';
import { Api, askAgain } from './clients.ts';
import { Clocks } from './clocks.ts';
import type { TakenOrder } from './exchange.ts';
import { startFunctions } from './functions.ts';
import { Intents } from './intents.ts';
import { Kernel } from './kernel.ts';
import type { Lambda } from './lambda.ts';
import { News } from './news.ts';
import { makeOutside, type Outside, USER } from './outside.ts';
import { Owner } from './owner.ts';
import { Market } from './prices.ts';
import { Gate, type Proc } from './proc.ts';
import { Quiet } from './quiet.ts';
import { Chance } from './random.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { type Machine, makePorts, makeSystem } from './system.ts';
import { joined, type Note, Trace } from './trace.ts';
import { endTroubles, startTroubles, type World } from './troubles.ts';
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
const STACK_LINES = 10;
/** What the second look says of an order that may be ours, or anybody's (second-look.ts). */
const UNDECIDABLE = 'was cancelled elsewhere and may be it';

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
  readonly #protection: ProtectionCheck;
  readonly #count: CountCheck;
  readonly #intents = new Intents();
  readonly #machine: Machine;
  readonly #functions: readonly Lambda[];
  readonly #market: Market;
  readonly #news: News | null;
  readonly #api: Api;
  readonly #app: App;
  readonly #owner: Owner;
  readonly #undecidable = new Set<string>();
  readonly #quiet: Quiet;
  readonly #breached = new Set<string>();
  #isOver = false;

  constructor(seed: number, isTraced: boolean) {
    const chance = new Chance(`seed ${seed}`);
    const scenario = drawScenario(chance.fork('scenario'));
    const kernel = new Kernel(scenario.start);
    useVirtual({ kernel, chance: chance.fork('random') });
    const trace = new Trace(() => kernel.now, isTraced);
    const chaos = new Chaos(scenario.weather, chance);
    const gate = new Gate(kernel, chaos, trace);
    const clocks = new Clocks(kernel, chaos, chance.fork('skews'));
    const outside = makeOutside(clocks, scenario.plans, {
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
    const violations = this.#violations;
    this.#protection = new ProtectionCheck({ kernel, chaos, outside, scenario, violations });
    this.#count = new CountCheck({ kernel, outside, violations, ...this.#protection.measures });
    watchCommits(outside, {
      violations,
      gate,
      wrote: (position, write) => {
        this.#protection.wrote(position);
        this.#count.wrote(position, write);
      },
      movedDue: (positionId, askedAt) => this.#count.movedDue(positionId, askedAt),
    });
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
    const { makeProc } = clocks;
    const lambdaChance = chance.fork('lambda');
    this.#functions = startFunctions(this.#machine, { kernel, gate, trace, chance: lambdaChance, makeProc });
    this.#market = new Market(
      {
        ...{ kernel, outside, trace, chance: chance.fork('market') },
        onTick: (bid, ask) => this.#protection.tick(bid, ask),
      },
      { ...scenario.walk, bnbAfterMs: scenario.bnbAfterMs },
    );
    const isDemo = scenario.plans.every((plan) => plan.isDemo);
    this.#news = isDemo ? null : new News(this.#machine, chance.fork('news'));
    this.#api = new Api(this.#machine, makeProc);
    const appChance = chance.fork('app');
    this.#app = new App({ kernel, outside, market: this.#market, chance: appChance, trace });
    const undecidable = this.#undecidable;
    const quiet = { kernel, outside, functions: this.#functions, market: this.#market, undecidable };
    const { weather, localStepMs } = scenario;
    const aheadMs = weather.skewMs + 2 * localStepMs;
    this.#quiet = new Quiet({ ...quiet, violations: this.#violations, aheadMs });
    this.#owner = new Owner({ api: this.#api, kernel, outside, chance: chance.fork('owner') });
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
    const world = this.#world();
    startTroubles(world, this.#chance, endAt);
    await this.#kernel.sleep(stormMs);
    endTroubles(world);
    this.#quiet.begin();
    this.#quiet.compare();
    await bots;
    if (this.#scenario.closesAll) await this.#closeAll();
    await this.#settle();
    // What a comparison books is lost as well, so the looks come after it.
    if (await this.#quiet.lookAtLosses()) await this.#settle();
    this.#quiet.end();
    this.#protection.end();
    this.#count.end();
    checkEnd({
      outside: this.#outside,
      taken: this.#taken,
      intents: this.#intents,
      violations: this.#violations,
      undecidable: this.#undecidable,
      resumed: this.#owner.resumed,
      breached: this.#breached,
    });
    this.#checkDeadLetters();
    this.#isOver = true;
  }

  async #settle(): Promise<void> {
    await this.#quiet.untilQuiet();
    await this.#quiet.untilAgreed();
  }

  #world(): World {
    return {
      kernel: this.#kernel,
      chaos: this.#chaos,
      trace: this.#trace,
      scenario: this.#scenario,
      outside: this.#outside,
      market: this.#market,
      news: this.#news,
      app: this.#app,
      owner: this.#owner,
      onBug: (error) => this.#crashed(error),
    };
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

  /** The rule of each minute. Its process is new each time. */
  #dispatch(): void {
    if (this.#chaos.isOver) return;
    const { makeProc } = this.#outside.clocks;
    const proc = makeProc('dispatch');
    const { outbox, clock } = makePorts(this.#machine, proc);
    const settings = { shards: 1, intervalSeconds: 1, horizonSeconds: SWEEP_HORIZON_SECONDS };
    const dispatch = makeDispatchSweeps({ outbox, clock }, settings);
    const failed = (): void => this.#chaos.count('dispatch_failed');
    proc.onKill(failed);
    this.#machine.gate.run(proc, dispatch).catch(failed);
    const rule = makeProc('reconcile-rule');
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
    if (code === 'RISK_BREACH') this.#breached.add(`${fields['walletId']} ${fields['name']}`);
    if (code === 'HIT_DROPPED') this.#protection.dropped(String(fields['positionId']));
    if (code === 'HIT_DECIDED' && fields['what'] === 'refused' && fields['level_name'] === 'stop_loss')
      this.#protection.refused(String(fields['positionId']), Number(fields['tick_at'])); // not money: a time
    const isUndecidable = code === 'ORDER_STILL_UNKNOWN' && String(fields['why']).endsWith(UNDECIDABLE);
    if (isUndecidable && this.#chaos.isOver) this.#undecidable.add(String(fields['orderId']));
    if (!MUST_NOT_HAPPEN.includes(code)) return;
    const about = [fields['orderId'], fields['positionId']].map(String);
    this.#violations.add(code.toLowerCase(), JSON.stringify(fields), about);
  }

  #figures(): Readonly<Record<string, number>> {
    const { ledger } = this.#outside;
    const orders = [...ledger.orderItems.values()];
    const opened = [...ledger.positionItems.values()].filter((p) => p.openedAt !== null);
    const actions = [...ledger.actionItems.values()].flat();
    const told = (kind: string) => actions.filter((action) => action.kind === kind);
    return {
      orders: orders.length,
      positions: ledger.positionItems.size,
      closed: opened.filter(isClosed).length,
      shorts: opened.filter((p) => p.side === 'short').length,
      leveraged_longs: opened.filter((p) => p.side === 'long' && p.margin !== null).length,
      liquidated: opened.filter((p) => p.status === 'liquidated').length,
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
      unprotected_ms: this.#protection.bareMs,
      longest_unprotected_ms: this.#protection.longestBareMs,
      counted_unprotected_ms: this.#count.countedMs,
      walked_unprotected_ms: this.#count.walkedMs,
      confirming_ms: this.#protection.confirmingMs,
      time_stops: [...ledger.positionItems.values()].filter((p) => p.exitCause === 'time_stop').length,
      risk_exits: [...ledger.positionItems.values()].filter((p) => p.exitCause === 'risk_breach').length,
      breaches: this.#breached.size,
      stops_that_waited: told('stop_confirming').length,
      stops_not_confirmed: told('stop_not_confirmed').length,
      stops_confirmed: told('exit_claimed').filter(({ facts }) => facts['confirmation'] === 'confirmed')
        .length,
      stops_beyond_bound: told('exit_claimed').filter(({ facts }) => facts['confirmation'] === 'beyond_bound')
        .length,
      longest_undisturbed_ms: this.#protection.longestUndisturbedMs,
      app_acts: this.#app.acts,
      pauses: this.#owner.pauses,
      deletions_asked: this.#owner.deletions,
      wallets_deleted: [...this.#outside.wallets.items.values()].filter(isDeleted).length,
      parts_cancelled: orders.filter(
        ({ exit, type, cancelWanted }) =>
          exit?.flatten === false && type === 'market' && cancelWanted?.cause === 'api',
      ).length,
      residents: orders.filter(({ exit }) => exit?.resident === true).length,
      residents_sold: orders.filter((o) => o.exit?.resident === true && o.fillCount > 0).length,
      places_given: orders.filter(({ cancelWanted }) => cancelWanted?.cause === SLOT_GIVEN).length,
      waited_for: orders.filter((o) => o.statusHistory.some(({ reason }) => reason.includes('given way')))
        .length,
      fees_valued_late: orders.reduce((sum, o) => sum + o.lateFees.length, 0),
      held_back: orders.filter(({ refusal }) => refusal?.code === 'wallet_paused').length,
      short_of_funds: told('exit_short_of_funds').length,
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

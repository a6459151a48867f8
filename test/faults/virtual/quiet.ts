/** The time after the storm: until nothing is owed any more, and ledger and exchange are equal by the product's own word. */
import { encodeReconcile, encodeTrigger } from '../../../shared/adapters/sqs/messages.ts';
import { pauseOf } from '../../../shared/domain/pauses.ts';
import { residentKey } from '../../../shared/domain/resident-state.ts';
import { limitsLoss } from '../../../shared/domain/risk/limits.ts';
import type { Position } from '../../../shared/domain/types.ts';
import { isDeleted } from '../../../shared/domain/wallets.ts';
import { SYMBOL } from './exchange.ts';
import type { Kernel } from './kernel.ts';
import type { Lambda } from './lambda.ts';
import type { Outside } from './outside.ts';
import type { Market } from './prices.ts';
import type { Queue } from './sqs.ts';
import type { Violations } from './violations.ts';

/** The product looks at a silent order after five minutes; one more for what follows. */
const LONGEST_SILENCE_MS = 6 * 60_000;
const LONGEST_CALM_MS = 20 * 60_000;
/** What a pause owes is done by then, unless an order of it is in doubt. */
const LONGEST_STOP_MS = 2 * 60_000;
const LOSSES_SEEN_MS = 8_000;
const GRACE_MS = 500;
const SECOND_MS = 1_000;

/** A resident order is looked after for as long as the position is open: whether it tightens, or is taken now. */
const isMereLook = (p: Position): boolean =>
  p.flatten === null &&
  p.resident !== null &&
  p.resident.owed === null &&
  p.resident.lookAt === p.dueAt &&
  p.resident.seen === residentKey(p);

const isSweep = (body: string): boolean => body.includes('"kind":"sweep"');

export interface QuietParts {
  readonly kernel: Kernel;
  readonly outside: Outside;
  readonly functions: readonly Lambda[];
  readonly market: Market;
  readonly violations: Violations;
  /** See EndParts. */
  readonly undecidable: ReadonlySet<string>;
  /** How far a clock may have been ahead, ms: what it wrote is due so much later. */
  readonly aheadMs: number;
}

export class Quiet {
  readonly #world: QuietParts;
  #isOver = false;

  constructor(world: QuietParts) {
    this.#world = world;
  }

  /**
   * Wallets at the exchange whose comparison is not in doubt: an order that nobody can settle keeps its coins in doubt.
   * Nobody can ask about the account of one that is deleted.
   */
  compared(): readonly string[] {
    const { ledger, plans, wallets } = this.#world.outside;
    const inDoubt = new Set([...this.#world.undecidable].map((id) => ledger.orderItems.get(id)?.walletId));
    const isAsked = (walletId: string): boolean => {
      const wallet = wallets.items.get(walletId);
      return wallet !== undefined && !isDeleted(wallet) && !inDoubt.has(walletId);
    };
    return plans.filter(({ isDemo, walletId }) => !isDemo && isAsked(walletId)).map((p) => p.walletId);
  }

  /** As somebody asks for it through the API. */
  compare(walletIds: readonly string[] = this.compared()): void {
    const { queues } = this.#world.outside;
    for (const walletId of walletIds) {
      queues.reconcile.send(encodeReconcile({ walletId, reason: 'asked' }), 0, null, null);
    }
  }

  /** Until the product's own comparison, begun after all was quiet, says that ledger and exchange are equal. */
  async untilAgreed(): Promise<void> {
    const kernel = this.#world.kernel;
    const { written } = this.#world.outside.reconciles;
    const [since, lastAt] = [kernel.now, kernel.now + LONGEST_CALM_MS];
    const behind = (): readonly string[] =>
      this.compared().filter((walletId) => {
        const latest = written.get(walletId)?.[0];
        return latest === undefined || latest.asOf < since || latest.status !== 'in_agreement';
      });
    while (behind().length > 0 && kernel.now < lastAt) {
      this.compare(behind());
      await kernel.sleep(10_000);
      await this.untilQuiet();
    }
    for (const walletId of behind()) {
      const latest = written.get(walletId)?.[0];
      const text = `${walletId} is ${latest?.status ?? 'not compared'}: ${JSON.stringify(latest?.differences ?? [])}`;
      this.#world.violations.add('not_agreed', text, [walletId]);
    }
  }

  /** The next instant at which something is owed; null = nothing is. */
  #nextOwed(withLooks = true): number | null {
    const { ledger, index } = this.#world.outside;
    let next: number | null = null;
    const at = (time: number): void => {
      next = next === null ? time : Math.min(next, time);
    };
    for (const { dueAt } of ledger.orderItems.values()) if (dueAt !== null) at(dueAt + GRACE_MS);
    for (const position of ledger.positionItems.values()) {
      if (position.dueAt !== null && (withLooks || !isMereLook(position))) at(position.dueAt + GRACE_MS);
    }
    for (const { hits } of index.built.values()) for (const hit of hits.values()) at(hit.visibleAt);
    return next;
  }

  get #workQueues(): readonly Queue[] {
    const { queues } = this.#world.outside;
    return [queues.submit, queues.exits, queues.executions];
  }

  #isWorking(): boolean {
    const index = this.#world.outside.index.built.get(SYMBOL);
    // While the index is being rebuilt nothing is decided. And a hit that never comes back is work that is not done.
    if (index === undefined || index.hits.size > 0) return true;
    const waiting = this.#workQueues.some((queue) => queue.messages.length > 0);
    return waiting || this.#world.functions.some((one) => !one.isIdle);
  }

  /**
   * Work is under way or waits: when something can happen next. While every message is hidden and no function runs
   * that is the time at which one comes back; a second before, so that there is a fresh price then.
   */
  #nextWork(owed: number | null): number {
    const { now } = this.#world.kernel;
    if (!this.#world.outside.index.built.has(SYMBOL) || this.#world.functions.some((one) => !one.isIdle))
      return now;
    const back = this.#workQueues.flatMap((queue) => queue.messages.map((message) => message.visibleAt));
    return Math.min(owed ?? Number.POSITIVE_INFINITY, ...back.map((at) => at - 2_000));
  }

  /**
   * From the calm on prices and sweeps come at each second at which something is owed, whoever is still busy: there is
   * no fault any more that could keep them away. Those that were sent ahead are lost: each second would be swept, and
   * most of them twice.
   */
  begin(): void {
    this.#world.outside.queues.triggers.loseHidden(isSweep);
    this.#beat();
  }

  end(): void {
    this.#isOver = true;
  }

  #beat(): void {
    const { kernel, market } = this.#world;
    kernel.after(SECOND_MS - (kernel.now % SECOND_MS), () => {
      if (this.#isOver) return;
      const owed = this.#nextOwed();
      const next = this.#isWorking() ? this.#nextWork(owed) : owed;
      if (next !== null && next <= kernel.now) {
        market.refresh();
        this.#sweep();
      }
      this.#beat();
    });
  }

  /**
   * A wallet with limits of loss is looked at every 5 s for ever, which is no work that is owed: a few seconds of sweeps
   * see each once more, and what that stops is carried out. Answers whether there is any such wallet.
   */
  async lookAtLosses(): Promise<boolean> {
    const { kernel, market, outside, aheadMs } = this.#world;
    const watched = [...outside.ledger.riskItems].filter(([, { limits }]) => limitsLoss(limits));
    const isStopping = ([walletId]: (typeof watched)[number]): boolean => {
      const wallet = outside.wallets.items.get(walletId);
      return wallet !== undefined && pauseOf(wallet).stop !== null;
    };
    const lastAt = kernel.now + LONGEST_STOP_MS;
    // The last look may have been by a clock that was ahead: the next one is due so much later.
    const leastAt = kernel.now + LOSSES_SEEN_MS + aheadMs;
    while (watched.length > 0 && kernel.now < lastAt) {
      if (kernel.now >= leastAt && !watched.some(isStopping)) break;
      market.refresh();
      this.#sweep();
      await kernel.sleep(SECOND_MS);
    }
    return watched.length > 0;
  }

  /** Until nothing is owed that the longest silence would not show. */
  async untilQuiet(): Promise<void> {
    const kernel = this.#world.kernel;
    const silentFrom = kernel.now;
    const lastAt = kernel.now + LONGEST_CALM_MS;
    while (kernel.now < lastAt) {
      const next = this.#nextOwed(false);
      const isQuiet = !this.#isWorking() && (next === null || next > silentFrom + LONGEST_SILENCE_MS);
      if (isQuiet && kernel.now >= silentFrom + 5_000) return;
      await kernel.sleep(SECOND_MS - (kernel.now % SECOND_MS));
    }
    this.#world.violations.add(
      'not_quiet',
      `something is still owed: ${JSON.stringify(this.#owed())}`,
      this.#owed(),
    );
  }

  #owed(): string[] {
    const { ledger } = this.#world.outside;
    return [...ledger.orderItems.values(), ...ledger.positionItems.values()]
      .filter(({ dueAt }) => dueAt !== null)
      .map((item) => ('orderId' in item ? item.orderId : item.positionId));
  }

  #sweep(): void {
    const second = Math.floor(this.#world.kernel.now / SECOND_MS);
    this.#world.outside.queues.triggers.send(
      encodeTrigger({ kind: 'sweep', shard: 0, second }),
      0,
      null,
      null,
    );
  }
}

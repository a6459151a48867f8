/** What all processes of a run share: the ledger, the caches, the queues, the exchange. */

import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { NEVER_PAUSED } from '../../../shared/domain/pauses.ts';
import type { SymbolSpec } from '../../../shared/domain/symbol-spec.ts';
import { findSymbol, symbolRegistry } from '../../../shared/domain/symbols.ts';
import type { Environment, Wallet } from '../../../shared/domain/types.ts';
import type { BudgetAnswer, RateBudget } from '../../../shared/ports/rate-budget.ts';
import type { SymbolDirectory } from '../../../shared/ports/symbols.ts';
import { MemoryCounters, MemoryLeases, MemoryPrices, MemoryTape } from '../../support/fakes/memory-cache.ts';
import { MemoryDemoStore } from '../../support/fakes/memory-demo-store.ts';
import { MemoryIndex } from '../../support/fakes/memory-index.ts';
import { MemoryLedger, MemoryWallets } from '../../support/fakes/memory-ledger.ts';
import { MemoryReconcile } from '../../support/fakes/memory-reconcile.ts';
import type { Clocks } from './clocks.ts';
import type { AccountPlan } from './exchange.ts';
import { SYMBOL, Venue } from './exchange.ts';
import { Queue, type QueueParts, type Queues } from './sqs.ts';

export const USER = 'user-1';
export const EXCHANGE = 'binance_simulator';

/** More than a wallet may be made with: so that a minute's walk of the price reaches liquidations. */
const FAR_LEVERAGE = 100;

export interface WalletPlan extends AccountPlan {
  readonly isDemo: boolean;
  /** Its positions may be short, and have leverage. */
  readonly lends: boolean;
}

/** The venue's limits are far away here; what it says of waiting is obeyed. */
export class MemoryBudget implements RateBudget {
  #until = 0;
  #grants = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async ask(): Promise<BudgetAnswer> {
    const wait = this.#until - this.#now();
    if (wait > 0) return { granted: false, code: 'blocked', retryAfterMs: wait };
    return { granted: true, grantId: `g${++this.#grants}` };
  }

  async correct(): Promise<void> {
    // Nothing is counted.
  }

  async block({ until }: { readonly until: number }): Promise<void> {
    this.#until = Math.max(this.#until, until);
  }

  async learn(): Promise<void> {
    // Nothing is counted.
  }

  async figures(): Promise<null> {
    return null;
  }
}

export interface Outside {
  readonly clocks: Clocks;
  readonly ledger: MemoryLedger;
  readonly wallets: MemoryWallets;
  readonly index: MemoryIndex;
  readonly prices: MemoryPrices;
  readonly tape: MemoryTape;
  readonly leases: MemoryLeases;
  readonly counters: MemoryCounters;
  readonly demo: MemoryDemoStore;
  readonly reconciles: MemoryReconcile;
  readonly budget: MemoryBudget;
  readonly queues: Queues;
  readonly symbols: SymbolDirectory;
  readonly venue: Venue;
  readonly plans: readonly WalletPlan[];
}

const registry = symbolRegistry();

export function makeOutside(clocks: Clocks, plans: readonly WalletPlan[], parts: QueueParts): Outside {
  const { kernel } = parts;
  // The cache is a machine like the others.
  const clock = { now: clocks.common };
  const venue = new Venue(kernel, plans);
  const wallets = new MemoryWallets();
  for (const plan of plans) wallets.items.set(plan.walletId, walletOf(plan, kernel.now));
  const builtIn = builtInDirectory(registry);
  const byVenueSymbol = new Map(venue.specs.map((spec) => [spec.venueSymbol, spec]));
  // Names are few, and what they mean stays: each is read once.
  const found = new Map<string, SymbolSpec | null>();
  const findAtVenue = (text: string): SymbolSpec | null => {
    const known = found.get(text);
    if (known !== undefined) return known;
    const spec = findSymbol(text, (name) => byVenueSymbol.get(name) ?? null);
    found.set(text, spec);
    return spec;
  };
  const symbols: SymbolDirectory = {
    ...builtIn,
    hasRules: async () => true,
    find: async (environment: Environment, text: string) =>
      environment === 'demo' ? registry.find(text) : findAtVenue(text),
  };
  const queue = (name: keyof Queues, seconds: number): Queue =>
    new Queue(name, { isFifo: name === 'executions', visibilityMs: 6 * seconds * 1000 }, parts);
  const prices = new MemoryPrices(clock);
  const index = new MemoryIndex({ tape: prices });
  index.build(SYMBOL);
  return {
    clocks,
    ledger: new MemoryLedger({ wallets }),
    wallets,
    index,
    prices,
    tape: new MemoryTape(),
    leases: new MemoryLeases(clock),
    counters: new MemoryCounters(),
    demo: new MemoryDemoStore(),
    reconciles: new MemoryReconcile(),
    budget: new MemoryBudget(venue.now),
    queues: {
      submit: queue('submit', 15),
      exits: queue('exits', 15),
      executions: queue('executions', 5),
      triggers: queue('triggers', 10),
      reconcile: queue('reconcile', 50),
    },
    symbols,
    venue,
    plans,
  };
}

function walletOf({ walletId, uid, balances, isDemo, lends }: WalletPlan, now: number): Wallet {
  const starting = Object.entries(balances).map(([asset, amount]) => ({
    asset,
    amount: new Decimal(amount),
  }));
  return {
    walletId,
    version: 1,
    userId: USER,
    environment: isDemo ? 'demo' : EXCHANGE,
    name: walletId,
    signalPolicy: { act: true, minConfidence: new Decimal('0.5'), allowLoosen: false },
    resident: 'none',
    demo: isDemo
      ? {
          feeRate: new Decimal('0.001'),
          buyFeeIn: lends ? 'quote' : 'base',
          startingBalances: starting,
          maxLeverage: lends ? FAR_LEVERAGE : null,
          ...NEVER_PAUSED,
        }
      : null,
    exchange: isDemo
      ? null
      : {
          bodyHash: 'hash',
          keyType: 'hmac',
          keyHint: 'hint',
          sealedKeys: String(uid),
          keyFingerprint: 'print',
          keyVersion: 1,
          status: 'active',
          problem: null,
          warnings: [],
          accountUid: String(uid),
          checkedAt: now,
          checkWantedAt: null,
          pendingKeys: null,
          ...NEVER_PAUSED,
        },
    createdAt: now,
    updatedAt: now,
  };
}

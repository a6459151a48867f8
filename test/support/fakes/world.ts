/** The whole system in memory: use cases over fakes, its queues and its clock driven by the test. */

import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { NEVER_PAUSED } from '../../../shared/domain/pauses.ts';
import { DEFAULT_SIGNAL_POLICY } from '../../../shared/domain/signals.ts';
import type { SymbolRules } from '../../../shared/domain/symbol-rules.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { foldTicks } from '../../../shared/domain/triggers/bars.ts';
import type { Tick } from '../../../shared/domain/triggers/types.ts';
import { parseUnits, unitsToDecimal } from '../../../shared/domain/triggers/units.ts';
import {
  type ExchangeAccount,
  ORDER_TYPES,
  type Order,
  type Position,
  type Protection,
} from '../../../shared/domain/types.ts';
import type { Log } from '../../../shared/ports/runtime.ts';
import type { SymbolDirectory } from '../../../shared/ports/symbols.ts';
import type { ExchangeWallet } from '../../../shared/ports/venue.ts';
import type { PlaceOrderCommand } from '../../../shared/usecases/place-order.ts';
import type { Ports } from '../../../shared/usecases/ports.ts';
import { makeUseCases, type UseCases } from '../use-cases.ts';
import { type FakeVenue, FakeVenues } from './fake-venue.ts';
import { MemoryCounters, MemoryLeases, MemoryPrices, MemoryTape } from './memory-cache.ts';
import { MemoryClients } from './memory-clients.ts';
import { MemoryIndex } from './memory-index.ts';
import { MemoryLedger, MemoryWallets } from './memory-ledger.ts';
import { MemoryOutbox, type Sent } from './memory-outbox.ts';
import { MemoryReconcile } from './memory-reconcile.ts';

export const USER = 'user-1';
export const WALLET = 'wallet-1';
export const BTC = 'BTC/USDT';
export const START = Date.UTC(2026, 0, 5, 12, 0, 0);

export const EXCHANGE = 'binance_simulator';
const ACCOUNT: ExchangeAccount = {
  bodyHash: 'hash',
  keyType: 'hmac',
  keyHint: 'wxyz',
  sealedKeys: 'c2VhbGVk',
  keyFingerprint: 'print',
  keyVersion: 1,
  status: 'active',
  problem: null,
  warnings: [],
  accountUid: '77',
  checkedAt: START,
  checkWantedAt: null,
  pendingKeys: null,
  ...NEVER_PAUSED,
};

export interface LogEntry {
  readonly level: keyof Log;
  readonly code: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const units = (text: string) => {
  const parsed = parseUnits(text, 4);
  if (!parsed.ok) throw new Error(`not a price: ${text}`);
  return parsed.value.units;
};

export class World {
  now = START;
  tickId = 100;
  readonly logs: LogEntry[] = [];
  readonly clock = { now: (): number => this.now };
  readonly wallets = new MemoryWallets();
  readonly clients = new MemoryClients();
  readonly ledger = new MemoryLedger({ wallets: this.wallets, clients: this.clients });
  readonly index = new MemoryIndex();
  readonly prices = new MemoryPrices(this.clock);
  readonly tape = new MemoryTape();
  readonly leases = new MemoryLeases(this.clock);
  readonly counters = new MemoryCounters();
  /** Figures for charts and alarms, as they were told. */
  readonly metrics: Readonly<Record<string, number>>[] = [];
  readonly outbox = new MemoryOutbox();
  readonly reconciles = new MemoryReconcile();
  /** What the exchange says of a wallet's whole account, where a test gives it. */
  readonly accounts = new Map<string, ExchangeWallet>();
  readonly refreshAsked: string[] = [];
  readonly symbolRefresh = {
    ask: async (environment: string): Promise<void> => {
      this.refreshAsked.push(environment);
    },
  };
  /** Rules of the exchange, over the built-in ones. */
  rules: Partial<SymbolRules> = {};
  hasRules = true;
  readonly symbols: SymbolDirectory = {
    ...builtInDirectory(symbolRegistry()),
    hasRules: async () => this.hasRules,
    find: async (environment, text) => {
      const spec = this.hasRules ? symbolRegistry().find(text) : null;
      if (spec === null || environment === 'demo') return spec;
      return { ...spec, rules: { ...spec.rules, orderTypes: ORDER_TYPES, ...this.rules } };
    },
  };
  readonly venues = new FakeVenues({ clock: this.clock, prices: this.prices, outbox: this.outbox });
  readonly ports: Ports;
  readonly useCases: UseCases;
  /** Whatever runs from the queues runs on these; a test may put a crashing set here. */
  workers: UseCases;
  private tokens = 0;
  private later: { readonly at: number; readonly sent: Sent }[] = [];
  private open: ReturnType<typeof foldTicks>['open'] = null;
  private nextSecond = 0;

  /** `exchange`: the wallet is an account at an exchange, which works its orders by itself. */
  constructor(of: { readonly exchange?: Partial<ExchangeAccount> } = {}) {
    const environment = of.exchange === undefined ? 'demo' : EXCHANGE;
    const entry =
      (level: keyof Log) =>
      (code: string, fields: Readonly<Record<string, unknown>> = {}): void => {
        this.logs.push({ level, code, fields });
      };
    this.ports = {
      ledger: this.ledger,
      wallets: this.wallets,
      clients: this.clients,
      index: this.index,
      prices: this.prices,
      tape: this.tape,
      leases: this.leases,
      counters: this.counters,
      metrics: (values) => {
        this.metrics.push(values);
      },
      outbox: this.outbox,
      venues: this.venues,
      accounts: {
        forAccount: async (walletId) => {
          const account = this.accounts.get(walletId);
          if (account === undefined) throw new Error(`wallet ${walletId} has no account here`);
          return account;
        },
      },
      reconciles: this.reconciles,
      symbols: this.symbols,
      symbolRefresh: this.symbolRefresh,
      served: ['demo', EXCHANGE],
      clock: this.clock,
      ids: { token: () => `token-${++this.tokens}` },
      log: { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') },
      // No time passes within a call.
      repeat: () => () => undefined,
      sleep: async (ms) => {
        this.now += ms;
      },
    };
    this.useCases = makeUseCases(this.ports, { monitorEnabled: true });
    this.workers = this.useCases;
    this.venue.environment = environment;
    this.index.build(BTC);
    this.wallets.items.set(WALLET, {
      walletId: WALLET,
      version: 1,
      userId: USER,
      environment,
      name: 'Wallet',
      demo:
        of.exchange === undefined
          ? {
              feeRate: new Decimal('0.001'),
              buyFeeIn: 'quote',
              startingBalances: [],
              maxLeverage: null,
              ...NEVER_PAUSED,
            }
          : null,
      exchange: of.exchange === undefined ? null : { ...ACCOUNT, ...of.exchange },
      signalPolicy: DEFAULT_SIGNAL_POLICY,
      resident: 'none',
      createdAt: START,
      updatedAt: START,
    });
  }

  /** The wallet's account changes under the orders. */
  account(change: Partial<ExchangeAccount>): void {
    const wallet = this.wallets.items.get(WALLET);
    if (wallet?.exchange == null) throw new Error('no account at an exchange');
    this.wallets.items.set(WALLET, { ...wallet, exchange: { ...wallet.exchange, ...change } });
  }

  get venue(): FakeVenue {
    return this.venues.venue(WALLET);
  }

  errors(): readonly string[] {
    return this.logs.filter((entry) => entry.level === 'error').map((entry) => entry.code);
  }

  /** A tick as the feed brings it; nobody has seen it yet. */
  tickOf(bid: string, ask: string = bid): Tick {
    this.tickId += 1;
    return {
      id: this.tickId,
      bid: units(bid),
      ask: units(ask),
      last: units(bid),
      at: this.now,
      bidSize: '',
      askSize: '',
      recordedAt: 0,
    };
  }

  /** One tick through the streamer's work: shown price, index, tape, wake-up. */
  tick(bid: string, ask: string = bid): void {
    this.show(this.tickOf(bid, ask));
  }

  /** The same with a tick that was kept back; `newest`: the newest one that was known when it was sent. */
  show(tick: Tick, newest = tick.id): void {
    const [bid, ask] = [tick.bid, tick.ask].map((price) => unitsToDecimal(price, 4).toFixed());
    if (bid === undefined || ask === undefined) return;
    this.prices.shown.set(BTC, {
      symbol: BTC,
      bid,
      ask,
      last: bid,
      bidSize: '',
      askSize: '',
      source: 'test',
      quoted: bid !== ask,
      tickId: tick.id,
      at: tick.at,
      recordedAt: 0,
    });
    const folded = foldTicks(this.open, [tick]);
    this.open = folded.open;
    const bars = [...folded.complete, ...(folded.open === null ? [] : [folded.open])];
    const known = (this.prices.tape.get(BTC) ?? []).filter(
      (bar) => !bars.some((b) => b.second === bar.second),
    );
    this.prices.tape.set(BTC, [...known, ...bars]);
    const result = this.index.tick(BTC, tick, newest);
    if (result === 'rebuild') this.outbox.queue.push(trigger({ kind: 'rebuild', symbol: BTC, at: this.now }));
    else if (result.wake) this.outbox.queue.push(trigger({ kind: 'wake', symbol: BTC, at: this.now }));
  }

  /** Delivers one message, as its function does; answers whether it was taken. */
  async deliver(sent: Sent): Promise<boolean> {
    try {
      if (sent.queue === 'executions') {
        await this.workers.applyExecution(sent.report);
      } else if (sent.queue === 'triggers') {
        const { message } = sent;
        if (message.kind === 'wake') await this.workers.evaluateHits(message.symbol);
        else if (message.kind === 'sweep') await this.workers.sweep(message);
        else if ((await this.workers.rebuildSymbol(message.symbol)) === 'rebuilt') {
          await this.workers.evaluateHits(message.symbol);
        }
      } else if (sent.queue === 'reconcile') {
        await this.workers.reconcile.wallet(sent.message.walletId, sent.message.reason);
      } else {
        await this.workers.advance(sent.message);
      }
      return true;
    } catch (error) {
      this.logs.push({ level: 'warn', code: 'DELIVERY_FAILED', fields: { error: String(error) } });
      return false;
    }
  }

  /** Delivers until the queues are empty. `redeliver`: what failed comes back once more, at the end. */
  async pump(redeliver = true): Promise<void> {
    for (let round = 0; round < 200; round++) {
      const batch = this.outbox.take();
      if (batch.length === 0) return;
      for (const sent of batch) {
        if (this.isDelayed(sent)) continue;
        if (!(await this.deliver(sent)) && redeliver && !(await this.deliver(sent))) {
          this.logs.push({ level: 'error', code: 'DEAD_LETTER', fields: { queue: sent.queue } });
        }
      }
    }
    throw new Error('the queues never became empty');
  }

  /** Keeps a delayed message until `pass` has come to its time. */
  private isDelayed(sent: Sent): boolean {
    if (sent.queue === 'executions' || sent.delaySeconds === 0) return false;
    this.later.push({ at: this.now + sent.delaySeconds * 1000, sent: { ...sent, delaySeconds: 0 } });
    return true;
  }

  /** Time passes second by second, a sweep in each; the shown price stays alive. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.now = Math.floor(this.now / 1000) * 1000 + 1000;
      this.outbox.queue.push(...this.later.filter(({ at }) => at <= this.now).map(({ sent }) => sent));
      this.later = this.later.filter(({ at }) => at > this.now);
      const shown = this.prices.shown.get(BTC);
      if (shown !== undefined) this.prices.shown.set(BTC, { ...shown, at: this.now });
      const second = Math.max(Math.floor(this.now / 1000), this.nextSecond);
      this.nextSecond = second + 1;
      this.outbox.queue.push(trigger({ kind: 'sweep', shard: 0, second }));
      await this.pump();
    }
  }

  command(over: Partial<PlaceOrderCommand> = {}): PlaceOrderCommand {
    return {
      userId: USER,
      walletId: WALLET,
      symbol: BTC,
      side: 'buy',
      type: 'market',
      timeInForce: 'GTC',
      quantity: new Decimal('0.5'),
      quoteQuantity: null,
      limitPrice: null,
      stopPrice: null,
      stopLimitPrice: null,
      trailingDelta: null,
      clientOrderId: null,
      idempotencyKey: 'key-1',
      protection: null,
      positionId: null,
      positionSide: null,
      leverage: null,
      flowId: null,
      executionId: null,
      marketConditions: null,
      aiReasoning: null,
      aiConfidence: null,
      aiAgentId: null,
      metadata: {},
      tags: [],
      notes: null,
      ...over,
    };
  }

  /** A market buy, placed; what follows is still on the queues. */
  async place(over: Partial<PlaceOrderCommand> = {}): Promise<Order> {
    const placed = await this.useCases.placeOrder(this.command(over));
    if (!placed.ok) throw new Error(`${placed.error.code}: ${placed.error.message}`);
    return placed.value.order;
  }

  /** A market buy at 50,000, filled and protected. */
  async openPosition(
    protection: Partial<Protection> = {},
    over: Partial<PlaceOrderCommand> = {},
  ): Promise<Position> {
    if (!this.prices.shown.has(BTC)) this.tick('50000');
    const order = await this.place({ protection, ...over });
    await this.pump();
    return this.position(order.positionId);
  }

  position(positionId: string): Position {
    const position = this.ledger.positionItems.get(positionId);
    if (position === undefined) throw new Error(`no position ${positionId}`);
    return position;
  }

  order(orderId: string): Order {
    const order = this.ledger.orderItems.get(orderId);
    if (order === undefined) throw new Error(`no order ${orderId}`);
    return order;
  }

  exitsOf(positionId: string): readonly Order[] {
    return [...this.ledger.orderItems.values()].filter(
      (o) => o.positionId === positionId && o.role === 'exit',
    );
  }
}

const trigger = (message: Extract<Sent, { queue: 'triggers' }>['message']): Sent => ({
  queue: 'triggers',
  message,
  delaySeconds: 0,
});

/**
 * The ledger in memory, held to the real one by test/contracts/ledger.ts.
 *
 * As DynamoDB has it: all or nothing with the same conflicts, at most 100 items in a commit and none of them twice,
 * lists and indexes that may lag, cursors of one list only; what is stored is never changed in place.
 */
import { createHash } from 'node:crypto';
import { calls, fills } from '../../../shared/adapters/dynamodb/common-entities.ts';
import { decodeCursor, encodeCursor } from '../../../shared/adapters/dynamodb/cursor.ts';
import {
  actionItem,
  callItem,
  dueShard,
  fillItem,
  type Item,
  orderItem,
  positionItem,
  signalItem,
  sortText,
} from '../../../shared/adapters/dynamodb/items.ts';
import { orders } from '../../../shared/adapters/dynamodb/order-entity.ts';
import { actions, positions, signals } from '../../../shared/adapters/dynamodb/position-entity.ts';
import { listScope } from '../../../shared/adapters/dynamodb/reads.ts';
import { type Decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import { pauseOf } from '../../../shared/domain/pauses.ts';
import type { WalletRisk } from '../../../shared/domain/risk/limits.ts';
import type { Signal } from '../../../shared/domain/signal-facts.ts';
import type { Fill, Order, Position, PositionAction } from '../../../shared/domain/types.ts';
import type {
  Call,
  Change,
  ClaimResult,
  Commit,
  CommitResult,
  DueItem,
  DueWallet,
  Ledger,
  LimitsChange,
  ListQuery,
  OrderWithFills,
  Page,
  PauseGate,
  RiskMark,
  SpanQuery,
  Told,
  ToldQuery,
} from '../../../shared/ports/ledger.ts';
import type { IndexLag } from './lagging.ts';
import type { MemoryClients } from './memory-clients.ts';
import {
  changeLimits,
  countings,
  dueLossChecks,
  type LossChecks,
  noteMark,
  type RiskDays,
  riskDay,
} from './memory-risk.ts';
import type { MemoryWallets } from './memory-wallets.ts';
import { pageOf } from './page.ts';
import { checkTransaction, kept, Shelf, type Write } from './shelf.ts';

export interface MemoryLedgerOptions {
  /** [1] Shards of the due index (SWEEP_SHARDS). */
  readonly shards?: number;
  /** Lists, live and due indexes lag behind the writes; without it they show them at once. */
  readonly lag?: IndexLag;
  /** Everything goes through the real codec, and no item may be too large: exact, and much slower. */
  readonly codec?: boolean;
  /** Whose pauses a claim asks for. */
  readonly wallets?: Pick<MemoryWallets, 'items'>;
  /** Whose use entries of machine clients are counted to. */
  readonly clients?: Pick<MemoryClients, 'use'>;
}

const FINAL = new Set<Order['status']>(['filled', 'cancelled', 'rejected', 'expired', 'failed']);
const isLiveOrder = (order: Order): boolean => !FINAL.has(order.status);
const isLivePosition = (p: Position): boolean => p.status !== 'closed' && p.status !== 'liquidated';

const READ_FILL = { fromItem: fills.fromItem };
const READ_ACTION = { fromItem: actions.fromItem };

const byTradeId = new Intl.Collator('en', { numeric: true });
const inOrder = (a: Fill, b: Fill): number => a.at - b.at || byTradeId.compare(a.tradeId, b.tradeId);

/** Holds what the real ledger holds. A test may look into its maps, and set what is stored. */
export class MemoryLedger implements Ledger {
  readonly orderItems: Map<string, Order>;
  readonly positionItems: Map<string, Position>;
  readonly fillItems = new Map<string, readonly Fill[]>();
  readonly callItems = new Map<string, Call>();
  readonly actionItems = new Map<string, readonly PositionAction[]>();
  /** By position, then by sort key. */
  readonly signalItems = new Map<string, Map<string, Signal>>();
  readonly riskItems = new Map<string, WalletRisk>();
  readonly riskDays: RiskDays = new Map();
  readonly lossChecks: LossChecks = new Map();
  private readonly shards: number;
  commits = 0;
  /** So many claims find an item busy. */
  busyClaims = 0;
  private readonly orderShelf: Shelf<Order>;
  private readonly positionShelf: Shelf<Position>;
  private readonly codec: boolean;
  private readonly wallets: MemoryLedgerOptions['wallets'];
  private readonly clients: MemoryLedgerOptions['clients'];
  /** What is known of the list that is stored now; a list that a test has set is looked through anew. */
  private readonly tradeIds = new WeakMap<
    readonly Fill[],
    { readonly list: Fill[]; readonly ids: Set<string> }
  >();
  private readonly actionKeys = new WeakMap<readonly PositionAction[], readonly string[]>();

  constructor({ shards = 1, lag, codec = false, wallets, clients }: MemoryLedgerOptions = {}) {
    this.clients = clients;
    this.codec = codec;
    this.wallets = wallets;
    this.shards = shards;
    const common = { lag: lag ?? null, shards };
    this.orderShelf = new Shelf({
      ...{ ...common, kind: 'order', idOf: (order: Order) => order.orderId },
      codec: codec ? { toItem: (order) => orderItem(order, shards), fromItem: orders.fromItem } : null,
    });
    this.positionShelf = new Shelf({
      ...{ ...common, kind: 'position', idOf: (position: Position) => position.positionId },
      codec: codec ? { toItem: (p) => positionItem(p, shards), fromItem: positions.fromItem } : null,
    });
    this.orderItems = this.orderShelf.items;
    this.positionItems = this.positionShelf.items;
  }

  async order(orderId: string): Promise<Order | null> {
    return this.orderItems.get(orderId) ?? null;
  }

  async position(positionId: string): Promise<Position | null> {
    return this.positionItems.get(positionId) ?? null;
  }

  async orders(orderIds: readonly string[]): Promise<readonly Order[]> {
    return this.orderShelf.many(orderIds);
  }

  async positions(positionIds: readonly string[]): Promise<readonly Position[]> {
    return this.positionShelf.many(positionIds);
  }

  async fills(orderId: string): Promise<readonly Fill[]> {
    return (this.fillItems.get(orderId) ?? []).toSorted(inOrder);
  }

  async booked(orderId: string, tradeIds: readonly string[]): Promise<ReadonlySet<string>> {
    const { ids } = this.fillsOf(orderId);
    return new Set(tradeIds.filter((tradeId) => ids.has(tradeId)));
  }

  async ordersWithFills(orderIds: readonly string[]): Promise<readonly OrderWithFills[]> {
    const found = await this.orders(orderIds);
    return Promise.all(found.map(async (order) => ({ order, fills: await this.fills(order.orderId) })));
  }

  async positionWithActions(positionId: string) {
    const position = await this.position(positionId);
    return position && { position, actions: await this.actions(positionId) };
  }

  async actions(positionId: string): Promise<readonly PositionAction[]> {
    return [...(this.actionItems.get(positionId) ?? [])];
  }

  async actionsBetween(positionId: string, query: ToldQuery): Promise<readonly Told<PositionAction>[]> {
    const stored = this.actionItems.get(positionId) ?? [];
    const keys = this.actionKeys.get(stored) ?? stored.map((one) => actionKey(one, null));
    return toldOf(
      stored.map((item, i) => ({ key: keys[i] ?? '', item })),
      query,
    );
  }

  async signalsBetween(positionId: string, query: ToldQuery): Promise<readonly Told<Signal>[]> {
    const stored = [...(this.signalItems.get(positionId) ?? [])].map(([key, item]) => ({ key, item }));
    return toldOf(stored, query);
  }

  async signal(
    positionId: string,
    { at, signalId }: Pick<Signal, 'at' | 'signalId'>,
  ): Promise<Signal | null> {
    return this.signalItems.get(positionId)?.get(sortText(at, signalId)) ?? null;
  }

  async signals(positionId: string, { limit, cursor, from: first, to }: SpanQuery): Promise<Page<Signal>> {
    const scope = listScope(`positions/signal#/${positionId}`, { from: first, to });
    const from = cursor === null ? null : decodeCursor(scope, cursor).sort;
    const all = [...(this.signalItems.get(positionId) ?? [])]
      .filter(([, { at }]) => at >= (first ?? at) && (to === undefined || at < to))
      .sort(([a], [b]) => (a < b ? 1 : -1));
    const rest = all.filter(([sort]) => from === null || sort < from);
    const given = rest.slice(0, limit);
    const last = given.at(-1)?.[0];
    const isMore = last !== undefined && rest.length > limit;
    return {
      items: given.map(([, signal]) => signal),
      cursor: isMore ? encodeCursor(scope, { pk: positionId, sort: last }) : null,
    };
  }

  async callOf(ownerId: string, key: string): Promise<Call | null> {
    return this.callItems.get(`${ownerId} ${key}`) ?? null;
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const changes = [
      ...(commit.orders ?? []).map((change) => this.orderShelf.write(change)),
      ...(commit.positions ?? []).map((change) => this.positionShelf.write(change)),
    ];
    const booked = (commit.fills ?? []).map(({ orderId, fill }) => this.bookingOf(orderId, fill));
    const told = this.tellingsOf(commit);
    const said = (commit.signals ?? []).map(({ positionId, signal }) => this.signalWrite(positionId, signal));
    const asked = (commit.keys ?? []).map((call) => this.callWrite(call));
    const counted = [...countings(this, commit), ...this.usesOf(commit)];
    const writes = [...changes, ...booked, ...told, ...said, ...asked, ...counted];
    checkTransaction(writes);
    // What the first call did explains every other conflict of its repeat.
    if (asked.some(({ isStale }) => isStale)) return { outcome: 'key_taken' };
    const known = booked.filter(({ isStale }) => isStale).map(({ tradeId }) => tradeId);
    if (known.length > 0) return { outcome: 'duplicate_fill', tradeIds: known };
    const stale = [...changes, ...said].filter(({ isStale }) => isStale);
    if (stale.length > 0) return { outcome: 'conflict', items: stale.map(({ name }) => name) };
    if (counted.some(({ isStale }) => isStale)) return { outcome: 'risk_changed' };
    this.commits += 1;
    for (const write of writes) write.put();
    return { outcome: 'done' };
  }

  private usesOf({ client: gate = null }: Commit): readonly Write[] {
    if (gate === null) return [];
    if (this.clients === undefined) throw new Error('this ledger was given no clients to count in');
    return [this.clients.use(gate)];
  }

  async risk(walletId: string): Promise<WalletRisk | null> {
    return this.riskItems.get(walletId) ?? null;
  }

  async realizedOn(walletId: string, day: number): Promise<Decimal> {
    return this.riskDays.get(riskDay(walletId, day)) ?? ZERO;
  }

  async noteMark(mark: RiskMark): Promise<boolean> {
    return noteMark(this, mark);
  }

  async dueLossChecks(shard: number, now: number, limit: number): Promise<readonly DueWallet[]> {
    const isInShard = (walletId: string): boolean => dueShard(walletId, this.shards) === String(shard);
    return dueLossChecks(this, isInShard, now).slice(0, limit);
  }

  async moveLossCheck({ walletId, dueAt }: DueWallet, to: number): Promise<boolean> {
    if (this.lossChecks.get(walletId) !== dueAt) return false;
    this.lossChecks.set(walletId, to);
    return true;
  }

  async setLimits(change: LimitsChange): Promise<boolean> {
    return changeLimits(this, change);
  }

  async claim(change: Change<Order>, gate: PauseGate | null): Promise<ClaimResult> {
    const write = this.orderShelf.write(change);
    if (countings(this, { orders: [change] }).length > 0) {
      throw new Error('a claim changes amounts');
    }
    if (this.busyClaims > 0) {
      this.busyClaims -= 1;
      return 'busy';
    }
    if (write.isStale) return 'conflict';
    if (gate !== null && this.isPaused(gate)) return 'paused';
    this.commits += 1;
    write.put();
    return 'done';
  }

  /** An item that is not there has none of its attributes: the condition fails. */
  private isPaused({ walletId, pauses }: PauseGate): boolean {
    if (this.wallets === undefined) throw new Error('this ledger was given no wallets to look at');
    const wallet = this.wallets.items.get(walletId);
    if (wallet === undefined) return true;
    const state = pauseOf(wallet);
    return state.pausedAt !== null || (pauses !== null && state.pauses !== pauses);
  }

  async ordersOfUser(userId: string, query: ListQuery): Promise<Page<Order>> {
    const own = this.orderShelf.indexed((order) => order.userId === userId && isSought(order, query));
    const { positionId } = query;
    const index = positionId === undefined ? `by_user/${userId}` : `by_position/${positionId}`;
    return pageOf(listScope(`orders/${index}`, query), own, (order) => order.orderId, query);
  }

  async positionsOfUser(userId: string, query: ListQuery): Promise<Page<Position>> {
    // Of a list of positions the position is not asked for.
    const { positionId: _ofOrders, ...asked } = query;
    const own = this.positionShelf.indexed((p) => p.userId === userId && isSought(p, asked));
    const index = query.flowId === undefined ? `by_user/${userId}` : `by_flow/${query.flowId}`;
    return pageOf(listScope(`positions/${index}`, query), own, (position) => position.positionId, query);
  }

  async livePositionIds(symbol: string): Promise<readonly string[]> {
    const live = this.positionShelf.indexed((p) => p.symbol === symbol && isLivePosition(p));
    return live.map(({ positionId }) => positionId);
  }

  async liveOrderIds(symbol: string): Promise<readonly string[]> {
    const live = this.orderShelf.indexed((order) => order.symbol === symbol && isLiveOrder(order));
    return live.map(({ orderId }) => orderId);
  }

  async liveOrdersOfWallet(walletId: string): Promise<readonly Order[]> {
    return this.orderShelf.indexed((order) => order.walletId === walletId && isLiveOrder(order));
  }

  async livePositionsOfWallet(walletId: string): Promise<readonly Position[]> {
    return this.positionShelf.indexed((p) => p.walletId === walletId && isLivePosition(p));
  }

  async ordersOfWallet(walletId: string, since: number): Promise<readonly Order[]> {
    return this.orderShelf
      .indexed((order) => order.walletId === walletId && order.createdAt >= since)
      .toSorted((a, b) => a.createdAt - b.createdAt);
  }

  async isLive(symbol: string): Promise<boolean> {
    return (await this.livePositionIds(symbol)).length > 0 || (await this.liveOrderIds(symbol)).length > 0;
  }

  async liveSymbols(): Promise<readonly string[]> {
    const live = [...this.positionShelf.indexed(isLivePosition), ...this.orderShelf.indexed(isLiveOrder)];
    return [...new Set(live.map((item) => item.symbol))].sort();
  }

  async due(shard: number, now: number, limit: number): Promise<readonly DueItem[]> {
    return [...this.orderShelf.due(shard, now, limit), ...this.positionShelf.due(shard, now, limit)]
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit);
  }

  async moveDue({ kind, id, dueAt }: DueItem, to: number): Promise<boolean> {
    return (kind === 'order' ? this.orderShelf : this.positionShelf).moveDue(id, dueAt, to);
  }

  private callWrite(call: Call): Write {
    const { ownerId, key } = call;
    const codec = this.codec
      ? {
          toItem: callItem,
          fromItem: (item: Item, path: string): Call => ({ ...calls.fromItem(item, path), ownerId, key }),
        }
      : null;
    const stored = kept({ ...call }, codec);
    const name = `${ownerId} ${key}`;
    return {
      name: `key of ${name}`,
      isStale: this.callItems.has(name),
      put: () => void this.callItems.set(name, stored),
    };
  }

  private signalWrite(positionId: string, signal: Signal): Write {
    const codec = this.codec
      ? { toItem: (one: Signal) => signalItem(positionId, one), fromItem: signals.fromItem }
      : null;
    const stored = kept({ ...signal }, codec);
    const sort = sortText(signal.at, signal.signalId);
    return {
      name: `signal ${positionId} ${signal.signalId}`,
      isStale: this.signalItems.get(positionId)?.has(sort) === true,
      put: () => {
        const own = this.signalItems.get(positionId) ?? new Map<string, Signal>();
        this.signalItems.set(positionId, own.set(sort, stored));
      },
    };
  }

  private bookingOf(orderId: string, fill: Fill): Write & { readonly tradeId: string } {
    const codec = this.codec ? { toItem: (one: Fill) => fillItem(orderId, one), ...READ_FILL } : null;
    const booked = kept({ ...fill }, codec);
    const { tradeId } = fill;
    return {
      name: `fill ${orderId} ${tradeId}`,
      tradeId,
      isStale: this.fillsOf(orderId).ids.has(tradeId),
      put: () => {
        const { list, ids } = this.fillsOf(orderId);
        list.push(booked);
        ids.add(tradeId);
        this.fillItems.set(orderId, list);
      },
    };
  }

  /** The list grows in place, so that the ten thousandth fill costs what the first did. */
  private fillsOf(orderId: string): { readonly list: Fill[]; readonly ids: Set<string> } {
    const stored = this.fillItems.get(orderId) ?? [];
    const known = this.tradeIds.get(stored);
    if (known !== undefined) return known;
    const list = [...stored];
    const found = { list, ids: new Set(list.map(({ tradeId }) => tradeId)) };
    this.tradeIds.set(list, found);
    return found;
  }

  /** Sorted by time, then by name, as the sort key of an action is. */
  private tellingsOf({ positions: changes = [], actions: said = [] }: Commit): Write[] {
    const versions = new Map(
      changes.map(({ before, after }) => [after.positionId, (before?.version ?? 0) + 1]),
    );
    return said.map(({ positionId, action }, index) => {
      const version = versions.get(positionId);
      const origin = version === undefined ? null : { version, index };
      const codec = this.codec
        ? { toItem: (one: PositionAction) => actionItem(positionId, one, origin), ...READ_ACTION }
        : null;
      const told = kept({ ...action, facts: { ...action.facts } }, codec);
      const key = actionKey(action, origin);
      return {
        name: `action ${positionId} ${key}`,
        isStale: false,
        put: () => this.tell(positionId, key, told),
      };
    });
  }

  private tell(positionId: string, key: string, action: PositionAction): void {
    const stored = this.actionItems.get(positionId) ?? [];
    const keys = this.actionKeys.get(stored) ?? stored.map((one) => actionKey(one, null));
    const at = keys.findLastIndex((one) => one < key) + 1;
    const replaced = keys[at] === key ? 1 : 0;
    const list = stored.toSpliced(at, replaced, action);
    this.actionKeys.set(list, keys.toSpliced(at, replaced, key));
    this.actionItems.set(positionId, list);
  }
}

const toldOf = <T>(all: readonly Told<T>[], { from, to, after, limit }: ToldQuery): readonly Told<T>[] =>
  all
    .filter(
      ({ key }) => key >= sortText(from, '') && key < sortText(to, '') && (after === null || key > after),
    )
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, limit ?? undefined);

/** The sort key: one of a position's change by its version and place, one that stands alone by what it says. */
function actionKey(
  { at, kind, facts }: PositionAction,
  origin: { readonly version: number; readonly index: number } | null,
): string {
  const time = String(at).padStart(15, '0');
  if (origin === null) {
    return `${time}#h${createHash('sha256')
      .update(JSON.stringify([kind, facts]))
      .digest('hex')}`;
  }
  return `${time}#v${String(origin.version).padStart(10, '0')}#${String(origin.index).padStart(3, '0')}`;
}

const isSought = (
  item: Pick<Order | Position, 'status' | 'symbol' | 'walletId' | 'positionId' | 'flowId' | 'createdAt'>,
  { status, symbol, walletId, positionId, flowId, from, to }: ListQuery,
): boolean =>
  (status === undefined || status.includes(item.status)) &&
  (symbol === undefined || symbol === item.symbol) &&
  (walletId === undefined || walletId === item.walletId) &&
  (positionId === undefined || positionId === item.positionId) &&
  (flowId === undefined || flowId === item.flowId) &&
  (from === undefined || item.createdAt >= from) &&
  (to === undefined || item.createdAt < to);

export { MemoryWallets } from './memory-wallets.ts';

/**
 * Items of the ledger: keys, and the index attributes beside the facts (design section 14).
 *
 * Facts are camelCase attributes, named as in the types; index attributes are snake_case and derived on every
 * write, so an index can never disagree with its item. Sparse ones are left out: `live_symbol` and `live_wallet`
 * once an order is final or a position closed, `due_shard`/`due_at` when nothing is owed.
 */
import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Signal } from '../../domain/signal-facts.ts';
import type {
  Environment,
  Fill,
  Order,
  OrderStatus,
  Position,
  PositionAction,
  Wallet,
} from '../../domain/types.ts';
import { hasUsableKeys, isDeleted, nextDueWallet } from '../../domain/wallets.ts';
import type { Call } from '../../ports/ledger.ts';
import { integers } from './codec.ts';
import { calls, fills } from './common-entities.ts';
import { orders } from './order-entity.ts';
import { actions, positions, signals } from './position-entity.ts';
import { wallets } from './wallet-entities.ts';

export type Item = Record<string, AttributeValue>;
export type Key = { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } };

export const key = (pk: string, sk: string): Key => ({ pk: { S: pk }, sk: { S: sk } });
export const orderKey = (orderId: string): Key => key(orderId, 'order');
export const positionKey = (positionId: string): Key => key(positionId, 'position');
export const walletKey = (walletId: string): Key => key(walletId, 'wallet');
export const riskKey = (walletId: string): Key => key(walletId, 'risk');
/** What was realized in a UTC day, named as 2026-01-05. */
export const riskDayKey = (walletId: string, day: string): Key => key(walletId, `risk_day#${day}`);
export const balancesKey = (walletId: string): Key => key(walletId, 'balances');
export const accountKey = (environment: Environment, uid: string): Key =>
  key(`account#${environment}#${uid}`, 'account');
export const FILL_PREFIX = 'fill#';
export const fillKey = (orderId: string, tradeId: string): Key => key(orderId, `${FILL_PREFIX}${tradeId}`);
/** The key itself is the caller's own: only what tells it from others is kept. */
export const callKey = (ownerId: string, callersKey: string): Key =>
  key(ownerId, `key#${createHash('sha256').update(callersKey, 'utf8').digest('base64url').slice(0, 22)}`);
export const ACTION_PREFIX = 'action#';
export const SIGNAL_PREFIX = 'signal#';

const padded = (whole: number, digits: number): string => String(whole).padStart(digits, '0');

/** Orders lists by time; 15 digits hold epoch milliseconds for the next 30,000 years. */
export const sortText = (createdAt: number, id: string): string => `${padded(createdAt, 15)}#${id}`;

/** Sorts by time; who knows when it was said, and its id, finds it. */
export const signalKey = (positionId: string, at: number, signalId: string): Key =>
  key(positionId, `${SIGNAL_PREFIX}${sortText(at, signalId)}`);

/**
 * The due shard of an item. When the number of shards shrinks, items in a shard that is no longer swept wait
 * there until they are written again: sweep the old shards until their index is empty.
 */
export const dueShard = (id: string, shards: number): string =>
  String(createHash('sha256').update(id).digest().readUInt32BE(0) % shards);

const FINAL: Readonly<Record<OrderStatus, boolean>> = {
  pending: false,
  submitted: false,
  open: false,
  partially_filled: false,
  cancelling: false,
  filled: true,
  cancelled: true,
  rejected: true,
  expired: true,
  failed: true,
};

const due = (id: string, dueAt: number | null, shards: number): Item =>
  dueAt === null ? {} : { due_shard: { S: dueShard(id, shards) }, due_at: integers.encode(dueAt) };

const live = (isLive: boolean, symbol: string): Item => (isLive ? { live_symbol: { S: symbol } } : {});

export const orderItem = (order: Order, shards: number): Item => ({
  ...orders.item(order),
  ...orderKey(order.orderId),
  user_id: { S: order.userId },
  wallet_id: { S: order.walletId },
  position_id: { S: order.positionId },
  sort: { S: sortText(order.createdAt, order.orderId) },
  ...live(!FINAL[order.status], order.symbol),
  ...(FINAL[order.status] ? {} : { live_wallet: { S: order.walletId } }),
  ...due(order.orderId, order.dueAt, shards),
});

const isLive = ({ status }: Position): boolean => status !== 'closed' && status !== 'liquidated';

export const positionItem = (position: Position, shards: number): Item => ({
  ...positions.item(position),
  ...positionKey(position.positionId),
  user_id: { S: position.userId },
  wallet_id: { S: position.walletId },
  ...(position.flowId === null ? {} : { flow_id: { S: position.flowId } }),
  sort: { S: sortText(position.createdAt, position.positionId) },
  ...live(isLive(position), position.symbol),
  ...(isLive(position) ? { live_wallet: { S: position.walletId } } : {}),
  ...due(position.positionId, position.dueAt, shards),
});

/** Wallets owe little: one shard holds it. */
export const WALLETS_SHARD = '0';
/** Sparse: environment of a wallet whose keys may be used now; those with refused keys stand under a name of their own. */
export const USABLE_ENVIRONMENT = 'live_environment';
export const refusedIn = (environment: Environment): string => `${environment}#refused`;

function walletIndexes(wallet: Wallet): Item {
  const { exchange } = wallet;
  const dueAt = nextDueWallet(wallet);
  return {
    ...(exchange !== null && hasUsableKeys(exchange) && { [USABLE_ENVIRONMENT]: { S: wallet.environment } }),
    ...(exchange?.status === 'refused' && { [USABLE_ENVIRONMENT]: { S: refusedIn(wallet.environment) } }),
    ...(dueAt !== null && { due_shard: { S: WALLETS_SHARD }, due_at: integers.encode(dueAt) }),
  };
}

/** A deleted wallet is in no list any more; it is found by its id. */
export const walletItem = (wallet: Wallet): Item => ({
  ...wallets.item(wallet),
  ...walletKey(wallet.walletId),
  ...(!isDeleted(wallet) && { user_id: { S: wallet.userId } }),
  sort: { S: sortText(wallet.createdAt, wallet.walletId) },
  ...walletIndexes(wallet),
});

export const callItem = ({ ownerId, key: callersKey, ...facts }: Call): Item => ({
  ...calls.item(facts),
  ...callKey(ownerId, callersKey),
});

export const fillItem = (orderId: string, fill: Fill): Item => ({
  ...fills.item(fill),
  ...fillKey(orderId, fill.tradeId),
});

export const signalItem = (positionId: string, signal: Signal): Item => ({
  ...signals.item(signal),
  ...signalKey(positionId, signal.at, signal.signalId),
});

/**
 * An action that goes with a change of its position is named by the position's new version and its place in
 * the commit; one that stands alone is named by a hash of what it says, so that a repeat is the same item.
 */
export function actionItem(
  positionId: string,
  action: PositionAction,
  origin: { readonly version: number; readonly index: number } | null,
): Item {
  const name =
    origin === null
      ? `h${createHash('sha256')
          .update(JSON.stringify([action.kind, action.facts]))
          .digest('hex')
          .slice(0, 16)}`
      : `v${padded(origin.version, 10)}#${padded(origin.index, 3)}`;
  return {
    ...actions.item(action),
    ...key(positionId, `${ACTION_PREFIX}${padded(action.at, 15)}#${name}`),
  };
}

/**
 * Wallets on DynamoDB (design sections 13, 14).
 *
 * A venue account belongs to at most one wallet that is not deleted: the item `account#ENVIRONMENT#UID` names it. It
 * is written in the same transaction as the wallet, and freed (it then names none) when the wallet is deleted.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Environment, Wallet } from '../../domain/types.ts';
import { isDeleted } from '../../domain/wallets.ts';
import type { WalletChange, WalletStore } from '../../ports/ledger.ts';
import { integers } from './codec.ts';
import { dueIn, moveDueTime } from './due-wallets.ts';
import {
  accountKey,
  balancesKey,
  type Item,
  refusedIn,
  USABLE_ENVIRONMENT,
  WALLETS_SHARD,
  walletItem,
  walletKey,
} from './items.ts';
import { collect, countAll, getItem, queryAll, readPage } from './reads.ts';
import { type ConditionalPut, INSISTENT, transactPut } from './transact.ts';
import { accountClaims, balanceSnapshots, wallets } from './wallet-entities.ts';

export interface WalletStoreOptions {
  readonly client: DynamoDBClient;
  readonly walletsTable: string;
}

const readWallet = (item: Item): Wallet => wallets.fromItem(item, `wallet ${item['pk']?.S}`);

export function createWalletStore({ client, walletsTable }: WalletStoreOptions): WalletStore {
  const walletPut = ({ before, after }: WalletChange): ConditionalPut => {
    if (before.walletId !== after.walletId) {
      throw new Error(`a change from ${before.walletId} to ${after.walletId} is not one wallet's`);
    }
    return {
      table: walletsTable,
      item: walletItem({ ...after, version: before.version + 1 }),
      name: `wallet ${after.walletId}`,
      expects: { version: before.version },
    };
  };

  const readClaim = async (environment: Environment, uid: string) => {
    const item = await getItem(client, walletsTable, accountKey(environment, uid));
    return item === null ? null : accountClaims.fromItem(item, `account ${environment} ${uid}`);
  };

  /** The put that gives the account to `walletId`, or to nobody; null when that is how it stands. */
  const claimPut = async (
    environment: Environment,
    uid: string,
    owner: { readonly from: string; readonly to: string | null },
  ): Promise<ConditionalPut | 'taken' | null> => {
    const claim = await readClaim(environment, uid);
    if (claim !== null && claim.walletId === owner.to) return null;
    if (claim !== null && claim.walletId !== null && claim.walletId !== owner.from) return 'taken';
    const version = (claim?.version ?? 0) + 1;
    return {
      table: walletsTable,
      item: { ...accountClaims.item({ version, walletId: owner.to }), ...accountKey(environment, uid) },
      name: `account ${environment} ${uid}`,
      expects: claim === null ? 'new' : { version: claim.version },
    };
  };

  // Each entry's claim asks the wallet's item: a pause has to get through between them.
  const write = async (puts: readonly ConditionalPut[]): Promise<boolean> =>
    (await transactPut(client, puts, INSISTENT)).outcome === 'done';

  return {
    async create(wallet) {
      const item = walletItem({ ...wallet, version: 1 });
      const name = `wallet ${wallet.walletId}`;
      return write([{ table: walletsTable, item, name, expects: 'new' }]);
    },

    async get(walletId) {
      const item = await getItem(client, walletsTable, walletKey(walletId));
      return item === null ? null : readWallet(item);
    },

    ofUser: (userId, { limit, cursor }) =>
      readPage(client, {
        table: walletsTable,
        index: 'by_user',
        by: 'user_id',
        value: userId,
        sk: 'wallet',
        limit,
        cursor,
        filters: {},
        read: readWallet,
      }),

    async update(change) {
      const { environment, walletId, exchange } = change.after;
      const isFreed = isDeleted(change.after) && !isDeleted(change.before);
      const uid = exchange?.accountUid ?? null;
      const free =
        isFreed && uid !== null ? await claimPut(environment, uid, { from: walletId, to: null }) : null;
      return write([walletPut(change), ...(free === null || free === 'taken' ? [] : [free])]);
    },

    async claimAccount(change) {
      const { environment, walletId, exchange } = change.after;
      const uid = exchange?.accountUid ?? null;
      if (uid === null) throw new Error(`wallet ${walletId} claims an account without naming it`);
      const claim = await claimPut(environment, uid, { from: walletId, to: walletId });
      if (claim === 'taken') return 'taken';
      return (await write([walletPut(change), ...(claim === null ? [] : [claim])])) ? 'done' : 'conflict';
    },

    exchangeWallets: (environment) =>
      collect(
        queryAll(client, {
          TableName: walletsTable,
          IndexName: 'by_environment',
          KeyConditionExpression: `${USABLE_ENVIRONMENT} = :environment`,
          ExpressionAttributeValues: { ':environment': { S: environment } },
        }),
        readWallet,
      ),

    refusedWallets: (environment) =>
      countAll(client, {
        TableName: walletsTable,
        IndexName: 'by_environment',
        KeyConditionExpression: `${USABLE_ENVIRONMENT} = :refused`,
        ExpressionAttributeValues: { ':refused': { S: refusedIn(environment) } },
      }),

    dueWallets: (now, limit) => dueIn(client, walletsTable, { shard: WALLETS_SHARD, now, limit }),

    moveWallet: ({ walletId, dueAt }, to) =>
      moveDueTime(client, walletsTable, { key: walletKey(walletId), from: dueAt, to }),

    async balances(walletId) {
      const item = await getItem(client, walletsTable, balancesKey(walletId));
      return item === null ? null : balanceSnapshots.fromItem(item, `balances of ${walletId}`);
    },

    async saveBalances(walletId, snapshot) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: walletsTable,
            Item: { ...balanceSnapshots.item(snapshot), ...balancesKey(walletId) },
            ConditionExpression: 'attribute_not_exists(pk) OR asOf < :asOf',
            ExpressionAttributeValues: { ':asOf': integers.encode(snapshot.asOf) },
          }),
        );
      } catch (error) {
        // A newer snapshot is there: that one stays.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}

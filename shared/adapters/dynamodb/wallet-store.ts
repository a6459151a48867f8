/** Wallets on DynamoDB. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Wallet } from '../../domain/types.ts';
import type { WalletStore } from '../../ports/ledger.ts';
import { wallets } from './entities.ts';
import { type Item, walletItem, walletKey } from './items.ts';
import { getItem, readPage } from './reads.ts';
import { transactPut } from './transact.ts';

export interface WalletStoreOptions {
  readonly client: DynamoDBClient;
  readonly walletsTable: string;
}

const readWallet = (item: Item): Wallet => wallets.fromItem(item, `wallet ${item['pk']?.S}`);

export function createWalletStore({ client, walletsTable }: WalletStoreOptions): WalletStore {
  return {
    async create(wallet) {
      const item = walletItem({ ...wallet, version: 1 });
      const name = `wallet ${wallet.walletId}`;
      const result = await transactPut(client, [{ table: walletsTable, item, name, expects: 'new' }]);
      return result.outcome === 'done';
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
  };
}

/** What an entry's claim asks of its wallet's item (design section 6). */
import type { PauseGate } from '../../ports/ledger.ts';
import { integers } from './codec.ts';
import { walletKey } from './items.ts';
import type { ConditionOnly } from './transact.ts';

/** The wallet is not paused, and was not since. Items of before there was a count have had no pause. */
export function pauseCheck({ walletId, pauses }: PauseGate, table: string | null): ConditionOnly {
  if (table === null) throw new Error('this ledger was given no table of wallets to look at');
  const isCounted = pauses !== null;
  const none = pauses === 0 ? ' OR attribute_not_exists(#account.#pauses)' : '';
  return {
    table,
    key: walletKey(walletId),
    condition: {
      ConditionExpression: `attribute_type(#account.#pausedAt, :null)${
        isCounted ? ` AND (#account.#pauses = :pauses${none})` : ''
      }`,
      ExpressionAttributeNames: {
        '#account': 'exchange',
        '#pausedAt': 'pausedAt',
        ...(isCounted && { '#pauses': 'pauses' }),
      },
      ExpressionAttributeValues: {
        ':null': { S: 'NULL' },
        ...(isCounted && { ':pauses': integers.encode(pauses) }),
      },
    },
  };
}

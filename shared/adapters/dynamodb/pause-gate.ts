/** What an entry's claim asks of its wallet's item (design section 6). */
import type { PauseGate } from '../../ports/ledger.ts';
import { integers } from './codec.ts';
import { walletKey } from './items.ts';
import type { ConditionOnly } from './transact.ts';

/**
 * The wallet is not paused, and was not since. Of its two kinds it has one, which says so. Accounts of before there was
 * a count have had no pause; nor have demo wallets of before they could have one, which say nothing of it.
 */
export function pauseCheck({ walletId, pauses }: PauseGate, table: string | null): ConditionOnly {
  if (table === null) throw new Error('this ledger was given no table of wallets to look at');
  const isCounted = pauses !== null;
  const asCounted = (kind: string): string => {
    if (!isCounted) return '';
    const none = pauses === 0 ? ` OR attribute_not_exists(${kind}.#pauses)` : '';
    return ` AND (${kind}.#pauses = :pauses${none})`;
  };
  const atExchange = `attribute_type(#exchange.#pausedAt, :null)${asCounted('#exchange')}`;
  const isGoing = '(attribute_not_exists(#demo.#pausedAt) OR attribute_type(#demo.#pausedAt, :null))';
  const isDemo = `attribute_exists(#demo.#feeRate) AND ${isGoing}${asCounted('#demo')}`;
  return {
    table,
    key: walletKey(walletId),
    condition: {
      ConditionExpression: `(${atExchange}) OR (${isDemo})`,
      ExpressionAttributeNames: {
        '#exchange': 'exchange',
        '#demo': 'demo',
        '#feeRate': 'feeRate',
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

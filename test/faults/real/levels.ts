/** Which positions want levels, and which have some in the trigger index, read from the index itself. */
import { createClient } from '@redis/client';
import { levelsKey } from '../../../shared/adapters/valkey/keys.ts';
import type { PositionView } from '../../../shared/usecases/views/position-view.ts';
import { MARKETS } from './market.ts';

const CONNECT_TIMEOUT_MS = 1_000;

export const wantsLevels = ({ risk_management: risk }: PositionView): boolean =>
  risk.current_stop_loss !== null ||
  risk.trailing_stop.enabled ||
  risk.take_profits.some(({ claimed }) => !claimed);

/** Ids of what has a level in the index now. @throws while the cache is away */
export async function armedOwners(valkeyUrl: string): Promise<ReadonlySet<string>> {
  const socket = { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false } as const;
  const redis = createClient({ url: valkeyUrl, socket, disableOfflineQueue: true });
  // Told by the command that fails as well; without a listener it would end this process.
  redis.on('error', () => undefined);
  await redis.connect();
  try {
    const members = await Promise.all(MARKETS.map(({ symbol }) => redis.hKeys(levelsKey(symbol))));
    return new Set(members.flat().map((member) => member.split('|')[0] ?? ''));
  } finally {
    redis.destroy();
  }
}

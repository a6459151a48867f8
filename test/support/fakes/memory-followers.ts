/** Who follows prices, in memory: as the table keeps them. */
import type { Connection, Follower, FollowerStore } from '../../../shared/ports/push.ts';
import { frozen } from './frozen.ts';

export class MemoryFollowers implements FollowerStore {
  readonly #followers = new Map<string, Follower>();

  async follow(follower: Follower): Promise<void> {
    if (follower.symbols.length === 0) this.#followers.delete(follower.connectionId);
    else this.#followers.set(follower.connectionId, frozen({ ...follower }));
  }

  async followers(): Promise<readonly Follower[]> {
    return [...this.#followers.values()].sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
  }

  /** It has subscribed, if it follows prices. */
  async find(connectionId: string): Promise<Connection | null> {
    const follower = this.#followers.get(connectionId);
    if (follower === undefined) return null;
    const { userId, tokenUntil } = follower;
    return { userId, connectionId, channels: [], sent: 7, tokenUntil };
  }

  async remove({ connectionId }: Pick<Connection, 'userId' | 'connectionId'>): Promise<void> {
    this.#followers.delete(connectionId);
  }
}

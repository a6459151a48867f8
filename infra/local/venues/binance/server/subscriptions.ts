/** The user-data subscriptions of one connection. */
import { VenueError } from '../contract.ts';

const MAX_ACTIVE = 1000;
const MAX_EVER = 65_535;

interface Subscription {
  readonly id: number;
  readonly uid: number;
  readonly byLogon: boolean;
}

export class Subscriptions {
  private readonly byAccount = new Map<number, Subscription>();
  private nextId = 0;

  of(uid: number): number | null {
    return this.byAccount.get(uid)?.id ?? null;
  }

  ids(): readonly number[] {
    return [...this.byAccount.values()].map(({ id }) => id);
  }

  /** @throws VenueError -2035, -1191 or -2042 */
  start(uid: number, byLogon: boolean): number {
    if (this.byAccount.has(uid)) {
      throw new VenueError(-2035, 'User Data Stream subscription already active.');
    }
    if (this.byAccount.size >= MAX_ACTIVE) {
      throw new VenueError(
        -1191,
        `Too many subscriptions. Connection may create up to '${MAX_ACTIVE}' subscriptions at a time.`,
      );
    }
    if (this.nextId >= MAX_EVER) {
      throw new VenueError(-2042, 'Maximum subscription ID reached for this connection.');
    }
    const id = this.nextId++;
    this.byAccount.set(uid, { id, uid, byLogon });
    return id;
  }

  /** Ends one, or all when none is named. @returns what ended @throws VenueError -2036 when there is no such */
  end(subscriptionId: string | undefined): readonly number[] {
    const ended = this.endWhere((s) => subscriptionId === undefined || String(s.id) === subscriptionId);
    if (ended.length === 0 && subscriptionId !== undefined) {
      throw new VenueError(-2036, 'User Data Stream subscription not active.');
    }
    return ended;
  }

  /** Logging out ends what was begun by being logged on, and nothing else. */
  endOfLogon(): readonly number[] {
    return this.endWhere((s) => s.byLogon);
  }

  private endWhere(which: (subscription: Subscription) => boolean): readonly number[] {
    const ended = [...this.byAccount.values()].filter(which);
    for (const { uid } of ended) this.byAccount.delete(uid);
    return ended.map(({ id }) => id);
  }
}

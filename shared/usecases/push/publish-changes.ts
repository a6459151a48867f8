/**
 * From the changes of a table to its users' events, connections and webhooks (design section 14).
 *
 * The changes of one item are told in the order in which they came, together. Each step may be run again: an event is
 * written once, a connection is told of it by its number, a webhook by its id.
 */
import type { Fill, Order, Position, PositionAction } from '../../domain/types.ts';
import type { Appended, ConnectionStore, EventStore, NewEvent } from '../../ports/push.ts';
import type { TellConnection } from './tell-connection.ts';
import { alarmEvent, fillEvent, orderEvents, positionEvents } from './user-events.ts';

/** A change of an item that users are told of. */
export type Change =
  | { readonly kind: 'order'; readonly before: Order | null; readonly after: Order }
  | { readonly kind: 'fill'; readonly orderId: string; readonly fill: Fill }
  | { readonly kind: 'position'; readonly before: Position | null; readonly after: Position }
  | {
      readonly kind: 'action';
      readonly positionId: string;
      readonly action: PositionAction;
      readonly name: string;
    };

export interface PublishPorts {
  readonly events: EventStore;
  readonly connections: Pick<ConnectionStore, 'ofUser'>;
  readonly ledger: {
    readonly order: (orderId: string) => Promise<Order | null>;
    readonly position: (positionId: string) => Promise<Position | null>;
  };
  readonly tell: TellConnection;
  /** Asks for the deliveries of a user's webhooks. */
  readonly toWebhooks: (userId: string, appended: readonly Appended[]) => Promise<void>;
}

export type PublishChanges = ReturnType<typeof makePublishChanges>;

/** @throws when a step failed: the changes are to be worked again, and nothing of their item that came after them before */
export function makePublishChanges({ events, connections, ledger, tell, toWebhooks }: PublishPorts) {
  async function orderOf(orderId: string): Promise<Order> {
    const order = await ledger.order(orderId);
    if (order === null) throw new Error(`a fill of order ${orderId}, which is not there`);
    return order;
  }

  async function alarmsOf(change: Extract<Change, { kind: 'action' }>): Promise<readonly NewEvent[]> {
    const { action, positionId, name } = change;
    if (action.kind !== 'alarm') return [];
    const position = await ledger.position(positionId);
    if (position === null) throw new Error(`a line of position ${positionId}, which is not there`);
    const alarm = alarmEvent(position, action, name);
    return alarm === null ? [] : [alarm];
  }

  async function eventsOf(changes: readonly Change[]): Promise<readonly NewEvent[]> {
    const found: NewEvent[] = [];
    // Of an order that is read once: what a fill needs of it never changes.
    const orders = new Map<string, Order>();
    for (const change of changes) {
      if (change.kind === 'order') {
        found.push(...orderEvents(change.before, change.after));
        orders.set(change.after.orderId, change.after);
      } else if (change.kind === 'position') found.push(...positionEvents(change.before, change.after));
      else if (change.kind === 'action') found.push(...(await alarmsOf(change)));
      else {
        const order = orders.get(change.orderId) ?? (await orderOf(change.orderId));
        orders.set(change.orderId, order);
        found.push(fillEvent(order, change.fill));
      }
    }
    return found;
  }

  /** Of one user. */
  async function publish(userId: string, wanted: readonly NewEvent[]): Promise<void> {
    const appended = await events.append(userId, wanted);
    const last = appended.at(-1);
    if (last === undefined) return;
    const [, all] = await Promise.all([toWebhooks(userId, appended), connections.ofUser(userId)]);
    const open = all.filter(({ sent }) => sent !== null);
    const told = await Promise.allSettled(open.map((connection) => tell(connection, last.event.seq)));
    const failed = told.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
    if (failed.length > 0) throw new AggregateError(failed, 'connections could not be told');
  }

  /** `changes`: of one item, in order. */
  return async (changes: readonly Change[]): Promise<void> => {
    const byUser = Map.groupBy(await eventsOf(changes), ({ userId }) => userId);
    for (const [userId, wanted] of byUser) await publish(userId, wanted);
  };
}

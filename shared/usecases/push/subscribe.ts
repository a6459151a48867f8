/**
 * What a connection may say: subscribe, ping (design section 14). A subscription with a cursor goes on after it: what came
 * since is told first, in order, nothing twice; without one it begins now.
 */
import type { Channel, Connection, ConnectionStore, EventStore } from '../../ports/push.ts';
import { cursorText, parseCursor } from './event-view.ts';
import type { TellConnection, TellPorts } from './tell-connection.ts';

export interface SubscribeCommand {
  readonly channels: readonly Channel[];
  readonly cursor: string | null;
}

export type Refused = { readonly code: 'invalid_cursor' | 'cursor_expired'; readonly message: string };

interface Needs extends Pick<TellPorts, 'gateway'> {
  readonly events: EventStore;
  readonly connections: ConnectionStore;
  readonly tell: TellConnection;
}

/** Where a subscription begins, or why it cannot. */
async function startOf(
  { events }: Pick<Needs, 'events'>,
  userId: string,
  cursor: string | null,
): Promise<number | Refused> {
  const head = await events.head(userId);
  if (cursor === null) return head;
  const seq = parseCursor(cursor);
  if (seq === null || seq > head) {
    return { code: 'invalid_cursor', message: 'The cursor is not the id of an event of yours.' };
  }
  if (seq === head) return seq;
  const [next] = await events.after(userId, seq, 1);
  if (next?.seq === seq + 1) return seq;
  return {
    code: 'cursor_expired',
    message:
      'Events after the cursor are over: read orders and positions anew, and subscribe without a cursor.',
  };
}

export function makeSubscribe({ events, connections, gateway, tell }: Needs) {
  return async (connection: Connection, { channels, cursor }: SubscribeCommand): Promise<void> => {
    const { userId, connectionId } = connection;
    const start = await startOf({ events }, userId, cursor);
    if (typeof start !== 'number') {
      await gateway.post(connectionId, { type: 'error', ...start });
      return;
    }
    // Told before anything can be pushed by it; what comes from now on is behind `start`.
    await gateway.post(connectionId, { type: 'subscribed', channels, cursor: cursorText(start) });
    if (await connections.subscribe(connection, { channels, sent: start }))
      await tell(connection, await events.head(userId));
  };
}

/** Answers, and brings what a teller that died may have left. */
export const makePing =
  ({ events, gateway, tell }: Needs) =>
  async ({ userId, connectionId, sent }: Connection): Promise<void> => {
    const head = await events.head(userId);
    if (sent !== null && sent < head) await tell({ userId, connectionId }, head);
    await gateway.post(connectionId, { type: 'pong', cursor: cursorText(head) });
  };

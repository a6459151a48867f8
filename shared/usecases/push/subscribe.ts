/**
 * What a connection may say: subscribe, ping (design section 14). A subscription with a cursor goes on after it: what came
 * since is told first, in order, nothing twice; without one it begins now. Prices have no cursor: they are told as they
 * stand now, and then as they change (tell-prices.ts).
 */
import {
  type Channel,
  type Connection,
  type ConnectionStore,
  type EventStore,
  PRICES_CHANNEL,
  type PriceWakes,
} from '../../ports/push.ts';
import type { PushError } from '../../ports/push-messages.ts';
import { cursorText, parseCursor } from './event-view.ts';
import type { TellConnection, TellPorts } from './tell-connection.ts';

export interface SubscribeCommand {
  readonly channels: readonly Channel[];
  readonly cursor: string | null;
  /** Whose prices it follows, by their canonical names; empty = none. */
  readonly symbols: readonly string[];
}

interface Needs extends Pick<TellPorts, 'gateway' | 'clock'> {
  readonly events: EventStore;
  readonly connections: ConnectionStore;
  readonly tell: TellConnection;
  readonly priceWakes: PriceWakes;
}

/** Where a subscription begins, or why it cannot. */
async function startOf(
  { events }: Pick<Needs, 'events'>,
  userId: string,
  cursor: string | null,
): Promise<number | PushError> {
  const head = await events.head(userId);
  if (cursor === null) return head;
  const seq = parseCursor(cursor);
  if (seq === null || seq > head) {
    return {
      code: 'invalid_cursor',
      field: 'cursor',
      message: 'The cursor is not the id of an event of yours.',
    };
  }
  if (seq === head) return seq;
  const [next] = await events.after(userId, seq, 1);
  if (next?.seq === seq + 1) return seq;
  return {
    code: 'cursor_expired',
    field: 'cursor',
    message:
      'Events after the cursor are over: read orders and positions anew, and subscribe without a cursor.',
  };
}

export function makeSubscribe({ events, connections, gateway, clock, tell, priceWakes }: Needs) {
  return async (connection: Connection, command: SubscribeCommand): Promise<void> => {
    const { userId, connectionId, tokenUntil } = connection;
    const { channels, cursor, symbols } = command;
    const followsPrices = symbols.length > 0;
    const start = await startOf({ events }, userId, cursor);
    if (typeof start !== 'number') {
      await gateway.post(connectionId, { type: 'error', ...start });
      return;
    }
    // Told before anything can be pushed by it; what comes from now on is behind `start`.
    await gateway.post(connectionId, {
      type: 'subscribed',
      channels: [...channels, ...(followsPrices ? ([PRICES_CHANNEL] as const) : [])],
      ...(followsPrices && { symbols }),
      cursor: cursorText(start),
    });
    if (!(await connections.subscribe(connection, { channels, sent: start }))) return;
    await connections.follow({ userId, connectionId, symbols, tokenUntil, since: clock.now() });
    await Promise.all([
      followsPrices ? priceWakes.wake() : undefined,
      events.head(userId).then((head) => tell(connection, head)),
    ]);
  };
}

/** Answers, and brings what a teller that died may have left. */
export const makePing =
  ({ events, gateway, tell }: Pick<Needs, 'events' | 'gateway' | 'tell'>) =>
  async ({ userId, connectionId, sent }: Connection): Promise<void> => {
    const head = await events.head(userId);
    if (sent !== null && sent < head) await tell({ userId, connectionId }, head);
    await gateway.post(connectionId, { type: 'pong', cursor: cursorText(head) });
  };

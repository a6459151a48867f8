/**
 * Tells a connection of its user's events, from where it stands to the last one, in order (design section 14).
 *
 * Always true:
 * - one at a time tells a connection; who comes meanwhile leaves what it has to the one that tells;
 * - where it stands is noted after it was told: a crash in between tells the last frame again, and its ids say so;
 * - a connection that does not take what it is sent in time is closed, and goes on from its last id when it comes back.
 */
import {
  CHANNEL_OF,
  type Connection,
  type ConnectionGateway,
  type ConnectionStore,
  type EventStore,
  type UserEvent,
} from '../../ports/push.ts';
import type { Clock, Ids, Log } from '../../ports/runtime.ts';
import { makeDropConnection } from './drop-connection.ts';
import { eventView } from './event-view.ts';

export interface TellPorts {
  readonly events: EventStore;
  readonly connections: ConnectionStore;
  readonly gateway: ConnectionGateway;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

/** So long one connection is told without a break; the store's lease is longer. */
export const PUMP_MS = 10_000;
/** Events read at once. */
const PAGE = 100;
/** API Gateway takes 128 kB in a message. */
const FRAME_CHARACTERS = 60_000;

type Id = Pick<Connection, 'userId' | 'connectionId'>;

/** In frames that fit. */
function framesOf(events: readonly UserEvent[]): readonly (readonly UserEvent[])[] {
  const frames: UserEvent[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const length = JSON.stringify(event.data).length + 100;
    if (size + length > FRAME_CHARACTERS) {
      frames.push([]);
      size = 0;
    }
    frames.at(-1)?.push(event);
    size += length;
  }
  return frames;
}

export type TellConnection = ReturnType<typeof makeTellConnection>;

export function makeTellConnection({ events, connections, gateway, clock, ids, log }: TellPorts) {
  const drop = makeDropConnection({ connections, gateway, log });

  /** `sent`: as far as it was told; null: it is over. */
  async function send(
    connection: Connection,
    page: readonly UserEvent[],
    sent: number,
  ): Promise<number | null> {
    let last = sent;
    const wanted = page.filter(({ type }) => connection.channels.includes(CHANNEL_OF[type]));
    for (const frame of framesOf(wanted)) {
      const message = { type: 'events', events: frame.map(eventView) } as const;
      const posted = await gateway.post(connection.connectionId, message);
      if (posted === 'gone') {
        await connections.remove(connection);
        return null;
      }
      if (posted === 'slow') {
        await drop(connection, 'slow_consumer', last);
        return null;
      }
      last = frame.at(-1)?.seq ?? last;
    }
    return page.at(-1)?.seq ?? last;
  }

  async function tellAll(connection: Connection, token: string): Promise<void> {
    const { sent: from, tokenUntil } = connection;
    if (from === null) throw new Error('a connection that has not subscribed was to be told of events');
    const end = clock.now() + PUMP_MS;
    let sent = from;
    for (;;) {
      if (clock.now() >= tokenUntil) return drop(connection, 'token_expired', sent);
      if (clock.now() > end) return drop(connection, 'slow_consumer', sent);
      const page = await events.after(connection.userId, sent, PAGE);
      const [first] = page;
      if (first !== undefined) {
        if (first.seq !== sent + 1) return drop(connection, 'cursor_expired', sent);
        const told = await send(connection, page, sent);
        if (told === null) return;
        sent = told;
      }
      // What a full page leaves is read before the right is given back; what comes just then, whoever brings it tells of.
      if (page.length < PAGE && (await connections.release(connection, token, sent)) !== 'more') return;
    }
  }

  /** @throws when the gateway or the store is away: the connection is told when it is tried again */
  return async (id: Id, seq: number): Promise<void> => {
    const token = ids.token();
    const lease = await connections.lease(id, token, seq);
    if (lease.outcome !== 'taken') return;
    try {
      await tellAll(lease.connection, token);
    } catch (error) {
      // So that the next try need not wait until the right is over.
      await connections.abandon(id, token);
      throw error;
    }
  };
}

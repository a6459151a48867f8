/**
 * What is told to users as it happens (design section 14): their events, and the connections that follow them.
 *
 * Told after the fact, from the tables' streams: nothing of it stands in the way of an order.
 */

import {
  CHANNELS,
  type Channel,
  EVENT_TYPES,
  type EventType,
  PRICES_CHANNEL,
  type PushMessage,
  SOCKET_CHANNELS,
  type SocketChannel,
} from './push-messages.ts';

export {
  CHANNELS,
  type Channel,
  EVENT_TYPES,
  type EventType,
  PRICES_CHANNEL,
  SOCKET_CHANNELS,
  type SocketChannel,
};

export const CHANNEL_OF: Readonly<Record<EventType, Channel>> = {
  order: 'orders',
  fill: 'fills',
  position: 'positions',
  alarm: 'alarms',
};

/** Facts as they are answered: decimals and times as text. */
export type EventData = Readonly<Record<string, unknown>>;

/** An event before it has its place among its user's. */
export interface NewEvent {
  readonly userId: string;
  /** What it came of: whoever reads that again makes no second event. */
  readonly source: string;
  readonly type: EventType;
  /** When it happened, epoch ms. */
  readonly at: number;
  readonly data: EventData;
}

/** One of a user's events. They are numbered from 1 without a gap, in the order in which they were written. */
export interface UserEvent {
  readonly seq: number;
  readonly type: EventType;
  readonly at: number;
  readonly data: EventData;
}

export interface Appended {
  readonly event: UserEvent;
  /** False: it had been written before. */
  readonly isNew: boolean;
}

/** All reads are strongly consistent; an event is there for an hour. */
export interface EventStore {
  /**
   * Writes what is not written yet, all of one user, in this order; answers each of them. Those that were written
   * before and are over are left out. Whoever sees an event sees every one before it.
   */
  append(userId: string, events: readonly NewEvent[]): Promise<readonly Appended[]>;
  /** The number of the last one; 0 = none ever. */
  head(userId: string): Promise<number>;
  /** Those that come next, oldest first, at most `limit`; an event that is over is left out. */
  after(userId: string, seq: number, limit: number): Promise<readonly UserEvent[]>;
}

/** A connection that somebody holds open, and how far it has been told. */
export interface Connection {
  readonly userId: string;
  readonly connectionId: string;
  /** Empty until it subscribes. */
  readonly channels: readonly Channel[];
  /** The last event that it was told of; null until it subscribes. */
  readonly sent: number | null;
  /** When its token ends, epoch ms. */
  readonly tokenUntil: number;
}

export interface Subscription {
  readonly channels: readonly Channel[];
  readonly sent: number;
}

export type Lease =
  | { readonly outcome: 'taken'; readonly connection: Connection }
  /** Somebody tells it of events now, and goes on until it has told of this one too. */
  | { readonly outcome: 'left_to_holder' }
  | { readonly outcome: 'gone' };

/** A connection that follows prices. */
export interface Follower {
  readonly userId: string;
  readonly connectionId: string;
  /** Canonical names, at least one. */
  readonly symbols: readonly string[];
  /** When its token ends, epoch ms. */
  readonly tokenUntil: number;
  /** When it said so, epoch ms: whoever says so again is told anew. */
  readonly since: number;
}

/** Who follows prices; strongly consistent. */
export interface FollowerStore {
  /** In place of what the connection followed before; no symbols: it follows none any more. */
  follow(follower: Follower): Promise<void>;
  /** All there are, in the order of their connection's id; some may be gone without a word. */
  followers(): Promise<readonly Follower[]>;
}

/** One at a time tells a connection of events, so that they arrive in order. */
export interface ConnectionStore extends FollowerStore {
  open(connection: Omit<Connection, 'channels' | 'sent'>): Promise<void>;
  /** Null: not open (any more). */
  find(connectionId: string): Promise<Connection | null>;
  /** False: not open (any more). A later subscription replaces an earlier one, also its place. */
  subscribe(connection: Pick<Connection, 'userId' | 'connectionId'>, to: Subscription): Promise<boolean>;
  ofUser(userId: string): Promise<readonly Connection[]>;
  /** The right to tell it, for some seconds; or the promise of who has it to go on up to `seq`. */
  lease(connection: Pick<Connection, 'userId' | 'connectionId'>, token: string, seq: number): Promise<Lease>;
  /**
   * Notes what was told and gives the right back. `more`: something beyond came in the meantime, the right is still held.
   * `lost`: it went to somebody else, or the connection is gone.
   */
  release(
    connection: Pick<Connection, 'userId' | 'connectionId'>,
    token: string,
    sent: number,
  ): Promise<'released' | 'more' | 'lost'>;
  /** Gives the right back with nothing noted: whoever comes next begins where this one did. */
  abandon(connection: Pick<Connection, 'userId' | 'connectionId'>, token: string): Promise<void>;
  /** With what it follows. */
  remove(connection: Pick<Connection, 'userId' | 'connectionId'>): Promise<void>;
}

/** Wakes whoever tells prices: somebody follows some. One that is lost is made up for within the minute. */
export interface PriceWakes {
  wake(): Promise<void>;
}

/** `slow`: it takes nothing, or not in time. */
export type Posted = 'sent' | 'gone' | 'slow';

/** The way to a connection. */
export interface ConnectionGateway {
  /** @throws for anything that says nothing about this connection (the gateway is away) */
  post(connectionId: string, message: PushMessage): Promise<Posted>;
  close(connectionId: string): Promise<void>;
}

/** What is said over a WebSocket, both ways (docs/push.md). The server's messages and the typed client are held to it. */

/** What a connection may subscribe to: events, by what they are about, and prices. */
export const CHANNELS = ['orders', 'fills', 'positions', 'alarms'] as const;
export type Channel = (typeof CHANNELS)[number];
/** The current price of the symbols that it names. No event, so nothing that comes back later. */
export const PRICES_CHANNEL = 'prices';
export const SOCKET_CHANNELS = [...CHANNELS, PRICES_CHANNEL] as const;
export type SocketChannel = (typeof SOCKET_CHANNELS)[number];

export const EVENT_TYPES = ['order', 'fill', 'position', 'alarm'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** An event as it is told; `id` is the cursor to go on from. */
export interface EventView {
  readonly id: string;
  readonly type: EventType;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** As `GET /prices` answers it, but for the age, which a message that is on its way cannot know. Decimals are text. */
export interface PushedPrice {
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
  readonly last: string;
  readonly mid: string;
  readonly mark: string;
  readonly spread: string;
  readonly bid_size: string | null;
  readonly ask_size: string | null;
  /** False: the source has no quotes, so bid = ask = last. */
  readonly quoted: boolean;
  readonly source: string;
  readonly tick_id: number;
  readonly timestamp: string;
  readonly recorded_at: string | null;
}

/** Why the server ends a connection. */
export type ClosingCode = 'slow_consumer' | 'token_expired' | 'cursor_expired';

export type PushRequest =
  | {
      readonly action: 'subscribe';
      readonly channels: readonly SocketChannel[];
      /** With the channel `prices`, and only then: at most 50, in any format. */
      readonly symbols?: readonly string[];
      readonly cursor?: string | null;
    }
  | { readonly action: 'ping' };

/** Why a message is not done. What the connection had subscribed to before stays. */
export type PushErrorCode =
  | 'invalid_message'
  | 'too_many_symbols'
  | 'unknown_symbol'
  | 'invalid_cursor'
  | 'cursor_expired';

export interface PushError {
  readonly code: PushErrorCode;
  /** Of the message; null: it is about none. */
  readonly field: string | null;
  /** What `field` may have at most. */
  readonly limit?: number;
  readonly message: string;
}

export type PushMessage =
  | {
      readonly type: 'subscribed';
      readonly channels: readonly SocketChannel[];
      readonly symbols?: readonly string[];
      readonly cursor: string;
    }
  | { readonly type: 'events'; readonly events: readonly EventView[] }
  | { readonly type: 'prices'; readonly prices: readonly PushedPrice[] }
  | { readonly type: 'pong'; readonly cursor: string }
  | ({ readonly type: 'error' } & PushError)
  | { readonly type: 'closing'; readonly code: ClosingCode; readonly cursor: string };

/**
 * A WebSocket that stays: connects, is watched, comes back by itself and is renewed before its time (design section 11).
 *
 * One connection holds one session at a time, and two while it is renewed: the new one is open and subscribed
 * before the old one is closed, so that nothing is missed. What both of them bring comes twice. A server that allows
 * one session only has an exclusive connection: there the old one is closed first.
 */

/** One socket's life. */
export interface Session {
  /** Grows with each session of a connection. */
  readonly id: number;
  readonly isOpen: boolean;
  /** Throws when the session is not open any more. */
  send(text: string): void;
  /** Ends it at once; the connection opens another one. */
  drop(reason: string): void;
}

export interface ConnectionHandlers {
  /**
   * The socket is open: authenticate, subscribe. The session serves when the promise resolves; a rejection is a
   * failed attempt. Messages may come before that.
   */
  onOpen(session: Session): Promise<void>;
  /** A text frame; `bytes`: the same as it came, UTF-8, to be read before this returns. */
  onMessage(session: Session, text: string, bytes: Uint8Array): void;
  /**
   * A binary frame, where text is agreed: it is left out. Absent: the session is ended for it, because nobody knows what it
   * would have said.
   */
  onBinary?(session: Session): void;
  /** The session is gone; also one that never served. */
  onClose(session: Session, reason: string): void;
  /** Asked before each attempt: how many ms to wait first; 0 = go ahead. */
  beforeOpen?(): Promise<number>;
  /** The server refused the handshake for now (429, 418); no attempt is made before. */
  onRefused?(status: number, retryAfterMs: number): void;
}

export interface ConnectionStats {
  readonly name: string;
  /** A session serves. */
  readonly connected: boolean;
  /** False after so many failures in a row (WS_RECONNECT_MAX_ATTEMPTS); it goes on trying. */
  readonly healthy: boolean;
  readonly messagesReceived: number;
  /** Failed attempts, sessions that broke, messages that could not be handled. */
  readonly errors: number;
  /** Failed attempts and broken sessions in a row; 0 once a session is stable. */
  readonly failures: number;
  /** Sessions that served after the first one, renewals included. */
  readonly reconnects: number;
  /** Epoch ms of the last message. */
  readonly lastMessageAt: number | null;
  /** Epoch ms of the last frame, ping or pong of the session that serves; null = none serves. */
  readonly lastHeardAt?: number | null;
  /** Since when the present session serves, epoch ms. */
  readonly connectedSince: number | null;
  readonly lastError: string | null;
}

export interface Connection {
  /** Begins; the first session may take its time. */
  start(): void;
  /**
   * Opens a new session beside the present one, which is closed when the new one serves; exclusive: before it opens.
   * `saidBy`: the session that asks for it; one that is still being opened is renewed when it serves, and of one that is
   * over nothing is renewed.
   */
  renew(reason: string, saidBy?: Session): void;
  stats(): ConnectionStats;
  /** After it resolves no handler is called any more. Never waits long for the other side. */
  stop(): Promise<void>;
}

export interface ConnectionRequest {
  /** For logs and stats; the URL is in neither. */
  readonly name: string;
  readonly url: string;
  readonly handlers: ConnectionHandlers;
  /** Never two sessions at once; none is ended for its age. */
  readonly exclusive?: boolean;
  /** Where frames are larger than the usual limit. */
  readonly maxFrameBytes?: number;
}

export type OpenConnection = (request: ConnectionRequest) => Connection;

/** One socket from its handshake to its end, watched: whoever says nothing is cut, never waited for. */
import type WebSocket from 'ws';
import type { Session } from '../../ports/connection.ts';
import type { ConnectionSettings, SetTimer } from './settings.ts';

/** The server answered the handshake with an HTTP status instead. */
export class HandshakeRefusedError extends Error {
  override readonly name = 'HandshakeRefusedError';
  readonly status: number;
  /** What its Retry-After says; null = nothing. */
  readonly retryAfterMs: number | null;

  constructor(status: number, retryAfter: string | undefined) {
    super(`the handshake was answered with ${status}`);
    this.status = status;
    this.retryAfterMs =
      retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : null; // not money: seconds
  }
}

export interface SessionEvents {
  onMessage(session: SocketSession, text: string, bytes: Uint8Array): void;
  /** A binary frame. False: it may not be left out. */
  onBinary(session: SocketSession): boolean;
  /** Once, whatever ended it. */
  onClose(session: SocketSession, reason: string): void;
}

export interface SessionParts {
  readonly socket: WebSocket;
  readonly settings: ConnectionSettings;
  readonly setTimer: SetTimer;
  readonly elapsed: () => number;
  readonly events: SessionEvents;
}

const OPEN = 1;
/** After a message, nothing for so long: others have had their turn. */
const PAUSE_MS = 1;

export class SocketSession implements Session {
  readonly id: number;
  /** Resolves when the handshake is done; rejects when it never will be. */
  readonly opened: Promise<void>;
  /** Resolves with the reason when the session has ended. */
  readonly closed: Promise<string>;
  readonly #parts: SessionParts;
  #heardAt: number;
  /** Since when messages come without a pause. */
  #readsSince: number;
  #reason: string | null = null;
  #refusal: HandshakeRefusedError | null = null;
  #end: (reason: string) => void = () => undefined;
  #stopWatch: () => void = () => undefined;

  constructor(id: number, parts: SessionParts) {
    this.id = id;
    this.#parts = parts;
    this.#heardAt = parts.elapsed();
    this.#readsSince = this.#heardAt;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    const { socket } = parts;
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', () => {
        this.#heard();
        resolve();
      });
      void this.closed.then((reason) => reject(this.#refusal ?? new Error(reason)));
    });
    // Whoever opens a session awaits `opened`; a session that ends later must not be an unhandled rejection.
    this.opened.catch(() => undefined);
    // `ws` answers pings by itself.
    socket.on('ping', () => this.#heard());
    socket.on('pong', () => this.#heard());
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('unexpected-response', (request, response) => {
      this.#refusal = new HandshakeRefusedError(response.statusCode ?? 0, response.headers['retry-after']);
      request.destroy();
      this.#finish(this.#refusal.message);
    });
    socket.on('error', (error) => this.#finish(`socket error: ${error.message}`));
    socket.on('close', (code, text) =>
      this.#finish(`closed by the server: ${code} ${text.toString()}`.trim()),
    );
    this.#watch();
  }

  get isOpen(): boolean {
    return this.#reason === null && this.#parts.socket.readyState === OPEN;
  }

  /** When something came last, running time. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** How long nothing at all came, not even a pong. */
  get quietMs(): number {
    return this.#parts.elapsed() - this.#heardAt;
  }

  send(text: string): void {
    if (!this.isOpen) throw new Error(`the session is not open: ${this.#reason ?? 'connecting'}`);
    this.#parts.socket.send(text);
  }

  drop(reason: string): void {
    this.#finish(reason);
  }

  /** Says goodbye, waits a little, cuts. Its end is told at once. */
  async close(reason: string): Promise<void> {
    const { socket, settings, setTimer } = this.#parts;
    if (this.#reason !== null) return;
    const gone = new Promise<void>((resolve) => {
      const cancel = setTimer(settings.closeMs, resolve);
      socket.once('close', () => {
        cancel();
        resolve();
      });
    });
    if (socket.readyState === OPEN) {
      this.#settle(reason);
      socket.close(1000);
      await gone;
    }
    this.#finish(reason);
    socket.terminate();
  }

  #heard(): void {
    this.#heardAt = this.#parts.elapsed();
  }

  #onMessage(data: WebSocket.RawData, isBinary: boolean): void {
    if (this.#reason !== null) return;
    const before = this.#heardAt;
    this.#heard();
    if (this.#heardAt - before > PAUSE_MS) this.#readsSince = this.#heardAt;
    else if (this.#heardAt - this.#readsSince > this.#parts.settings.readMs) this.#giveWay();
    // With the default binaryType a message is one Buffer.
    const bytes = data as Buffer;
    if (!isBinary) this.#parts.events.onMessage(this, bytes.toString('utf8'), bytes);
    else if (!this.#parts.events.onBinary(this)) this.#finish('a binary frame, where text is agreed');
  }

  /**
   * A flood would be read on and on (megabytes at a time) while the answers of the cache, which decide how fast it drains,
   * lie unread and its calls seem late.
   */
  #giveWay(): void {
    const { socket } = this.#parts;
    if (socket.isPaused || !this.isOpen) return;
    socket.pause();
    setImmediate(() => {
      this.#readsSince = this.#parts.elapsed();
      socket.resume();
    });
  }

  /** Quiet for [2 s], and a sign of life is asked for, again and again; for all that is allowed, and it is cut. */
  #watch(): void {
    const { settings, setTimer, socket } = this.#parts;
    const { silenceMs } = settings;
    const asksAt = Math.min(settings.pingMs, silenceMs / 2);
    const waitMs = this.quietMs < asksAt ? asksAt - this.quietMs : Math.min(asksAt, silenceMs - this.quietMs);
    this.#stopWatch = setTimer(Math.max(1, waitMs), () => {
      if (this.#reason !== null) return;
      if (this.quietMs >= silenceMs) {
        this.#finish(`silent for ${Math.round(this.quietMs)} ms`);
        return;
      }
      if (this.quietMs >= asksAt && this.isOpen) socket.ping();
      this.#watch();
    });
  }

  #finish(reason: string): void {
    this.#settle(reason);
    this.#parts.socket.terminate();
  }

  #settle(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#stopWatch();
    this.#end(reason);
    this.#parts.events.onClose(this, reason);
  }
}

/**
 * The one connection class over `ws` (design section 11): every socket of this system is one of these.
 *
 * Always true:
 * - it never gives up: after [10] failures it says that it is unhealthy, and goes on;
 * - a session is renewed before the server ends it, the new one serving before the old one is closed (an exclusive
 *   connection closes the old one first, and none for its age);
 * - a session without a frame, ping or pong for [25 s] is cut, not waited for;
 * - after `stop` has resolved no handler is called.
 */
import type {
  Connection,
  ConnectionRequest,
  ConnectionStats,
  OpenConnection,
  Session,
} from '../../ports/connection.ts';
import { HandshakeRefusedError, SocketSession } from './session.ts';
import {
  CONNECTION_DEFAULTS,
  type ConnectionParts,
  type ConnectionSettings,
  createRealSocket,
  type SetTimer,
  setRealTimer,
} from './settings.ts';

/** Sessions that live a day must not be renewed at one instant. */
const LIFE_JITTER_MS = 360_000;
/** Full jitter doubles so often at most; the longest wait bounds it anyway. */
const MOST_DOUBLINGS = 16;

/** Messages that could not be handled are told so often, with how many there were; each is counted. */
const TELL_EVERY_MS = 60_000;

/** Where a server that refuses for now does not say how long. */
const REFUSED_MS: Readonly<Record<number, number>> = { 418: 120_000, 429: 60_000 };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What connections are made with; one per process. */
export const createOpenConnection =
  (parts: ConnectionParts): OpenConnection =>
  (request) =>
    new WatchedConnection(request, parts);

export class WatchedConnection implements Connection {
  readonly #request: ConnectionRequest;
  readonly #parts: ConnectionParts;
  readonly #settings: ConnectionSettings;
  readonly #setTimer: SetTimer;
  readonly #elapsed: () => number;
  readonly #random: () => number;
  /** Every session that has not ended, also those that do not serve yet. */
  readonly #sessions = new Set<SocketSession>();
  #current: SocketSession | null = null;
  /** The session that is to serve next. */
  #opening: SocketSession | null = null;
  /** Why it has to be renewed as soon as it serves. */
  #renewNext: string | null = null;
  #servingSince = 0;
  #renewBecause: string | null = null;
  #cancelLife: () => void = () => undefined;
  #wake: () => void = () => undefined;
  #running: Promise<void> | null = null;
  #stopped = false;
  /** Something failed: the next attempt is not made at once. */
  #waitFirst = false;
  /** No attempt before, on the running time: the server said so. */
  #notBefore = 0;
  #nextId = 1;
  #served = 0;
  #messages = 0;
  #errors = 0;
  #failures = 0;
  /** On the running time. */
  #lastMessage: number | null = null;
  #connectedSince: number | null = null;
  #lastError: string | null = null;
  #notHandled = 0;
  #notHandledToldAt = Number.NEGATIVE_INFINITY;

  constructor(request: ConnectionRequest, parts: ConnectionParts) {
    this.#request = request;
    this.#parts = parts;
    const { maxFrameBytes } = request;
    this.#settings = {
      ...CONNECTION_DEFAULTS,
      ...parts.settings,
      ...(maxFrameBytes === undefined ? {} : { maxFrameBytes }),
    };
    this.#setTimer = parts.setTimer ?? setRealTimer;
    this.#elapsed = parts.elapsed ?? (() => performance.now());
    this.#random = parts.random ?? Math.random;
  }

  start(): void {
    if (this.#running !== null) throw new Error(`${this.#request.name} runs already`);
    this.#running = this.#run();
  }

  renew(reason: string, saidBy: Session | null = null): void {
    // Said of a session that does not serve yet: nothing else would say it again.
    if (saidBy !== null && saidBy === this.#opening) this.#renewNext = reason;
    if (saidBy !== null && saidBy !== this.#current) return;
    if (this.#stopped || this.#current === null || this.#renewBecause !== null) return;
    this.#renewBecause = reason;
    this.#parts.log.info('connection_renews', { connection: this.#request.name, reason });
    this.#wake();
  }

  stats(): ConnectionStats {
    const failures = this.#isStable() ? 0 : this.#failures;
    return {
      name: this.#request.name,
      connected: this.#current !== null,
      healthy: failures < this.#settings.unhealthyAfter,
      messagesReceived: this.#messages,
      errors: this.#errors,
      failures,
      reconnects: Math.max(0, this.#served - 1),
      lastMessageAt: this.#lastMessage === null ? null : this.#timeOf(this.#lastMessage),
      lastHeardAt: this.#current === null ? null : this.#timeOf(this.#current.heardAt),
      connectedSince: this.#connectedSince,
      lastError: this.#lastError,
    };
  }

  /** Epoch ms of a running time. */
  #timeOf(elapsed: number): number {
    return this.#parts.clock.now() - Math.round(this.#elapsed() - elapsed);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelLife();
    this.#wake();
    await Promise.all([...this.#sessions].map((session) => session.close('stopped')));
    await this.#running;
  }

  /** One attempt after the other, whenever a session is wanted. */
  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#current !== null && this.#renewBecause === null) {
        await this.#untilWoken(null);
        continue;
      }
      if (this.#request.exclusive === true) await this.#retire();
      if (this.#waitFirst) {
        this.#waitFirst = false;
        await this.#untilWoken(Math.max(this.#backOff(), this.#notBefore - this.#elapsed()));
      } else {
        const wait = await this.#waitAsked();
        if (wait > 0) await this.#untilWoken(wait);
        else if (!this.#stopped) await this.#attempt();
      }
    }
  }

  /** Ends the present session for a new one; no failure. */
  async #retire(): Promise<void> {
    const session = this.#current;
    if (session === null) return;
    this.#current = null;
    this.#connectedSince = null;
    this.#renewBecause = null;
    await session.close('renewed');
  }

  /** What the owner of the connection asks for; its failure is no reason not to connect. */
  async #waitAsked(): Promise<number> {
    try {
      return (await this.#request.handlers.beforeOpen?.()) ?? 0;
    } catch (error) {
      const { name } = this.#request;
      this.#parts.log.warn('connection_not_cleared', { connection: name, error: messageOf(error) });
      return 0;
    }
  }

  #refused({ status, retryAfterMs }: HandshakeRefusedError): void {
    const usual = REFUSED_MS[status];
    if (usual === undefined) return;
    const wait = retryAfterMs ?? usual;
    this.#notBefore = this.#elapsed() + wait;
    this.#request.handlers.onRefused?.(status, wait);
  }

  #backOff(): number {
    const { firstWaitMs, longestWaitMs } = this.#settings;
    const doublings = Math.min(Math.max(0, this.#failures - 1), MOST_DOUBLINGS);
    return this.#random() * Math.min(longestWaitMs, firstWaitMs * 2 ** doublings);
  }

  /** Waits so long, or (null) until something happens; a stop ends both. */
  async #untilWoken(ms: number | null): Promise<void> {
    let cancel = (): void => undefined;
    await new Promise<void>((resolve) => {
      if (this.#stopped) return resolve();
      if (ms !== null) cancel = this.#setTimer(ms, resolve);
      // While it backs off, news of the old session change nothing: the wait is what protects the server.
      this.#wake = ms === null ? resolve : () => this.#stopped && resolve();
    });
    cancel();
    this.#wake = () => undefined;
  }

  async #attempt(): Promise<void> {
    const { name, handlers } = this.#request;
    let session: SocketSession | null = null;
    try {
      session = this.#open();
      this.#opening = session;
      this.#renewNext = null;
      await session.opened;
      await this.#within(handlers.onOpen(session), session);
      if (!this.#stopped) this.#serve(session);
    } catch (error) {
      this.#opening = null;
      if (this.#stopped) return;
      // The end of a session that never served is counted here, not where it was seen.
      this.#failed(messageOf(error));
      if (error instanceof HandshakeRefusedError) this.#refused(error);
      session?.drop(messageOf(error));
      this.#parts.log.warn('connection_attempt_failed', {
        connection: name,
        failures: this.#failures,
        error: messageOf(error),
      });
    }
  }

  #open(): SocketSession {
    const socket = (this.#parts.createSocket ?? createRealSocket)(this.#request.url, this.#settings);
    const session = new SocketSession(this.#nextId++, {
      socket,
      settings: this.#settings,
      setTimer: this.#setTimer,
      elapsed: this.#elapsed,
      events: {
        onMessage: (from, text, bytes) => this.#onMessage(from, text, bytes),
        onBinary: (from) => this.#onBinary(from),
        onClose: (from, reason) => this.#onClose(from, reason),
      },
    });
    this.#sessions.add(session);
    return session;
  }

  /** `onOpen` in time, and while the session lives. */
  async #within(ready: Promise<void>, session: SocketSession): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      const ms = this.#settings.readyTimeoutMs;
      cancel = this.#setTimer(ms, () => reject(new Error(`not ready within ${ms} ms`)));
    });
    const gone = session.closed.then((reason) => Promise.reject(new Error(reason)));
    try {
      await Promise.race([ready, late, gone]);
    } finally {
      cancel();
    }
  }

  #serve(session: SocketSession): void {
    const old = this.#current;
    this.#current = session;
    this.#opening = null;
    this.#renewBecause = this.#renewNext;
    this.#renewNext = null;
    this.#served += 1;
    this.#servingSince = this.#elapsed();
    this.#connectedSince = this.#parts.clock.now();
    this.#cancelLife();
    if (this.#request.exclusive !== true) this.#limitLife();
    this.#parts.log.info('connection_serves', { connection: this.#request.name, session: session.id });
    if (old !== null) void old.close('renewed');
  }

  #limitLife(): void {
    const life = this.#settings.lifeMs;
    const early = this.#random() * Math.min(LIFE_JITTER_MS, life / 10);
    this.#cancelLife = this.#setTimer(life - early, () => this.renew('its time is over'));
  }

  #onMessage(session: SocketSession, text: string, bytes: Uint8Array): void {
    if (this.#stopped) return;
    this.#messages += 1;
    this.#lastMessage = session.heardAt;
    try {
      this.#request.handlers.onMessage(session, text, bytes);
    } catch (error) {
      this.#errors += 1;
      this.#lastError = messageOf(error);
      this.#tellNotHandled(messageOf(error));
    }
  }

  #tellNotHandled(error: string): void {
    this.#notHandled += 1;
    const now = this.#elapsed();
    if (now - this.#notHandledToldAt < TELL_EVERY_MS) return;
    this.#notHandledToldAt = now;
    this.#parts.log.error('message_not_handled', {
      connection: this.#request.name,
      error,
      messages: this.#notHandled,
    });
    this.#notHandled = 0;
  }

  #onBinary(session: SocketSession): boolean {
    const { onBinary } = this.#request.handlers;
    if (onBinary === undefined) return false;
    this.#messages += 1;
    this.#lastMessage = session.heardAt;
    if (!this.#stopped) onBinary(session);
    return true;
  }

  #onClose(session: SocketSession, reason: string): void {
    this.#sessions.delete(session);
    const served = this.#current === session;
    if (served) {
      // One stable session forgets the failures before it; its own end is the first new one.
      if (this.#isStable()) this.#failures = 0;
      this.#current = null;
      this.#connectedSince = null;
      this.#renewBecause = null;
      this.#cancelLife();
      if (!this.#stopped) {
        this.#failed(reason);
        this.#parts.log.warn('connection_lost', { connection: this.#request.name, reason });
      }
    }
    if (this.#stopped) return;
    this.#request.handlers.onClose(session, reason);
    this.#wake();
  }

  #failed(reason: string): void {
    this.#errors += 1;
    this.#failures += 1;
    this.#waitFirst = true;
    this.#lastError = reason;
    if (this.#failures !== this.#settings.unhealthyAfter) return;
    this.#parts.log.error('connection_unhealthy', {
      connection: this.#request.name,
      failures: this.#failures,
      error: reason,
    });
  }

  #isStable(): boolean {
    return this.#current !== null && this.#elapsed() - this.#servingSince >= this.#settings.stableMs;
  }
}

/**
 * The one socket of an asset class: let in, subscribed, watched, and slow to come back where haste does harm
 * (facts: lifecycle; design section 11).
 *
 * Always true:
 * - never two sessions at once: Polygon puts the older one out;
 * - after every reconnect all topics are asked for again, and none that was given up;
 * - no socket without topics: one that brings nothing would look like a fault, and take a place of the account;
 * - a refused topic is marked with the reason, and takes no other with it;
 * - `auth_failed`, and being put out by a stranger with the same key, are alarmed and followed by a wait of [60 s] that
 *   doubles to [15 min]; everything else by the connection's own back-off.
 */
import type { PolygonAssetClass } from '../../domain/polygon.ts';
import type { Connection, ConnectionStats, OpenConnection, Session } from '../../ports/connection.ts';
import type { Clock, Log } from '../../ports/runtime.ts';
import { CoolDown } from './cool-down.ts';
import { Line, type LineSettings, type Refusal } from './line.ts';
import type { PolygonMessage } from './messages.ts';
import { parsePolygonFrame } from './parse.ts';
import type { Topic } from './topic.ts';

/** Frames of a burst are up to [1 MB]; nothing sane is larger than this. */
const MOST_FRAME_BYTES = 8 * 1_048_576;
const PUT_OUT = /^closed by the server: 1008\b/;

export interface ClusterSettings extends LineSettings {
  /** [500] Topics in one request. */
  readonly topicsPerRequest: number;
  /** [60 s], [15 min] */
  readonly coolDownMs: number;
  readonly longestCoolDownMs: number;
}

export const CLUSTER_DEFAULTS: ClusterSettings = {
  handshakeMs: 10_000,
  ackMs: 5_000,
  topicsPerRequest: 500,
  coolDownMs: 60_000,
  longestCoolDownMs: 15 * 60_000,
};

export interface ClusterParts {
  readonly assetClass: PolygonAssetClass;
  /** Base URL without the class, for instance `wss://socket.massive.com`. */
  readonly url: string;
  readonly key: string;
  readonly openConnection: OpenConnection;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ClusterSettings;
  /** Everything but statuses; `now`: receive time of its frame. */
  readonly onMessage: (message: PolygonMessage, now: number) => void;
  readonly onLeftOut: (reason: string, kind: 'dropped' | 'ignored') => void;
  readonly onLongNumbers: (count: number) => void;
  readonly onRefused: (topic: Topic) => void;
}

export class ClusterConnection {
  readonly #parts: ClusterParts;
  readonly #topics = new Map<string, Topic>();
  readonly #coolDown: CoolDown;
  /** Null while there are no topics. */
  #connection: Connection | null = null;
  /** Of connections that were closed because nobody needed them. */
  readonly #ended = { errors: 0, reconnects: 0 };
  #ending: Promise<unknown> = Promise.resolve();
  #line: Line | null = null;
  #trouble: Refusal | null = null;
  #elements = 0;
  #subscribing: Promise<void> | null = null;
  #stopped = false;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#coolDown = new CoolDown(parts.settings.coolDownMs, parts.settings.longestCoolDownMs);
  }

  /** Begins with the first topics: a class that nobody needs has no socket. */
  add(topics: readonly Topic[]): void {
    for (const topic of topics) this.#topics.set(topic.name, topic);
    if (this.#topics.size === 0 || this.#stopped) return;
    if (this.#connection === null) this.#open();
    else this.#subscribeSoon();
  }

  /** Nobody needs these any more. What is under way may still come. */
  remove(topics: readonly Topic[]): void {
    const line = this.#line;
    for (const { name, state } of topics) {
      if (!this.#topics.delete(name) || line === null) continue;
      // Giving up what is not held is not answered.
      if (state === 'refused') line.asked.delete(name);
      else if (line.asked.has(name)) line.gone.add(name);
    }
    if (this.#topics.size === 0) this.#rest();
    else this.#subscribeSoon();
  }

  /** Null while it has no topics, and so no socket. */
  stats(): ConnectionStats | null {
    return this.#connection?.stats() ?? null;
  }

  /** Of all its sockets. */
  get totals(): { readonly errors: number; readonly reconnects: number } {
    const { errors = 0, reconnects = 0 } = this.stats() ?? {};
    return { errors: errors + this.#ended.errors, reconnects: reconnects + this.#ended.reconnects };
  }

  get isAuthenticated(): boolean {
    return this.#line?.isAuthenticated === true;
  }

  /** Elements of frames, statuses included. */
  get elements(): number {
    return this.#elements;
  }

  /** Why it is not let in, or was put out; null = nothing of the kind. */
  get trouble(): Refusal | null {
    return this.#trouble;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rest();
    await this.#ending;
    await this.#subscribing;
  }

  #open(): void {
    const { assetClass, url, openConnection } = this.#parts;
    const before = this.#ending;
    this.#connection = openConnection({
      name: `polygon ${assetClass}`,
      url: `${url}/${assetClass}`,
      exclusive: true,
      maxFrameBytes: MOST_FRAME_BYTES,
      handlers: {
        beforeOpen: async () => {
          // The socket before this one would be put out by it, or put it out.
          await before;
          return this.#coolDown.left(performance.now());
        },
        onOpen: (session) => this.#letIn(session),
        onMessage: (session, text, bytes) => this.#onMessage(session, text, bytes),
        onBinary: () => {
          this.#elements += 1;
          this.#parts.onLeftOut('a binary frame', 'dropped');
        },
        onClose: (session, reason) => this.#onClose(session, reason),
      },
    });
    this.#connection.start();
  }

  #rest(): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#leave();
    if (connection === null) return;
    const { errors, reconnects } = connection.stats();
    this.#ended.errors += errors;
    this.#ended.reconnects += reconnects;
    this.#ending = Promise.all([this.#ending, connection.stop()]);
  }

  /** The session has ended, or is about to: whoever waits for its answers waits no longer. */
  #leave(): void {
    this.#line?.close();
    this.#line = null;
    for (const topic of this.#topics.values()) topic.lost();
  }

  /** The first status may be here before the connection says that it is open. */
  #lineOf(session: Session): Line {
    if (this.#line?.session !== session) {
      this.#line?.close();
      this.#line = new Line(session, this.#parts.settings, (name) =>
        this.#topics.get(name)?.confirmed(this.#parts.clock.now()),
      );
    }
    return this.#line;
  }

  async #letIn(session: Session): Promise<void> {
    await this.#lineOf(session).authenticate(this.#parts.key);
    if (this.#trouble === 'auth_failed') this.#coolDown.forget();
    this.#trouble = null;
    this.#subscribeSoon();
  }

  #onMessage(session: Session, text: string, bytes: Uint8Array): void {
    const { messages, dropped, ignored, longNumbers } = parsePolygonFrame(text, bytes);
    const now = this.#parts.clock.now();
    this.#elements += messages.length + dropped.length;
    for (const reason of dropped) this.#parts.onLeftOut(reason, 'dropped');
    for (const reason of ignored) this.#parts.onLeftOut(reason, 'ignored');
    if (longNumbers > 0) this.#parts.onLongNumbers(longNumbers);
    for (const message of messages) {
      if (message.ev !== 'status') this.#parts.onMessage(message, now);
      else {
        const refusal = this.#lineOf(session).onStatus(message);
        if (refusal !== null) this.#refused(session, refusal);
      }
    }
  }

  #refused(session: Session, refusal: Refusal): void {
    this.#punished(refusal);
    session.drop(refusal);
  }

  #onClose(session: Session, reason: string): void {
    if (this.#line?.session === session) {
      this.#leave();
    }
    // Whoever is put out does not always get to read why.
    if (PUT_OUT.test(reason)) this.#punished('max_connections');
  }

  #punished(refusal: Refusal): void {
    const { assetClass, log } = this.#parts;
    if (refusal === 'auth_timeout') return;
    const now = performance.now();
    const isNews = this.#coolDown.left(now) === 0;
    const wait = this.#coolDown.begin(now);
    this.#trouble = refusal;
    if (!isNews) return;
    log.error(`polygon_${refusal}`, {
      asset_class: assetClass,
      retry_in_ms: Math.round(wait),
      error: MEANS[refusal],
    });
  }

  /** Asks for what this session does not have yet, and gives up what nobody needs. Never rejects. */
  #subscribeSoon(): void {
    this.#subscribing ??= this.#subscribeAll().finally(() => {
      this.#subscribing = null;
      // Asked for while the last request of an earlier session was ending.
      if (this.#isAsking() && (this.#next().length > 0 || this.#line?.gone.size !== 0)) this.#subscribeSoon();
    });
  }

  #isAsking(): boolean {
    return !this.#stopped && this.#line?.isAuthenticated === true && this.#line.session.isOpen;
  }

  /** Up to [500], first those that have never kept others waiting; these one by one. */
  #next(): readonly Topic[] {
    const asked = this.#line?.asked;
    const waiting = [...this.#topics.values()].filter(
      ({ name, state }) => state !== 'live' && asked?.has(name) === false,
    );
    const together = waiting.filter(({ isAlone }) => !isAlone);
    return together.length > 0
      ? together.slice(0, this.#parts.settings.topicsPerRequest)
      : waiting.slice(0, 1);
  }

  async #subscribeAll(): Promise<void> {
    for (;;) {
      const line = this.#line;
      if (line === null || !this.#isAsking()) return;
      const topics = this.#next();
      if (topics.length === 0) {
        if (line.gone.size === 0) return;
        await this.#giveUp(line);
        continue;
      }
      for (const { name } of topics) line.asked.add(name);
      const { refused, missing } = await line.ask(
        'subscribe',
        topics.map(({ name }) => name),
      );
      if (this.#stopped || this.#line !== line || !line.session.isOpen) continue;
      const left = missing.flatMap((name) => this.#topics.get(name) ?? []);
      for (const topic of left) {
        if (topic.state === 'live') continue;
        if (missing.length <= refused)
          this.#fail(topic, 'refused', 'not authorized: the plan has no such channel');
        else if (topics.length === 1)
          this.#fail(topic, 'unanswered', 'not answered: no such channel, or held');
        else {
          // Which of them it was is not said: each is asked for alone.
          topic.isAlone = true;
          line.asked.delete(topic.name);
        }
      }
    }
  }

  /** What came back meanwhile is then asked for anew: while it is held, nothing would be answered. */
  async #giveUp(line: Line): Promise<void> {
    const names = [...line.gone].slice(0, this.#parts.settings.topicsPerRequest);
    for (const name of names) line.gone.delete(name);
    await line.ask('unsubscribe', names);
    for (const name of names) {
      line.asked.delete(name);
      // Whoever came back meanwhile and left again: it is not held any more.
      line.gone.delete(name);
      this.#topics.get(name)?.lost();
    }
  }

  #fail(topic: Topic, state: 'refused' | 'unanswered', reason: string): void {
    topic.failed(state, reason);
    this.#parts.onRefused(topic);
  }
}

const MEANS: Readonly<Record<Exclude<Refusal, 'auth_timeout'>, string>> = {
  auth_failed: 'Polygon refuses the key of POLYGON_API_KEY: it is wrong, or its plan has no WebSocket access',
  max_connections:
    'somebody else uses the same Polygon account: it allows so many connections for each asset class',
};

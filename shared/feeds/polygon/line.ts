/**
 * What is said on one session: connected -> auth -> auth_success, then one request at a time (facts: lifecycle).
 *
 * Always true:
 * - the key goes out in one frame and is in no error and no log;
 * - answers are told by their status, never by their words, but for the topic that a confirmation names;
 * - a refusal names no topic: those that are not confirmed when as many were answered as were asked for are it.
 */
import type { Session } from '../../ports/connection.ts';
import type { StatusMessage } from './messages.ts';

/** Why a session is not let in, or is put out. */
export type Refusal = 'auth_failed' | 'auth_timeout' | 'max_connections';

/** Polygon said no. */
export class PolygonRefusedError extends Error {
  override readonly name = 'PolygonRefusedError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

export type LineAction = 'subscribe' | 'unsubscribe';

export interface SubscribeAnswer {
  /** How many were refused. */
  readonly refused: number;
  /** Neither confirmed nor known to be refused one by one. */
  readonly missing: readonly string[];
}

export interface LineSettings {
  /** [10 s] For each step of the handshake. */
  readonly handshakeMs: number;
  /** [5 s] For all answers to one request. */
  readonly ackMs: number;
}

interface Asked {
  readonly action: LineAction;
  readonly missing: Set<string>;
  refused: number;
  readonly settle: () => void;
}

const STEPS = ['nothing', 'connected', 'auth_success'] as const;
type Step = (typeof STEPS)[number];
const REFUSALS: ReadonlySet<string> = new Set<Refusal>(['auth_failed', 'auth_timeout', 'max_connections']);
/** "unsubscribed to" is the server's own word. */
const CONFIRMED = /^(subscribe|unsubscribe)d to: (.+)$/;

const isRefusal = (status: string): status is Refusal => REFUSALS.has(status);
const isStep = (status: string): status is Step => STEPS.some((step) => step === status);

export class Line {
  readonly session: Session;
  /** Topics that were asked for on this session. */
  readonly asked = new Set<string>();
  /** Of these, what nobody needs any more and is still to be given up. */
  readonly gone = new Set<string>();
  readonly #settings: LineSettings;
  readonly #onConfirmed: (topic: string) => void;
  #step: Step = 'nothing';
  #refusal: Refusal | null = null;
  #changed: () => void = () => undefined;
  #waiting: Asked | null = null;

  constructor(session: Session, settings: LineSettings, onConfirmed: (topic: string) => void) {
    this.session = session;
    this.#settings = settings;
    this.#onConfirmed = onConfirmed;
  }

  get isAuthenticated(): boolean {
    return this.#step === 'auth_success' && this.#refusal === null;
  }

  /** Rejects with a PolygonRefusedError, or when a step takes too long. */
  async authenticate(key: string): Promise<void> {
    await this.#until('connected');
    this.session.send(JSON.stringify({ action: 'auth', params: key }));
    await this.#until('auth_success');
  }

  /** Takes a status; answers a refusal, which ends the session. */
  onStatus({ status, message }: StatusMessage): Refusal | null {
    if (isRefusal(status)) this.#refusal = status;
    else if (isStep(status)) {
      if (STEPS.indexOf(status) > STEPS.indexOf(this.#step)) this.#step = status;
    } else if (status === 'success') this.#confirmed(message);
    else if (status === 'error') this.#refused();
    this.#changed();
    return this.#refusal;
  }

  /** One at a time. Resolves when all is answered, when it takes too long or when the session has ended. */
  async ask(action: LineAction, topics: readonly string[]): Promise<SubscribeAnswer> {
    const answered = new Promise<Asked>((resolve) => {
      const asked: Asked = {
        action,
        missing: new Set(topics),
        refused: 0,
        settle: () => {
          clearTimeout(timer);
          this.#waiting = null;
          resolve(asked);
        },
      };
      const timer = setTimeout(asked.settle, this.#settings.ackMs);
      this.#waiting = asked;
    });
    try {
      this.session.send(JSON.stringify({ action, params: topics.join(',') }));
    } catch {
      // It has ended meanwhile, which its owner hears too: nothing of this is confirmed.
      this.#waiting?.settle();
    }
    const { refused, missing } = await answered;
    return { refused, missing: [...missing] };
  }

  /** The session is gone: nobody waits any longer. */
  close(): void {
    this.#waiting?.settle();
    this.#changed();
  }

  #confirmed(message: string): void {
    const [, action, topic] = CONFIRMED.exec(message) ?? [];
    if (topic === undefined) return;
    if (action === 'subscribe') this.#onConfirmed(topic);
    const waiting = this.#waiting;
    if (waiting?.action === action && waiting?.missing.delete(topic)) this.#settleIfAnswered(waiting);
  }

  #refused(): void {
    const waiting = this.#waiting;
    if (waiting?.action !== 'subscribe') return;
    waiting.refused += 1;
    this.#settleIfAnswered(waiting);
  }

  #settleIfAnswered(waiting: Asked): void {
    if (waiting.missing.size <= waiting.refused) waiting.settle();
  }

  /** Statuses may have come before anybody waits for them. */
  async #until(step: Step): Promise<void> {
    const deadline = performance.now() + this.#settings.handshakeMs;
    while (STEPS.indexOf(this.#step) < STEPS.indexOf(step)) {
      if (this.#refusal !== null) break;
      if (!this.session.isOpen) throw new Error(`ended before "${step}"`);
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`no "${step}" within ${this.#settings.handshakeMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.#refusal !== null) throw new PolygonRefusedError(this.#refusal);
  }
}

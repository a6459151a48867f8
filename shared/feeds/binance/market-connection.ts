/** Up to [500] symbols on one connection of the market streams, subscribed at the pace that the venue allows. */
import type { Connection, ConnectionStats, OpenConnection, Session } from '../../ports/connection.ts';
import { parseMarketMessage } from './market-message.ts';
import type { QuoteMessage, TradeMessage } from './usual-frame.ts';

/** The venue's limits: 1,024 streams per connection, 5 frames a second (pongs count too). */
const STREAMS_PER_SYMBOL = 2;
const MOST_STREAMS = 1_000;
export const MOST_SYMBOLS = MOST_STREAMS / STREAMS_PER_SYMBOL;
const SYMBOLS_PER_FRAME = 100;

export interface MarketConnectionParts {
  readonly name: string;
  /** Base URL of the streams, without `/stream`. */
  readonly url: string;
  readonly openConnection: OpenConnection;
  readonly onMessage: (message: QuoteMessage | TradeMessage) => void;
  /** A frame that is none of these; `reason` never repeats it. */
  readonly onLeftOut: (reason: string) => void;
  /** A subscription that the venue refused, or that was not answered. */
  readonly onRefused: (venueSymbols: readonly string[], reason: string) => void;
  /** [300 ms] Between two frames. */
  readonly frameGapMs: number;
  /** [10 s] */
  readonly answerTimeoutMs: number;
  /** [30 s] Before a refused subscription is asked for again. */
  readonly refusedRetryMs: number;
}

interface Subscribing {
  /** Asked for on this session. */
  readonly asked: Set<string>;
  /** Refused once: asked for alone from then on, so that one bad name takes no other's prices away. */
  readonly alone: Set<string>;
  /** Of those that were refused and not taken since: why. */
  readonly refused: Map<string, string>;
  readonly answers: Map<number, (error: string | null) => void>;
  /** The loop that asks, while there is something to ask. */
  running: Promise<void> | null;
  nextId: number;
}

export class MarketConnection {
  /** Of its frames and subscriptions; the owner counts. */
  readonly processed = { trades: 0, quotes: 0, faults: 0 };
  readonly #parts: MarketConnectionParts;
  readonly #connection: Connection;
  readonly #wanted = new Set<string>();
  readonly #sessions = new Map<Session, Subscribing>();

  constructor(parts: MarketConnectionParts) {
    this.#parts = parts;
    this.#connection = parts.openConnection({
      name: parts.name,
      url: `${parts.url}/stream`,
      handlers: {
        onOpen: (session) => {
          this.#sessions.set(session, {
            asked: new Set(),
            alone: new Set(),
            refused: new Map(),
            answers: new Map(),
            running: null,
            nextId: 1,
          });
          return this.#ask(session);
        },
        onMessage: (session, text) => this.#onMessage(session, text),
        onBinary: () => parts.onLeftOut('a binary frame'),
        onClose: (session) => void this.#sessions.delete(session),
      },
    });
  }

  get room(): number {
    return MOST_SYMBOLS - this.#wanted.size;
  }

  /** Begins with the first symbols: a connection that nobody needs is not opened. */
  add(venueSymbols: readonly string[]): void {
    const isFirst = this.#wanted.size === 0;
    for (const symbol of venueSymbols) this.#wanted.add(symbol);
    if (isFirst) this.#connection.start();
    else for (const session of this.#sessions.keys()) void this.#ask(session);
  }

  /** Which of these are on this connection: they are taken off it. Frames of theirs may come until the venue answers. */
  remove(venueSymbols: readonly string[]): readonly string[] {
    const own = venueSymbols.filter((symbol) => this.#wanted.delete(symbol));
    if (own.length > 0) for (const session of this.#sessions.keys()) void this.#ask(session);
    return own;
  }

  carries(venueSymbol: string): boolean {
    return this.#wanted.has(venueSymbol);
  }

  get size(): number {
    return this.#wanted.size;
  }

  /** Why this symbol is not subscribed on a session of this connection; null = it is, or it is too early to tell. */
  refusalOf(venueSymbol: string): string | null {
    for (const { refused } of this.#sessions.values()) {
      const reason = refused.get(venueSymbol);
      if (reason !== undefined) return reason;
    }
    return null;
  }

  get isEmpty(): boolean {
    return this.#wanted.size === 0;
  }

  stats(): ConnectionStats {
    return this.#connection.stats();
  }

  async stop(): Promise<void> {
    await this.#connection.stop();
    this.#sessions.clear();
  }

  /** Asks for what this session does not have yet, and gives back what nobody needs, frame by frame. Never rejects. */
  #ask(session: Session): Promise<void> {
    const on = this.#sessions.get(session);
    if (on === undefined) return Promise.resolve();
    on.running ??= this.#askAll(session, on).finally(() => {
      on.running = null;
    });
    return on.running;
  }

  async #askAll(session: Session, on: Subscribing): Promise<void> {
    for (;;) {
      const gone = [...on.asked].filter((symbol) => !this.#wanted.has(symbol)).slice(0, SYMBOLS_PER_FRAME);
      if (gone.length > 0 && session.isOpen) {
        for (const symbol of gone) {
          on.asked.delete(symbol);
          on.refused.delete(symbol);
        }
        const error = await this.#tell(session, on, 'UNSUBSCRIBE', gone);
        if (error !== null) this.#parts.onRefused(gone, error);
        await new Promise((resolve) => setTimeout(resolve, this.#parts.frameGapMs));
        continue;
      }
      const waiting = [...this.#wanted].filter((symbol) => !on.asked.has(symbol));
      const fresh = waiting.filter((symbol) => !on.alone.has(symbol)).slice(0, SYMBOLS_PER_FRAME);
      const missing = fresh.length > 0 ? fresh : waiting.slice(0, 1);
      if (missing.length === 0 || !session.isOpen) return;
      for (const symbol of missing) on.asked.add(symbol);
      const error = await this.#tell(session, on, 'SUBSCRIBE', missing);
      if (error === null) for (const symbol of missing) on.refused.delete(symbol);
      else {
        this.#parts.onRefused(missing, error);
        this.#askLater(session, on, missing, error);
      }
      await new Promise((resolve) => setTimeout(resolve, this.#parts.frameGapMs));
    }
  }

  /** What was refused is asked for again while the session lives: without it nobody knows these prices. */
  #askLater(session: Session, on: Subscribing, symbols: readonly string[], error: string): void {
    for (const symbol of symbols) {
      on.alone.add(symbol);
      on.refused.set(symbol, error);
    }
    setTimeout(() => {
      for (const symbol of symbols) on.asked.delete(symbol);
      void this.#ask(session);
    }, this.#parts.refusedRetryMs).unref();
  }

  /** Answers why it was not taken; null = it was. */
  #tell(
    session: Session,
    on: Subscribing,
    method: 'SUBSCRIBE' | 'UNSUBSCRIBE',
    symbols: readonly string[],
  ): Promise<string | null> {
    const id = on.nextId++;
    const params = symbols.flatMap((symbol) => {
      // Only the Latin letters have a lower case that the venue means.
      const name = symbol.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
      return [`${name}@bookTicker`, `${name}@trade`];
    });
    return new Promise((resolve) => {
      const settle = (error: string | null): void => {
        clearTimeout(timer);
        on.answers.delete(id);
        resolve(error);
      };
      const timer = setTimeout(() => {
        settle(`no answer within ${this.#parts.answerTimeoutMs} ms`);
        session.drop('no answer to a subscription');
      }, this.#parts.answerTimeoutMs);
      on.answers.set(id, settle);
      try {
        session.send(JSON.stringify({ method, params, id }));
      } catch (error) {
        settle(error instanceof Error ? error.message : String(error));
      }
    });
  }

  #onMessage(session: Session, text: string): void {
    const message = parseMarketMessage(text);
    if (message.kind === 'answer') this.#sessions.get(session)?.answers.get(message.id)?.(message.error);
    else if (message.kind === 'shutdown') this.#connection.renew('the server shuts down', session);
    else if (message.kind === 'other') this.#parts.onLeftOut(message.reason);
    else this.#parts.onMessage(message);
  }
}

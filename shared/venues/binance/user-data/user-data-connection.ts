/**
 * Up to [200] wallets on one connection of the WebSocket API (design sections 3, 13).
 *
 * Always true:
 * - every session is brought to the wallets that are wanted, the new one of a renewal beside the old one;
 * - a wallet's trouble is its own: nobody else is unsubscribed for it;
 * - a renewed session takes over when every wallet of the one before is subscribed on it or refused, or time is over;
 * - a wallet that no session has delivered without interruption has a gap, and that is told when it is back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, ConnectionStats, Session } from '../../../ports/connection.ts';
import type { UserDataWallet, WalletStreamHealth } from '../../../ports/user-data.ts';
import { type JsonObject, parseJson } from '../parse/fields.ts';
import { guardOpening, Replacements } from './opening.ts';
import { messageOf, type UserDataParts } from './parts.ts';
import { isEnd, SessionSubscriptions } from './session-subscriptions.ts';
import { subscribe } from './subscribe.ts';
import { failed, tellProblem } from './trouble.ts';
import { type KnownSymbols, WalletStream } from './wallet-stream.ts';
import { NoAnswerError } from './ws-api.ts';

/** How often a renewed session looks whether it has all wallets. */
const HANDOVER_LOOK_MS = 50;

export class UserDataConnection {
  readonly #parts: UserDataParts;
  readonly #known: KnownSymbols;
  readonly #name: string;
  readonly #connection: Connection;
  readonly #streams = new Map<string, WalletStream>();
  readonly #sessions = new Map<Session, SessionSubscriptions>();
  readonly #replacements: Replacements;

  constructor(name: string, parts: UserDataParts, known: KnownSymbols) {
    this.#name = name;
    this.#parts = parts;
    this.#known = known;
    this.#replacements = new Replacements(parts);
    this.#connection = parts.openConnection({
      name,
      url: parts.url,
      handlers: {
        onOpen: (session) => this.#onOpen(session),
        onMessage: (session, text) => this.#onMessage(session, text),
        onClose: (session, reason) => this.#onClose(session, reason),
        ...guardOpening(parts),
      },
    });
  }

  start(): void {
    this.#connection.start();
  }

  get size(): number {
    return this.#streams.size;
  }

  keyVersionOf(walletId: string): number | null {
    return this.#streams.get(walletId)?.wallet.keyVersion ?? null;
  }

  get walletIds(): readonly string[] {
    return [...this.#streams.keys()];
  }

  add(wallet: UserDataWallet): void {
    this.#streams.set(wallet.walletId, new WalletStream(wallet, this.#parts, this.#known));
  }

  /** Its subscriptions are given back by `sync`. */
  remove(walletId: string): void {
    this.#streams.get(walletId)?.end();
    this.#streams.delete(walletId);
  }

  stats(): ConnectionStats {
    return this.#connection.stats();
  }

  health(): readonly WalletStreamHealth[] {
    return [...this.#streams.values()].map((stream) => stream.health());
  }

  /** Brings every session to what is wanted. Never throws; what fails is tried again by a later call. */
  async sync(): Promise<void> {
    const now = this.#parts.clock.now();
    await Promise.all(
      [...this.#sessions.values()].map(async (on) => {
        const orphans = on.expire(now);
        if (orphans > 0) this.#unclaimed(on, orphans);
        await this.#syncSession(on);
        if (on.isUsedUp) this.#replace();
      }),
    );
  }

  async stop(): Promise<void> {
    for (const stream of this.#streams.values()) stream.end();
    await this.#connection.stop();
    for (const on of this.#sessions.values()) on.api.close('stopped');
    this.#sessions.clear();
  }

  async #onOpen(session: Session): Promise<void> {
    const on = new SessionSubscriptions(session, this.#parts.settings);
    this.#sessions.set(session, on);
    const openedAt = performance.now();
    await this.#syncSession(on);
    // Later subscriptions are those of `sync`; the session before this one goes on meanwhile.
    while (session.isOpen && performance.now() - openedAt < this.#parts.settings.handoverMs) {
      if (!this.#isAwaited(on)) return;
      await sleep(HANDOVER_LOOK_MS);
    }
  }

  /** Is there a wallet that only another session has, and this one may yet have? */
  #isAwaited(on: SessionSubscriptions): boolean {
    return [...this.#streams.values()].some(
      (stream) => !on.has(stream) && !on.refused.has(stream) && this.#isCovered(stream),
    );
  }

  #replace(): void {
    if (this.#replacements.begin()) this.#connection.renew('its subscriptions are used up');
  }

  async #syncSession(on: SessionSubscriptions): Promise<void> {
    const wanted = new Set(this.#streams.values());
    await Promise.all(
      on.streams.filter((stream) => !wanted.has(stream)).map((gone) => this.#release(on, gone)),
    );
    if (on.isUsedUp) return;
    const now = this.#parts.clock.now();
    const waiting = [...wanted].filter(
      (stream) => !on.has(stream) && !on.underWay.has(stream) && stream.retryAt <= now,
    );
    for (const stream of waiting) on.underWay.add(stream);
    const work = async (): Promise<void> => {
      for (let stream = waiting.shift(); stream !== undefined; stream = waiting.shift()) {
        await this.#subscribe(on, stream).finally(() => on.underWay.delete(stream));
      }
    };
    await Promise.all(Array.from({ length: this.#parts.settings.subscribingAtOnce }, work));
  }

  /** Never rejects. */
  async #subscribe(on: SessionSubscriptions, stream: WalletStream): Promise<void> {
    if (!on.session.isOpen || on.isUsedUp) return;
    try {
      const answer = await subscribe(on.api, stream, this.#parts);
      if (answer.outcome === 'subscribed') this.#bind(on, stream, answer.subscriptionId);
      else if (answer.outcome === 'already') await this.#findAgain(on, stream);
      else if (answer.outcome === 'used_up') this.#foundUsedUp(on, stream);
      else {
        if (answer.kind === 'key') on.refused.add(stream);
        failed(this.#parts, stream, answer);
      }
    } catch (error) {
      // The session is gone: the next one subscribes this wallet.
      if (error instanceof NoAnswerError) return;
      failed(this.#parts, stream, {
        code: 'failed',
        message: messageOf(error),
        kind: 'later',
        retryAt: null,
      });
    }
  }

  #bind(on: SessionSubscriptions, stream: WalletStream, subscriptionId: number): void {
    const { clock, log } = this.#parts;
    const { walletId } = stream.wallet;
    if (this.#streams.get(walletId) !== stream) {
      // It was removed meanwhile; `sync` gives it back.
      on.bind(subscriptionId, stream);
      return;
    }
    const covered = this.#isCovered(stream);
    if (!on.bind(subscriptionId, stream)) {
      const message = 'the exchange ended the subscription before it had answered';
      failed(this.#parts, stream, { code: 'ended', message, kind: 'later', retryAt: null });
      return;
    }
    stream.failures = 0;
    stream.problem = null;
    if (!covered) stream.subscribedSince = clock.now();
    if (covered) return;
    log.info('user_data_subscribed', { walletId, connection: this.#name, session: on.session.id });
    stream.gap('subscribed');
  }

  #isCovered(stream: WalletStream): boolean {
    return [...this.#sessions.values()].some((other) => other.session.isOpen && other.has(stream));
  }

  /** The venue has a subscription of this account here whose answer is lost: found by elimination, if by anything. */
  async #findAgain(on: SessionSubscriptions, stream: WalletStream): Promise<void> {
    const listed = await on.api.request('session.subscriptions', {});
    const ids = listed.ok && Array.isArray(listed.result) ? listed.result.map(idOf) : [];
    const unknown = ids.filter((id) => id !== null && on.streamOf(id) === null);
    const [only] = unknown;
    if (unknown.length === 1 && only !== undefined && only !== null && on.underWay.size === 1) {
      this.#bind(on, stream, only);
      return;
    }
    failed(this.#parts, stream, {
      code: 'already_subscribed',
      message: 'the account is subscribed on this connection already, for another wallet or unknown here',
      kind: 'later',
      retryAt: null,
    });
  }

  /** The wallet is the next session's. */
  #foundUsedUp(on: SessionSubscriptions, stream: WalletStream): void {
    on.isUsedUp = true;
    this.#replace();
    const message = 'the connection takes no more subscriptions';
    const wait = Math.max(0, this.#replacements.notBefore - this.#parts.clock.now());
    tellProblem(this.#parts, stream, { code: 'used_up', message }, wait);
  }

  async #release(on: SessionSubscriptions, stream: WalletStream): Promise<void> {
    const subscriptionId = on.unbind(stream);
    if (subscriptionId === null || !on.session.isOpen) return;
    try {
      const answer = await on.api.request('userDataStream.unsubscribe', { subscriptionId });
      if (answer.ok) return;
      this.#parts.log.warn('user_data_not_unsubscribed', {
        walletId: stream.wallet.walletId,
        error: `${answer.code} ${answer.message}`,
      });
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
    }
  }

  #onMessage(session: Session, text: string): void {
    const on = this.#sessions.get(session);
    if (on === undefined) return;
    try {
      this.#read(on, text);
    } catch (error) {
      // Nobody knows whose it was: anybody's on this session may be missing.
      for (const stream of [...on.streams, ...on.underWay]) stream.gap('a message could not be read');
      throw error;
    }
  }

  #read(on: SessionSubscriptions, text: string): void {
    const message = parseJson(text, 'message') as JsonObject | null;
    const event = message?.['event'];
    if (message === null || event === undefined) {
      if (message === null || !on.api.answer(message))
        this.#parts.log.warn('user_data_message_unasked', { connection: this.#name });
      return;
    }
    const name = (event as JsonObject | null)?.['e'];
    const id = message['subscriptionId'];
    if (name === 'serverShutdown') this.#connection.renew('the server shuts down', on.session);
    else if (typeof id !== 'number') throw new Error(`an event without subscription: ${String(name)}`);
    else this.#event(on, id, event);
  }

  #event(on: SessionSubscriptions, subscriptionId: number, event: unknown): void {
    const stream = on.streamOf(subscriptionId);
    if (stream !== null && isEnd(event)) this.#terminated(on, stream);
    else if (stream !== null) stream.accept(event);
    else if (!on.keep(subscriptionId, event, this.#parts.clock.now())) this.#unclaimed(on, 1);
  }

  /** Events of nobody: whoever is being subscribed may be missing them. */
  #unclaimed(on: SessionSubscriptions, count: number): void {
    this.#parts.log.error('user_events_unclaimed', { connection: this.#name, events: count });
    for (const stream of on.underWay) stream.gap('events came before the subscription was known');
  }

  /** The venue ended it (our own unsubscribe has taken the wallet out before). */
  #terminated(on: SessionSubscriptions, stream: WalletStream): void {
    on.unbind(stream);
    this.#interrupted(stream);
    this.#parts.log.warn('user_data_terminated', { walletId: stream.wallet.walletId });
    void this.#syncSession(on);
  }

  #interrupted(stream: WalletStream): void {
    if (!this.#isCovered(stream)) stream.subscribedSince = null;
  }

  #onClose(session: Session, reason: string): void {
    const on = this.#sessions.get(session);
    if (on === undefined) return;
    this.#sessions.delete(session);
    on.api.close(reason);
    for (const stream of on.streams) this.#interrupted(stream);
  }
}

const idOf = (entry: unknown): number | null => {
  const id = (entry as { subscriptionId?: unknown } | null)?.subscriptionId;
  return typeof id === 'number' ? id : null;
};

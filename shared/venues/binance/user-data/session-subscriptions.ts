/** Which wallet is which subscription on one session; events that came before their subscription's answer. */
import type { Session } from '../../../ports/connection.ts';
import type { UserDataSettings } from './parts.ts';
import type { WalletStream } from './wallet-stream.ts';
import { WsApi } from './ws-api.ts';

interface Early {
  readonly subscriptionId: number;
  readonly event: unknown;
  readonly at: number;
}

/** The venue has ended the subscription that this event is of. */
export const isEnd = (event: unknown): boolean =>
  (event as { e?: unknown } | null)?.e === 'eventStreamTerminated';

export class SessionSubscriptions {
  readonly session: Session;
  readonly api: WsApi;
  /** Wallets whose subscription is under way. */
  readonly underWay = new Set<WalletStream>();
  /** Wallets whose keys the venue did not accept here. */
  readonly refused = new Set<WalletStream>();
  /** It takes no more subscriptions in its life. */
  isUsedUp = false;
  readonly #settings: UserDataSettings;
  readonly #streams = new Map<number, WalletStream>();
  readonly #ids = new Map<WalletStream, number>();
  /** Ids that were given back or ended: what still comes of them belongs to nobody. The venue uses none twice. */
  readonly #over = new Set<number>();
  #early: Early[] = [];

  constructor(session: Session, settings: UserDataSettings) {
    this.session = session;
    this.api = new WsApi(session, settings.requestTimeoutMs);
    this.#settings = settings;
  }

  has(stream: WalletStream): boolean {
    return this.#ids.has(stream);
  }

  get streams(): readonly WalletStream[] {
    return [...this.#ids.keys()];
  }

  streamOf(subscriptionId: number): WalletStream | null {
    return this.#streams.get(subscriptionId) ?? null;
  }

  /**
   * From now on its events are the wallet's; those that came before the answer first. Answers false when one of
   * these was the subscription's end.
   */
  bind(subscriptionId: number, stream: WalletStream): boolean {
    this.#streams.set(subscriptionId, stream);
    this.#ids.set(stream, subscriptionId);
    this.refused.delete(stream);
    const mine = this.#early.filter((early) => early.subscriptionId === subscriptionId);
    this.#early = this.#early.filter((early) => early.subscriptionId !== subscriptionId);
    for (const { event } of mine) stream.accept(event);
    if (!mine.some(({ event }) => isEnd(event))) return true;
    this.unbind(stream);
    return false;
  }

  /** Answers the id it had, or null. */
  unbind(stream: WalletStream): number | null {
    const id = this.#ids.get(stream) ?? null;
    this.#ids.delete(stream);
    if (id !== null) {
      this.#streams.delete(id);
      this.#over.add(id);
    }
    return id;
  }

  /** An event of a subscription whose answer has not come yet, if ever. Answers false when there is no room. */
  keep(subscriptionId: number, event: unknown, at: number): boolean {
    if (this.#over.has(subscriptionId)) return true;
    if (this.#early.length >= this.#settings.earlyEvents) return false;
    this.#early.push({ subscriptionId, event, at });
    return true;
  }

  /** Takes out what nobody has claimed in time; answers how many. */
  expire(now: number): number {
    const before = this.#early.length;
    this.#early = this.#early.filter(({ at }) => now - at < this.#settings.earlyMs);
    return before - this.#early.length;
  }
}

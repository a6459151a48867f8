/**
 * After a gap: nothing is replayed by the venue, so every live order of the wallet is asked for, and then, behind the
 * looks of all wallets, its account compared (design section 13).
 *
 * A gap stays open until the questions are on their queues; asking twice is harmless.
 */
import { type Decimal, sum, ZERO } from '../../domain/money/decimal.ts';
import { parseVenueClientId } from '../derive-ids.ts';
import { messageOf } from '../stream-prices/background.ts';
import { sendLook } from '../work-pointers.ts';
import type { UserDataPorts, UserDataStreamSettings } from './ports.ts';

interface Gap {
  reason: string;
  /** Since it was opened, or asked after last, epoch ms. */
  since: number;
  /** Not asked before. */
  askAt: number;
  /** What is asked before then may miss orders of the last reason: it is asked again. */
  settledAt: number;
}

/** Wallets asked for at a time, and messages under way for each. */
const WALLETS_AT_ONCE = 4;
const MESSAGES_AT_ONCE = 8;
/** Further reasons put the question off by at most so many times the usual wait. */
const MOST_PUT_OFF = 5;

type Needs = Pick<UserDataPorts, 'clock' | 'ledger' | 'log' | 'outbox'>;
type Settings = Pick<
  UserDataStreamSettings,
  'askAfterMs' | 'compareAfterMs' | 'comparesASecond' | 'askRetryMs' | 'listDoneMs' | 'mostLooks'
>;

/** SQS keeps a message back for no longer. */
const LONGEST_DELAY_SECONDS = 900;

export class Gaps {
  readonly #ports: Needs;
  readonly #settings: Settings;
  readonly #wallets = new Map<string, Gap>();
  /** Single orders to look at, and not before when, epoch ms. */
  readonly #orders = new Map<string, number>();
  /** Gaps that were opened. */
  count = 0;

  constructor(ports: Needs, settings: Settings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  isOpen(walletId: string): boolean {
    return this.#wallets.has(walletId);
  }

  open(walletId: string, reason: string): void {
    const known = this.#wallets.get(walletId);
    const now = this.#ports.clock.now();
    const askAt = now + this.#settings.askAfterMs;
    if (known !== undefined) {
      known.settledAt = askAt;
      // Put off by each reason, but not for ever: a wallet with a reason each second is asked for too.
      const latest = known.since + MOST_PUT_OFF * this.#settings.askAfterMs;
      known.askAt = Math.max(known.askAt, Math.min(askAt, latest));
      return;
    }
    this.count += 1;
    this.#wallets.set(walletId, { reason, since: now, askAt, settledAt: askAt });
  }

  /** One order of ours has to be looked at; an id that cannot be read back opens the wallet's gap. */
  look(walletId: string, clientId: string, reason: string): void {
    this.#ports.log.warn('order_needs_look', { walletId, clientId, reason });
    this.#lookFrom(this.#ports.clock.now(), walletId, clientId, reason);
  }

  /** The same a little later, when the order's own reports have told its end or never will. */
  lookLater(walletId: string, clientId: string): void {
    const from = this.#ports.clock.now() + this.#settings.listDoneMs;
    this.#lookFrom(from, walletId, clientId, 'its list is done');
  }

  #lookFrom(from: number, walletId: string, clientId: string, reason: string): void {
    const orderId = parseVenueClientId(clientId)?.orderId;
    const known = orderId === undefined ? undefined : this.#orders.get(orderId);
    const isRoom = known !== undefined || this.#orders.size < this.#settings.mostLooks;
    if (orderId === undefined || !isRoom) this.open(walletId, reason);
    else this.#orders.set(orderId, Math.min(known ?? from, from));
  }

  /** Asks for what is due. Never throws: what could not be asked stays, and is told. */
  async turn(): Promise<void> {
    // Nearly always: no gap is open and no order waits.
    if (this.#wallets.size === 0 && this.#orders.size === 0) return;
    const now = this.#ports.clock.now();
    const due = [...this.#wallets].filter(([, gap]) => gap.askAt <= now);
    const first = await this.#byExposure(due);
    const waiting = first.map(([walletId, gap], place) => ({ walletId, gap, place }));
    await atMost(WALLETS_AT_ONCE, waiting, ({ walletId, gap, place }) => this.#ask(walletId, gap, place));
    const looks = [...this.#orders].filter(([, from]) => from <= now).map(([orderId]) => orderId);
    await atMost(MESSAGES_AT_ONCE, looks, (orderId) => this.#lookAt(orderId));
  }

  /** Many gaps at once (a connection, a start): whoever has most at stake is asked for first. */
  async #byExposure(due: readonly [string, Gap][]): Promise<readonly [string, Gap][]> {
    if (due.length <= WALLETS_AT_ONCE) return due;
    const stakes = new Map<string, Decimal>();
    await atMost(MESSAGES_AT_ONCE, due, async ([walletId]) => {
      try {
        const open = await this.#ports.ledger.livePositionsOfWallet(walletId);
        stakes.set(walletId, sum(open.map(({ cost }) => cost)));
      } catch (error) {
        // The order is a courtesy; asking itself says what is wrong.
        this.#ports.log.warn('exposure_unknown', { walletId, error: messageOf(error) });
      }
    });
    const stake = ([walletId]: [string, Gap]): Decimal => stakes.get(walletId) ?? ZERO;
    return due.toSorted((a, b) => stake(b).comparedTo(stake(a)));
  }

  /** Behind the looks of all wallets, those of `place` 0 first. */
  #compareSeconds(place: number): number {
    const { compareAfterMs, comparesASecond } = this.#settings;
    const seconds = Math.ceil(compareAfterMs / 1000) + Math.floor(place / comparesASecond);
    return Math.min(seconds, LONGEST_DELAY_SECONDS);
  }

  async #ask(walletId: string, gap: Gap, place: number): Promise<void> {
    const { ledger, outbox, log, clock } = this.#ports;
    const askedAt = clock.now();
    try {
      const orders = await ledger.liveOrdersOfWallet(walletId);
      await atMost(MESSAGES_AT_ONCE, orders, (order) => sendLook(outbox, order));
      // What is no longer live, or never was ours, shows in the account's trades and balances.
      await outbox.reconcile({ walletId, reason: 'gap' }, this.#compareSeconds(place));
      log.info('user_data_gap_asked_after', { walletId, reason: gap.reason, orders: orders.length });
      if (gap.settledAt <= askedAt) this.#wallets.delete(walletId);
      else Object.assign(gap, { since: askedAt, askAt: gap.settledAt });
    } catch (error) {
      gap.askAt = clock.now() + this.#settings.askRetryMs;
      log.error('user_data_gap_not_asked_after', { walletId, reason: gap.reason, error: messageOf(error) });
    }
  }

  async #lookAt(orderId: string): Promise<void> {
    const from = this.#orders.get(orderId);
    // A wish that comes while the message is under way is one of its own.
    this.#orders.delete(orderId);
    try {
      // Entries too: whatever it is, the queue that never waits behind entries has it first.
      await this.#ports.outbox.exits({ orderId, look: true });
    } catch (error) {
      this.#orders.set(orderId, from ?? this.#ports.clock.now());
      this.#ports.log.error('order_look_not_sent', { orderId, error: messageOf(error) });
    }
  }
}

async function atMost<T>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  // Most turns find nothing.
  if (items.length === 0) return;
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(count, left.length) }, worker));
}

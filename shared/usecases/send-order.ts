/**
 * Sending an order: the claim, the one request, and what its answer means (design section 6).
 *
 * Always true:
 * - a request leaves only after its claim is durable, once per claim, signed with the claim's time;
 * - an entry leaves only for a wallet that may trade now, and was not paused since the entry was written: the claim
 *   itself holds only then. An exit is never given up, and asks no wallet.
 */
import { withDue } from '../domain/due.ts';
import { ownRefusal, transition } from '../domain/orders.ts';
import { pauseOf } from '../domain/pauses.ts';
import { unreachable } from '../domain/result.ts';
import type { KeyProblem, Order, SendAttempt, Wallet } from '../domain/types.ts';
import {
  type PlaceOutcome,
  type VenueRefusalCode,
  VenueUnavailableError,
  type VenueWallet,
} from '../ports/venue.ts';
import type { ApplyExecution } from './apply-execution.ts';
import { stored } from './change-order.ts';
import { untilWritten } from './conflicts.ts';
import { clientIdOf } from './derive-ids.ts';
import { marginRequest } from './margin-request.ts';
import type { MeetShortage } from './meet-shortage.ts';
import type { Happen } from './order-events.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { venueOf } from './venue-of.ts';
import { walletRefusal } from './wallet-gate.ts';

type Needs = Pick<
  Ports,
  'ledger' | 'wallets' | 'venues' | 'symbolRefresh' | 'served' | 'clock' | 'ids' | 'sleep' | 'log'
>;

export interface SendSettings {
  readonly recvWindowMs: number;
  /** An entry that could never be sent is given up after this. */
  readonly entryExpiryMs: number;
}

/** Notes that the venue refuses a wallet's key; a check of it is asked for at once. */
export type MarkKeyProblem = (
  walletId: string,
  problem: KeyProblem,
  keyVersion: number | null,
) => Promise<void>;

/** Well within a function's time; whoever has waited that long is brought back by the due index. */
const CLAIM_PATIENCE = { tries: 60, longestPauseMs: 100 };

/** Does an order ask its wallet whether it may leave? An entry does. */
const isAsked = (order: Order): boolean => order.role === 'entry';

const PAUSED = {
  code: 'wallet_paused',
  message: 'the wallet was paused before the order was sent; only exits and cancels go on',
} as const;

/** What a refusal says about the key. */
const KEY_PROBLEMS: Partial<Record<VenueRefusalCode, KeyProblem['code']>> = {
  auth: 'key_rejected',
  permission: 'no_trade_permission',
};

/** Refusals that a change of the venue's rules may be the reason of. */
const RULES_MAY_HAVE_CHANGED: readonly VenueRefusalCode[] = ['filter', 'unknown_symbol', 'market_closed'];

export function makeSendOrder(
  ports: Needs,
  parts: {
    readonly happen: Happen;
    readonly applyExecution: ApplyExecution;
    readonly markKeyProblem: MarkKeyProblem;
    readonly meetShortage: MeetShortage;
  },
  settings: SendSettings,
) {
  const { ledger, wallets, symbolRefresh, served, clock, ids, log } = ports;
  const { happen, applyExecution, markKeyProblem, meetShortage } = parts;

  /** The market that an entry went into. Asked before the signing time is taken: that must not age. */
  async function withDayVolume(order: Order, venue: VenueWallet): Promise<Order> {
    if (order.role !== 'entry' || order.dayVolume !== null) return order;
    return { ...order, dayVolume: await venue.dayVolume(order.symbol) };
  }

  /** Wins the right to send this order once, or null. The loser stops. `told`: the order with what it was told before. */
  async function tryClaim(
    order: Order,
    told: Order,
    signedAt: number,
  ): Promise<Order | null | 'paused' | 'conflict'> {
    const now = clock.now();
    const send: SendAttempt = {
      attempt: (order.send?.attempt ?? 0) + 1,
      token: ids.token(),
      signedAt,
      recvWindowMs: settings.recvWindowMs,
      claimedAt: now,
      outcome: 'sent',
    };
    const claimed = transition(told, { kind: 'claimed', at: now, send });
    if (!claimed.ok) return null;
    const change = { before: order, after: withDue(claimed.value, now) };
    const { walletId, walletPauses: pauses } = order;
    const result = await ledger.claim(change, isAsked(order) ? { walletId, pauses } : null);
    if (result === 'done') return stored(change);
    if (result === 'paused') return 'paused';
    if (result === 'busy') return 'conflict';
    // A client that retried may have lost against itself: the token tells.
    const current = await ledger.order(order.orderId);
    return current?.status === 'submitted' && current.send?.token === send.token ? current : null;
  }

  /**
   * The orders of one wallet are claimed one after the other: all of them ask the same item. Each try has a signing
   * time of its own, because one that had to wait would reach the venue too late.
   */
  const claim = (order: Order, told: Order, venue: VenueWallet): Promise<Order | null | 'paused'> =>
    untilWritten(
      ports,
      `claim of order ${order.orderId}`,
      async () => {
        const signedAt = await timeOf(order, venue);
        return signedAt === null ? null : tryClaim(order, told, signedAt);
      },
      CLAIM_PATIENCE,
    );

  /** Null while the venue's time is not known: without it nothing can be signed, and the order stays due. */
  async function timeOf({ orderId }: Order, venue: VenueWallet): Promise<number | null> {
    try {
      return await venue.venueTime();
    } catch (error) {
      if (!(error instanceof VenueUnavailableError)) throw error;
      log.warn('VENUE_TIME_UNKNOWN', { orderId, error: error.message });
      return null;
    }
  }

  async function giveUp(order: Order, code: string, message: string): Promise<void> {
    const at = clock.now();
    await happen(order, { kind: 'gave_up', at, refusal: ownRefusal(code, message), cause: 'submit' });
  }

  /** Why this entry may not leave now. */
  function barred(order: Order, wallet: Wallet | null): { code: string; message: string } | null {
    if (clock.now() - order.createdAt > settings.entryExpiryMs) {
      const message = `it could not be sent within ${settings.entryExpiryMs / 1000} s`;
      return { code: 'not_sent_in_time', message };
    }
    if (wallet === null) return { code: 'wallet_unusable', message: 'the wallet is gone' };
    const refusal = walletRefusal(wallet, served);
    const isOlder = order.walletPauses !== null && order.walletPauses !== pauseOf(wallet).pauses;
    return refusal === null && isOlder ? PAUSED : refusal;
  }

  async function send(order: Order): Promise<void> {
    // Exits always may leave; what an entry asks of its wallet is read once, for the gate and for the keys.
    const wallet = isAsked(order) ? await wallets.get(order.walletId) : null;
    const refused = isAsked(order) ? barred(order, wallet) : null;
    if (refused !== null) return giveUp(order, refused.code, refused.message);
    const found = await venueOf(ports, order, wallet);
    if (found.venue === null) {
      // An exit stays pending: the due index brings it back, further and further apart, for as long as it takes.
      return order.role === 'entry' ? giveUp(order, 'wallet_unusable', found.why) : undefined;
    }
    const told = await withDayVolume(order, found.venue);
    const claimed = await claim(order, told, found.venue);
    if (claimed === 'paused') return giveUp(order, PAUSED.code, PAUSED.message);
    if (claimed?.send == null) return;
    const outcome = await found.venue.placeOrder({
      clientId: clientIdOf(claimed),
      symbol: claimed.symbol,
      side: claimed.side,
      type: claimed.type,
      timeInForce: claimed.timeInForce,
      margin: marginRequest(claimed),
      quantity: claimed.quantity,
      quoteQuantity: claimed.quoteQuantity,
      limitPrice: claimed.limitPrice,
      stopPrice: claimed.stopPrice,
      stopLimitPrice: claimed.stopLimitPrice,
      trailingDelta: claimed.trailingDelta,
      signedAt: claimed.send.signedAt,
      recvWindowMs: claimed.send.recvWindowMs,
      rank: claimed.role,
      trigger: claimed.exit?.trigger ?? null,
    });
    await settle(claimed, outcome, found.venue);
  }

  async function settle(order: Order, outcome: PlaceOutcome, venue: VenueWallet): Promise<void> {
    const at = clock.now();
    switch (outcome.kind) {
      case 'accepted':
        return applyExecution(outcome.report, order);
      case 'refused': {
        // Our own client id is never reused: a duplicate is this very attempt, so its state is asked for.
        if (outcome.code === 'duplicate') {
          await happen(order, { kind: 'reply_lost', at, reason: outcome.message });
          return;
        }
        const { code, message, venueCode = null, filter = null } = outcome;
        const refusal = { code, message, venueCode, filter };
        log.warn('ORDER_REFUSED', { orderId: order.orderId, symbol: order.symbol, ...refusal });
        const { response } = outcome;
        const told = response === undefined ? {} : { response };
        await happen(order, { kind: 'refused', at, refusal, cause: 'venue', ...told });
        await learn(order, outcome, venue);
        // Sold, and the wallet compared, once the refusal is booked: what it had reserved is free then.
        if (code === 'insufficient_balance' && order.role === 'exit')
          await meetShortage(order, async () => venue);
        return;
      }
      case 'not_sent': {
        // The due index brings it back then, once. A message of its own beside that would start a second chain of
        // attempts with every try, and none of them would end before the venue is there again.
        const retryAt = at + outcome.retryAfterMs;
        await happen(order, { kind: 'not_sent', at, reason: outcome.code, retryAt });
        return;
      }
      case 'not_executed':
        await happen(order, { kind: 'not_executed', at, reason: outcome.message, cause: 'venue' });
        return;
      case 'unknown':
        log.warn('REPLY_LOST', { orderId: order.orderId, clientId: clientIdOf(order), why: outcome.message });
        await happen(order, { kind: 'reply_lost', at, reason: outcome.message });
        return;
      default:
        return unreachable(outcome);
    }
  }

  /** What a refusal says beyond this order: about the wallet's key, or about rules that have changed. */
  async function learn(
    order: Order,
    refused: PlaceOutcome & { kind: 'refused' },
    { keyVersion }: VenueWallet,
  ): Promise<void> {
    const { orderId, walletId, environment } = order;
    // What an account may not do on one symbol says nothing about its keys.
    const problem = refused.scope === 'symbol' ? undefined : KEY_PROBLEMS[refused.code];
    if (problem !== undefined) {
      log.error('KEY_REFUSED', { orderId, walletId, problem, venueCode: refused.venueCode });
      const noted = markKeyProblem(walletId, { code: problem, message: refused.message }, keyVersion);
      await tell(log, noted, { orderId, walletId });
    }
    if (environment !== 'demo' && RULES_MAY_HAVE_CHANGED.includes(refused.code)) {
      await tell(log, symbolRefresh.ask(environment), { orderId, environment });
    }
  }

  return send;
}

/** One wallet's subscription on one session: signed anew each time, within the budget (facts of the WebSocket API). */

import { KeyUnreadableError } from '../../../ports/keys.ts';
import { BadKeyError, createSigner, type Signer, signWs } from '../signing.ts';
import { messageOf, type UserDataParts } from './parts.ts';
import type { WalletStream } from './wallet-stream.ts';
import type { WsAnswer, WsApi, WsParams } from './ws-api.ts';

/** Documented request weight of a subscription. */
const WEIGHT = 2;
const OUTSIDE_RECV_WINDOW = -1021;
const ALREADY_SUBSCRIBED = -2035;
const SUBSCRIPTIONS_USED_UP = -2042;
/** The key, its signature or its rights. */
const KEY_CODES: readonly number[] = [-1002, -1022, -2008, -2014, -2015];
const CLOCK_TRIES = 2;

export type Subscribed =
  | { readonly outcome: 'subscribed'; readonly subscriptionId: number }
  /** This account has a subscription on this session already, under an id that is not known here. */
  | { readonly outcome: 'already' }
  /** The session can take no more subscriptions in its life: a new one is needed. */
  | { readonly outcome: 'used_up' }
  | {
      readonly outcome: 'problem';
      readonly code: string;
      readonly message: string;
      /** `key`: the venue does not accept it; `later`: not before `retryAt` where that is known. */
      readonly kind: 'key' | 'later';
      readonly retryAt: number | null;
    };

/** Throws NoAnswerError when the session is gone. */
export async function subscribe(api: WsApi, stream: WalletStream, parts: UserDataParts): Promise<Subscribed> {
  const { clock, venueClock } = parts;
  let signer: Signer;
  try {
    signer = await signerOf(stream, parts);
  } catch (error) {
    const isBad = error instanceof KeyUnreadableError || error instanceof BadKeyError;
    return isBad
      ? problem('key_unreadable', messageOf(error), 'key')
      : problem('keys_unavailable', messageOf(error), 'later');
  }
  for (let attempt = 1; ; attempt++) {
    let params: WsParams;
    try {
      params = await signed(signer, parts);
    } catch (error) {
      return problem('clock_unknown', messageOf(error), 'later');
    }
    // A subscription is what tells the fills of exits: it ranks as they do.
    const grant = await parts.budget.ask({ account: null, rank: 'exit', weight: WEIGHT, orders: 0 });
    if (!grant.granted) {
      return problem(grant.code, 'the rate budget is spent', 'later', clock.now() + grant.retryAfterMs);
    }
    const answer = await api.request('userDataStream.subscribe.signature', params);
    await correctBudget(answer, grant.grantId, parts);
    if (answer.ok) return subscribedAs(answer.result);
    if (answer.code === OUTSIDE_RECV_WINDOW && attempt <= CLOCK_TRIES) {
      // Measured anew by the next signature.
      venueClock.distrust();
      continue;
    }
    return await refused(answer, parts);
  }
}

async function signerOf(stream: WalletStream, { keys }: UserDataParts): Promise<Signer> {
  if (stream.signer !== null) return stream.signer;
  const { walletId, userId, sealedKeys } = stream.wallet;
  const signer = createSigner(await keys.open(sealedKeys, { walletId, userId }));
  stream.signer = signer;
  return signer;
}

async function signed(signer: Signer, { venueClock, settings }: UserDataParts): Promise<WsParams> {
  const times = { timestamp: await venueClock.venueTime(), recvWindow: settings.recvWindowMs };
  const texts = { timestamp: String(times.timestamp), recvWindow: String(times.recvWindow) };
  // Signed is their text; sent they are JSON integers, as the API expects.
  return { ...signWs(signer, texts), ...times };
}

function subscribedAs(result: unknown): Subscribed {
  const id = (result as { subscriptionId?: unknown } | null)?.subscriptionId;
  if (typeof id === 'number') return { outcome: 'subscribed', subscriptionId: id };
  return problem('unreadable_answer', 'the answer has no subscription id', 'later');
}

async function refused(answer: Extract<WsAnswer, { ok: false }>, parts: UserDataParts): Promise<Subscribed> {
  const { status, code, message, retryAt } = answer;
  if (code === ALREADY_SUBSCRIBED) return { outcome: 'already' };
  if (code === SUBSCRIPTIONS_USED_UP) return { outcome: 'used_up' };
  const isLimit = status === 429 || status === 418;
  if (isLimit) {
    const until = retryAt ?? parts.clock.now() + parts.settings.refusedRetryMs;
    try {
      await parts.budget.block({ account: null, until, reason: status === 418 ? '418' : '429' });
    } catch (error) {
      parts.log.warn('budget_not_blocked', { error: messageOf(error) });
    }
    return problem(`venue_${status}`, message, 'later', until);
  }
  return problem(`venue_${code}`, message, KEY_CODES.includes(code) ? 'key' : 'later');
}

const problem = (
  code: string,
  message: string,
  kind: 'key' | 'later',
  retryAt: number | null = null,
): Subscribed => ({ outcome: 'problem', code, message, kind, retryAt });

/** What the answer says of the address's weight; a cache that is away costs accuracy only. */
async function correctBudget(answer: WsAnswer, grantId: string, parts: UserDataParts): Promise<void> {
  try {
    const at = await parts.venueClock.venueTime();
    const { usedWeight } = answer;
    await parts.budget.correct({ account: null, grantId, at, freed: false, usedWeight, orderCounts: [] });
  } catch (error) {
    parts.log.warn('budget_not_corrected', { error: messageOf(error) });
  }
}

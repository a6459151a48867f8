/**
 * Pauses of a wallet, of either kind (design section 12).
 *
 * Pure. Always true:
 * - a pause stops entries and nothing else (invariant 9); what it is to cancel or close beside that stands in `stop`
 *   until it is done, or the wallet is resumed;
 * - `pauses` grows with each pause: an entry that was written before one never leaves after it.
 */
import { FOLLOW_UP_MS } from './due.ts';
import type { OwedStop, PauseState, Wallet } from './types.ts';

export const NEVER_PAUSED: PauseState = { pausedAt: null, pauseReason: null, pauses: 0, stop: null };

/** What a pause is to do beside stopping entries: resting entries are cancelled, and by wish all positions closed. */
export type StopWish = Omit<OwedStop, 'since'>;

/** The reason of the pause that a deletion makes while it looks: nobody asked for it, and it may be taken back. */
export const BEING_DELETED = 'the wallet is being deleted';

/** How a wallet stands; exactly one of its two kinds has it. */
export function pauseOf({
  walletId,
  exchange,
  demo,
}: Pick<Wallet, 'walletId' | 'exchange' | 'demo'>): PauseState {
  const state = exchange ?? demo;
  if (state === null) throw new Error(`wallet ${walletId} is neither a demo wallet nor at an exchange`);
  return state;
}

/** The wallet with its pause changed; the very wallet where nothing changes. */
export function withPause(wallet: Wallet, change: <P extends PauseState>(state: P) => P): Wallet {
  const { exchange, demo } = wallet;
  const [to, practice] = [exchange && change(exchange), demo && change(demo)];
  return to === exchange && practice === demo ? wallet : { ...wallet, exchange: to, demo: practice };
}

/**
 * A wallet that is paused stays so, with its first reason. Only the pause of a deletion is taken over: it goes when
 * the deletion gives up, and would take a pause that came meanwhile with it. A wish is added to what is owed already.
 */
export function paused<P extends PauseState>(
  state: P,
  now: number,
  reason: string | null,
  wish: StopWish | null = null,
): P {
  const isNew = state.pausedAt === null || (state.pauseReason === BEING_DELETED && reason !== BEING_DELETED);
  const stands = isNew ? { ...state, pausedAt: now, pauseReason: reason, pauses: state.pauses + 1 } : state;
  if (wish === null) return stands;
  const { stop } = state;
  const flatten = wish.flatten || stop?.flatten === true;
  return { ...stands, stop: { flatten, cause: stop?.flatten ? stop.cause : wish.cause, since: now } };
}

/** What is still owed of a stop ends with it; what has been cancelled or claimed goes on. */
export const resumed = <P extends PauseState>(state: P): P => ({
  ...state,
  pausedAt: null,
  pauseReason: null,
  stop: null,
});

/** The pause that stands is as if it had never been: what was written before it may leave. */
export const pauseWithdrawn = <P extends PauseState>(state: P): P => ({
  ...resumed(state),
  pauses: state.pauses - 1,
});

/** This very stop is done; one that was asked for since is not. */
export const stopDone = <P extends PauseState>(state: P, done: OwedStop): P =>
  state.stop?.since === done.since && state.stop.flatten === done.flatten ? { ...state, stop: null } : state;

/** When what is owed of a stop is taken up again, epoch ms; null = nothing is. */
export const nextDueStop = ({ stop }: Pick<PauseState, 'stop'>): number | null =>
  stop === null ? null : stop.since + FOLLOW_UP_MS;

/**
 * What a pause owes beside itself: the wallet's entries are cancelled, and where it flattens its positions are closed
 * (design section 12).
 *
 * Always true:
 * - each goes through the use case of a single one, so that a repeat changes nothing;
 * - the wish stands in the wallet until a look, made once the lists must show all that was there, finds nothing left:
 *   whoever dies on the way is followed by the due index;
 * - a wallet that is resumed owes nothing more: what was cancelled or claimed by then goes on.
 */
import { isFinal } from '../domain/orders.ts';
import { pauseOf, stopDone, withPause } from '../domain/pauses.ts';
import { isClosed } from '../domain/positions.ts';
import type { Result } from '../domain/result.ts';
import { mayRest } from '../domain/stop-limit.ts';
import type { Order, OwedStop, Position, Wallet } from '../domain/types.ts';
import type { CancelOrder } from './cancel-order.ts';
import type { ClosePosition } from './close-position.ts';
import { ContendedError, untilWritten } from './conflicts.ts';
import type { Ports } from './ports.ts';
import type { Refusal } from './refusal.ts';

type Needs = Pick<Ports, 'wallets' | 'ledger' | 'clock' | 'ids' | 'sleep' | 'log'>;

/** So long the lists may miss what has just been written. */
const LISTS_LAG_MS = 5_000;
const AT_ONCE = 8;
/** What is left then is taken up by the next look. */
const BUDGET_MS = 4_000;

/** Ids of what this look has asked to be cancelled, and of the positions it has claimed. */
export interface Stopped {
  readonly cancelled: readonly string[];
  readonly flattened: readonly string[];
}
export const NOTHING_STOPPED: Stopped = { cancelled: [], flattened: [] };

export type StopWallet = ReturnType<typeof makeStopWallet>;

const isLiveEntry = ({ role, status }: Order): boolean => role === 'entry' && !isFinal(status);
/** Held, or still to come, and not on its way out; nor is one whose exit rests at a stop's limit. */
const isKept = (p: Position, now: number): boolean => !isClosed(p) && (p.flatten === null || mayRest(p, now));

/** Carries out what the wallet owes; null where it owes nothing. */
export function makeStopWallet(
  { wallets, ledger, clock, ids, sleep, log }: Needs,
  {
    cancelOrder,
    closePosition,
  }: { readonly cancelOrder: CancelOrder; readonly closePosition: ClosePosition },
) {
  /** Whether it was done. Lost races are the next look's. */
  async function tried(what: () => Promise<Result<unknown, Refusal>>): Promise<boolean> {
    try {
      return (await what()).ok;
    } catch (error) {
      if (error instanceof ContendedError) return false;
      throw error;
    }
  }

  async function each(all: readonly string[], act: (id: string) => Promise<boolean>): Promise<string[]> {
    const deadline = clock.now() + BUDGET_MS;
    const rest = [...all];
    const done: string[] = [];
    const worker = async (): Promise<void> => {
      for (let id = rest.shift(); id !== undefined && clock.now() < deadline; id = rest.shift()) {
        if (await act(id)) done.push(id);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return done;
  }

  async function liveEntries(walletId: string): Promise<readonly Order[]> {
    const listed = await ledger.liveOrdersOfWallet(walletId);
    return (await ledger.orders(listed.map(({ orderId }) => orderId))).filter(isLiveEntry);
  }

  async function keptPositions(walletId: string): Promise<readonly Position[]> {
    const listed = await ledger.livePositionsOfWallet(walletId);
    return (await ledger.positions(listed.map(({ positionId }) => positionId))).filter((p) =>
      isKept(p, clock.now()),
    );
  }

  /** Cancels before it closes: what an entry brings meanwhile belongs to a position that is closing. */
  async function look(
    { walletId, userId }: Wallet,
    { flatten, cause }: OwedStop,
  ): Promise<Stopped & { isLeft: boolean }> {
    const entries = await liveEntries(walletId);
    const asked = entries.filter(({ status }) => status !== 'cancelling').map(({ orderId }) => orderId);
    const why = cause === 'manual' ? 'pause' : cause;
    const cancel = (orderId: string) => cancelOrder({ userId, orderId, cause: why });
    const cancelled = await each(asked, (orderId) => tried(() => cancel(orderId)));
    if (!flatten) return { cancelled, flattened: [], isLeft: entries.length > 0 };
    const kept = await keptPositions(walletId);
    const close = (positionId: string) =>
      closePosition({ userId, positionId, quantity: null, idempotencyKey: null, cause });
    // Of one that holds nothing yet the claim stands as well: what its entry still brings is sold as it comes.
    const claimed = kept.map(({ positionId }) => positionId);
    const flattened = await each(claimed, (positionId) => tried(() => close(positionId)));
    return { cancelled, flattened, isLeft: entries.length > 0 || kept.length > 0 };
  }

  async function finish(walletId: string, stop: OwedStop): Promise<void> {
    await untilWritten({ ids, sleep }, `stop of wallet ${walletId}`, async () => {
      const before = await wallets.get(walletId);
      if (before === null) return null;
      const after = withPause(before, (state) => stopDone(state, stop));
      return after === before || (await wallets.update({ before, after })) ? null : 'conflict';
    });
  }

  return async (walletId: string): Promise<Stopped | null> => {
    const wallet = await wallets.get(walletId);
    if (wallet === null) return null;
    const { stop } = pauseOf(wallet);
    if (stop === null) return null;
    const startedAt = clock.now();
    const { isLeft, cancelled, flattened } = await look(wallet, stop);
    if (cancelled.length + flattened.length > 0) {
      const counts = { cancelled: cancelled.length, flattened: flattened.length };
      log.info('WALLET_STOPPED', { walletId, cause: stop.cause, ...counts });
    }
    if (!isLeft && startedAt - stop.since >= LISTS_LAG_MS) await finish(walletId, stop);
    return { cancelled, flattened };
  };
}

/**
 * A place for a position's resident order among the few that a venue takes (domain/resident-slots.ts).
 *
 * Of the wallet only what rests on the symbol is looked at closer, and that is as little as the venue takes: many positions
 * that wait for a place do not look at each other.
 */
import { isFinal } from '../domain/orders.ts';
import { givesWay, type Holder, hasLimits, hasSlot } from '../domain/resident-slots.ts';
import { residentOf } from '../domain/resident-state.ts';
import { distanceOf, type Quote, type WantedResident } from '../domain/residents.ts';
import type { SymbolSpec } from '../domain/symbol-spec.ts';
import type { Order, Position } from '../domain/types.ts';
import type { Ports } from './ports.ts';

/** Somebody is giving way; the longer that takes, the later it is looked at again. */
const SOON_MS = 1_000;
const WAIT_MS = 30_000;

export type Slot =
  | { readonly kind: 'free' }
  /** Whose it becomes. */
  | { readonly kind: 'given'; readonly holder: Holder; readonly waitMs: number }
  | { readonly kind: 'none'; readonly waitMs: number };

const FREE: Slot = { kind: 'free' };

/** Since when the venue is about to have room again; null: nobody is on the way out. */
const leavingSince = (orders: readonly Order[]): number | null => {
  const leaving = orders.filter((one) => isFinal(one.status) || one.cancelWanted !== null);
  return leaving.length === 0
    ? null
    : Math.max(...leaving.map((one) => one.cancelWanted?.at ?? one.updatedAt));
};

type Reads = Pick<Ports['ledger'], 'orders' | 'positions' | 'liveOrdersOfWallet'>;

/** Answers where there is room for what `p` wants, by the account's orders as they are known. */
export async function findSlot(
  ledger: Reads,
  p: Position,
  wanted: WantedResident,
  { spec, quote, now }: { readonly spec: SymbolSpec; readonly quote: Quote | null; readonly now: number },
): Promise<Slot> {
  const { why, tries } = residentOf(p);
  // The venue knows of more orders than we do: somebody's in its app.
  const isRefused = why === 'no_slot' && tries > 0;
  if (!hasLimits(spec) && !isRefused) return FREE;
  const live = (await ledger.liveOrdersOfWallet(p.walletId)).filter(({ symbol }) => symbol === p.symbol);
  const hasRoom = await isRoomFor(ledger, live, wanted, spec);
  if (hasRoom && !isRefused) return FREE;
  if (wanted.distance === null) return hasRoom ? FREE : { kind: 'none', waitMs: WAIT_MS };
  const holders = await holdersBeside(ledger, live, p, quote);
  const since = leavingSince(await ledger.orders(holders.map(({ orderId }) => orderId)));
  if (since !== null && !hasRoom) {
    return { kind: 'none', waitMs: Math.min(Math.max(now - since, SOON_MS), WAIT_MS) };
  }
  const holder = givesWay(wanted.distance, holders);
  if (holder !== null) return { kind: 'given', holder, waitMs: SOON_MS };
  // Nobody is farther away: the venue is asked again, whoever has gone meanwhile.
  return hasRoom ? FREE : { kind: 'none', waitMs: WAIT_MS };
}

async function isRoomFor(
  ledger: Reads,
  live: readonly Order[],
  { type }: WantedResident,
  spec: SymbolSpec,
): Promise<boolean> {
  if (hasSlot(spec, type, live)) return true;
  // The list may still have what was cancelled a moment ago, for instance this position's own.
  return hasSlot(spec, type, await ledger.orders(live.map(({ orderId }) => orderId)));
}

/** The other positions of the wallet and symbol whose resident orders are among the live ones. */
async function holdersBeside(
  ledger: Reads,
  live: readonly Order[],
  { positionId }: Position,
  quote: Quote | null,
): Promise<readonly Holder[]> {
  const ids = live.flatMap((order) =>
    order.exit?.resident === true && order.positionId !== positionId ? [order.positionId] : [],
  );
  const others = ids.length === 0 ? [] : await ledger.positions([...new Set(ids)]);
  return others.flatMap((other): Holder[] => {
    const resting = other.flatten === null ? (other.resident?.resting ?? null) : null;
    const distance = resting && distanceOf(other, resting.stopPrice, quote);
    return resting === null || distance === null
      ? []
      : [{ positionId: other.positionId, orderId: resting.orderId, distance }];
  });
}

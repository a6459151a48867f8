/**
 * What has to hold after every commit (design section 4): final is final, totals never go down, a claim is never taken
 * back, nothing is sold or reserved beyond what was bought; and what has to hold of every order that the venue takes.
 */
import { sum } from '../../../shared/domain/money/decimal.ts';
import { pauseOf } from '../../../shared/domain/pauses.ts';
import type { Order, Position } from '../../../shared/domain/types.ts';
import type { Commit, CommitResult } from '../../../shared/ports/ledger.ts';
import { parseVenueClientId } from '../../../shared/usecases/derive-ids.ts';
import type { MemoryWallets } from '../../support/fakes/memory-ledger.ts';
import type { TakenOrder } from './exchange.ts';
import type { Outside } from './outside.ts';
import type { Gate } from './proc.ts';
import type { Violations } from './violations.ts';

const FINAL = ['filled', 'cancelled', 'rejected', 'expired', 'failed'];

export interface Write {
  /** When its writer asked for it. */
  readonly askedAt: number;
  /** Of the earliest fill of its entries that is booked with it; null: none is. */
  readonly filledAt: number | null;
}

export interface CommitWatch {
  readonly violations: Violations;
  readonly gate: Pick<Gate, 'askedAt'>;
  readonly wrote: (position: Position, write: Write) => void;
  readonly movedDue: (positionId: string, askedAt: number) => void;
}

export function watchCommits(
  { ledger, wallets }: Pick<Outside, 'ledger' | 'wallets'>,
  { violations, gate, wrote, movedDue }: CommitWatch,
): void {
  const commit = ledger.commit.bind(ledger);
  // Named first, as in run-seed.ts.
  const watched = async (wanted: Commit): Promise<CommitResult> => {
    const { askedAt } = gate;
    const orders = (wanted.orders ?? []).map(({ after }) => ledger.orderItems.get(after.orderId));
    const positions = (wanted.positions ?? []).map(({ after }) => ledger.positionItems.get(after.positionId));
    const result = await commit(wanted);
    if (result.outcome !== 'done') return result;
    for (const before of orders) {
      const after = before && ledger.orderItems.get(before.orderId);
      if (before !== undefined && after !== undefined) checkOrder(before, after, violations);
    }
    for (const [i, { after: wantedPosition }] of (wanted.positions ?? []).entries()) {
      const after = ledger.positionItems.get(wantedPosition.positionId);
      if (after === undefined) continue;
      checkPosition(positions[i] ?? null, after, violations);
      wrote(after, { askedAt, filledAt: firstEntryFill(wanted, after.positionId) });
    }
    return result;
  };
  ledger.commit = watched;
  const claim = ledger.claim.bind(ledger);
  const watchedClaim: Outside['ledger']['claim'] = async (change, gate) => {
    const before = ledger.orderItems.get(change.after.orderId);
    const result = await claim(change, gate);
    const after = ledger.orderItems.get(change.after.orderId);
    if (before !== undefined && after !== undefined) checkOrder(before, after, violations);
    if (result === 'done' && after !== undefined) checkClaim(after, wallets, violations);
    return result;
  };
  ledger.claim = watchedClaim;
  const moveDue = ledger.moveDue.bind(ledger);
  const watchedMove: Outside['ledger']['moveDue'] = async (item, to) => {
    const { askedAt } = gate;
    const isMoved = await moveDue(item, to);
    if (isMoved && item.kind === 'position') movedDue(item.id, askedAt);
    return isMoved;
  };
  ledger.moveDue = watchedMove;
}

function firstEntryFill({ orders = [], fills = [] }: Commit, positionId: string): number | null {
  const entries = orders.flatMap(({ after }) =>
    after.role === 'entry' && after.positionId === positionId ? [after.orderId] : [],
  );
  const times = fills.flatMap(({ orderId, fill }) => (entries.includes(orderId) ? [fill.at] : []));
  return times.length === 0 ? null : Math.min(...times);
}

/** Nothing is opened by a wallet that is paused, or was since the order was written. */
function checkClaim(order: Order, wallets: MemoryWallets, violations: Violations): void {
  const { orderId, walletId, walletPauses, role } = order;
  const wallet = wallets.items.get(walletId);
  if (role !== 'entry' || wallet === undefined) return;
  const { pausedAt, pauses } = pauseOf(wallet);
  if (pausedAt === null && pauses === walletPauses) return;
  const text = `${orderId} was written under pause ${walletPauses}, the wallet is at ${pauses}`;
  violations.add('sent_while_paused', text, [orderId]);
}

function checkOrder(before: Order, after: Order, violations: Violations): void {
  const { orderId } = after;
  if (FINAL.includes(before.status) && before.status !== after.status) {
    violations.add('final_changed', `${orderId}: ${before.status} became ${after.status}`, [orderId]);
  }
  const isLess =
    after.filledQuantity.lessThan(before.filledQuantity) ||
    after.filledQuote.lessThan(before.filledQuote) ||
    after.venueQuantity.lessThan(before.venueQuantity) ||
    after.fillCount < before.fillCount;
  if (isLess) violations.add('totals_fell', `${orderId}: its totals went down`, [orderId]);
}

function checkPosition(before: Position | null, after: Position, violations: Violations): void {
  const { positionId } = after;
  if (before?.flatten != null) {
    const same = before.flatten.cause === after.flatten?.cause && before.flatten.at === after.flatten.at;
    if (!same) {
      const now = after.flatten === null ? 'nothing' : after.flatten.cause;
      violations.add('claim_lost', `${positionId}: ${before.flatten.cause} became ${now}`, [positionId]);
    }
  }
  const baseFees = sum(after.entryFees.filter((f) => f.asset === after.base).map((f) => f.amount));
  const bought = after.entryQuantity.minus(baseFees);
  const reserved = sum(after.liveExits.map((exit) => exit.reserved));
  if (after.exitQuantity.plus(reserved).greaterThan(bought)) {
    const text = `sold ${after.exitQuantity.toFixed()} + reserved ${reserved.toFixed()} > bought ${bought.toFixed()}`;
    violations.add('oversold', `${positionId}: ${text}`, [positionId]);
  }
}

/** At most one order at the venue for each of ours, whatever the attempts. */
export class TakenCheck {
  readonly #violations: Violations;
  /** First client id by order and leg. */
  readonly #first = new Map<string, string>();
  readonly byVenueId = new Map<string, { readonly orderId: string; readonly clientId: string }>();

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  take({ uid, venueOrderId, clientId }: TakenOrder): void {
    const parsed = parseVenueClientId(clientId);
    if (parsed === null) {
      this.#violations.add('foreign_id', `an order of ours was sent as ${clientId}`);
      return;
    }
    const { orderId, leg } = parsed;
    this.byVenueId.set(`${uid} ${venueOrderId}`, { orderId, clientId });
    const key = `${orderId} ${leg ?? ''}`;
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, clientId);
    else this.#violations.add('duplicate_order', `${orderId}: ${first}, then ${clientId}`, [orderId]);
  }

  get size(): number {
    return this.#first.size;
  }
}

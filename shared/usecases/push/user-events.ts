/**
 * What a change of an item is to its user (design section 14). Pure: the item before and after in, events out, so that the
 * same change is always the same events under the same names.
 */
import { quotient } from '../../domain/money/decimal.ts';
import { averagePrice, remaining } from '../../domain/orders.ts';
import { stopPrice } from '../../domain/protection.ts';
import type { Fill, Order, Position, PositionAction, StatusChange } from '../../domain/types.ts';
import type { NewEvent } from '../../ports/push.ts';
import { money, moneyOrNull, time } from '../views/text.ts';

const isSame = (a: StatusChange, b: StatusChange | undefined): boolean =>
  b !== undefined && a.status === b.status && a.at === b.at && a.reason === b.reason && a.cause === b.cause;

/** Those that came to it; the oldest tries of a long history may have left it. */
function newChanges(before: Order | null, after: Order): readonly StatusChange[] {
  const known = before?.statusHistory ?? [];
  const first = after.statusHistory.findIndex((change, index) => !isSame(change, known[index]));
  return first === -1 ? [] : after.statusHistory.slice(first);
}

const orderFacts = (order: Order) => ({
  order_id: order.orderId,
  client_order_id: order.clientOrderId,
  position_id: order.positionId,
  wallet_id: order.walletId,
  flow_id: order.flowId,
  symbol: order.symbol,
  side: order.side,
  role: order.role,
  exit_cause: order.exit?.cause ?? null,
});

/** One per status that the order took, with its sums as this write leaves them. */
export function orderEvents(before: Order | null, after: Order): readonly NewEvent[] {
  const changes = newChanges(before, after);
  const firstNew = after.statusHistory.length - changes.length;
  return changes.map((change, index) => ({
    userId: after.userId,
    source: `order#${after.orderId}#v${after.version}#${index}`,
    type: 'order',
    at: change.at,
    data: {
      ...orderFacts(after),
      type: after.type,
      status: change.status,
      previous_status: after.statusHistory[firstNew + index - 1]?.status ?? null,
      reason: change.reason,
      cause: change.cause,
      requested_amount: money(after.quantity),
      requested_quote_amount: moneyOrNull(after.quoteQuantity),
      filled_amount: money(after.filledQuantity),
      filled_value: money(after.filledQuote),
      remaining_amount: money(remaining(after)),
      average_fill_price: moneyOrNull(averagePrice(after)),
      limit_price: moneyOrNull(after.limitPrice),
      stop_price: moneyOrNull(after.stopPrice),
      reject: after.refusal && { code: after.refusal.code, message: after.refusal.message },
      /** The venue's answer is lost: only its own evidence settles the order. */
      outcome_unknown: after.send?.outcome === 'unknown',
    },
  }));
}

/** A fill is booked once, and so told once. */
export const fillEvent = (order: Order, fill: Fill): NewEvent => ({
  userId: order.userId,
  source: `fill#${order.orderId}#${fill.tradeId}`,
  type: 'fill',
  at: fill.at,
  data: {
    ...orderFacts(order),
    trade_id: fill.tradeId,
    price: money(fill.price),
    amount: money(fill.quantity),
    value: money(fill.price.times(fill.quantity)),
    fee: { asset: fill.fee.asset, amount: money(fill.fee.amount) },
    maker: fill.maker,
  },
});

/** What a write did to a position, the most telling one. */
export const POSITION_CHANGES = [
  'opening',
  'opened',
  'changed',
  'closing',
  'closed',
  'protection_moved',
] as const;
export type PositionChange = (typeof POSITION_CHANGES)[number];

const isOver = ({ status }: Position): boolean => status === 'closed' || status === 'liquidated';

/** Sums and status of the position, as text: equal when nothing of them changed. */
const bookOf = (p: Position): string =>
  [p.status, p.quantity, p.cost, p.entryQuantity, p.exitQuantity, p.realizedPnl].map(String).join();

function changeOf(before: Position | null, after: Position): PositionChange | null {
  if (before === null) return after.openedAt === null ? 'opening' : 'opened';
  if (isOver(after) && !isOver(before)) return 'closed';
  if (before.openedAt === null && after.openedAt !== null) return 'opened';
  if (before.flatten === null && after.flatten !== null) return 'closing';
  return bookOf(before) === bookOf(after) ? null : 'changed';
}

/** A trailing stop follows the price: where it stands at the moment is derived when the position is read. */
function protectionFacts(p: Position) {
  const { takeProfits, trailingStop, timeStop } = p.protection;
  const stop = stopPrice(p);
  return {
    current_stop_loss: moneyOrNull(stop?.price ?? null),
    current_stop_level: stop?.levelName ?? null,
    take_profits: takeProfits.map(({ price, share }, rung) => ({
      price: money(price),
      share: money(share),
      claimed: p.claimedRungs.includes(rung),
    })),
    trailing_stop: trailingStop && distanceFacts(trailingStop),
    time_stop: timeStop && {
      max_seconds: 'maxSeconds' in timeStop ? timeStop.maxSeconds : null,
      until: 'until' in timeStop ? time(timeStop.until) : null,
    },
  };
}

/** What it asks for, whatever of it has been used. */
const levelsText = (p: Position): string => JSON.stringify(protectionFacts({ ...p, claimedRungs: [] }));

const distanceFacts = ({
  distance,
  activationPrice,
}: NonNullable<Position['protection']['trailingStop']>) => ({
  percent: 'percent' in distance ? money(distance.percent) : null,
  amount: 'amount' in distance ? money(distance.amount) : null,
  activation_price: moneyOrNull(activationPrice),
});

const positionFacts = (p: Position) => ({
  position_id: p.positionId,
  wallet_id: p.walletId,
  flow_id: p.flowId,
  symbol: p.symbol,
  side: p.side,
  status: p.status,
});

const eventOf = (after: Position, change: PositionChange): NewEvent => ({
  userId: after.userId,
  source: `position#${after.positionId}#v${after.version}#${change}`,
  type: 'position',
  at: after.updatedAt,
  data: {
    ...positionFacts(after),
    change,
    amount: money(after.quantity),
    cost: money(after.cost),
    entry_amount: money(after.entryQuantity),
    entry_price: moneyOrNull(quotient(after.entryQuote, after.entryQuantity)),
    exit_amount: money(after.exitQuantity),
    exit_price: moneyOrNull(quotient(after.exitQuote, after.exitQuantity)),
    realized_pnl: money(after.realizedPnl),
    exit_cause: after.exitCause ?? after.flatten?.cause ?? null,
    protection: protectionFacts(after),
  },
});

/** What became of it, and that its protection moved: of one write at most these two. */
export function positionEvents(before: Position | null, after: Position): readonly NewEvent[] {
  const change = changeOf(before, after);
  const isMoved = before !== null && levelsText(before) !== levelsText(after);
  return [
    ...(change === null ? [] : [eventOf(after, change)]),
    // How the first fill arms it, or what its end leaves of it, is told with that.
    ...(isMoved && (change === null || change === 'changed') ? [eventOf(after, 'protection_moved')] : []),
  ];
}

/** A line of a position's timeline that somebody has to look at; null: it is none. `name`: the line's own. */
export const alarmEvent = (position: Position, action: PositionAction, name: string): NewEvent | null =>
  action.kind === 'alarm'
    ? {
        userId: position.userId,
        source: `alarm#${position.positionId}#${name}`,
        type: 'alarm',
        at: action.at,
        data: {
          ...positionFacts(position),
          code: action.facts['why'] ?? 'unknown',
          message: action.facts['message'] ?? '',
        },
      }
    : null;

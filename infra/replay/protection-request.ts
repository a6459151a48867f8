/**
 * A protection as a plan asks for it: levels at a price, or at a distance from the price at which the position opens
 * (what a taker pays or gets at that tick). The levels themselves are the domain's. Pure.
 */
import { DEFAULT_CONFIRM_MAX_PERCENT } from '../../shared/domain/confirmation.ts';
import { type Decimal, decimal } from '../../shared/domain/money/decimal.ts';
import type { PositionSide, Protection } from '../../shared/domain/types.ts';

/** `percent` is a distance from the opening price, towards loss for a stop, towards profit for anything else. */
export type Placed = { readonly price: Decimal } | { readonly percent: Decimal };

export interface ProtectionRequest {
  readonly stopLoss: Placed | null;
  /** Shares are fractions of the position. */
  readonly takeProfits: readonly { readonly at: Placed; readonly share: Decimal }[];
  readonly trailingStop: {
    readonly distance: { readonly percent: Decimal } | { readonly amount: Decimal };
    readonly activation: Placed | null;
  } | null;
  readonly breakEven: Protection['breakEven'];
  /** So long after the first fill; a plan's times are the recording's, so `until` has no meaning of its own. */
  readonly timeStopSeconds: number | null;
  readonly confirmSeconds: Protection['confirmSeconds'];
  readonly confirmMaxPercent: Protection['confirmMaxPercent'];
  readonly triggerPrice: Protection['triggerPrice'];
}

export const NO_REQUEST: ProtectionRequest = {
  stopLoss: null,
  takeProfits: [],
  trailingStop: null,
  breakEven: null,
  timeStopSeconds: null,
  confirmSeconds: 0,
  confirmMaxPercent: DEFAULT_CONFIRM_MAX_PERCENT,
  triggerPrice: 'bid_ask',
};

const HUNDRED = decimal('100');

/** The levels for a position that opens at `opening`; not yet rounded, not yet checked. */
export function protectionAt(request: ProtectionRequest, side: PositionSide, opening: Decimal): Protection {
  const { stopLoss, takeProfits, trailingStop, breakEven, confirmSeconds, confirmMaxPercent } = request;
  const at = (placed: Placed, towards: 'profit' | 'loss'): Decimal => {
    if ('price' in placed) return placed.price;
    const far = opening.times(placed.percent).dividedBy(HUNDRED);
    return (side === 'long') === (towards === 'profit') ? opening.plus(far) : opening.minus(far);
  };
  return {
    stopLoss: stopLoss && { price: at(stopLoss, 'loss') },
    takeProfits: takeProfits.map(({ at: placed, share }) => ({ price: at(placed, 'profit'), share })),
    trailingStop: trailingStop && {
      distance: trailingStop.distance,
      activationPrice: trailingStop.activation && at(trailingStop.activation, 'profit'),
    },
    breakEven,
    timeStop: request.timeStopSeconds === null ? null : { maxSeconds: request.timeStopSeconds },
    confirmSeconds,
    confirmMaxPercent,
    stopLimit: null,
    triggerPrice: request.triggerPrice,
    resident: 'none',
  };
}

const placedText = (placed: Placed): string =>
  'price' in placed ? placed.price.toFixed() : `${placed.percent.toFixed()}%`;

/** For people, in a few words. */
export function requestText({
  stopLoss,
  takeProfits,
  trailingStop,
  breakEven,
  timeStopSeconds,
  confirmSeconds,
  confirmMaxPercent,
  triggerPrice,
}: ProtectionRequest) {
  const distance = trailingStop?.distance;
  const far =
    distance && ('percent' in distance ? `${distance.percent.toFixed()}%` : distance.amount.toFixed());
  const from = trailingStop?.activation == null ? '' : ` from ${placedText(trailingStop.activation)}`;
  const parts = [
    ...(stopLoss === null ? [] : [`stop ${placedText(stopLoss)}`]),
    ...takeProfits.map(
      ({ at, share }) => `target ${placedText(at)}${share.equals(1) ? '' : ` x ${share.toFixed()}`}`,
    ),
    ...(far == null ? [] : [`trailing ${far}${from}`]),
    ...(breakEven === null ? [] : [`break-even ${breakEven.activationProfitPercent.toFixed()}%`]),
    ...(timeStopSeconds === null ? [] : [`closed after ${timeStopSeconds} s`]),
    ...(confirmSeconds === 0
      ? []
      : [`confirmed for ${confirmSeconds} s within ${confirmMaxPercent.toFixed()}%`]),
    ...(triggerPrice === 'bid_ask' ? [] : [`by ${triggerPrice}`]),
  ];
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** What a client asks when it places an order, and what it gets; shared by entries and exits. */
import type { GivenConditions } from '../domain/market-conditions.ts';
import type {
  Order,
  OrderAmounts,
  OrderType,
  PositionSide,
  Protection,
  Side,
  TimeInForce,
} from '../domain/types.ts';
import type { Ports } from './ports.ts';

/** What an order does to its position (FIX's PositionEffect). */
export const POSITION_EFFECTS = ['open', 'close'] as const;
export type PositionEffect = (typeof POSITION_EFFECTS)[number];

export type PlaceOrderNeeds = Pick<
  Ports,
  | 'ledger'
  | 'wallets'
  | 'clients'
  | 'prices'
  | 'outbox'
  | 'symbols'
  | 'symbolRefresh'
  | 'served'
  | 'clock'
  | 'ids'
  | 'sleep'
  | 'log'
>;

/** A validated command. `symbol` in any known format; `protection` as far as it is given; `quantity` is zero beside a quote amount. */
export interface PlaceOrderCommand extends OrderAmounts {
  readonly userId: string;
  /** The machine client that asks for its user; absent or null = the user. */
  readonly clientId?: string | null;
  readonly walletId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly clientOrderId: string | null;
  readonly idempotencyKey: string | null;
  readonly protection: Partial<Protection> | null;
  /** With it the order is one of this position: an exit, or by `positionEffect` one that adds to it. */
  readonly positionId: string | null;
  /** `open`: it opens a position, or adds to the one that it names. Absent or null = an exit where it names one. */
  readonly positionEffect?: PositionEffect | null;
  readonly flowId: string | null;
  readonly executionId: string | null;
  /** Of an entry alone; null = a buy opens a long with coins of the account's own. */
  readonly positionSide: PositionSide | null;
  readonly leverage: number | null;
  /** Of an entry alone. */
  readonly marketConditions: GivenConditions | null;
  readonly aiReasoning: string | null;
  readonly aiConfidence: number | null;
  readonly aiAgentId: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly notes: string | null;
}

export interface Placed {
  readonly order: Order;
  /** True when this very command had been taken before. */
  readonly repeated: boolean;
}

/** What the order is known by. */
export interface Identity {
  readonly orderId: string;
  readonly bodyHash: string;
}

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
  /** With it the order is an exit of this position. */
  readonly positionId: string | null;
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

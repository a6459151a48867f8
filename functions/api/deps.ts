/** What the API's operations are given: commands, reads, and the little they need beside. */
import type { Decimal } from '../../shared/domain/money/decimal.ts';
import type { Result } from '../../shared/domain/result.ts';
import type { SymbolRegistry } from '../../shared/domain/symbols.ts';
import type {
  FeeAmount,
  Order,
  OrderType,
  Position,
  Protection,
  Side,
  TimeInForce,
  Wallet,
} from '../../shared/domain/types.ts';
import type { Ledger } from '../../shared/ports/ledger.ts';
import type { Clock, Ids } from '../../shared/ports/runtime.ts';
import type { PriceCache } from '../../shared/ports/trigger-index.ts';
import type { Refusal } from '../../shared/usecases/refusal.ts';
import type { ReadOrders } from '../../shared/usecases/views/read-orders.ts';
import type { ReadPositions } from '../../shared/usecases/views/read-positions.ts';
import type { ReadWallets } from '../../shared/usecases/views/read-wallets.ts';

/** Left out = as it is, null (or no rungs) = taken away. */
export interface ProtectionChange {
  readonly stopLoss?: Protection['stopLoss'];
  readonly takeProfits?: Protection['takeProfits'];
  readonly trailingStop?: Protection['trailingStop'];
  readonly breakEven?: Protection['breakEven'];
  readonly triggerPrice?: Protection['triggerPrice'];
}

type Answer<T> = Promise<Result<T, Refusal>>;

export interface Commands {
  placeOrder(command: {
    readonly userId: string;
    readonly walletId: string;
    readonly symbol: string;
    readonly side: Side;
    readonly type: OrderType;
    readonly timeInForce: TimeInForce;
    readonly quantity: Decimal;
    readonly limitPrice: Decimal | null;
    readonly stopPrice: Decimal | null;
    readonly clientOrderId: string | null;
    readonly idempotencyKey: string | null;
    readonly protection: Protection | null;
    readonly positionId: string | null;
    readonly flowId: string | null;
    readonly executionId: string | null;
    readonly aiReasoning: string | null;
    readonly aiConfidence: number | null;
    readonly aiAgentId: string | null;
    readonly metadata: Readonly<Record<string, string>>;
    readonly tags: readonly string[];
    readonly notes: string | null;
  }): Answer<{ readonly order: Order; readonly repeated: boolean }>;
  cancelOrder(command: { readonly userId: string; readonly orderId: string }): Answer<Order>;
  closePosition(command: {
    readonly userId: string;
    readonly positionId: string;
    /** Null = all of it. */
    readonly quantity: Decimal | null;
    readonly idempotencyKey: string | null;
  }): Answer<{ readonly position: Position; readonly order: Order | null; readonly repeated: boolean }>;
  changeProtection(command: {
    readonly userId: string;
    readonly positionId: string;
    readonly change: ProtectionChange;
  }): Answer<Position>;
  createWallet(command: {
    readonly userId: string;
    readonly key: string;
    readonly name: string;
    readonly startingBalances: readonly FeeAmount[];
    readonly feeRate: Decimal | null;
    readonly buyFeeIn: 'quote' | 'base';
  }): Answer<{ readonly wallet: Wallet; readonly repeated: boolean }>;
}

export interface Reads {
  readonly orders: ReadOrders;
  readonly positions: ReadPositions;
  readonly wallets: ReadWallets;
  readonly health: () => Promise<unknown>;
}

export interface ApiDeps {
  readonly commands: Commands;
  readonly reads: Reads;
  readonly ledger: Pick<Ledger, 'order'>;
  readonly prices: PriceCache;
  readonly symbols: SymbolRegistry;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sleep: (ms: number) => Promise<void>;
}

/** An entry as it is first written. */
import type { MarginTerms } from '../domain/margin-facts.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { newOrderState } from '../domain/new-order.ts';
import { amountsOf } from '../domain/order-fields.ts';
import { pauseOf } from '../domain/pauses.ts';
import type { Order, OrderAmounts } from '../domain/types.ts';
import type { Target } from './check-order.ts';
import type { Identity, PlaceOrderCommand } from './place-command.ts';

/** What the checks have made of the command. */
interface Checked {
  readonly positionId: string;
  readonly sent: OrderAmounts;
  readonly margin: MarginTerms | null;
  /** The market, when it was decided. */
  readonly referencePrice: Decimal | null;
}

/** The order of a command that was checked: not yet sent, of the position that it opens or adds to (version 0: the store writes 1). */
export function newEntry(
  command: PlaceOrderCommand,
  { wallet, spec }: Target,
  { orderId, bodyHash }: Identity,
  { positionId, sent, margin, referencePrice }: Checked,
  now: number,
): Order {
  return {
    orderId,
    version: 0,
    userId: command.userId,
    walletId: wallet.walletId,
    environment: wallet.environment,
    symbol: spec.symbol,
    side: command.side,
    type: command.type,
    timeInForce: command.timeInForce,
    role: 'entry',
    positionId,
    exit: null,
    margin,
    clientOrderId: command.clientOrderId,
    bodyHash,
    flowId: command.flowId,
    executionId: command.executionId,
    marketConditions: command.marketConditions,
    aiReasoning: command.aiReasoning,
    aiConfidence: command.aiConfidence,
    aiAgentId: command.aiAgentId,
    metadata: command.metadata,
    tags: command.tags,
    notes: command.notes,
    asked: amountsOf(command),
    ...sent,
    ...newOrderState({ at: now, reason: 'placed', cause: 'api', referencePrice, tickAt: null }),
    walletPauses: pauseOf(wallet).pauses,
  };
}

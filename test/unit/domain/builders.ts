/** What the domain's tests start from: one symbol, one wallet, one instant. */
import type { MarginTerms } from '../../../shared/domain/margin-facts.ts';
import { Decimal, ZERO } from '../../../shared/domain/money/decimal.ts';
import { type OrderEvent, transition } from '../../../shared/domain/orders.ts';
import { openPosition } from '../../../shared/domain/positions.ts';
import { NO_PROTECTION } from '../../../shared/domain/protection.ts';
import { type SymbolSpec, symbolRegistry } from '../../../shared/domain/symbols.ts';
import type {
  Amendment,
  ExecutionReport,
  Fill,
  Order,
  Position,
  Protection,
  SendAttempt,
  Side,
  TriggerFacts,
} from '../../../shared/domain/types.ts';

export const T0 = Date.UTC(2026, 0, 5, 12);
export const d = (text: string | number): Decimal => new Decimal(text);

export function specOf(symbol: string): SymbolSpec {
  const spec = symbolRegistry().get(symbol);
  if (spec === null) throw new Error(`no ${symbol}`);
  return spec;
}
export const BTC = specOf('BTC/USDT');

export const NO_PRICES = {
  quoteQuantity: null,
  limitPrice: null,
  stopPrice: null,
  stopLimitPrice: null,
  trailingDelta: null,
};

export function newOrder(change: Partial<Order> = {}): Order {
  const quantity = change.quantity ?? d(1);
  return {
    orderId: 'order-1',
    version: 0,
    userId: 'user-1',
    walletId: 'wallet-1',
    environment: 'demo',
    symbol: 'BTC/USDT',
    side: 'buy',
    type: 'market',
    timeInForce: 'GTC',
    role: 'entry',
    positionId: 'position-1',
    exit: null,
    margin: null,
    clientOrderId: null,
    bodyHash: null,
    walletPauses: null,
    flowId: null,
    executionId: null,
    marketConditions: null,
    aiReasoning: null,
    aiConfidence: null,
    aiAgentId: null,
    metadata: {},
    tags: [],
    notes: null,
    asked: { quantity, ...NO_PRICES },
    quantity,
    ...NO_PRICES,
    triggeredAt: null,
    dayVolume: null,
    status: 'pending',
    statusHistory: [{ status: 'pending', at: T0, reason: 'created', cause: 'api' }],
    refusal: null,
    cancelWanted: null,
    send: null,
    venueOrderId: null,
    exchangeResponse: null,
    amendment: null,
    replaces: null,
    replacedBy: null,
    shortSince: null,
    unknown: { ms: 0, since: null },
    waitsFor: null,
    filledQuantity: ZERO,
    filledQuote: ZERO,
    fees: [],
    feesQuoteValue: ZERO,
    lateFees: [],
    venueQuantity: ZERO,
    fillCount: 0,
    referencePrice: null,
    touchedAt: null,
    armedTick: null,
    armedAt: null,
    timings: {
      createdAt: T0,
      tickAt: null,
      claimedAt: null,
      sentAt: null,
      acceptedAt: null,
      firstFillAt: null,
      lastFillAt: null,
      finalAt: null,
    },
    createdAt: T0,
    updatedAt: T0,
    dueAt: null,
    dueTries: 0,
    ...change,
  };
}

/** One unit becomes two, by a new order. */
export const newAmendment = (change: Partial<Amendment> = {}): Amendment => ({
  at: T0,
  cause: 'api',
  way: 'new_order',
  asked: { quantity: d(2), ...NO_PRICES },
  wanted: { quantity: d(2), ...NO_PRICES },
  heirId: 'order-2',
  referencePrice: null,
  walletPauses: null,
  outcome: 'under_way',
  reason: null,
  ...change,
});

export const newSend = (change: Partial<SendAttempt> = {}): SendAttempt => ({
  attempt: 1,
  token: 'token-1',
  signedAt: T0,
  recvWindowMs: 2_000,
  claimedAt: T0,
  outcome: 'sent',
  ...change,
});

let trades = 0;
/** A fill with a fee in quote, unless told otherwise. */
export function newFill(price: string, quantity: string, change: Partial<Fill> = {}): Fill {
  trades += 1;
  return {
    tradeId: `trade-${trades}`,
    price: d(price),
    quantity: d(quantity),
    fee: { asset: 'USDT', amount: ZERO },
    feeQuoteValue: null,
    at: T0,
    tickId: null,
    maker: false,
    ...change,
  };
}

export const newReport = (change: Partial<ExecutionReport> = {}): ExecutionReport => ({
  walletId: 'wallet-1',
  environment: 'demo',
  symbol: 'BTC/USDT',
  clientId: 'mqorder-1-1',
  venueOrderId: 'venue-1',
  status: 'new',
  reason: null,
  cumulativeQuantity: ZERO,
  fills: [],
  at: T0 + 10,
  source: 'stream',
  ...change,
});

export function newPosition(
  side: Side = 'buy',
  protection: Partial<Protection> = {},
  margin: MarginTerms | null = null,
): Position {
  return openPosition({
    order: newOrder({ side, margin }),
    base: 'BTC',
    quote: 'USDT',
    protection: { ...NO_PROTECTION, ...protection },
    now: T0,
  });
}

/** Applies events that have to be legal. */
export function apply(order: Order, ...events: readonly OrderEvent[]): Order {
  return events.reduce((o, event) => {
    const next = transition(o, event);
    if (!next.ok) throw new Error(`${o.status} ${event.kind}: ${next.error.message}`);
    return next.value;
  }, order);
}

export const claimed = (at = T0): OrderEvent => ({ kind: 'claimed', at, send: newSend({ claimedAt: at }) });
export const accepted = (at = T0): OrderEvent => ({
  kind: 'accepted',
  at,
  venueOrderId: 'venue-1',
  cause: 'venue',
});
export const filled = (fill: Fill, at = T0): OrderEvent => ({ kind: 'filled', at, fill, cause: 'venue' });
export const reported = (change: Partial<ExecutionReport>): OrderEvent => ({
  kind: 'reported',
  report: newReport(change),
  cause: 'venue',
});

export const newTrigger = (change: Partial<TriggerFacts> = {}): TriggerFacts => ({
  levelName: 'stop_loss',
  cause: 'tick',
  source: 'bid',
  level: d(49_000),
  price: d('48999.5'),
  peak: null,
  bid: d('48999.5'),
  ask: d(49_000),
  last: d(49_000),
  bidSize: null,
  askSize: null,
  tickId: 7,
  armedTickId: 3,
  tickAt: T0 + 5_000,
  recordedAt: 0,
  origin: { feed: 'test', converted: false, checked: true },
  ageMs: 12,
  ...change,
});

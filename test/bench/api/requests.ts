/** Requests of the bench and what their answers have to be: a status, the fields that a caller reads, and that it is theirs. */
import * as z from 'zod';
import {
  BalancesAnswer,
  OrderAnswer,
  PositionAnswer,
  PositionDetailAnswer,
  PricesAnswer,
  page,
  WalletAnswer,
} from '../../../infra/local/demo/api-client.ts';
import type { Arrival, Kind } from './plan.ts';

/** A user with what was made for them before the load. */
export interface Trader {
  readonly token: string;
  readonly walletId: string;
  /** Open, each with a stop far away. */
  readonly positionIds: readonly string[];
  /** Filled. */
  readonly orderIds: readonly string[];
  /** Rest far from the market; each is cancelled at most once. */
  readonly restingIds: readonly string[];
}

export interface BenchRequest {
  readonly at: number;
  readonly kind: Kind;
  readonly trader: number;
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Behind /api/v1. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Idempotency-Key. */
  readonly key?: string;
  readonly status: number;
  /** What the answer has to name: an id, or what was set. */
  readonly expected: string;
}

export const SYMBOLS = ['BTC/USDT', 'ETH/USDT', 'BNB/USDT', 'SOL/USDT'] as const;
export const PRICES: Readonly<Record<string, string>> = {
  'BTC/USDT': '50000',
  'ETH/USDT': '2500',
  'BNB/USDT': '600',
  'SOL/USDT': '150',
};
export const QUANTITIES: Readonly<Record<string, string>> = {
  'BTC/USDT': '0.0004',
  'ETH/USDT': '0.008',
  'BNB/USDT': '0.04',
  'SOL/USDT': '0.2',
};

const of = <T>(items: readonly T[], nth: number): T => {
  const item = items[nth % items.length];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
};

const entry = ({ walletId }: Trader, nth: number) => {
  const symbol = of(SYMBOLS, nth);
  return { wallet_id: walletId, symbol, side: 'buy', type: 'market', quantity: QUANTITIES[symbol] };
};

export const clientOrderId = (nth: number): string => `load-${nth}`;

/** Far below each price, and another one for each request. */
const stopOf = (nth: number): string => `${10 + (nth % 50)}.5`;

/** The request of an arrival; each trader's turn comes again after all others'. @throws when nothing is left to cancel */
export function requestOf({ at, kind, nth }: Arrival, traders: readonly Trader[]): BenchRequest {
  const number = nth % traders.length;
  const trader = of(traders, number);
  const turn = Math.floor(nth / traders.length);
  const base = { at, kind, trader: number };
  const get = (path: string, expected: string): BenchRequest => ({
    ...{ ...base, method: 'GET', path, status: 200, expected },
  });
  const { walletId } = trader;
  switch (kind) {
    case 'getPosition': {
      const id = of(trader.positionIds, turn);
      return get(`/positions/${id}`, id);
    }
    case 'listPositions':
      return get(`/positions?status=open&wallet_id=${walletId}`, walletId);
    case 'getOrder': {
      const id = of(trader.orderIds, turn);
      return get(`/orders/${id}`, id);
    }
    case 'listOrders':
      return get(`/orders?wallet_id=${walletId}&limit=20`, walletId);
    case 'getWallet':
      return get(`/wallets/${walletId}`, walletId);
    case 'getBalances':
      return get(`/wallets/${walletId}/balances`, 'USDT');
    case 'listPrices':
      return get(`/prices?symbols=${encodeURIComponent(SYMBOLS.join(','))}`, String(SYMBOLS.length));
    case 'previewOrder': {
      const body = entry(trader, turn);
      return { ...base, method: 'POST', path: '/orders/preview', body, status: 200, expected: body.symbol };
    }
    case 'createOrder': {
      const body = { ...entry(trader, turn), client_order_id: clientOrderId(nth) };
      return { ...base, method: 'POST', path: '/orders', body, status: 201, expected: body.symbol };
    }
    case 'changeProtection': {
      const stop = stopOf(nth);
      const path = `/positions/${of(trader.positionIds, turn)}/protection`;
      const key = `load-protection-${nth}`;
      return { ...base, method: 'PATCH', path, body: { stop_loss: stop }, key, status: 200, expected: stop };
    }
    case 'cancelOrder': {
      const id = trader.restingIds[turn];
      if (id === undefined) throw new Error('more cancels than resting orders');
      const key = `load-cancel-${nth}`;
      return {
        ...base,
        method: 'POST',
        path: `/orders/${id}/cancel`,
        body: {},
        key,
        status: 200,
        expected: id,
      };
    }
  }
}

const Preview = z.object({ accepted: z.boolean(), symbol: z.string(), checks: z.array(z.unknown()) });
const Positions = page(PositionAnswer.extend({ user_wallet_id: z.string() }));
const Orders = page(OrderAnswer.extend({ user_wallet_id: z.string() }));

interface Check {
  readonly schema: z.ZodType;
  /** What the answer says where the request names what it has to say. */
  readonly says: (answer: never, expected: string) => boolean;
}

const check = <T>(schema: z.ZodType<T>, says: (answer: T, expected: string) => boolean): Check => ({
  schema,
  says,
});

const CHECKS: Readonly<Record<Kind, Check>> = {
  getPosition: check(
    PositionDetailAnswer,
    (p, id) => p.position_id === id && p.current.unrealized_pnl !== null,
  ),
  listPositions: check(
    Positions,
    ({ items }, id) => items.length > 0 && items.every((p) => p.user_wallet_id === id && p.status === 'open'),
  ),
  getOrder: check(OrderAnswer, (order, id) => order.order_id === id),
  listOrders: check(
    Orders,
    ({ items }, id) => items.length > 0 && items.every((order) => order.user_wallet_id === id),
  ),
  getWallet: check(WalletAnswer, (wallet, id) => wallet.wallet_id === id),
  getBalances: check(BalancesAnswer, ({ balances }, asset) => balances.some((one) => one.asset === asset)),
  listPrices: check(PricesAnswer, ({ items }, count) => items.length === Number(count)), // not money
  previewOrder: check(Preview, (preview, symbol) => preview.accepted && preview.symbol === symbol),
  createOrder: check(OrderAnswer, (order, symbol) => order.status === 'filled' && order.symbol === symbol),
  changeProtection: check(PositionDetailAnswer, (p, stop) => p.risk_management.current_stop_loss === stop),
  cancelOrder: check(OrderAnswer, (order, id) => order.order_id === id && order.status === 'cancelled'),
};

const Problem = z.object({ code: z.string() });

function codeOf(status: number, text: string): string {
  try {
    return `${status} ${Problem.parse(JSON.parse(text)).code}`;
  } catch {
    return `${status} without a problem document`;
  }
}

/** A refusal's code, or what is wrong with an answer of the right status; both null when it is as it has to be. */
export function judge(
  request: Pick<BenchRequest, 'kind' | 'status' | 'expected'>,
  status: number,
  text: string,
): { readonly problem: string | null; readonly wrong: string | null } {
  if (status >= 400) return { problem: codeOf(status, text), wrong: null };
  const { kind, expected } = request;
  if (status !== request.status) return { problem: null, wrong: `${kind}: status ${status}` };
  const { schema, says } = CHECKS[kind];
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: null, wrong: `${kind}: ${issue?.path.join('.')}: ${issue?.message}` };
  }
  // Each check's schema is its own's: what it parsed is what `says` takes.
  return { problem: null, wrong: says(parsed.data as never, expected) ? null : `${kind}: not ${expected}` };
}

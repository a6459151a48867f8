/**
 * A small client of the API, as a user would write one: JSON over fetch, answers checked by schema, decimals left
 * as text. Knows nothing of the product's code. Used by the demo and the benchmarks.
 */
import * as z from 'zod';

const CALL_TIMEOUT_MS = 15_000;

const Problem = z.object({ code: z.string(), detail: z.string(), field: z.string().nullish() });

/** The API refused: status, stable code, and what it said. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  constructor(call: string, status: number, code: string, detail: string) {
    super(`${call}: ${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
  }
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly body?: unknown;
  /** Idempotency-Key */
  readonly key?: string;
  /** Seconds to wait for an order to settle. */
  readonly waitSeconds?: number;
}

export interface ApiClient {
  /** @throws ApiError for a refusal, ZodError for an answer of another shape */
  call<T>(schema: z.ZodType<T>, path: string, call?: Call): Promise<T>;
}

/** `api` as `npm start` prints it, for instance http://127.0.0.1:8787 */
export function createApiClient(api: string, token: string): ApiClient {
  return {
    call: async (schema, path, { method = 'GET', body, key, waitSeconds } = {}) => {
      const response = await fetch(`${api}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
          ...(waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      const text = await response.text();
      if (!response.ok) throw problemOf(`${method} ${path}`, response.status, text);
      return schema.parse(JSON.parse(text));
    },
  };
}

function problemOf(call: string, status: number, text: string): ApiError {
  try {
    const { code, detail, field } = Problem.parse(JSON.parse(text));
    return new ApiError(call, status, code, field == null ? detail : `${field}: ${detail}`);
  } catch {
    return new ApiError(call, status, 'no_problem_document', text.slice(0, 300));
  }
}

const amount = z.string().regex(/^-?\d+(\.\d+)?$/);
const instant = z.iso.datetime();

export const WalletAnswer = z.object({ wallet_id: z.string() });

export const BalancesAnswer = z.object({
  balances: z.array(z.object({ asset: z.string(), free: amount, locked: amount, total: amount })),
});

export const PricesAnswer = z.object({
  items: z.array(
    z.object({
      symbol: z.string(),
      bid: amount,
      ask: amount,
      tick_id: z.number(),
      recorded_at: instant.nullable(),
    }),
  ),
});

export const SymbolsAnswer = z.object({
  items: z.array(
    z.object({
      symbol: z.string(),
      base: z.string(),
      quote: z.string(),
      tick_size: amount,
      step_size: amount,
      min_notional: amount,
    }),
  ),
});

export const TriggerAnswer = z.object({
  level_name: z.string(),
  cause: z.enum(['tick', 'armed', 'rebuilt']),
  source: z.string(),
  level: amount,
  price: amount,
  peak: amount.nullable(),
  tick_id: z.number(),
  armed_tick_id: z.number(),
  tick_at: instant,
  recorded_at: instant.nullable(),
});

export const OrderAnswer = z.object({
  order_id: z.string(),
  position_id: z.string(),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  role: z.enum(['entry', 'exit']),
  status: z.string(),
  requested_amount: amount,
  filled_amount: amount,
  average_fill_price: amount.nullable(),
  fees_by_asset: z.record(z.string(), amount),
  reject: z.object({ code: z.string(), message: z.string() }).nullable(),
  exit: z.object({ cause: z.string(), full_exit: z.boolean(), trigger: TriggerAnswer.nullable() }).nullable(),
  timings: z.object({
    created_at: instant,
    tick_at: instant.nullable(),
    claimed_at: instant.nullable(),
    sent_at: instant.nullable(),
    accepted_at: instant.nullable(),
    first_fill_at: instant.nullable(),
    final_at: instant.nullable(),
    tick_to_sent_ms: z.number().nullable(),
  }),
});
export type OrderAnswer = z.infer<typeof OrderAnswer>;

const FillAnswer = z.object({
  order_id: z.string(),
  role: z.enum(['entry', 'exit']),
  trade_id: z.string(),
  amount,
  price: amount,
  fee: amount,
  fee_currency: z.string(),
  timestamp: instant,
  tick_id: z.number().nullable(),
});
export type FillAnswer = z.infer<typeof FillAnswer>;

/** What lists show of a position. */
export const PositionAnswer = z.object({
  position_id: z.string(),
  symbol: z.string(),
  side: z.enum(['long', 'short']),
  status: z.string(),
  entry: z.object({ timestamp: instant.nullable(), price: amount.nullable(), amount }),
  current: z.object({ amount, unrealized_pnl: amount.nullable(), realized_pnl: amount }),
  risk_management: z.object({
    armed: z.boolean(),
    initial_stop_loss: amount.nullable(),
    current_stop_loss: amount.nullable(),
    break_even: z.object({ activated_at: instant.nullable(), stop_price: amount.nullable() }),
  }),
  fees: z.object({ fees_by_asset: z.record(z.string(), amount) }),
  opened_at: instant.nullable(),
  closed_at: instant.nullable(),
});
export type PositionAnswer = z.infer<typeof PositionAnswer>;

export const PositionDetailAnswer = PositionAnswer.extend({
  risk_management: PositionAnswer.shape.risk_management.extend({
    trailing_stop: z.object({
      peak: amount.nullable(),
      current_trigger: amount.nullable(),
      adjusted_count: z.number(),
      last_adjusted: instant.nullable(),
    }),
  }),
  exit: z
    .object({
      price: amount.nullable(),
      amount,
      reason: z.string().nullable(),
      realized_pnl: amount,
      realized_pnl_percent: amount.nullable(),
      dust: z.object({ amount, cost: amount }).nullable(),
    })
    .nullable(),
  orders: z.array(OrderAnswer),
  fills: z.array(FillAnswer),
});
export type PositionDetailAnswer = z.infer<typeof PositionDetailAnswer>;

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

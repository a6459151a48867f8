/** Orders on their way to the exchange, with their unfilled-order count. */
import { type Exchange, type Json, type Params, VenueError } from '../contract.ts';
import { cancelOnly } from './cancel-only.ts';
import { RetryLater } from './errors.ts';
import type { Operation } from './operations.ts';
import type { RateLimits } from './rate-limits.ts';

export interface Placing {
  readonly operation: Operation & { readonly by: 'exchange' };
  readonly uid: number;
  readonly params: Params;
  readonly transport: 'rest' | 'socket';
}

/** @throws VenueError -1015 over the limit, or what the exchange answers */
export function place(
  { exchange, limits }: { readonly exchange: Exchange; readonly limits: RateLimits },
  { operation, uid, params, transport }: Placing,
): Json {
  try {
    limits.checkOrders(uid, operation.orders);
  } catch (error) {
    if (operation.name !== 'order.cancelReplace' || params['orderRateLimitExceededMode'] !== 'CANCEL_ONLY') {
      throw error;
    }
    throw cancelOnly(exchange, uid, params, transport, error);
  }
  // Counted before, because an order may fill, and earn its credit, while it is placed.
  limits.countOrders(uid, operation.orders);
  try {
    return exchange.execute(operation.name, uid, params);
  } catch (error) {
    // A cancel-replace counts even where the new order was not attempted.
    if (operation.name !== 'order.cancelReplace' || !isPartial(error)) {
      limits.countOrders(uid, -operation.orders);
    }
    throw error;
  }
}

const isPartial = (error: unknown): boolean =>
  error instanceof VenueError && !(error instanceof RetryLater) && [-2021, -2022].includes(error.code);

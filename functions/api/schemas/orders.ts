/** Requests about orders: names as in the specification, decimals as strings, no field that is not known. */

import * as z from 'zod';
import { lazily } from '../../../shared/domain/lazily.ts';
import { MOST_LEVERAGE } from '../../../shared/domain/margin.ts';
import { type GivenConditions, VOLATILITIES } from '../../../shared/domain/market-conditions.ts';
import { ORDER_STATUSES, ORDER_TYPES, TIMES_IN_FORCE } from '../../../shared/domain/types.ts';
import { notNegativeField, positiveField, wordsField } from '../../../shared/http/validate.ts';
import { POSITION_EFFECTS } from '../../../shared/usecases/place-command.ts';
import {
  idField,
  isSpan,
  keptField,
  keyField,
  labelField,
  pageFields,
  spanFields,
  symbolField,
} from './fields.ts';
import { protectionField } from './protection.ts';

const OWN_METADATA = ['client_order_id', 'tags', 'notes'] as const;
const marketConditionsField = lazily(() =>
  z
    .strictObject({
      price: positiveField.refine((value) => value.lt('1e18'), 'must be below 1000000000000000000').nullish(),
      rsi_14: notNegativeField.refine((value) => value.lte(100), 'must be from 0 to 100').nullish(),
      volume_24h: keptField().nullish(),
      volatility: z.enum(VOLATILITIES).nullish(),
    })
    .refine((given) => Object.values(given).some((value) => value != null), 'must name at least one figure')
    .transform(
      (given): GivenConditions => ({
        price: given.price ?? null,
        rsi14: given.rsi_14 ?? null,
        volume24h: given.volume_24h ?? null,
        volatility: given.volatility ?? null,
      }),
    ),
);

export const leverageField = lazily(() => z.int().min(1).max(MOST_LEVERAGE));

export const CreateOrderBody = lazily(() =>
  z
    .strictObject({
      wallet_id: idField(),
      symbol: symbolField(),
      side: z.enum(['buy', 'sell']),
      type: z.enum(ORDER_TYPES),
      /** In base asset; or a market buy's `quote_quantity` in quote asset. Exactly one of the two. */
      quantity: positiveField.nullish(),
      quote_quantity: positiveField.nullish(),
      limit_price: positiveField.nullish(),
      stop_price: positiveField.nullish(),
      /** Of an oco's stop leg; without it the leg sells at market. */
      stop_limit_price: positiveField.nullish(),
      /** Basis points: 100 is 1 %. */
      trailing_delta: z.int().min(1).max(10_000).nullish(),
      time_in_force: z.enum(TIMES_IN_FORCE).default('GTC'),
      client_order_id: keyField().nullish(),
      protection: protectionField().nullish(),
      position_id: idField().nullish(),
      /** With a position_id: `open` adds to that position. Without it an order with a position_id is an exit. */
      position_effect: z.enum(POSITION_EFFECTS).nullish(),
      /** Of an entry: `short` opens one by a sell. Without it a buy opens a long. */
      position_side: z.enum(['long', 'short']).nullish(),
      /** Of an entry on margin: its worth over its collateral. */
      leverage: leverageField().nullish(),
      flow_id: labelField().nullish(),
      execution_id: labelField().nullish(),
      /** The market as the caller saw it at the entry. */
      market_conditions: marketConditionsField().nullish(),
      ai_reasoning: z.string().max(4_000).nullish(),
      ai_confidence: z.number().min(0).max(100).nullish(),
      ai_agent: labelField().nullish(),
      metadata: z
        .record(z.string().min(1).max(64), z.string().max(500))
        .refine((pairs) => Object.keys(pairs).length <= 30, 'has more than 30 members')
        // The answer shows these three among the caller's own members: they would hide them.
        .refine(
          (pairs) => !OWN_METADATA.some((name) => Object.hasOwn(pairs, name)),
          `must not name ${OWN_METADATA.join(', ')}: they are fields of the order`,
        )
        .default({}),
      tags: z.array(z.string().min(1).max(64)).max(30).default([]),
      notes: z.string().max(2_000).nullish(),
    })
    .superRefine((order, context) => {
      const [base, quote] = [order.quantity ?? null, order.quote_quantity ?? null];
      if (base === null && quote === null) {
        context.addIssue({ code: 'invalid_type', expected: 'string', input: undefined, path: ['quantity'] });
      }
      if (order.position_id != null && order.market_conditions != null) {
        const message = 'are those of the order that opens a position, and this one names a position';
        context.addIssue({ code: 'custom', path: ['market_conditions'], message });
      }
      if (order.position_id == null && order.position_effect === 'close') {
        const message = 'is close, and no position_id says which position';
        context.addIssue({ code: 'custom', path: ['position_effect'], message });
      }
      if (base !== null && quote !== null) {
        const message = 'and quantity exclude each other';
        context.addIssue({ code: 'custom', path: ['quote_quantity'], message });
      }
    }),
);

/** What is to be other than it is; `quantity` is the order's whole, with what has filled. */
export const AmendOrderBody = lazily(() =>
  z
    .strictObject({
      quantity: positiveField.optional(),
      limit_price: positiveField.optional(),
      stop_price: positiveField.optional(),
      stop_limit_price: positiveField.optional(),
      trailing_delta: z.int().min(1).max(10_000).optional(),
    })
    .superRefine((body, context) => {
      if (Object.values(body).some((value) => value !== undefined)) return;
      context.addIssue({ code: 'invalid_type', expected: 'string', input: undefined, path: ['quantity'] });
    }),
);

export const CancelAllBody = lazily(() =>
  z.strictObject({
    wallet_id: idField(),
    symbol: symbolField().nullish(),
    side: z.enum(['buy', 'sell']).nullish(),
  }),
);

/** A client order id is one of its wallet: the two name one order, and go with nothing else. */
const ALONE = ['status', 'symbol', 'position_id', 'flow_id', 'cursor', 'from', 'to'] as const;

/** Made in [from, to), newest first. */
export const ListOrdersQuery = lazily(() =>
  z
    .strictObject({
      ...pageFields(),
      status: wordsField(ORDER_STATUSES).optional(),
      symbol: symbolField().optional(),
      wallet_id: idField().optional(),
      position_id: idField().optional(),
      flow_id: labelField().optional(),
      client_order_id: keyField().optional(),
      ...spanFields(),
    })
    .superRefine(isSpan)
    .superRefine((query, context) => {
      if (query.client_order_id === undefined) return;
      if (query.wallet_id === undefined) {
        context.addIssue({ code: 'invalid_type', expected: 'string', input: undefined, path: ['wallet_id'] });
      }
      for (const name of ALONE.filter((one) => query[one] != null)) {
        context.addIssue({ code: 'custom', path: [name], message: 'and client_order_id exclude each other' });
      }
    }),
);

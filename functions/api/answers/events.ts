/** What webhooks are sent and WebSockets are told (shared/usecases/push/user-events.ts, docs/push.md). */
import * as z from 'zod';
import { POSITION_CHANGES } from '../../../shared/usecases/push/user-events.ts';
import * as f from './fields.ts';

const orderFacts = {
  order_id: f.id,
  client_order_id: f.textOrNull,
  position_id: f.idOrNull,
  wallet_id: f.id,
  flow_id: f.textOrNull,
  symbol: f.text,
  side: f.side,
  role: f.role,
  exit_cause: f.exitCause.nullable(),
};

const positionFacts = {
  position_id: f.id,
  wallet_id: f.id,
  flow_id: f.textOrNull,
  symbol: f.text,
  side: f.positionSide,
  status: f.positionStatus,
};

const event = <T extends string, D extends z.ZodType>(type: T, data: D) =>
  z.strictObject({ id: f.id, type: z.literal(type), at: f.instant, data });

export const OrderEvent = event(
  'order',
  z.strictObject({
    ...orderFacts,
    type: f.orderType,
    status: f.orderStatus,
    previous_status: f.orderStatus.nullable(),
    reason: f.text,
    cause: f.text,
    requested_amount: f.amount,
    requested_quote_amount: f.amountOrNull,
    filled_amount: f.amount,
    filled_value: f.amount,
    remaining_amount: f.amount,
    average_fill_price: f.amountOrNull,
    limit_price: f.amountOrNull,
    stop_price: f.amountOrNull,
    reject: z.strictObject({ code: f.text, message: f.text }).nullable(),
    outcome_unknown: f.flag,
  }),
);

export const FillEvent = event(
  'fill',
  z.strictObject({
    ...orderFacts,
    trade_id: f.id,
    price: f.amount,
    amount: f.amount,
    value: f.amount,
    fee: z.strictObject({ asset: f.text, amount: f.amount }),
    maker: f.flag,
  }),
);

export const PositionEvent = event(
  'position',
  z.strictObject({
    ...positionFacts,
    change: z.enum(POSITION_CHANGES),
    amount: f.amount,
    cost: f.amount,
    entry_amount: f.amount,
    entry_price: f.amountOrNull,
    exit_amount: f.amount,
    exit_price: f.amountOrNull,
    realized_pnl: f.amount,
    exit_cause: f.exitCause.nullable(),
    protection: z.strictObject({
      current_stop_loss: f.amountOrNull,
      current_stop_level: f.textOrNull,
      take_profits: z.array(z.strictObject({ price: f.amount, share: f.amount, claimed: f.flag })),
      trailing_stop: z
        .strictObject({ percent: f.amountOrNull, amount: f.amountOrNull, activation_price: f.amountOrNull })
        .nullable(),
      time_stop: z.strictObject({ max_seconds: f.wholeOrNull, until: f.instantOrNull }).nullable(),
    }),
  }),
);

export const AlarmEvent = event('alarm', z.strictObject({ ...positionFacts, code: f.text, message: f.text }));

/** Sent by `POST /webhooks/{webhook_id}/test` alone. */
export const TestEvent = event('test', z.strictObject({ webhook_id: f.id }));

/** Answers about machine clients, the audit record and webhooks. */
import * as z from 'zod';
import { CLIENT_SCOPES } from '../../../shared/domain/clients.ts';
import { CHANNELS } from '../../../shared/ports/push.ts';
import { DELIVERY_STATUSES } from '../../../shared/ports/webhooks.ts';
import * as f from './fields.ts';

export const Client = z.strictObject({
  client_id: f.id,
  name: f.text,
  status: z.enum(['active', 'revoked']),
  scopes: z.array(z.enum(CLIENT_SCOPES)),
  allowed_wallets: z.array(f.id).nullable(),
  allowed_symbols: z.array(f.text).nullable(),
  max_order_notional: f.amountOrNull,
  max_daily_notional: f.amountOrNull,
  max_orders_per_minute: f.count.nullable(),
  used: z.strictObject({ daily_notional: f.amount, orders_this_minute: f.count }),
  created_at: f.instant,
  updated_at: f.instant,
  revoked_at: f.instantOrNull,
});

export const AuditRecord = z.strictObject({
  at: f.instant,
  request_id: f.text,
  client_id: f.idOrNull,
  operation: f.text,
  ids: f.facts,
  status: f.whole,
  code: f.textOrNull,
});

export const Webhook = z.strictObject({
  webhook_id: f.id,
  url: f.text,
  channels: z.array(z.enum(CHANNELS)),
  description: f.textOrNull,
  created_at: f.instant,
});

/** The secret is answered once. */
export const CreatedWebhook = Webhook.extend({ secret: f.text });

export const DeletedWebhook = z.strictObject({ webhook_id: f.id, deleted: z.literal(true) });

export const TestedWebhook = z.strictObject({ event_id: f.id });

export const Delivery = z.strictObject({
  event_id: f.id,
  event_type: f.text,
  status: z.enum(DELIVERY_STATUSES),
  attempts: f.count,
  http_status: f.wholeOrNull,
  error: f.textOrNull,
  next_attempt_at: f.instantOrNull,
  created_at: f.instant,
  updated_at: f.instant,
});

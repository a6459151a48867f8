/**
 * What travels on the queues, as text: version 1 of each message (design section 15).
 *
 * Decimals are text. Encoding and decoding are each other's inverse. A text that can never be read is a typed
 * answer, not a surprise: whoever took it from a queue lets it go to the dead-letter queue and says why.
 */
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import { type Decimal, decimalText, parseDecimal } from '../../domain/money/decimal.ts';
import { err, ok, type Result } from '../../domain/result.ts';
import { ENVIRONMENTS, type ExecutionReport } from '../../domain/types.ts';
import type { ReconcileMessage, TriggerMessage, WorkMessage } from '../../ports/messages.ts';
import { RECONCILE_REASONS } from '../../ports/reconcile.ts';

export interface UnreadableMessage {
  readonly code: 'unreadable_message';
  /** Names the fields at fault; never carries the message itself. */
  readonly reason: string;
}

const decimals = z.string().transform((text, context): Decimal => {
  const value = parseDecimal(text);
  if (value !== null) return value;
  context.addIssue('not a decimal');
  return z.NEVER;
});
const ids = z.string().min(1).max(200);
const times = z.int();
const v = z.literal(1);

const workSchema = lazily(() =>
  z.union([
    z.strictObject({ v, orderId: ids }),
    z.strictObject({ v, orderId: ids, look: z.literal(true) }),
    z.strictObject({ v, positionId: ids }),
    z.strictObject({ v, walletId: ids }),
    z.strictObject({ v, walletId: ids, stop: z.literal(true) }),
  ]),
);

const triggerSchema = lazily(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ v, kind: z.literal('wake'), symbol: ids, at: times }),
    z.strictObject({ v, kind: z.literal('sweep'), shard: z.int().min(0), second: times }),
    z.strictObject({ v, kind: z.literal('rebuild'), symbol: ids, at: times }),
  ]),
);

const reconcileSchema = lazily(() => z.strictObject({ v, walletId: ids, reason: z.enum(RECONCILE_REASONS) }));

const reportSchema = lazily(() =>
  z.strictObject({
    v,
    walletId: ids,
    environment: z.enum(ENVIRONMENTS),
    symbol: ids,
    clientId: ids,
    venueOrderId: ids,
    status: z.enum(['new', 'partially_filled', 'filled', 'cancelled', 'rejected', 'expired']),
    reason: z.string().nullable(),
    cumulativeQuantity: decimals,
    quantity: decimals.exactOptional(),
    response: z.strictObject({ text: z.string(), length: z.int() }).exactOptional(),
    fills: z.array(
      z.strictObject({
        tradeId: ids,
        price: decimals,
        quantity: decimals,
        fee: z.strictObject({ asset: ids, amount: decimals }),
        feeQuoteValue: decimals.nullable(),
        at: times,
        tickId: z.int().nullable(),
        maker: z.boolean(),
      }),
    ),
    at: times,
    source: z.enum(['answer', 'stream', 'query']),
  }),
);

function decode<T extends { v: 1 }>(
  schema: z.ZodType<T>,
  text: string,
): Result<Omit<T, 'v'>, UnreadableMessage> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err({ code: 'unreadable_message', reason: 'no JSON' });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const reason = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    return err({ code: 'unreadable_message', reason });
  }
  const { v: _, ...message } = parsed.data;
  return ok(message);
}

export const encodeWork = (message: WorkMessage): string => JSON.stringify({ v: 1, ...message });

export function decodeWork(text: string): Result<WorkMessage, UnreadableMessage> {
  const decoded = decode(workSchema(), text);
  // The union survives the removal of `v`; Omit of a union does not say so.
  return decoded as Result<WorkMessage, UnreadableMessage>;
}

export const encodeTrigger = (message: TriggerMessage): string => JSON.stringify({ v: 1, ...message });

export function decodeTrigger(text: string): Result<TriggerMessage, UnreadableMessage> {
  const decoded = decode(triggerSchema(), text);
  return decoded as Result<TriggerMessage, UnreadableMessage>;
}

export const encodeReconcile = (message: ReconcileMessage): string => JSON.stringify({ v: 1, ...message });

export const decodeReconcile = (text: string): Result<ReconcileMessage, UnreadableMessage> =>
  decode(reconcileSchema(), text);

/** Decimal text that the reader will take back; throws rather than send what cannot be read. */
function amount(value: Decimal): string {
  const text = decimalText(value);
  if (parseDecimal(text) === null) throw new Error(`too long for a message: ${text.slice(0, 60)}`);
  return text;
}

export const encodeReport = (report: ExecutionReport): string =>
  JSON.stringify({
    v: 1,
    ...report,
    cumulativeQuantity: amount(report.cumulativeQuantity),
    ...(report.quantity !== undefined && { quantity: amount(report.quantity) }),
    fills: report.fills.map((fill) => ({
      ...fill,
      price: amount(fill.price),
      quantity: amount(fill.quantity),
      fee: { asset: fill.fee.asset, amount: amount(fill.fee.amount) },
      feeQuoteValue: fill.feeQuoteValue === null ? null : amount(fill.feeQuoteValue),
    })),
  });

export const decodeReport = (text: string): Result<ExecutionReport, UnreadableMessage> =>
  decode(reportSchema(), text);

/** What of an order can be changed, and the request that changes it. Pure. */
import type { BodyOf, ItemOf } from '../../../../shared/client/contract.ts';
import type { Complaint } from './order-form.ts';
import { decimalWrong } from './order-form.ts';

export type AmendBody = BodyOf<'amendOrder'>;
export type AmendField = 'quantity' | 'limit_price' | 'stop_price' | 'stop_limit_price' | 'trailing_delta';
const FIELDS: readonly AmendField[] = [
  'quantity',
  'limit_price',
  'stop_price',
  'stop_limit_price',
  'trailing_delta',
];

type Amended = Pick<
  ItemOf<'listOrders'>,
  'type' | 'exit' | 'sent' | 'requested_amount' | 'cancel_requested_at' | 'triggered_at'
>;

/** What it stands at now; null: the order has no such field. */
export function standing(order: Amended, field: AmendField): string | null {
  if (field === 'quantity') return order.requested_amount;
  const value = order.sent[field];
  return value === null ? null : String(value);
}

/** Fields that can be changed; none of a market order, of a position's own exits, and of one that is being cancelled. */
export function amendable(order: Amended): readonly AmendField[] {
  const isOwnExit = order.exit !== null && (order.exit.full_exit || order.exit.cause !== 'manual');
  if (order.type === 'market' || isOwnExit || order.cancel_requested_at !== null) return [];
  return FIELDS.filter((field) => standing(order, field) !== null);
}

export interface AmendFormed {
  /** Null while something is wrong, or nothing is changed. */
  readonly body: AmendBody | null;
  readonly complaints: readonly Complaint[];
}

export type AmendTexts = Readonly<Partial<Record<AmendField, string>>>;

/** The fields as they begin. */
export const textsOf = (order: Amended): AmendTexts =>
  Object.fromEntries(amendable(order).map((field) => [field, standing(order, field) ?? '']));

/**
 * Only what the user has changed since the form was `begun`, and what is other than it stands, is sent: what another has
 * changed meanwhile is not taken back.
 */
export function amendBodyOf(order: Amended, begun: AmendTexts, typed: AmendTexts): AmendFormed {
  const complaints: Complaint[] = [];
  const changed: [AmendField, string | number][] = [];
  for (const field of amendable(order)) {
    const text = typed[field]?.trim() ?? '';
    if (text === '' || text === begun[field] || text === standing(order, field)) continue;
    if (field === 'trailing_delta') {
      if (/^[1-9]\d{0,4}$/.test(text))
        changed.push([field, Number.parseInt(text, 10)]); // not money: basis points
      else complaints.push({ field, text: 'Must be a whole number of basis points.', isMissing: false });
      continue;
    }
    const wrong = decimalWrong(text);
    if (wrong === null) changed.push([field, text]);
    else complaints.push({ field, text: wrong, isMissing: false });
  }
  const body = complaints.length > 0 || changed.length === 0 ? null : Object.fromEntries(changed);
  return { body, complaints };
}

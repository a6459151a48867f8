/** Filters of the list of orders: in the page's address, as the form has them, and as the API takes them. Pure. */
import type { QueryOf } from '../../../../shared/client/contract.ts';
import { ORDER_STATUSES } from '../../../../shared/domain/order-facts.ts';
import { LIVE_ORDER_STATUSES } from '../../live/rows.ts';

export interface OrderFilters {
  /** A status, or a name of `STATUS_GROUPS`; empty = any, as with all of them. */
  readonly status: string;
  readonly symbol: string;
  readonly wallet_id: string;
  readonly flow_id: string;
  /** ISO 8601 UTC: made from then on. */
  readonly from: string;
  /** ISO 8601 UTC: made before then. */
  readonly to: string;
}

export const NO_FILTERS: OrderFilters = {
  ...{ status: '', symbol: '', wallet_id: '' },
  ...{ flow_id: '', from: '', to: '' },
};

const NAMES = ['status', 'symbol', 'wallet_id', 'flow_id', 'from', 'to'] as const;

/** Several statuses under one name. */
export const STATUS_GROUPS: Readonly<Record<string, readonly string[]>> = {
  live: LIVE_ORDER_STATUSES,
  ended: ORDER_STATUSES.filter((one) => !LIVE_ORDER_STATUSES.some((live) => live === one)),
};

/** What the address says; what it says of other things is left aside. */
export function filtersOf(search: URLSearchParams): OrderFilters {
  const given = NAMES.flatMap((name) => {
    const text = search.get(name)?.trim();
    return text === undefined || text === '' ? [] : [[name, text] as const];
  });
  return { ...NO_FILTERS, ...Object.fromEntries(given) };
}

/** The query of the page's address, with `?`; nothing for no filter. `more`: of this page besides (`order`). */
export function addressQuery(filters: OrderFilters, more: Readonly<Record<string, string>> = {}): string {
  const set = Object.fromEntries(
    NAMES.flatMap((name) => (filters[name] === '' ? [] : [[name, filters[name]]])),
  );
  const query = new URLSearchParams({ ...set, ...more });
  return query.size === 0 ? '' : `?${query}`;
}

/** As `GET /orders` takes them. */
export function listQuery(filters: OrderFilters): QueryOf<'listOrders'> {
  const { status, ...others } = filters;
  const statuses = STATUS_GROUPS[status]?.join(',') ?? status;
  return Object.fromEntries(
    Object.entries({ status: statuses, ...others }).filter(([, text]) => text !== ''),
  );
}

/** Local time as a field of the browser has it (`2026-01-05T12:00`) as ISO text; null: it is none. */
export function isoOfLocal(text: string): string | null {
  const at = Date.parse(text);
  return text === '' || Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** ISO text as local time for a field; empty where it is none. */
export function localOfIso(iso: string): string {
  const at = Date.parse(iso);
  if (iso === '' || Number.isNaN(at)) return '';
  const offset = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offset).toISOString().slice(0, 16);
}

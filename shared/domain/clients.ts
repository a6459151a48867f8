/**
 * Machine clients: a program that acts for a user, with limits of its own (design section 17).
 *
 * Pure. Always true:
 * - limits are of entries alone: what closes or cancels always passes;
 * - every limit that would be broken is named, with its figures; what would reach a limit exactly is within it;
 * - where a worth is not known, a limit on worth is broken;
 * - use is only ever added to, with the order that used it; nothing is given back.
 *
 * Figures are US dollars, by the convention of usd.ts. Days and minutes are of UTC.
 */
import { type Decimal, decimalText, ZERO } from './money/decimal.ts';
import type { EntryKind } from './risk/limits.ts';

/** What a client can be allowed. Never `admin`: no program gives itself more. */
export const CLIENT_SCOPES = ['read', 'trade', 'close-only'] as const;
export type ClientScope = (typeof CLIENT_SCOPES)[number];

/** Null = no limit. */
export interface ClientLimits {
  /** Wallets that it may open positions with; an empty list allows none. */
  readonly allowedWallets: readonly string[] | null;
  /** Canonical names; an empty list allows none. */
  readonly allowedSymbols: readonly string[] | null;
  /** Of one entry: what it may buy at most. */
  readonly maxOrderNotional: Decimal | null;
  /** Of all entries of a day. */
  readonly maxDailyNotional: Decimal | null;
  readonly maxOrdersPerMinute: number | null;
}

export const NO_CLIENT_LIMITS: ClientLimits = {
  allowedWallets: null,
  allowedSymbols: null,
  maxOrderNotional: null,
  maxDailyNotional: null,
  maxOrdersPerMinute: null,
};

/** What it has used: of the last day and the last minute in which it placed an entry. */
export interface ClientUse {
  /** Epoch days; 0 before the first entry. */
  readonly day: number;
  readonly dayNotional: Decimal;
  /** Epoch minutes. */
  readonly minute: number;
  readonly minuteOrders: number;
}

export const UNUSED: ClientUse = { day: 0, dayNotional: ZERO, minute: 0, minuteOrders: 0 };

export interface ApiClient extends ClientUse {
  /** As the tokens name it. */
  readonly clientId: string;
  /** Grows with each change of its settings; use leaves it as it is. */
  readonly version: number;
  /** Whom it acts for. */
  readonly userId: string;
  readonly name: string;
  /** What of its tokens' scopes counts. */
  readonly scopes: readonly ClientScope[];
  readonly limits: ClientLimits;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Null = it may act. It never acts again once it was revoked. */
  readonly revokedAt: number | null;
}

/** An entry, or more of one that is there. */
export interface ClientAsked {
  readonly walletId: string;
  readonly symbol: string;
  readonly quote: string;
  /** What comes on top, in dollars; null = not known. */
  readonly more: Decimal | null;
  /** The whole order with it. */
  readonly whole: Decimal | null;
  readonly kind: EntryKind;
  readonly now: number;
}

export const CLIENT_LIMIT_NAMES = [
  'allowed_wallets',
  'allowed_symbols',
  'max_order_notional',
  'max_daily_notional',
  'max_orders_per_minute',
] as const;

/** Figures as text. */
export interface BrokenClientLimit {
  readonly name: (typeof CLIENT_LIMIT_NAMES)[number];
  readonly limit: string;
  readonly used: string;
  readonly asked: string;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** A clock that is behind counts in the day and the minute that others have begun. */
const dayOf = (use: ClientUse, now: number): number => Math.max(use.day, Math.floor(now / DAY_MS));
const minuteOf = (use: ClientUse, now: number): number => Math.max(use.minute, Math.floor(now / MINUTE_MS));

/** What is used of the day and of the minute of `now`. */
export function usedAt(use: ClientUse, now: number): { readonly notional: Decimal; readonly orders: number } {
  return {
    notional: use.day === dayOf(use, now) ? use.dayNotional : ZERO,
    orders: use.minute === minuteOf(use, now) ? use.minuteOrders : 0,
  };
}

/** Every limit that would be broken, in the order of CLIENT_LIMIT_NAMES; none = it may go. */
export function brokenClientLimits(client: ApiClient, asked: ClientAsked): readonly BrokenClientLimit[] {
  const { limits } = client;
  const used = usedAt(client, asked.now);
  const text = (worth: Decimal | null): string =>
    worth === null ? `unknown: ${asked.quote} has no value in USD here` : decimalText(worth);
  const broken: BrokenClientLimit[] = [];
  const among = [
    ['allowed_wallets', limits.allowedWallets, asked.walletId],
    ['allowed_symbols', limits.allowedSymbols, asked.symbol],
  ] as const;
  for (const [name, list, one] of among) {
    if (list === null || list.includes(one)) continue;
    broken.push({ name, limit: list.join(','), used: '', asked: one });
  }
  const worths = [
    ['max_order_notional', limits.maxOrderNotional, ZERO, asked.whole],
    ['max_daily_notional', limits.maxDailyNotional, used.notional, asked.more],
  ] as const;
  for (const [name, limit, before, more] of worths) {
    if (limit === null || (more !== null && !before.plus(more).greaterThan(limit))) continue;
    broken.push({ name, limit: decimalText(limit), used: decimalText(before), asked: text(more) });
  }
  const perMinute = limits.maxOrdersPerMinute;
  if (asked.kind !== 'change' && perMinute !== null && used.orders + 1 > perMinute) {
    broken.push({
      name: 'max_orders_per_minute',
      limit: String(perMinute),
      used: String(used.orders),
      asked: '1',
    });
  }
  return broken;
}

/**
 * What the client's item has to say when the entry is written, and what is added to it then: the same settings, and no
 * more used than leaves room, whoever writes meanwhile.
 */
export interface ClientGate {
  readonly clientId: string;
  readonly version: number;
  /** `most`: used of the day before this write, at most; null = whatever it is. `isNew`: it is the first of the day. */
  readonly day: {
    readonly day: number;
    readonly isNew: boolean;
    readonly most: Decimal | null;
    readonly add: Decimal;
  };
  readonly minute: {
    readonly minute: number;
    readonly isNew: boolean;
    readonly most: number | null;
    readonly add: 0 | 1;
  };
}

/** The gate of an entry that breaks no limit. */
export function clientGate(client: ApiClient, asked: ClientAsked): ClientGate {
  const { maxDailyNotional: perDay, maxOrdersPerMinute: perMinute } = client.limits;
  const day = dayOf(client, asked.now);
  const minute = minuteOf(client, asked.now);
  const add = asked.more ?? ZERO;
  return {
    clientId: client.clientId,
    version: client.version,
    day: { day, isNew: client.day !== day, most: perDay === null ? null : perDay.minus(add), add },
    minute: {
      ...{ minute, isNew: client.minute !== minute, add: asked.kind !== 'change' ? 1 : 0 },
      most: asked.kind !== 'change' && perMinute !== null ? perMinute - 1 : null,
    },
  };
}

/** Whether the item lets an entry through this gate. The store's condition says the same. */
export function letsThrough(gate: ClientGate, client: ApiClient): boolean {
  const { day, minute } = gate;
  if (client.version !== gate.version) return false;
  if (day.isNew ? client.day >= day.day : client.day !== day.day) return false;
  if (minute.isNew ? client.minute >= minute.minute : client.minute !== minute.minute) return false;
  if (!day.isNew && day.most !== null && client.dayNotional.greaterThan(day.most)) return false;
  return minute.isNew || minute.most === null || client.minuteOrders <= minute.most;
}

/** The client once the entry is written. */
export const withUse = (client: ApiClient, { day, minute }: ClientGate): ApiClient => ({
  ...client,
  day: day.day,
  dayNotional: day.isNew ? day.add : client.dayNotional.plus(day.add),
  minute: minute.minute,
  minuteOrders: minute.isNew ? minute.add : client.minuteOrders + minute.add,
});

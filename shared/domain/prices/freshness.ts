/**
 * Whether a source lives, and whether what it last said of a symbol is still its price (design section 11). Pure.
 *
 * A source lives when it was heard of within [5 s]: a frame or a pong. What a living source says is judged by its kind:
 * a stream that sends quotes only when they change vouches for its last one by living; where there are only trades, a
 * price holds for [60 s]. Where a market is closed, silence says nothing: the price is neither stale nor live.
 */

/** [5 s] */
export const ALIVE_MS = 5_000;
/** [60 s] */
export const TRADE_AGE_MS = 60_000;

/** When a symbol trades. Public holidays are not known here: a silent holiday shows as stale. */
export type Session = 'always' | 'us_stocks' | 'forex';

export interface SourceSaid {
  /** Of the whole source, epoch ms; null = never. */
  readonly heardAt: number | null;
  /** Of the symbol, epoch ms; null = never. */
  readonly pricedAt: number | null;
  readonly kind: 'quotes' | 'trades';
  readonly session: Session;
}

/** `live`: may trigger. `closed`: the market sleeps. */
export type Freshness = 'live' | 'stale' | 'dead' | 'closed' | 'unknown';

export const isAlive = (heardAt: number | null, now: number): boolean =>
  heardAt !== null && now - heardAt <= ALIVE_MS;

export function freshnessOf({ heardAt, pricedAt, kind, session }: SourceSaid, now: number): Freshness {
  if (!isAlive(heardAt, now)) return 'dead';
  if (!isOpen(session, now)) return 'closed';
  if (pricedAt === null) return 'unknown';
  return kind === 'quotes' || now - pricedAt <= TRADE_AGE_MS ? 'live' : 'stale';
}

const MINUTES = { open: 4 * 60, close: 20 * 60, forex: 17 * 60 };

/** US stocks: 04:00 to 20:00 New York time on weekdays. Forex: Sunday 17:00 to Friday 17:00 New York time. */
export function isOpen(session: Session, now: number): boolean {
  if (session === 'always') return true;
  const { day, minute } = newYork(now);
  if (session === 'us_stocks') {
    return day >= 1 && day <= 5 && minute >= MINUTES.open && minute < MINUTES.close;
  }
  if (day === 6) return false;
  if (day === 0) return minute >= MINUTES.forex;
  return day !== 5 || minute < MINUTES.forex;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Weekday (0 = Sunday) and minute of the day in New York. */
function newYork(now: number): { readonly day: number; readonly minute: number } {
  const year = new Date(now).getUTCFullYear();
  // Summer time: second Sunday of March 02:00 EST (07:00 UTC) to first Sunday of November 02:00 EDT (06:00 UTC).
  const summer = now >= sunday(year, 2, 8) + 7 * HOUR_MS && now < sunday(year, 10, 1) + 6 * HOUR_MS;
  const local = new Date(now - (summer ? 4 : 5) * HOUR_MS);
  return { day: local.getUTCDay(), minute: local.getUTCHours() * 60 + local.getUTCMinutes() };
}

/** The first Sunday on or after that day of the month, 00:00 UTC. */
function sunday(year: number, month: number, from: number): number {
  const first = Date.UTC(year, month, from);
  return first + ((7 - new Date(first).getUTCDay()) % 7) * DAY_MS;
}

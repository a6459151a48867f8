/**
 * What REST tells of a symbol's past: recorded since the simulator began, from the price path before.
 *
 * Both are functions of seed and time, so a second look at the past says the same.
 */
import { seedFrom } from '../../../../../shared/feeds/prng.ts';
import { type Bar, MINUTE_MS, merged, SECOND_MS } from '../market/bars.ts';
import type { Market } from '../market/market.ts';
import type { Quote, Trade } from '../market/messages.ts';
import { isInSession, newYork } from '../market/sessions.ts';
import type { SymbolMarket } from '../market/symbol-market.ts';

const SAMPLES = 12;
const HOUR_MS = 3_600_000;
/** So many intervals are looked at for one page at most: a page over a closed weekend ends early and goes on. */
const LOOKED_AT = 200_000;
const SILENT_SHARE = 5;

export interface Page<T> {
  readonly rows: readonly T[];
  /** Where the next page begins; null: this is the last. */
  readonly next: number | null;
}

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly descending: boolean;
}

/** Whether the market was open then, by the calendar; one look per hour. */
function openHours(market: Market, { symbol }: SymbolMarket): (time: number) => boolean {
  const known = new Map<number, boolean>();
  return (time) => {
    const hour = Math.floor(time / HOUR_MS);
    const found =
      known.get(hour) ??
      market.wasOpen(symbol.cluster, () => isInSession(symbol.cluster, symbol.isMetal, newYork(time)));
    known.set(hour, found);
    return found;
  };
}

function pastBar({ symbol, historic }: SymbolMarket, s: number, width: number): Bar | null {
  const dice = seedFrom(`${symbol.name}:${s}`);
  if (width === SECOND_MS && dice % SILENT_SHARE === 0) return null;
  const n = width === SECOND_MS ? 1 + (dice % 4) : SAMPLES;
  const prices = Array.from({ length: n }, (_, nth) => historic(s + Math.floor((nth * width) / n)));
  const each = symbol.cluster === 'forex' ? 0 : 1 + (dice % (symbol.cluster === 'stocks' ? 300 : 40_000_000));
  const [o = 1] = prices;
  return {
    s,
    width,
    o,
    h: Math.max(...prices),
    l: Math.min(...prices),
    c: prices.at(-1) ?? o,
    v: each * n,
    worth: prices.reduce((sum, price) => sum + price * each, 0),
    n,
  };
}

/** Second or minute bars, the one in progress included. Intervals without a trade are missing. */
export function bars(market: Market, of: SymbolMarket, width: number, range: Range): Page<Bar> {
  const recorded = width === SECOND_MS ? of.seconds : of.minutes;
  const { current } = width === SECOND_MS ? of.second : of.minute;
  const live = new Map([...recorded, ...(current === null ? [] : [current])].map((bar) => [bar.s, bar]));
  const liveFrom = Math.max(
    market.startedAt - width + 1,
    recorded.length < RECORDED_ALL ? 0 : (recorded[0]?.s ?? 0),
  );
  const wasOpen = openHours(market, of);
  const last = Math.floor(Math.min(range.to, market.now()) / width) * width;
  const first = Math.ceil(range.from / width) * width;
  const rows: Bar[] = [];
  let looked = 0;
  let s = range.descending ? last : first;
  const step = range.descending ? -width : width;
  for (; s >= first && s <= last; s += step) {
    if (rows.length === range.limit || looked === LOOKED_AT) return { rows, next: s };
    looked += 1;
    const bar = s >= liveFrom ? (live.get(s) ?? null) : wasOpen(s) ? pastBar(of, s, width) : null;
    if (bar !== null) rows.push(bar);
  }
  return { rows, next: null };
}

/** Fewer than that were never thrown away. */
const RECORDED_ALL = 900;

/** Neighbouring bars as one per interval; a part at the end stays a part. */
export function mergeInto(rows: readonly Bar[], startOf: (time: number) => number): readonly Bar[] {
  const found = new Map<number, Bar>();
  for (const bar of [...rows].sort((a, b) => a.s - b.s)) {
    const s = startOf(bar.s);
    const before = found.get(s);
    found.set(s, before === undefined ? { ...bar, s } : merged(before, bar));
  }
  return [...found.values()];
}

const PAST_TRADE_EVERY_MS = 1_000;

function pastTrade({ symbol, historic, venues }: SymbolMarket, second: number): Trade {
  const dice = seedFrom(`${symbol.name}:trade:${second}`);
  const venue = venues[dice % venues.length];
  const t = second * PAST_TRADE_EVERY_MS + (dice % PAST_TRADE_EVERY_MS);
  return {
    id: String(second),
    venue: venue?.id ?? 0,
    price: historic(t),
    size: 1 + (dice % (symbol.cluster === 'stocks' ? 300 : 40_000_000)),
    condition: 1 + (dice % 2),
    t,
    r: t + (venue?.delayMs ?? 0),
    sequence: second,
  };
}

function pastQuote(of: SymbolMarket, second: number): Quote {
  const { venue, price, size, t, r, sequence } = pastTrade(of, second);
  const half = Math.max(1, Math.round(price / 20_000));
  return {
    venue,
    bid: Math.max(1, price - half),
    ask: price + half,
    bidSize: size,
    askSize: size,
    t,
    r,
    sequence,
  };
}

export interface EventRange extends Range {
  /** So many of the first millisecond have been on the page before. */
  readonly skip: number;
}

export interface EventPage<T> extends Page<T> {
  /** How many of the next page's first millisecond have been on this one. */
  readonly skip: number;
}

/** A page of the most, and the longest that stocks are closed. */
const SECONDS_LOOKED_AT = 400_000;

/** Both kinds by time: what is recorded, and before that one a second. */
function events<T extends { readonly t: number }>(
  market: Market,
  of: SymbolMarket,
  recorded: readonly T[],
  past: (second: number) => T,
  { from, to, limit, descending, skip }: EventRange,
): EventPage<T> {
  const live = recorded.filter(({ t }) => t >= from && t <= to).sort((a, b) => a.t - b.t);
  const oldest = recorded[0]?.t ?? market.startedAt;
  const wasOpen = openHours(market, of);
  const older: T[] = [];
  const lastPast = Math.min(to, oldest - 1, market.now());
  const seconds = Math.floor((lastPast - from) / PAST_TRADE_EVERY_MS) + 1;
  for (let nth = 0; nth <= seconds && older.length <= limit + skip && nth < SECONDS_LOOKED_AT; nth += 1) {
    const time = descending ? lastPast - nth * PAST_TRADE_EVERY_MS : from + nth * PAST_TRADE_EVERY_MS;
    if (!wasOpen(time)) continue;
    const one = past(Math.floor(time / PAST_TRADE_EVERY_MS));
    if (one.t >= from && one.t <= lastPast) older.push(one);
  }
  const all = descending ? [...live.reverse(), ...older] : [...older, ...live];
  const end = skip + limit;
  const next = all[end]?.t ?? null;
  // The next page begins at a time; what of that time has been told is counted.
  const told = all.slice(0, end).filter(({ t }) => t === next).length;
  return { rows: all.slice(skip, end), next, skip: told };
}

export const trades = (market: Market, of: SymbolMarket, range: EventRange): EventPage<Trade> =>
  events(market, of, of.lastTrades, (second) => pastTrade(of, second), range);

export const quotes = (market: Market, of: SymbolMarket, range: EventRange): EventPage<Quote> =>
  events(market, of, of.lastQuotes, (second) => pastQuote(of, second), range);

/** The last one, or one from the path where nothing has happened yet. */
export const lastTrade = (market: Market, of: SymbolMarket): Trade =>
  of.lastTrades.at(-1) ?? pastTrade(of, Math.floor(market.now() / PAST_TRADE_EVERY_MS) - 1);

export const lastQuote = (market: Market, of: SymbolMarket): Quote =>
  of.lastQuotes.at(-1) ?? pastQuote(of, Math.floor(market.now() / PAST_TRADE_EVERY_MS) - 1);

const DAY_MS = 86_400_000;
const DAYS_KEPT = 1_000;
/** What was before the start never changes: it is worked out once per symbol and day. */
const pastDays = new WeakMap<SymbolMarket, Map<number, Bar | null>>();

function partOfDay(market: Market, of: SymbolMarket, from: number, to: number): Bar | null {
  const range = { from, to, limit: DAY_MS / MINUTE_MS, descending: false };
  return mergeInto(bars(market, of, MINUTE_MS, range).rows, () => from)[0] ?? null;
}

/** The bar of the UTC day that this time lies in; null: nothing was traded. */
export function dayBar(market: Market, of: SymbolMarket, time: number): Bar | null {
  const from = Math.floor(time / DAY_MS) * DAY_MS;
  const end = from + DAY_MS;
  const split = Math.min(end, Math.max(from, Math.floor(market.startedAt / MINUTE_MS) * MINUTE_MS));
  const known = pastDays.get(of) ?? new Map<number, Bar | null>();
  pastDays.set(of, known);
  if (known.size > DAYS_KEPT) known.clear();
  const past = known.get(from) ?? (split > from ? partOfDay(market, of, from, split - 1) : null);
  known.set(from, past);
  const live = split < end ? partOfDay(market, of, split, end - 1) : null;
  if (past === null) return live === null ? null : { ...live, s: from };
  return live === null ? past : merged(past, live);
}

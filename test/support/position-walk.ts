/**
 * An independent look at a position's figures: its life walked event by event and tick by tick, in the words of the docs,
 * with whole numbers and none of the product's code. Slow and plain on purpose.
 *
 * Prices are whole units (10^-4), amounts whole 10^-8; money, and every quotient, is in 10^-18, rounded half-even once.
 */
import { type History, type HistoryFill, type HistoryTick, sourcePrice, TICK } from './position-histories.ts';

/** Units x 10^-8 are so many 10^-18. */
const WORTH = 10n ** 6n;
/** 10^-8 in 10^-18. */
const SMALL = 10n ** 10n;
/** A unit in 10^-18. */
const UNIT = 10n ** 14n;

function halfEven(n: bigint, d: bigint): bigint {
  if (d < 0n) return halfEven(-n, -d);
  const floor = n / d - (n % d < 0n ? 1n : 0n);
  const twice = 2n * (n - floor * d);
  if (twice === d) return floor % 2n === 0n ? floor : floor + 1n;
  return twice > d ? floor + 1n : floor;
}

/** Whole 10^-digits as decimal text without needless zeros. */
export function textOf(value: bigint, digits = 18): string {
  const sign = value < 0n ? '-' : '';
  const all = String(value < 0n ? -value : value).padStart(digits + 1, '0');
  const fraction = all.slice(all.length - digits).replace(/0+$/, '');
  return sign + all.slice(0, all.length - digits) + (fraction === '' ? '' : `.${fraction}`);
}

/** In percent of `whole`, 4 decimals. */
const percent = (part: bigint, whole: bigint): string =>
  textOf(whole === 0n ? 0n : halfEven(part * 100n * 10_000n, whole), 4);

const big = (n: number): bigint => BigInt(n);

/** Accounts after fills, in the order in which they came. */
interface Books {
  entryAmount: bigint;
  entryWorth: bigint;
  exitAmount: bigint;
  exitWorth: bigint;
  held: bigint;
  cost: bigint;
  openFees: bigint;
  realized: bigint;
  slippage: bigint;
  /** What came in, less what went out, in quote: of trades and of fees whose worth is known. */
  cash: bigint;
  readonly fees: Record<HistoryFill['feeIn'], bigint>;
  unvalued: bigint;
}

const emptyBooks = (): Books => ({
  ...{ entryAmount: 0n, entryWorth: 0n, exitAmount: 0n, exitWorth: 0n, held: 0n, cost: 0n, openFees: 0n },
  ...{ realized: 0n, slippage: 0n, cash: 0n, fees: { base: 0n, quote: 0n, other: 0n }, unvalued: 0n },
});

function book(books: Books, fill: HistoryFill, isLong: boolean): void {
  const [price, amount, fee] = [big(fill.price), big(fill.amount), big(fill.fee)];
  const worth = price * amount * WORTH;
  const inBase = fill.feeIn === 'base' ? fee : 0n;
  const inQuote = (fill.feeIn === 'quote' ? fee : big(fill.feeValue ?? 0)) * SMALL;
  books.fees[fill.feeIn] += fee;
  if (fill.feeIn === 'other' && fill.feeValue === null) books.unvalued += fee;
  const isEntry = fill.kind === 'entry';
  const isBuy = isEntry === isLong;
  books.cash += (isBuy ? -worth : worth) - inQuote;
  if (fill.reference !== null) {
    const worse = (price - big(fill.reference)) * amount * WORTH;
    books.slippage += isBuy ? worse : -worse;
  }
  if (isEntry) {
    const gained = isLong ? amount - inBase : amount + inBase;
    books.entryAmount += amount;
    books.entryWorth += worth;
    books.held += gained;
    books.cost += price * gained * WORTH;
    books.openFees += price * inBase * WORTH + inQuote;
    return;
  }
  const gone = isLong ? amount + inBase : amount - inBase;
  if (gone > books.held) throw new Error('more is sold than is held');
  const share = (of: bigint): bigint => (gone === books.held ? of : halfEven(of * gone, books.held));
  const [cost, openFees] = [share(books.cost), share(books.openFees)];
  books.exitAmount += amount;
  books.exitWorth += worth;
  books.held -= gone;
  books.cost -= cost;
  books.openFees -= openFees;
  books.realized += (isLong ? worth - cost : cost - worth) - openFees - inQuote;
}

/** Average price of so much worth, 10^-18; null without any. */
const average = (worth: bigint, amount: bigint): bigint | null =>
  amount === 0n ? null : halfEven(worth * 10n ** 8n, amount);

/** Where closing at the fee rate of the entry loses nothing, and the offset beyond it, in 10^-18: a price on the tick. */
function evenPrice(
  { cost, openFees, held, entryWorth, entryAmount }: Books,
  isLong: boolean,
  offset: number,
): bigint {
  const sign = isLong ? 1n : -1n;
  // (cost ± fees) / (held x (1 ∓ fees / cost)) ± entry x offset
  const [n, d] = [(cost + sign * openFees) * cost * 10n ** 8n, held * (cost - sign * openFees)];
  const beyond = sign * entryWorth * 10n ** 8n * big(offset);
  const [top, bottom] = [n * entryAmount * 10_000n + beyond * d, d * entryAmount * 10_000n];
  const tick = big(TICK) * UNIT;
  const ticks = top / (bottom * tick);
  const isWhole = ticks * bottom * tick === top;
  return (isLong && !isWhole ? ticks + 1n : ticks) * tick;
}

/** Prices in the order of time, and what they make of the best one. */
class Extremes {
  high: bigint | null = null;
  low: bigint | null = null;
  drawdown = 0n;
  readonly #isLong: boolean;

  constructor(isLong: boolean) {
    this.#isLong = isLong;
  }

  see(price: bigint): void {
    this.high = this.high === null || price > this.high ? price : this.high;
    this.low = this.low === null || price < this.low ? price : this.low;
    const best = this.#isLong ? this.high : this.low;
    const fall = this.#isLong ? best - price : price - best;
    const rounded = halfEven(fall * 100n * 10_000n, best);
    if (rounded > this.drawdown) this.drawdown = rounded;
  }
}

/** The stop that stands: the tightest of its stop loss, its break-even stop and its trailing stop. */
class Stops {
  peak: bigint | null;
  moves = 0;
  lastMove: number | null = null;
  trailed = 0;
  lastTrailed: number | null = null;
  #stop: bigint | null = null;
  readonly #history: History;
  readonly #isLong: boolean;

  constructor(history: History, peak: bigint | null) {
    this.#history = history;
    this.#isLong = history.side === 'long';
    this.peak = peak;
    this.#stop = this.#standing(null);
  }

  /** Of the trailing stop alone; exact, also between ticks. */
  get trigger(): bigint | null {
    const { trailing } = this.#history;
    if (trailing === null || this.peak === null) return null;
    const far =
      trailing.units === undefined
        ? (this.peak * big(trailing.bp ?? 0)) / 10_000n
        : big(trailing.units) * UNIT;
    return this.#isLong ? this.peak - far : this.peak + far;
  }

  raise(price: bigint): void {
    const { trailing } = this.#history;
    if (trailing === null) return;
    const isBetter = (a: bigint, b: bigint): boolean => (this.#isLong ? a > b : a < b);
    if (this.peak !== null) {
      if (isBetter(price, this.peak)) this.peak = price;
    } else if (trailing.activation === null || !isBetter(big(trailing.activation) * UNIT, price)) {
      this.peak = price;
    }
  }

  /** At the end of a span that had ticks, which began at this second. */
  endOf(second: number, even: bigint | null): void {
    const next = this.#standing(even);
    if (this.#stop !== null && next !== null && next !== this.#stop) {
      this.moves += 1;
      this.lastMove = second;
      if (next === this.trigger) {
        this.trailed += 1;
        this.lastTrailed = second;
      }
    }
    this.#stop = next ?? this.#stop;
  }

  #standing(even: bigint | null): bigint | null {
    const { stop } = this.#history;
    const all = [stop === null ? null : big(stop) * UNIT, even, this.trigger].filter((at) => at !== null);
    return all.reduce<bigint | null>((tightest, at) => {
      if (tightest === null) return at;
      return (this.#isLong ? at > tightest : at < tightest) ? at : tightest;
    }, null);
  }
}

const secondOf = (at: number): number => Math.floor(at / 1000);
const minuteOf = (second: number): number => Math.floor(second / 60);

interface Span {
  /** Seconds after the start; the end is not in it. */
  readonly begin: number;
  readonly end: number;
  readonly ticks: readonly HistoryTick[];
}

/**
 * Whole spans of the tape after the second of the first fill: its seconds; where they are gone the rest of the minute in
 * which it opened, parted where the trailing stop was armed in it, and whole minutes.
 */
function spansOf(
  ticks: readonly HistoryTick[],
  opened: number,
  armedAt: number | null,
  byMinute: boolean,
): readonly Span[] {
  const first = secondOf(opened);
  const later = ticks.filter(({ at }) => secondOf(at) > first);
  if (!byMinute) {
    const seconds = [...Map.groupBy(later, ({ at }) => secondOf(at))];
    return seconds.map(([second, own]) => ({ begin: second, end: second + 1, ticks: own }));
  }
  const end = (minuteOf(first) + 1) * 60;
  const parting = armedAt !== null && armedAt < end * 1000 ? armedAt : null;
  const rest = Map.groupBy(
    later.filter(({ at }) => secondOf(at) < end),
    ({ at }) => secondOf(at),
  );
  // Seconds before the arming, its own if all of its ticks came after, and later ones.
  const sideOf = (second: number, own: readonly HistoryTick[]): string =>
    parting === null ? '' : `${second > secondOf(parting)} ${(own[0]?.at ?? 0) > parting}`;
  const sides = Map.groupBy([...rest], ([second, own]) => sideOf(second, own));
  const parts = [...sides.values()].map((side) => side.flatMap(([, own]) => own));
  const begins = parts.map(([tick]) => secondOf(tick?.at ?? 0));
  const minutes = [...Map.groupBy(later, ({ at }) => minuteOf(secondOf(at)))].filter(
    ([minute]) => minute * 60 >= end,
  );
  return [
    ...parts.map((own, i) => ({ begin: begins[i] ?? 0, end: begins[i + 1] ?? end, ticks: own })),
    ...minutes.map(([minute, own]) => ({ begin: minute * 60, end: (minute + 1) * 60, ticks: own })),
  ];
}

/**
 * The arming that stood before the first event at or after `until`: what was emptied and holds something again begins anew.
 */
function armedBy({ events, side }: History, until: number) {
  const books = emptyBooks();
  let armed: Extract<History['events'][number], { kind: 'armed' }> | null = null;
  for (const event of events) {
    if (event.at >= until) break;
    if (event.kind === 'armed') armed = event;
    else if (event.kind !== 'break_even') {
      if (event.kind === 'entry' && books.held === 0n) armed = null;
      book(books, event, side === 'long');
    }
  }
  return armed;
}

/** What the tape shows: ticks of whole spans after the first fill and before the last exit, fills, and the present price. */
function walkTape(
  history: History,
  even: { readonly at: number; readonly price: bigint } | null,
  byMinute: boolean,
) {
  const { events, closedAt, now, side } = history;
  const ticks = history.ticks.filter(({ at }) => at <= now);
  const fills = events.flatMap((event) => (event.kind === 'entry' || event.kind === 'exit' ? [event] : []));
  const armed = armedBy(history, Number.POSITIVE_INFINITY);
  const opened = fills[0]?.at ?? 0;
  const minuteEnd = (minuteOf(secondOf(opened)) + 1) * 60_000;
  const parting = armedBy(history, minuteEnd)?.at ?? null;
  const lastExit = fills.findLast(({ kind }) => kind === 'exit');
  const end =
    closedAt === null ? Number.POSITIVE_INFINITY : secondOf(Math.min(closedAt, lastExit?.at ?? closedAt));
  // Of a first minute that is not over, or with which it closed, nothing was kept.
  const isKept = (closedAt ?? now) >= minuteEnd;
  const spans = spansOf(ticks, opened, parting, byMinute).filter(
    (span) => span.end <= end && (isKept || !byMinute),
  );
  const priceOf = (tick: HistoryTick): bigint => (big(sourcePrice(history, tick) * 2) * UNIT) / 2n;

  const extremes = new Extremes(side === 'long');
  const seen = [
    ...fills.map(({ at, price }) => ({ at, price: big(price) * UNIT })),
    ...spans.flatMap((span) => span.ticks).map((tick) => ({ at: tick.at, price: priceOf(tick) })),
  ].sort((a, b) => a.at - b.at);
  for (const { price } of seen) extremes.see(price);
  const present = ticks.at(-1);
  if (closedAt === null && present !== undefined) extremes.see(priceOf(present));

  const firstPrice = big(fills[0]?.price ?? 0) * UNIT;
  const unknown = history.trailing?.activation === null ? firstPrice : null;
  const peak = armed?.peak == null ? unknown : (big(armed.peak * 2) * UNIT) / 2n;
  const stops = new Stops(history, history.trailing === null ? null : peak);
  const armedIn = secondOf(armed?.at ?? opened);
  const begin = (spans[0]?.begin ?? 0) * 1000;
  let before = big(fills.findLast(({ kind, at }) => kind === 'entry' && at < begin)?.price ?? 0) * UNIT;
  let moves = 0;
  for (const span of spans) {
    let isMoved = false;
    for (const tick of span.ticks) {
      const price = priceOf(tick);
      if (price !== before) isMoved = true;
      before = price;
      if (span.begin > armedIn) stops.raise(price);
    }
    if (isMoved) moves += 1;
    stops.endOf(span.begin, even !== null && even.at < span.end * 1000 ? even.price : null);
  }
  return { extremes, stops, moves };
}

/**
 * All figures, as decimal text; times in ms after the start. `mark`: of what is held, in 10^-18. `byMinute`: the tape's
 * seconds are gone.
 */
export function walkHistory(history: History, mark: bigint | null, byMinute: boolean) {
  const isLong = history.side === 'long';
  const books = emptyBooks();
  let even: { readonly at: number; readonly price: bigint } | null = null;
  let opened: number | null = null;
  for (const event of history.events) {
    if (event.kind === 'break_even') {
      // Nothing is held of which a price could be told.
      if (books.held === 0n) continue;
      even = { at: event.at, price: evenPrice(books, isLong, history.evenOffset ?? 0) };
    } else if (event.kind !== 'armed') {
      // Emptied before: the stop that break-even had moved belongs to what was sold.
      if (event.kind === 'entry' && books.held === 0n) even = null;
      book(books, event, isLong);
      opened ??= event.at;
    }
  }
  const isClosed = history.closedAt !== null;
  const dust = isClosed && books.held > 0n ? { amount: books.held, cost: books.cost } : null;
  if (isClosed) {
    // What is too small to be sold keeps its cost; the fees paid for it are lost.
    books.realized -= books.openFees;
    Object.assign(books, { held: 0n, cost: 0n, openFees: 0n });
  }
  const { extremes, stops, moves } = walkTape(history, even, byMinute);
  const entry = average(books.entryWorth, books.entryAmount);
  const worth = books.held === 0n ? 0n : mark === null ? null : (books.held * mark) / 10n ** 8n;
  const gain = worth === null ? null : isLong ? worth - books.cost : books.cost - worth;
  const unrealized = gain === null ? null : gain - books.openFees;
  const { high, low } = extremes;
  const [best, worst] = isLong ? [high, low] : [low, high];
  const excursion = (price: bigint | null): bigint | null =>
    price === null || entry === null ? null : isLong ? price - entry : entry - price;
  const orNull = (value: bigint | null): string | null => (value === null ? null : textOf(value));
  const { base, quote, other } = books.fees;
  return {
    conservation: conservation(books, dust, worth, unrealized, isLong),
    figures: {
      entryPrice: orNull(entry),
      exitPrice: orNull(average(books.exitWorth, books.exitAmount)),
      notional: textOf(books.entryWorth),
      value: orNull(worth),
      unrealizedPnl: orNull(unrealized),
      unrealizedPnlPercent: unrealized === null ? null : percent(unrealized, books.cost),
      realizedPnl: textOf(books.realized),
      realizedPnlPercent: percent(books.realized, books.entryWorth),
      totalFeesQuote: base === 0n && other === 0n ? textOf(quote, 8) : null,
      fees: { base: textOf(base, 8), quote: textOf(quote, 8), other: textOf(other, 8) },
      unvalued: textOf(books.unvalued, 8),
      slippage: textOf(books.slippage),
      held: textOf(books.held, 8),
      cost: textOf(books.cost),
      dust: dust && { amount: textOf(dust.amount, 8), cost: textOf(dust.cost) },
      breakEvenStop: orNull(even?.price ?? null),
    },
    statistics: {
      highWaterMark: orNull(high),
      lowWaterMark: orNull(low),
      maxFavorableExcursion: orNull(excursion(best)),
      maxAdverseExcursion: orNull(excursion(worst)),
      priceMovesCount: moves,
      stopAdjustments: stops.moves,
      lastStopAdjustmentAt: stops.lastMove === null ? null : stops.lastMove * 1000,
      trailingAdjustments: stops.trailed,
      lastTrailingAdjustmentAt: stops.lastTrailed === null ? null : stops.lastTrailed * 1000,
      timeHeldMinutes: Math.floor(((history.closedAt ?? history.now) - (opened ?? history.now)) / 60_000),
      trailingTrigger: orNull(stops.trigger),
      trailingPeak: orNull(stops.peak),
    },
    drawdown: textOf(extremes.drawdown, 4),
  };
}

/** Cash and what is held at the mark, less the P&L: zero, whatever the order of fills. Null without a mark. */
function conservation(
  { cash, realized }: Books,
  dust: { readonly cost: bigint } | null,
  worth: bigint | null,
  unrealized: bigint | null,
  isLong: boolean,
): bigint | null {
  if (worth === null || unrealized === null) return null;
  const left = worth + (dust?.cost ?? 0n);
  return cash + (isLong ? left : -left) - realized - unrealized;
}

/**
 * Random lives of a position: ticks, fills of entries and exits with fees of all kinds, the arming of its trailing stop and
 * the moment of its break-even, in the order of time. All numbers are whole: prices in units (10^-4), amounts in 10^-8.
 */
import { seededRandom } from '../../shared/feeds/prng.ts';

export interface HistoryTick {
  /** Ms after the start. */
  readonly at: number;
  readonly bid: number;
  readonly ask: number;
  readonly last: number;
}

export interface HistoryFill {
  readonly kind: 'entry' | 'exit';
  readonly at: number;
  readonly price: number;
  readonly amount: number;
  readonly feeIn: 'base' | 'quote' | 'other';
  readonly fee: number;
  /** In quote, of a fee in another asset; null = it had no price. */
  readonly feeValue: number | null;
  /** At the decision; null = none was known. */
  readonly reference: number | null;
}

export type HistoryEvent =
  | HistoryFill
  | { readonly kind: 'armed'; readonly at: number; readonly peak: number | null }
  | { readonly kind: 'break_even'; readonly at: number };

export interface History {
  readonly side: 'long' | 'short';
  readonly trigger: 'bid_ask' | 'last' | 'mid';
  readonly stop: number | null;
  readonly trailing: {
    readonly bp?: number;
    readonly units?: number;
    readonly activation: number | null;
  } | null;
  /** Basis points of the entry price beyond where nothing is lost; null = no rule. */
  readonly evenOffset: number | null;
  readonly ticks: readonly HistoryTick[];
  /** In the order of their times. */
  readonly events: readonly HistoryEvent[];
  /** When it is closed; null = it is open. */
  readonly closedAt: number | null;
  /** When it is looked at. */
  readonly now: number;
}

/** An exchange's smallest step of an amount, and of a price. */
export const STEP = 1_000;
export const TICK = 100;
const START = 500_000_000;

export const sourcePrice = (
  { side, trigger }: Pick<History, 'side' | 'trigger'>,
  { bid, ask, last }: HistoryTick,
): number => {
  if (trigger === 'last') return last;
  if (trigger === 'mid') return (bid + ask) / 2;
  return side === 'long' ? bid : ask;
};

/** `lone`: no second has more than one tick, and none a tick and a fill, so that bars hide no order. */
export function drawHistory(seed: number, lone: boolean): History {
  const random = seededRandom(seed);
  const below = (n: number): number => random() % n;
  const oneOf = <T>(...from: readonly T[]): T => from[below(from.length)] as T;
  const chance = (percent: number): boolean => below(100) < percent;

  const side = oneOf('long', 'short');
  const trigger = oneOf('bid_ask', 'bid_ask', 'last', 'mid');
  const seconds = 4 + below(chance(30) ? 400 : 60);
  const entries = 1 + below(4);
  const parts = below(5);
  const isClosing = chance(60);
  // The second of each fill: the first one's is 1, the last one's of a closed position comes after all others.
  const fillSeconds = [1, ...Array.from({ length: entries - 1 + parts }, () => 1 + below(seconds))];
  fillSeconds.sort((a, b) => a - b);
  const lastSecond = isClosing ? Math.max(...fillSeconds) + 1 + below(5) : seconds;

  const ticks: HistoryTick[] = [];
  let bid = START;
  for (let second = 0; second <= seconds + 6; second += 1) {
    const isBusy = fillSeconds.includes(second) && second !== 1;
    const most = lone ? (isBusy ? 0 : 1) : 5;
    const times = Array.from({ length: most === 0 ? 0 : below(most + 1) }, () => below(500) * 2);
    for (const ms of [...new Set(times)].sort((a, b) => a - b)) {
      bid += (below(801) - 400) * TICK * oneOf(1, 1, 0, 5);
      const spread = oneOf(0, 1, 20, 100) * TICK;
      ticks.push({ at: second * 1000 + ms, bid, ask: bid + spread, last: bid + oneOf(0, spread) });
    }
  }
  const tickBefore = (at: number): HistoryTick =>
    ticks.findLast((tick) => tick.at <= at) ?? { at, bid: START, ask: START, last: START };

  const fees = (amount: number, price: number): Pick<HistoryFill, 'feeIn' | 'fee' | 'feeValue'> => {
    const feeIn = oneOf('base', 'quote', 'quote', 'other');
    const rate = oneOf(0, 75, 100, 1_000);
    if (feeIn === 'base') return { feeIn, fee: Math.floor((amount * rate) / 100_000), feeValue: null };
    const value = Math.floor((amount * price * rate) / 1e9);
    if (feeIn === 'quote') return { feeIn, fee: value, feeValue: null };
    return { feeIn, fee: 1 + below(10_000_000), feeValue: chance(75) ? value : null };
  };
  /** Ms within its second that no tick has: ticks are at even ones. */
  const timeIn = (second: number, nth: number): number => second * 1000 + 2 * (below(20) + 25 * nth) + 1;
  const fill = (kind: HistoryFill['kind'], at: number, amount: number): HistoryFill => {
    const near = tickBefore(at);
    const isBuy = (kind === 'entry') === (side === 'long');
    const price = (isBuy ? near.ask : near.bid) + oneOf(0, below(61) - 30) * TICK;
    const reference = chance(80) ? price + (below(41) - 20) * TICK : null;
    return { kind, at, price, amount, ...fees(amount, price), reference };
  };

  const inQuote = (of: HistoryFill): HistoryFill => ({
    ...of,
    ...{ feeIn: 'quote', fee: Math.floor((of.amount * of.price) / 1e9), feeValue: null },
  });

  const events: HistoryEvent[] = [];
  let held = 0;
  let bought = 0;
  const nth = new Map<number, number>();
  const next = (second: number): number => {
    const n = nth.get(second) ?? 0;
    nth.set(second, n + 1);
    return timeIn(second, n);
  };
  const book = (one: HistoryFill): void => {
    const base = one.feeIn === 'base' ? one.fee : 0;
    const gains = side === 'long' ? -base : base;
    held += one.kind === 'entry' ? one.amount + gains : -one.amount + gains;
    events.push(one);
  };
  for (const second of fillSeconds) {
    // Leaves room for a fee that is taken out of what is held.
    const room = Math.floor((held * 0.9) / STEP) * STEP;
    const isEntry = bought === 0 || room < 2 * STEP || (bought < entries && chance(50));
    if (isEntry) bought += 1;
    // All of it, before the next entry fills: it stays open.
    const isEmptied = !isEntry && bought < entries && held % STEP === 0 && chance(30);
    const part = isEmptied ? held : STEP * (1 + below(room / STEP));
    const drawn = fill(
      isEntry ? 'entry' : 'exit',
      next(second),
      isEntry ? STEP * (1 + below(200_000)) : part,
    );
    book(isEmptied ? inQuote(drawn) : drawn);
  }
  /** Some price; or one that a tick has to the digit. */
  const drawnActivation = (): number =>
    chance(50) && ticks.length > 0
      ? sourcePrice({ side, trigger }, oneOf(...ticks))
      : START + (side === 'long' ? 1 : -1) * TICK * below(10_000);
  const trailing = chance(60)
    ? {
        ...(chance(50) ? { bp: 1 + below(300) } : { units: TICK * (1 + below(40_000)) }),
        activation: chance(50) ? drawnActivation() : null,
      }
    : null;
  const first = events[0]?.at ?? 0;
  if (trailing !== null && chance(85)) {
    const at = first + 1 + 2 * below(2_000);
    const peak =
      trailing.activation === null && chance(90) ? sourcePrice({ side, trigger }, tickBefore(at)) : null;
    events.push({ kind: 'armed', at, peak });
  }
  const evenOffset = chance(60) ? oneOf(0, 0, 3, 25) : null;
  if (evenOffset !== null && chance(80)) {
    events.push({ kind: 'break_even', at: first + 1 + 2 * below(500 * seconds) });
  }
  events.sort((a, b) => a.at - b.at);
  const lastAt = lastSecond * 1000 + 901;
  const closedAt = isClosing ? lastAt + below(3_000) : null;
  if (isClosing) {
    // All that is left, on the step: of what a fee was taken from, dust stays.
    const left = Math.floor(held / STEP) * STEP;
    if (left > 0) events.push(inQuote(fill('exit', lastAt, left)));
  }
  const stop = chance(60) ? START + (side === 'long' ? -1 : 1) * TICK * (1 + below(30_000)) : null;
  const end = Math.max(seconds * 1000, ...events.map(({ at }) => at));
  const now = closedAt === null ? end + 1 + 2 * below(2_000) : closedAt + 60_000;
  const isOver = (event: HistoryEvent): boolean =>
    closedAt !== null && event.kind !== 'entry' && event.kind !== 'exit' && event.at >= lastAt;
  return {
    ...{ side, trigger, stop, trailing, evenOffset, ticks },
    events: events.filter((event) => !isOver(event)),
    ...{ closedAt, now },
  };
}

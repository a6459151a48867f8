/**
 * Which ticks of one symbol may reach the price script (design section 11). Pure: time is an argument.
 *
 * Always true:
 * - what passes has positive prices and no crossed quote, its ids only grow, its venue times never go back;
 * - every tick that is taken is passed once, dropped once with its reason, or waits;
 * - nothing waits longer than [2 s], if `release` is called when `dueAt` says so.
 *
 * The outlier rule. A print is held when it is further than [1 %] from the other side of the book (a trade: from the
 * nearer side) or from the second source, and further than [0.5 %] from the last price that passed: one nearer to it
 * is that price's second tick. Then the next tick of the symbol speaks:
 * - within [0.5 %] of what is held: both pass;
 * - nearer the old price: what is held is dropped, and what later messages carry of it is put right;
 * - further away: it has to prove itself as well and waits behind; if it is no outlier, or agrees with another one that is
 *   held, the market went through what is held, and all passes in order;
 * - a trade says nothing about a quote unless it agrees: it waits behind it.
 * Without a word, a held print passes after [300 ms] if the second source agrees, else after [2 s].
 */
import type { Tick, Units } from '../triggers/types.ts';
import type { PriceTick, Printed } from './price-tick.ts';

export interface TrustSettings {
  /** [100 bp] A print further than this from the book or the other source is held. */
  readonly outlierBp: number;
  /** [50 bp] Prices within this are one price. */
  readonly agreeBp: number;
  /** [300 ms] After this the second source may speak for a held print. */
  readonly secondMs: number;
  /** [2 s] After this a held print counts by itself. */
  readonly aloneMs: number;
  /** [2 s] How far a venue's time may be ahead of the clock. */
  readonly futureMs: number;
  /** [60 s] A message that took longer than this is no price any more; also how long a second source's price stands. */
  readonly ageMs: number;
}

export const TRUST_DEFAULTS: TrustSettings = {
  outlierBp: 100,
  agreeBp: 50,
  secondMs: 300,
  aloneMs: 2_000,
  futureMs: 2_000,
  ageMs: 60_000,
};

export const DROP_REASONS = [
  'not_positive',
  'crossed',
  'duplicates',
  'out_of_order',
  'future',
  'late',
  'outliers_dropped',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What becomes of ticks; called in the order of their ids for those that pass. */
export interface TrustSink<T> {
  /** `checked`: the outlier rule had something to compare with. */
  pass(tick: T, checked: boolean): void;
  drop(tick: T, because: DropReason): void;
  /** Held as an outlier; it is passed or dropped later. */
  hold(tick: T): void;
}

type Side = 'bid' | 'ask' | 'last';

/** A price that has to prove itself. */
interface Suspect {
  readonly side: Side;
  readonly price: Units;
  /** The book or the other source, which it is too far from. */
  readonly against: Units;
  /** The side's price that passed before; null = none. */
  readonly before: Units | null;
}

/** What a source still carries in its later messages although it was dropped; no message carries both. */
type Carried = Printed | null;

interface Waiting<T> {
  readonly tick: T;
  /** Empty: it waits only because of those before it. */
  readonly suspects: readonly Suspect[];
  readonly at: number;
  readonly bad: Carried;
}

const NONE: readonly Suspect[] = [];
const ALL: readonly Side[] = ['bid', 'ask', 'last'];
const BOOK: readonly Side[] = ['bid', 'ask'];
const LAST: readonly Side[] = ['last'];

/** Whether `a` lies within so many basis points of `of`; exact. */
export const isWithin = (a: Units, of: Units, bp: number): boolean => Math.abs(a - of) * 10_000 <= bp * of;

/** Why this message by itself is no price; null = it may be one. */
export function refusalOf(
  { tick: { bid, ask, last }, quoted, venueAt }: PriceTick,
  now: number,
  { futureMs, ageMs }: TrustSettings,
): DropReason | null {
  if (!(bid > 0 && ask > 0 && last > 0)) return 'not_positive';
  if (quoted && bid > ask) return 'crossed';
  if (venueAt === undefined) return null;
  if (venueAt > now + futureMs) return 'future';
  return venueAt < now - ageMs ? 'late' : null;
}

const newsOf = ({ printed, quoted }: PriceTick): readonly Side[] => {
  if (!quoted || printed === 'trade') return LAST;
  return printed === 'quote' ? BOOK : ALL;
};

export class TrustFilter<T extends PriceTick> {
  readonly #settings: TrustSettings;
  readonly #sink: TrustSink<T>;
  readonly #newest = new Map<string, { quote: number; trade: number }>();
  #lastId: number;
  #passed: T | null = null;
  #line: Waiting<T>[] = [];
  #second: { readonly price: Units; readonly at: number } | null = null;
  readonly #carries = { quote: false, trade: false };
  #badBecause: DropReason = 'not_positive';

  /** `lastId`: the highest tick id that passed before; -1 = none. */
  constructor(lastId: number, settings: TrustSettings, sink: TrustSink<T>) {
    this.#lastId = lastId;
    this.#settings = settings;
    this.#sink = sink;
  }

  /** The highest tick id taken in. */
  get lastId(): number {
    return this.#lastId;
  }

  /** When `release` is to be called next, epoch ms; null = nothing waits. */
  get dueAt(): number | null {
    const head = this.#line[0];
    if (head === undefined) return null;
    const { secondMs, aloneMs } = this.#settings;
    return head.at + (this.#secondAgrees(head, head.at + secondMs) ? secondMs : aloneMs);
  }

  /** Ticks that are held or wait behind a held one. */
  get waiting(): number {
    return this.#line.length;
  }

  /** A price of the second source, in this symbol's units; null = it has none any more. */
  see(price: Units | null, now: number): void {
    this.#second = price === null ? null : { price, at: now };
    this.release(now);
  }

  /** Takes the next tick of the source. */
  take(taken: T, now: number): void {
    this.release(now);
    const { id } = taken.tick;
    if (id <= this.#lastId) {
      this.#sink.drop(taken, id === this.#lastId ? 'duplicates' : 'out_of_order');
      return;
    }
    this.#lastId = id;
    const bad = this.#carriedBy(taken);
    const tick = this.#withoutBad(taken, bad);
    const because = tick === null ? this.#badBecause : this.#refusal(tick, now);
    if (tick === null || because !== null) {
      if (tick !== null && because !== null && taken.printed !== undefined)
        this.#setBad(taken.printed, because);
      this.#sink.drop(taken, because ?? this.#badBecause);
    } else if (this.#line.length > 0) this.#speak(taken, now);
    else this.#take({ tick: taken, suspects: this.#suspectsOf(tick, now), at: now, bad }, now);
  }

  /** Passes what has waited long enough. */
  release(now: number): void {
    for (let due = this.dueAt; due !== null && due <= now; due = this.dueAt) {
      const [head] = this.#line.splice(0, 1);
      if (head !== undefined) this.#pass(head.tick, head.bad, now);
      this.#passCleared(now);
    }
  }

  /** The source ends: what has to prove itself is no price; what only waited behind it is one. */
  end(now: number): void {
    for (this.#passCleared(now); this.#line.length > 0; this.#passCleared(now)) this.#dropHeld(0, now);
  }

  #refusal(tick: T, now: number): DropReason | null {
    const because = refusalOf(tick, now, this.#settings);
    if (because !== null || tick.venueAt === undefined) return because;
    return this.#isOvertaken(tick, tick.venueAt);
  }

  #isOvertaken({ feed = '', venue = feed, printed = 'trade' }: T, venueAt: number): DropReason | null {
    const newest = this.#newest.get(venue);
    if (newest === undefined) {
      this.#newest.set(venue, { quote: 0, trade: 0, [printed]: venueAt });
      return null;
    }
    if (venueAt < newest[printed]) return 'out_of_order';
    newest[printed] = venueAt;
    return null;
  }

  /** What the tick says of those that are held; then its own turn. */
  #speak(tick: T, now: number): void {
    let words = this.#wordsOf(tick);
    for (let at = words.lastIndexOf('nearer'); at !== -1; at = words.lastIndexOf('nearer')) {
      this.#dropHeld(at, now);
      words = this.#wordsOf(tick);
    }
    const bad = this.#carriedBy(tick);
    const isAgreed = words.includes('agrees');
    const suspects = isAgreed ? NONE : this.#suspectsOf(this.#withoutBad(tick, bad) ?? tick, now);
    const cleared: readonly Word[] = suspects.length === 0 ? ['agrees', 'further'] : ['agrees'];
    this.#line = this.#line.map((held, i) =>
      cleared.includes(words[i] ?? 'nothing') ? { ...held, suspects: NONE } : held,
    );
    this.#passCleared(now);
    this.#take({ tick, suspects, at: now, bad }, now);
  }

  #wordsOf(tick: T): Word[] {
    const { agreeBp } = this.#settings;
    return this.#line.map((held) => (held.suspects.length === 0 ? 'nothing' : wordOn(held, tick, agreeBp)));
  }

  /** It passes, or waits if it has to prove itself or others before it have. */
  #take(next: Waiting<T>, now: number): void {
    const { tick, suspects, bad } = next;
    if (suspects.length === 0 && this.#line.length === 0) {
      this.#pass(tick, bad, now);
      return;
    }
    this.#line.push(next);
    if (suspects.length > 0) this.#sink.hold(tick);
  }

  /** From the first one on, those that have nothing to prove. */
  #passCleared(now: number): void {
    const first = this.#line.findIndex(({ suspects }) => suspects.length > 0);
    for (const { tick, bad } of this.#line.splice(0, first === -1 ? this.#line.length : first))
      this.#pass(tick, bad, now);
  }

  #pass(raw: T, bad: Carried, now: number): void {
    const tick = this.#withoutBad(raw, bad);
    if (tick === null) {
      this.#sink.drop(raw, this.#badBecause);
      return;
    }
    this.#passed = tick;
    this.#sink.pass(tick, tick.quoted || this.#secondAt(now) !== null);
  }

  /** Those behind it carry it no more and are judged anew; nor does what the source sends next carry it. */
  #dropHeld(at: number, now: number): void {
    const [held] = this.#line.splice(at, 1);
    if (held === undefined) return;
    this.#sink.drop(held.tick, 'outliers_dropped');
    const { printed } = held.tick;
    if (printed === undefined) return;
    for (let i = at; i < this.#line.length; i++) {
      const behind = this.#line[i];
      if (behind === undefined || behind.tick.printed === undefined || behind.tick.printed === printed)
        return;
      const suspects = this.#suspectsOf(this.#withoutBad(behind.tick, printed) ?? behind.tick, now);
      if (behind.suspects.length === 0 && suspects.length > 0) this.#sink.hold(behind.tick);
      this.#line[i] = { ...behind, bad: printed, suspects };
    }
    this.#setBad(printed, 'outliers_dropped');
  }

  #suspectsOf(tick: T, now: number): readonly Suspect[] {
    const second = this.#secondAt(now);
    if (!tick.quoted && second === null) return NONE;
    let suspects: Suspect[] | null = null;
    for (const side of newsOf(tick)) {
      const price = tick.tick[side];
      const before = this.#passed?.tick[side] ?? null;
      if (before !== null && isWithin(price, before, this.#settings.agreeBp)) continue;
      const against = this.#against(tick, side, second);
      if (against === null) continue;
      suspects ??= [];
      suspects.push({ side, price, against, before });
    }
    return suspects ?? NONE;
  }

  /** The price that this side is too far from; null = none. */
  #against(tick: T, side: Side, second: Units | null): Units | null {
    const { outlierBp } = this.#settings;
    const price = tick.tick[side];
    const book = tick.quoted ? otherSide(tick.tick, side) : null;
    if (book !== null && !isWithin(price, book, outlierBp)) return book;
    return second !== null && !isWithin(price, second, outlierBp) ? second : null;
  }

  #secondAt(now: number): Units | null {
    if (this.#second === null || now - this.#second.at > this.#settings.ageMs) return null;
    return this.#second.price;
  }

  #secondAgrees({ suspects }: Waiting<T>, now: number): boolean {
    const second = this.#secondAt(now);
    const { outlierBp } = this.#settings;
    return second !== null && suspects.every(({ price }) => isWithin(price, second, outlierBp));
  }

  #setBad(printed: Printed, because: DropReason): void {
    this.#badBecause = because;
    this.#carries[printed] = true;
  }

  /** What this message carries of dropped ones; what it brings itself is carried no more. */
  #carriedBy({ printed }: T): Carried {
    const carries = this.#carries;
    if (!carries.quote && !carries.trade) return null;
    if (printed !== 'trade') carries.quote = false;
    if (printed !== 'quote') carries.trade = false;
    if (carries.quote) return 'quote';
    return carries.trade ? 'trade' : null;
  }

  /** The tick with what passed in place of what it carries and was dropped; null while nothing has passed yet. */
  #withoutBad(tick: T, bad: Carried): T | null {
    const passed = this.#passed;
    if (bad === null) return tick;
    if (passed === null) return null;
    if (bad === 'trade')
      return { ...tick, last: passed.last, tick: { ...tick.tick, last: passed.tick.last } };
    const { bid, ask, bidSize, askSize } = passed.tick;
    const book = { bid: passed.bid, ask: passed.ask };
    return { ...tick, ...book, tick: { ...tick.tick, bid, ask, bidSize, askSize } };
  }
}

/** What a tick says of a held print. */
type Word = 'agrees' | 'nearer' | 'further' | 'nothing';

/** For a trade the nearer side of the book, null inside of it. */
function otherSide({ bid, ask, last }: Tick, side: Side): Units | null {
  if (side === 'bid') return ask;
  if (side === 'ask') return bid;
  if (last < bid) return bid;
  return last > ask ? ask : null;
}

function wordOn(
  { suspects, tick: held }: { suspects: readonly Suspect[]; tick: PriceTick },
  tick: PriceTick,
  agreeBp: number,
): Word {
  let agreeing = 0;
  let nearer = false;
  for (const suspect of suspects) {
    const { price, against, before } = suspect;
    const now = evidence(tick, suspect);
    if (isWithin(now, price, agreeBp)) agreeing += 1;
    else nearer ||= now > price === against > price || (before !== null && now > price === before > price);
  }
  if (agreeing === suspects.length) return 'agrees';
  if (tick.quoted && tick.printed === 'trade' && held.printed !== 'trade') return 'nothing';
  return nearer ? 'nearer' : 'further';
}

/** The price of the tick that speaks to a held one: the same side, else what the market trades or bids there. */
function evidence({ tick, printed, quoted }: PriceTick, { side, price, against }: Suspect): Units {
  if (side === 'last') {
    if (!quoted || printed !== 'quote') return tick.last;
    return price < against ? tick.bid : tick.ask;
  }
  return printed === 'trade' ? tick.last : tick[side];
}

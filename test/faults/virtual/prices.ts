/**
 * A made-up market: a walk of one symbol's price, fed to the exchange, and a little later to the system by its price
 * writer.
 *
 * The writer is the streamer's in short: numbered ticks into the index, bars into the tape, a wake-up when hits appear;
 * on `rebuild` it writes the bars that it holds, asks for the rebuild, and sends again what was refused.
 */
import type { BestPrices } from '../../../infra/local/venues/binance/contract.ts';
import { encodeTrigger } from '../../../shared/adapters/sqs/messages.ts';
import { foldTicks } from '../../../shared/domain/triggers/bars.ts';
import type { Bar, Tick, Units } from '../../../shared/domain/triggers/types.ts';
import { parseUnits } from '../../../shared/domain/triggers/units.ts';
import type { TriggerMessage } from '../../../shared/ports/messages.ts';
import { SYMBOL, VENUE_SYMBOL } from './exchange.ts';
import type { Kernel } from './kernel.ts';
import type { Outside } from './outside.ts';
import type { Chance } from './random.ts';
import type { Trace } from './trace.ts';

const START_CENTS = 5_000_000;
const UNIT_EXPONENT = 4;
const REBUILD_ASK_MS = 2_000;
/** What was refused is sent again, whether another price comes or not. */
const RETRY_MS = 500;
/** Bars that the writer has in its own memory. */
const MOST_HELD = 600;
const BNB_CENTS = 60_000;
const BNB = 'BNB/USDT';

export const centsText = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

function units(text: string): Units {
  const parsed = parseUnits(text, UNIT_EXPONENT);
  if (!parsed.ok) throw new Error(`not a price: ${text}`);
  return parsed.value.units;
}

export interface WalkTraits {
  /** Of one step, in basis points of the price. */
  readonly stepBp: number;
  readonly jump: number;
  readonly jumpBp: number;
  readonly everyMs: number;
}

export interface MarketTraits extends WalkTraits {
  /** From then on a source shows what BNB costs: fees that are paid with it have no value before. */
  readonly bnbAfterMs: number;
}

/** The best prices as the system's price writer has them. */
interface Texts {
  readonly of: BestPrices;
  readonly bid: string;
  readonly ask: string;
  readonly sizes: { readonly bidSize: string; readonly askSize: string };
  readonly units: { readonly bid: Units; readonly ask: Units };
}

export interface MarketParts {
  readonly kernel: Kernel;
  readonly outside: Outside;
  readonly chance: Chance;
  readonly trace: Trace;
  /** Told of each price before the system hears of it. */
  readonly onTick: (bid: Units, ask: Units) => void;
}

export class Market {
  cents = START_CENTS;
  ticks = 0;
  readonly #kernel: Kernel;
  readonly #outside: Outside;
  readonly #chance: Chance;
  readonly #trace: Trace;
  readonly #traits: WalkTraits;
  readonly #onTick: (bid: Units, ask: Units) => void;
  #isStill = false;
  #tickId = 100;
  #batch = 0;
  #hasWritten = false;
  #open: Bar | null = null;
  readonly #held: Bar[] = [];
  readonly #bnbFrom: number;
  #refused: Tick[] = [];
  #rebuildAskedAt = 0;
  #isRetrying = false;
  #texts: Texts | null = null;

  constructor({ kernel, outside, chance, trace, onTick }: MarketParts, traits: MarketTraits) {
    this.#kernel = kernel;
    this.#outside = outside;
    this.#chance = chance;
    this.#trace = trace;
    this.#traits = traits;
    this.#bnbFrom = kernel.now + traits.bnbAfterMs;
    this.#onTick = onTick;
    outside.venue.exchange.feedPrice('BNBUSDT', { last: centsText(BNB_CENTS) });
    this.#feed();
  }

  start(): void {
    this.#kernel.after(this.#chance.between(50, 2 * this.#traits.everyMs), () => {
      if (this.#isStill) return;
      this.#step();
      this.start();
    });
  }

  /** The price stays as it is; `refresh` goes on to show it. */
  stop(): void {
    this.#isStill = true;
  }

  /** The same price again, as a quiet market's source shows it. */
  refresh(): void {
    this.#tell();
  }

  /** In basis points from the price now, as text. */
  away(bp: number): string {
    return centsText(Math.round(this.cents * (1 + bp / 10_000)));
  }

  #step(): void {
    const { stepBp, jump, jumpBp } = this.#traits;
    const reach = this.#chance.happens(jump) ? jumpBp : stepBp;
    const move = (this.#chance.unit() * 2 - 1) * reach;
    // Back to where it began, in the long run: levels on both sides are reached.
    const pull = ((START_CENTS - this.cents) / START_CENTS) * 10_000 * 0.02;
    this.cents = Math.round(this.cents * (1 + (move + pull) / 10_000));
    this.#feed();
  }

  #feed(): void {
    // Little trades at a price, so that what rests there fills in parts.
    const size = this.#chance.happens(0.4)
      ? { size: `0.${this.#chance.pick(['0', '00'])}${this.#chance.between(11, 99)}` }
      : {};
    this.#outside.venue.exchange.feedPrice(VENUE_SYMBOL, { last: centsText(this.cents), ...size });
    this.#kernel.after(this.#chance.between(0, 40), () => this.#tell());
  }

  #tell(): void {
    const best = this.#outside.venue.exchange.best(VENUE_SYMBOL);
    // A book with an empty side shows 0 for it: no price, and the streamer's filter takes it for none.
    if (best === null || best.bid.isZero() || best.ask.isZero()) return;
    this.#tickId += 1;
    this.ticks += 1;
    const now = this.#outside.clocks.common();
    const { bid, ask, sizes, units: atBest } = this.#textsOf(best);
    const last = centsText(this.cents);
    this.#outside.prices.shown.set(SYMBOL, {
      symbol: SYMBOL,
      ...{ bid, ask, last, ...sizes },
      source: 'walk',
      quoted: true,
      tickId: this.#tickId,
      at: now,
      recordedAt: 0,
    });
    if (now >= this.#bnbFrom) this.#tellBnb(now);
    const prices = { ...atBest, last: units(last) };
    const tick: Tick = { id: this.#tickId, ...prices, at: now, ...sizes, recordedAt: 0 };
    this.#trace.note('tick', () => `${bid} ${ask}`);
    const folded = foldTicks(this.#open, [tick]);
    this.#open = folded.open;
    this.#held.push(...folded.complete);
    if (this.#held.length > MOST_HELD) this.#held.splice(0, this.#held.length - MOST_HELD);
    this.#refused.push(tick);
    this.#onTick(prices.bid, prices.ask);
    this.#write();
  }

  /** A quiet market shows the same prices again and again. */
  #textsOf(best: BestPrices): Texts {
    if (this.#texts?.of === best) return this.#texts;
    const [bid, ask] = [best.bid.toFixed(), best.ask.toFixed()];
    const sizes = { bidSize: best.bidSize.toFixed(), askSize: best.askSize.toFixed() };
    this.#texts = { of: best, bid, ask, sizes, units: { bid: units(bid), ask: units(ask) } };
    return this.#texts;
  }

  /** Where somebody wants it, as of any symbol. */
  #tellBnb(now: number): void {
    const { prices } = this.#outside;
    if (!prices.wantedSymbols.has(BNB)) return;
    const price = centsText(BNB_CENTS);
    prices.shown.set(BNB, {
      symbol: BNB,
      ...{ bid: price, ask: price, last: price, bidSize: '', askSize: '' },
      ...{ source: 'walk', quoted: false, tickId: this.#tickId, at: now, recordedAt: 0 },
    });
  }

  #write(): void {
    const { index, prices } = this.#outside;
    const ticks = this.#refused;
    const display = prices.shown.get(SYMBOL);
    if (display === undefined) return;
    const bars = this.#open === null ? [] : [this.#open];
    // Nothing is in between: the memory answers at once.
    index
      .applyBatch({
        symbol: SYMBOL,
        shard: 0,
        leaseToken: 'writer',
        fence: 1,
        batch: ++this.#batch,
        ticks,
        newestTick: this.#tickId,
        lateTick: -1,
        heldBars: this.#hasWritten ? 'own' : 'none',
        display,
        bars,
        barBefore: null,
        nowMs: this.#outside.clocks.common(),
      })
      .then((result) => {
        if (result.outcome === 'applied') {
          this.#hasWritten = true;
          this.#refused = [];
          if (result.wake) this.#send({ kind: 'wake', symbol: SYMBOL, at: this.#outside.clocks.common() });
          return prices.writeBars(SYMBOL, this.#unwritten(bars));
        }
        this.#retry();
        if (this.#kernel.now - this.#rebuildAskedAt < REBUILD_ASK_MS) return undefined;
        this.#rebuildAskedAt = this.#kernel.now;
        this.#send({ kind: 'rebuild', symbol: SYMBOL, at: this.#outside.clocks.common() });
        return prices.writeBars(SYMBOL, [...this.#held, ...bars]);
      })
      .catch((error: unknown) => this.#outside.venue.onBug(error));
  }

  #retry(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#kernel.after(RETRY_MS, () => {
      this.#isRetrying = false;
      if (this.#refused.length > 0) this.#write();
    });
  }

  /** The last whole bars, where the tape does not have them as they are, and the open ones. */
  #unwritten(open: readonly Bar[]): readonly Bar[] {
    const [last, before] = [this.#held.at(-1), this.#held.at(-2)];
    const bars = [...open];
    if (last !== undefined && !this.#isWritten(last)) bars.unshift(last);
    if (before !== undefined && !this.#isWritten(before)) bars.unshift(before);
    return bars;
  }

  /** Nobody else writes here, so what ends with the same tick is the same. */
  #isWritten({ second, lastTick }: Bar): boolean {
    const tape = this.#outside.prices.tape.get(SYMBOL);
    if (tape === undefined) return false;
    for (let i = tape.length - 1; i >= 0; i -= 1) {
      const bar = tape[i];
      if (bar !== undefined && bar.second <= second) return bar.lastTick === lastTick;
    }
    return false;
  }

  #send(message: TriggerMessage): void {
    this.#outside.queues.triggers.send(encodeTrigger(message), 0, null, null);
  }
}

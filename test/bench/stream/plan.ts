/**
 * What the market of the load does, known to who sends it and to who checks it: prices walk by 0.1 % around a middle,
 * and from time to time the whole book dips for one message, a little deeper each time. A level lies under each dip.
 */
import type { Units } from '../../../shared/domain/triggers/types.ts';

/** Units of a cent: the made-up symbols are priced as BTC/USDT is. */
const UNITS_PER_CENT = 100;
const PER_MYRIAD = 10_000;
const FIRST_DIP = 40;
const STEP = 2;
const WALK = 10;

/** In cents; never so low that a step of a dip is lost in rounding. */
export const middleOf = (symbol: number): number => 1_000_000 + symbol * 13_777;

const below = (symbol: number, perMyriad: number): number =>
  middleOf(symbol) - Math.round((middleOf(symbol) * perMyriad) / PER_MYRIAD);

/** A price in cents within the walk; `draw` is any whole number. */
export function walkOf(symbol: number, draw: number): number {
  const most = Math.floor((middleOf(symbol) * WALK) / PER_MYRIAD);
  return middleOf(symbol) - most + (draw % (2 * most));
}

/** The bid of a symbol's n-th dip in cents. */
export const dipOf = (symbol: number, nth: number): number => below(symbol, FIRST_DIP + STEP * nth + 1);

/** The level that only this dip and deeper ones reach. */
export const levelOf = (symbol: number, nth: number): Units =>
  (below(symbol, FIRST_DIP + STEP * nth) * UNITS_PER_CENT) as Units;

export const dipUnits = (symbol: number, nth: number): Units =>
  (dipOf(symbol, nth) * UNITS_PER_CENT) as Units;

/** What the process under load is started with. */
export interface LoadPlan {
  readonly redisUrl: string;
  readonly streamUrl: string;
  readonly symbols: number;
  readonly dips: number;
  /** Bars are compared with their ticks over the last so many seconds; all seen by then would not fit a long run. */
  readonly comparedSeconds: number;
  /** `barsMs` of the streamer: what it is to keep in any case is there after that. */
  readonly barsMs: number;
}

/** What it tells at the end. */
export interface LoadTold {
  readonly ticks: number;
  /** How many ticks were readable so many ms after their receipt: one count for each ms. */
  readonly readable: readonly number[];
  /** For each level that was reached: from the tick's receipt until the script had it in the hits, ms. */
  readonly hits: readonly number[];
  /** What is wrong: bars that lack an extreme, hits that are missing or by another price. */
  readonly wrong: readonly string[];
  readonly secondsCompared: number;
  /** MB of objects that live, outside of the heap as well. */
  readonly liveMb: number;
  /** Everything had come to its end; where not, the machine did not keep up, and what is missing is not wrong. */
  readonly settled: boolean;
  readonly calls: number;
  readonly tapeRows: number;
  readonly wakeUps: number;
  /** `ws:stats` as the streamer shows it. */
  readonly stats: Readonly<Record<string, unknown>>;
  readonly logged: Readonly<Record<string, number>>;
}

/** What the two processes say to each other. */
/** `live`: all that is gone is collected first, which stops the process for a moment. */
export type LoadAsked = { readonly ask: 'live' | 'begin' | 'end' };
export type LoadSaid =
  | { readonly say: 'ready' }
  | { readonly say: 'live'; readonly mb: number }
  | { readonly say: 'done'; readonly told: LoadTold }
  | { readonly say: 'failed'; readonly error: string };

/** The texts of the feed's messages (facts section 3), written by hand: at 50,000 a second they are the cost. */
import type { Bar } from './bars.ts';
import { SECOND_MS } from './bars.ts';
import { decimalOf, priceText, SIZE_DECIMALS, sizeText } from './numbers.ts';
import type { Cluster, SimSymbol } from './symbols.ts';

export interface Trade {
  readonly id: string;
  readonly venue: number;
  readonly price: number;
  /** Crypto: in 1e-8; stocks: shares. */
  readonly size: number;
  /** 1 sell, 2 buy (crypto). */
  readonly condition: number;
  /** When it happened at the venue, when the vendor had it (epoch ms). */
  readonly t: number;
  readonly r: number;
  readonly sequence: number;
}

export interface Quote {
  readonly venue: number;
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
  readonly t: number;
  readonly r: number;
  readonly sequence: number;
}

/** Channels by what they tell; null: the cluster has none. */
export const CHANNELS: Readonly<
  Record<Cluster, { trade: string | null; quote: string; second: string; minute: string; other: string[] }>
> = {
  crypto: { trade: 'XT', quote: 'XQ', second: 'XAS', minute: 'XA', other: ['FMV'] },
  stocks: { trade: 'T', quote: 'Q', second: 'A', minute: 'AM', other: ['LULD', 'NOI', 'FMV'] },
  forex: { trade: null, quote: 'C', second: 'CAS', minute: 'CA', other: ['FMV'] },
};

export const channelsOf = (cluster: Cluster): readonly string[] => {
  const { trade, quote, second, minute, other } = CHANNELS[cluster];
  return [...(trade === null ? [] : [trade]), quote, second, minute, ...other];
};

const TAPE = 3;
const DAY_MS = 86_400_000;

export function tradeText({ cluster, name, decimals }: SimSymbol, trade: Trade): string {
  const { id, venue, price, size, condition, t, r, sequence } = trade;
  const p = priceText(price, decimals);
  if (cluster === 'crypto') {
    return `{"ev":"XT","pair":"${name}","p":${p},"t":${t},"s":${sizeText(size)},"c":[${condition}],"i":"${id}","x":${venue},"r":${r}}`;
  }
  return `{"ev":"T","sym":"${name}","x":${venue},"i":"${id}","z":${TAPE},"p":${p},"s":${size},"t":${t},"q":${sequence},"ds":"${size}"}`;
}

export function quoteText({ cluster, name, decimals }: SimSymbol, quote: Quote): string {
  const { venue, bid, ask, bidSize, askSize, t, r, sequence } = quote;
  const [b, a] = [priceText(bid, decimals), priceText(ask, decimals)];
  if (cluster === 'crypto') {
    return `{"ev":"XQ","pair":"${name}","bp":${b},"bs":${sizeText(bidSize)},"ap":${a},"as":${sizeText(askSize)},"t":${t},"x":${venue},"r":${r}}`;
  }
  if (cluster === 'forex') return `{"ev":"C","p":"${name}","x":${venue},"a":${a},"b":${b},"i":0,"t":${t}}`;
  return `{"ev":"Q","sym":"${name}","bx":${venue},"bp":${b},"bs":${bidSize},"ax":${venue},"ap":${a},"as":${askSize},"c":1,"t":${t},"q":${sequence},"z":${TAPE}}`;
}

const AVERAGE_DECIMALS = 4;

/** Rounded to four digits more than the price has, at most nine. */
export const averagePrice = ({ worth, v, c }: Bar, decimals: number): number =>
  Number(
    (decimalOf(1, decimals) * (v === 0 ? c : worth / v)).toFixed(Math.min(9, decimals + AVERAGE_DECIMALS)),
  );

/** `day`: what the whole day has traded, for stocks. */
export function barText({ cluster, name, decimals }: SimSymbol, bar: Bar, day: DayTotals): string {
  const { second, minute } = CHANNELS[cluster];
  const ev = bar.width === SECOND_MS ? second : minute;
  const [o, c, h, l] = [bar.o, bar.c, bar.h, bar.l].map((units) => priceText(units, decimals));
  const span = `"s":${bar.s},"e":${bar.s + bar.width}`;
  const prices = `"o":${o},"c":${c},"h":${h},"l":${l}`;
  if (cluster === 'forex') return `{"ev":"${ev}","pair":"${name}",${prices},"v":${bar.n},${span}}`;
  const vw = averagePrice(bar, decimals);
  if (cluster === 'crypto') {
    const v = decimalOf(bar.v, SIZE_DECIMALS);
    return `{"ev":"${ev}","pair":"${name}","v":${v},"vw":${vw},"z":0,${prices},${span}}`;
  }
  const a = priceText(Math.round(day.v === 0 ? bar.c : day.worth / day.v), decimals);
  return (
    `{"ev":"${ev}","sym":"${name}","v":${bar.v},"dv":"${bar.v}.0","av":${day.v},"dav":"${day.v}.0",` +
    `"op":${priceText(day.open, decimals)},"vw":${vw},${prices},"a":${a},"z":${Math.round(bar.v / bar.n)},${span}}`
  );
}

/** Running totals of a stock's day (UTC). */
export class DayTotals {
  v = 0;
  worth = 0;
  open = 0;
  private day = Number.NaN;

  add(time: number, price: number, size: number): void {
    const day = Math.floor(time / DAY_MS);
    if (day !== this.day) {
      this.day = day;
      this.v = 0;
      this.worth = 0;
      this.open = price;
    }
    this.v += size;
    this.worth += price * size;
  }
}

/** Fair value; `t` in ns, as documented. */
export function fairValueText(
  { cluster, name, ticker, decimals }: SimSymbol,
  price: number,
  t: number,
): string {
  const sym = cluster === 'crypto' ? `X:${name}` : ticker;
  return `{"ev":"FMV","fmv":${priceText(price, decimals)},"sym":"${sym}","t":${t}000000}`;
}

const BAND = 0.05;

/** Limit up, limit down; the ticker is in `T`, `t` in ns as the wire has it. */
export function bandsText({ name, decimals }: SimSymbol, price: number, t: number, sequence: number): string {
  const [h, l] = [1 + BAND, 1 - BAND].map((factor) => priceText(Math.round(price * factor), decimals));
  return `{"ev":"LULD","T":"${name}","h":${h},"l":${l},"i":[16],"z":${TAPE},"t":${t}000000,"q":${sequence}}`;
}

/**
 * All markets of the simulator on one clock: what happens at each step, and who is told.
 *
 * `step` makes the messages that are due since the last one: trades and quotes at the cluster's rate, spread over its
 * symbols in turn, then bars. A message's text is only made where somebody wants it.
 */
import { type Bar, SECOND_MS, withTrade } from './bars.ts';
import { bandsText, barText, CHANNELS, fairValueText, quoteText, tradeText } from './messages.ts';
import { decimalOf, unitsOf } from './numbers.ts';
import { Sessions } from './sessions.ts';
import { SymbolMarket } from './symbol-market.ts';
import { CLUSTERS, type Cluster, type SimSymbol } from './symbols.ts';

export interface MarketMessage {
  readonly cluster: Cluster;
  readonly ev: string;
  readonly symbol: string;
  /** null: none in particular (bars). */
  readonly venue: number | null;
  readonly text: string;
}

export interface Audience {
  wants(cluster: Cluster, ev: string, symbol: string): boolean;
  tell(message: MarketMessage): void;
}

export interface MarketOptions {
  readonly symbols: readonly SimSymbol[];
  readonly seed: number;
  readonly now: () => number;
  /** Trades and quotes per second and cluster. */
  readonly rate: number;
  readonly alwaysOpen: boolean;
  /** How long after its end a bar is told. */
  readonly barDelayMs: number;
  /** Share of bars that are told again, with a late trade in them, and how long after the first time. */
  readonly resend: { readonly share: number; readonly minMs: number; readonly maxMs: number };
  readonly audience: Audience;
}

interface Due {
  readonly at: number;
  readonly run: () => void;
}

/** What a step makes up for at most; a clock that jumps further skips the time between. */
const LONGEST_STEP_MS = 1_000;
const KEPT_IN_ALL = 200_000;
const KEPT = { trades: 5_000, seconds: 900, minutes: 1_440 };
const BANDS_EVERY_S = 10;

export class Market {
  readonly startedAt: number;
  readonly sessions: Sessions;
  readonly symbols: ReadonlyMap<string, SymbolMarket>;
  private readonly byCluster: Readonly<Record<Cluster, readonly SymbolMarket[]>>;
  private readonly options: MarketOptions;
  private readonly rates: Record<Cluster, number>;
  private readonly credit: Record<Cluster, number> = { crypto: 0, stocks: 0, forex: 0 };
  private readonly turn: Record<Cluster, number> = { crypto: 0, stocks: 0, forex: 0 };
  private due: Due[] = [];
  private last: number;
  private lastSecond = 0;
  private told = 0;

  constructor(options: MarketOptions) {
    this.options = options;
    const { symbols, seed, rate, now } = options;
    this.startedAt = now();
    this.last = this.startedAt;
    this.sessions = new Sessions(options.alwaysOpen);
    this.rates = { crypto: rate, stocks: rate, forex: rate };
    const kept = { ...KEPT, trades: Math.min(KEPT.trades, Math.ceil(KEPT_IN_ALL / symbols.length)) };
    const markets = symbols.map((symbol) => new SymbolMarket(symbol, seed, this.startedAt, kept));
    this.symbols = new Map(markets.map((market) => [market.symbol.name, market]));
    const of = (cluster: Cluster) => markets.filter((market) => market.symbol.cluster === cluster);
    this.byCluster = { crypto: of('crypto'), stocks: of('stocks'), forex: of('forex') };
  }

  readonly now = (): number => this.options.now();

  /** @throws when there is no such symbol */
  market(name: string): SymbolMarket {
    const market = this.symbols.get(name);
    if (market === undefined) throw new Error(`there is no symbol ${name}`);
    return market;
  }

  /** @returns the rate before */
  setRate(cluster: Cluster, rate: number): number {
    const before = this.rates[cluster];
    this.rates[cluster] = rate;
    return before;
  }

  /** Whether a market was open in the past: by the calendar, unless the simulator knows none. */
  wasOpen(cluster: Cluster, byCalendar: () => boolean): boolean {
    return cluster === 'crypto' || this.options.alwaysOpen || byCalendar();
  }

  /** A price by hand (decimal text), told at once at every venue. @throws for an unknown symbol or a wrong price */
  setPrice(name: string, price: string, hold: boolean): void {
    const market = this.market(name);
    market.set(unitsOf(price, market.symbol.decimals), hold, this.now());
    this.tellEverywhere(market);
  }

  /** Moves the price by a factor, told at once at every venue. */
  move(name: string, factor: number): void {
    const market = this.market(name);
    const now = this.now();
    market.set(Math.max(1, Math.round(market.priceAt(now) * factor)), false, now);
    this.tellEverywhere(market);
  }

  private tellEverywhere(market: SymbolMarket): void {
    const now = this.now();
    for (const venue of market.venues) {
      this.tellQuote(market, now, venue);
      if (market.symbol.cluster !== 'forex') this.tellTrade(market, now, venue);
    }
  }

  /** Runs something at a time of this market's clock. */
  at(time: number, run: () => void): void {
    this.due.push({ at: time, run });
  }

  /** Tells what is due. */
  step(): void {
    const now = this.now();
    const elapsed = Math.min(Math.max(0, now - this.last), LONGEST_STEP_MS);
    this.last = now;
    for (const cluster of CLUSTERS) {
      this.credit[cluster] += (this.rates[cluster] * elapsed) / SECOND_MS;
      const count = Math.floor(this.credit[cluster]);
      this.credit[cluster] -= count;
      for (let nth = 0; nth < count; nth += 1) this.tick(cluster, now);
    }
    this.onSecond(now);
    this.runDue(now);
  }

  /** The next trade or quote of a cluster, whatever its rate. */
  tick(cluster: Cluster, now = this.now()): void {
    const markets = this.byCluster[cluster];
    const market = markets[this.turn[cluster] % markets.length];
    this.turn[cluster] += 1;
    if (market === undefined || !this.sessions.isOpen(cluster, market.symbol.isMetal, now)) return;
    if (market.nextIsTrade()) this.tellTrade(market, now);
    else this.tellQuote(market, now);
  }

  private tellTrade(market: SymbolMarket, now: number, venue?: SymbolMarket['venues'][number]): void {
    const trade = market.trade(now, venue);
    this.bars(market, market.count(trade.t, trade.price, trade.size));
    const ev = CHANNELS[market.symbol.cluster].trade;
    if (ev !== null) this.tell(market, ev, trade.venue, () => tradeText(market.symbol, trade));
  }

  private tellQuote(market: SymbolMarket, now: number, venue?: SymbolMarket['venues'][number]): void {
    const quote = market.quote(now, venue);
    const { cluster } = market.symbol;
    if (cluster === 'forex') {
      this.bars(market, market.count(now, Math.round((quote.bid + quote.ask) / 2), 0));
    }
    this.tell(market, CHANNELS[cluster].quote, quote.venue, () => quoteText(market.symbol, quote));
  }

  private tell({ symbol }: SymbolMarket, ev: string, venue: number | null, text: () => string): void {
    const { cluster, name } = symbol;
    const { audience } = this.options;
    if (audience.wants(cluster, ev, name)) {
      audience.tell({ cluster, ev, symbol: name, venue, text: text() });
    }
  }

  private bars(market: SymbolMarket, closed: readonly Bar[]): void {
    const { barDelayMs, resend } = this.options;
    for (const bar of closed) {
      const at = bar.s + bar.width + barDelayMs;
      this.at(at, () => this.tellBar(market, bar));
      if (market.chanceOf(resend.share)) {
        const wait = market.between(resend.minMs, resend.maxMs);
        this.at(at + wait, () => this.tellBarAgain(market, bar));
      }
    }
  }

  private tellBar(market: SymbolMarket, bar: Bar): void {
    const { second, minute } = CHANNELS[market.symbol.cluster];
    const ev = bar.width === SECOND_MS ? second : minute;
    this.tell(market, ev, null, () => barText(market.symbol, bar, market.day));
  }

  /** The same interval with a late trade in it. */
  private tellBarAgain(market: SymbolMarket, bar: Bar): void {
    const { beyond, size } = market.lateTrade();
    const price = Math.max(1, beyond > 0 ? bar.h + 1 : bar.l - 1);
    // A late trade does not move the close.
    const again = { ...withTrade(bar, price, size), c: bar.c };
    market.replace(again);
    this.tellBar(market, again);
  }

  /** Once a second: bars of symbols that have fallen silent, fair values, price bands. */
  private onSecond(now: number): void {
    const second = Math.floor(now / SECOND_MS);
    if (second === this.lastSecond) return;
    this.lastSecond = second;
    for (const market of this.symbols.values()) {
      const { symbol } = market;
      // As late as the slowest venue's trades.
      this.bars(market, market.closeBars(now - LATEST_TRADE_MS));
      if (!this.sessions.isOpen(symbol.cluster, symbol.isMetal, now)) continue;
      const price = market.priceAt(now);
      this.tell(market, 'FMV', null, () => fairValueText(symbol, price, now));
      if (symbol.cluster === 'stocks' && second % BANDS_EVERY_S === 0) {
        this.told += 1;
        this.tell(market, 'LULD', null, () => bandsText(symbol, price, now, this.told));
      }
    }
  }

  private runDue(now: number): void {
    if (this.due.length === 0) return;
    const ready = this.due.filter(({ at }) => at <= now);
    if (ready.length === 0) return;
    this.due = this.due.filter(({ at }) => at > now);
    for (const { run } of ready.sort((a, b) => a.at - b.at)) run();
  }

  /** What every symbol stands at, as decimal numbers. */
  prices(): Readonly<Record<string, number>> {
    const now = this.now();
    return Object.fromEntries(
      [...this.symbols].map(([name, m]) => [name, decimalOf(m.priceAt(now), m.symbol.decimals)]),
    );
  }
}

const LATEST_TRADE_MS = 150;

/** The pure pieces of the Polygon feed: many venues as one quote, times in order, trades seen. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { polygonInstrument } from '../../../../shared/domain/polygon.ts';
import type { Printed } from '../../../../shared/domain/prices/price-tick.ts';
import { TRUST_DEFAULTS, TrustFilter } from '../../../../shared/domain/prices/trust-filter.ts';
import type { Units } from '../../../../shared/domain/triggers/types.ts';
import { InstrumentStream } from '../../../../shared/feeds/polygon/instrument-stream.ts';
import type { CryptoTrade } from '../../../../shared/feeds/polygon/messages.ts';
import { readUsualFrame } from '../../../../shared/feeds/polygon/parse.ts';
import { PolygonMarket } from '../../../../shared/feeds/polygon/polygon-market.ts';
import { SeenTrades } from '../../../../shared/feeds/polygon/seen-trades.ts';
import { TimeOrder } from '../../../../shared/feeds/polygon/time-order.ts';
import { VenueQuotes } from '../../../../shared/feeds/polygon/venue-quotes.ts';
import { Teller } from '../../../../shared/feeds/teller.ts';
import type { FeedTick } from '../../../../shared/ports/feed.ts';
import { builtIn } from './support.ts';

const side = (units: number, size = '1') => ({ units: units as Units, text: String(units), size });

describe('several venues as one quote', () => {
  it('is never crossed, lies within what the venues say, and one of three decides nothing', () => {
    const quote = fc.record({
      venue: fc.integer({ min: 1, max: 6 }),
      bid: fc.integer({ min: 1, max: 1_000 }),
      spread: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(quote, { minLength: 1, maxLength: 20 }), (list) => {
        const quotes = new VenueQuotes();
        const last = new Map<number, { bid: number; ask: number }>();
        for (const { venue, bid, spread } of list) {
          quotes.set(venue, side(bid), side(bid + spread), 0);
          last.set(venue, { bid, ask: bid + spread });
        }
        const got = quotes.combined();
        if (got === null) throw new Error('no quote');
        const bids = [...last.values()].map(({ bid }) => bid).sort((a, b) => a - b);
        const asks = [...last.values()].map(({ ask }) => ask).sort((a, b) => a - b);
        expect(got.bid.units).toBeLessThanOrEqual(got.ask.units);
        const inner = bids.length >= 3 ? 1 : 0;
        expect(got.bid.units).toBeGreaterThanOrEqual(bids[inner] ?? 0);
        expect(got.bid.units).toBeLessThanOrEqual(bids.at(-1 - inner) ?? 0);
        expect(got.ask.units).toBeGreaterThanOrEqual(asks[inner] ?? 0);
        expect(got.ask.units).toBeLessThanOrEqual(asks.at(-1 - inner) ?? 0);
      }),
    );
  });

  it('is the median of each side whatever came and went, of two in the middle the mean', () => {
    const step = fc.record({
      venue: fc.integer({ min: 1, max: 6 }),
      bid: fc.integer({ min: 1, max: 20 }),
      spread: fc.integer({ min: 0, max: 5 }),
      at: fc.nat({ max: 3_000 }),
      leaves: fc.nat({ max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const quotes = new VenueQuotes();
        const held = new Map<number, { bid: number; ask: number; at: number }>();
        let now = 0;
        for (const { venue, bid, spread, at, leaves } of steps) {
          now += at;
          if (leaves === 0) quotes.delete(venue);
          else quotes.set(venue, side(bid), side(bid + spread), now);
          if (leaves === 0) held.delete(venue);
          else held.set(venue, { bid, ask: bid + spread, at: now });
          const newest = Math.max(...[...held.values()].map((one) => one.at));
          const fresh = [...held.values()].filter((one) => newest - one.at <= 10_000);
          const middle = (of: 'bid' | 'ask') => {
            const sorted = fresh.map((one) => one[of]).sort((a, b) => a - b);
            return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
          };
          const got = quotes.combined();
          expect([got?.bid.units, got?.ask.units]).toEqual(
            fresh.length === 0
              ? [undefined, undefined]
              : [Math.floor(middle('bid')), Math.ceil(middle('ask'))],
          );
        }
      }),
    );
  });

  it('rounds a mean away from the other side, and offers what the worse of the two does', () => {
    const quotes = new VenueQuotes();
    quotes.set(1, side(10, '9'), side(12, '10'), 0);
    quotes.set(2, side(11, '10'), side(13, ''), 0);
    expect(quotes.combined()).toEqual({
      bid: { units: 10, text: null, size: '9' },
      ask: { units: 13, text: null, size: '' },
    });
  });

  it('leaves out a venue that stands still while others go on, and keeps one that is alone', () => {
    const quotes = new VenueQuotes();
    quotes.set(1, side(10), side(12), 0);
    expect(quotes.combined()?.bid.units).toBe(10);
    quotes.set(2, side(20), side(22), 10_000);
    expect(quotes.combined()?.bid.units).toBe(15);
    quotes.set(2, side(20), side(22), 10_001);
    expect(quotes.combined()?.bid.units).toBe(20);
    quotes.delete(2);
    expect(quotes.combined()?.bid.units).toBe(10);
    quotes.delete(1);
    expect(quotes.combined()).toBeNull();
  });
});

describe('a market', () => {
  const quote = (bid: string | null, ask: string | null) => ({ bid, bidSize: '1', ask, askSize: '2' });

  it('waits for a quote, unless none will come', () => {
    const market = new PolygonMarket(builtIn('BTC/USD'));
    expect(market.trade('10')).toBe('waits');
    expect(market.tick(1, 1)).toBeNull();
    market.withholds(true, false);
    expect(market.trade('11')).toBe('tick');
    // A trade is its own venue's price; only quotes are put together.
    expect(market.tick(1, 1)?.combined).toBe(false);
    expect(market.tick(1, 1)).toMatchObject({ bid: '11', ask: '11', last: '11', quoted: false });
    expect(market.quote(1, quote('9', '10'), 0)).toBe('tick');
    expect(market.tick(2, 1)).toMatchObject({ bid: '9', ask: '10', last: '11', quoted: true });
  });

  it('forgets what was quoted or traded before Polygon refuses it', () => {
    const market = new PolygonMarket(builtIn('BTC/USD'));
    market.quote(1, quote('10', '12'), 0);
    market.trade('11.5');
    market.withholds(true, false);
    market.trade('20');
    expect(market.tick(1, 1)).toMatchObject({ bid: '20', ask: '20', last: '20', quoted: false });
    market.withholds(false, true);
    market.quote(1, quote('30', '32'), 0);
    expect(market.tick(2, 1)).toMatchObject({ bid: '30', ask: '32', last: '31', quoted: true });
  });

  it('has no quote while every venue has one side only', () => {
    const market = new PolygonMarket(builtIn('BTC/USD'));
    market.quote(1, quote('9', '10'), 0);
    expect(market.quote(1, quote(null, '10'), 0)).toBe('empty_side');
    expect(market.trade('9.5')).toBe('waits');
    expect(market.tick(1, 1)).toBeNull();
  });

  it.each([
    ['900000000000', '900000000001', 'unusable'],
    ['0.00000001', '1', 'unusable'],
    ['2', '1', 'crossed'],
  ])('takes no quote of %s and %s', (bid, ask, taken) => {
    expect(new PolygonMarket(builtIn('BTC/USD')).quote(1, quote(bid, ask), 0)).toBe(taken);
  });
});

describe('times', () => {
  it('are late behind the newest, by more than the tolerance', () => {
    const order = new TimeOrder(100);
    order.take(1_000, 1_000);
    expect([1_000, 900, 899].map((at) => order.isLate(at, 1_001))).toEqual([false, false, true]);
    order.take(950, 1_001);
    expect(order.isLate(899, 1_002)).toBe(true);
  });

  it('of trades are not forgotten in a pause: one of another venue that was long on its way moves no last price back', () => {
    const instrument = polygonInstrument(builtIn('BTC/USD'));
    if (instrument === null) throw new Error('no instrument');
    const stream = new InstrumentStream(instrument, ['trade'], new SeenTrades());
    const T = 1_790_000_000_000;
    const trade = (venue: number, at: number): CryptoTrade => ({
      ...{ ev: 'XT', name: 'BTC-USD', price: '1', size: null, id: `${venue}-${at}`, venue, at },
      ...{ atUnit: 'ms', conditions: [], receivedAt: null },
    });
    expect(stream.refuseTrade(trade(1, T), T)).toBeNull();
    expect(stream.refuseTrade(trade(2, T - 11_000), T + 6_000)).toBe('old');
    expect(stream.refuseTrade(trade(2, T - 500), T + 59_000)).toBeNull();
    // What is older than a minute is too late anyway (trust-filter), and a venue that began anew is taken.
    expect(stream.refuseTrade(trade(3, T - 5_000), T + 200_000)).toBeNull();
  });

  it('in the future hold nobody up for long, and a stream that began anew is taken after a pause', () => {
    const order = new TimeOrder(0);
    order.take(1_000_000, 1_000);
    expect(order.isLate(2_999, 1_000)).toBe(true);
    expect(order.isLate(3_000, 1_000)).toBe(false);
    order.take(500_000, 500_000);
    expect(order.isLate(10, 504_999)).toBe(true);
    expect(order.isLate(10, 505_000)).toBe(false);
    order.take(10, 505_000);
    expect(order.isLate(11, 505_001)).toBe(false);
  });
});

describe('trades that were seen', () => {
  const trade = (id: string | null, venue = 1, price = '1'): CryptoTrade => ({
    ...{ ev: 'XT', name: 'BTC-USD', price, size: '1', id, venue, conditions: [], receivedAt: null },
    ...{ at: 1, atUnit: 'ms' },
  });

  it('are told by venue and id, or by their facts', () => {
    const seen = new SeenTrades();
    const asked = [trade('1'), trade('1'), trade('1', 2), trade(null), trade(null), trade(null, 1, '2')];
    expect(asked.map((one) => seen.isNew(one))).toEqual([true, false, true, true, false, true]);
  });

  it('are remembered for at least one generation, in bounded memory', () => {
    const seen = new SeenTrades(10);
    for (let id = 0; id < 15; id++) expect(seen.isNew(trade(String(id)))).toBe(true);
    for (let id = 5; id < 15; id++) expect(seen.isNew(trade(String(id)))).toBe(false);
    for (let id = 15; id < 40; id++) seen.isNew(trade(String(id)));
    expect(seen.isNew(trade('0'))).toBe(true);
  });

  it('are remembered without the frames that they came in', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const seen = new SeenTrades();
    const quote = '{"ev":"XQ","pair":"BTC-USD","bp":1,"ap":2,"x":1,"t":1790000000000},'.repeat(200);
    const before = used();
    for (let nth = 0; nth < 2_000; nth += 1) {
      const id = `${nth}`.padStart(36, '0');
      const trade = `{"ev":"XT","pair":"BTC-USD","p":1,"s":1,"i":"${id}","x":1,"t":1790000000000}`;
      // As a socket brings it: a text of its own, 14 kB.
      const messages = readUsualFrame(Buffer.from(`[${quote}${trade}]`).toString());
      for (const message of messages ?? []) if (message.ev === 'XT') seen.isNew(message);
    }
    expect((used() - before) / 2_000).toBeLessThan(2_000);
    expect(seen.isNew({ ...trade('0'.repeat(36)), price: '1' })).toBe(false);
  });
});

it('what is left out is told at most once a minute for each reason, with how often it came', () => {
  const told: string[] = [];
  const teller = new Teller((reason, times) => void told.push(`${reason} ${times}`));
  for (const now of [0, 1, 59_999, 60_000, 60_001]) teller.count('a', now);
  teller.count('b', 2);
  expect(told).toEqual(['a 1', 'a 3', 'b 1']);
  expect(teller.counts).toEqual({ a: 5, b: 1 });
  expect(teller.total).toBe(6);
});

describe('a print far from the book', () => {
  const market = (): {
    quote: (bid: string, ask: string) => void;
    trade: (price: string) => void;
    passed: string[];
  } => {
    const prices = new PolygonMarket(builtIn('BTC/USD'));
    const passed: string[] = [];
    const filter = new TrustFilter<FeedTick>(-1, TRUST_DEFAULTS, {
      pass: ({ bid, ask, last }) => void passed.push(`${bid} ${ask} ${last}`),
      drop: () => undefined,
      hold: () => undefined,
    });
    let id = 0;
    const tell = (printed: Printed): void => {
      id += 1;
      const tick = prices.tick(id, id, { printed, venue: 1, at: id });
      if (tick !== null) filter.take(tick, id);
    };
    return {
      passed,
      quote: (bid, ask) => {
        prices.quote(1, { bid, bidSize: '1', ask, askSize: '1' }, id);
        tell('quote');
      },
      trade: (price) => {
        prices.trade(price);
        tell('trade');
      },
    };
  };

  it('is not confirmed by a quote that carries it along', () => {
    const btc = market();
    btc.quote('50000', '50001');
    btc.trade('50000.5');
    btc.trade('45000');
    btc.quote('50000', '50001');
    btc.trade('50000.5');
    expect(btc.passed.filter((text) => text.includes('45000'))).toEqual([]);
    expect(btc.passed.at(-1)).toBe('50000 50001 50000.5');
  });

  it('nor is a bid by the trade after it', () => {
    const btc = market();
    btc.quote('50000', '50001');
    btc.trade('50000.5');
    btc.quote('45000', '50001');
    btc.trade('50000.5');
    btc.quote('50000', '50001');
    expect(btc.passed.filter((text) => text.startsWith('45000'))).toEqual([]);
  });

  it('is judged whole where last is the middle of the quote', () => {
    const eur = market();
    eur.quote('50000', '50001');
    eur.quote('45000', '50001');
    eur.quote('50000', '50001');
    expect(eur.passed).toEqual(['50000 50001 50000.5', '50000 50001 50000.5']);
  });
});

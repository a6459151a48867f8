import { beforeEach, describe, expect, it } from 'vitest';
import type { SourcePolicy } from '../../../../shared/domain/prices/source-policy.ts';
import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import type { Units } from '../../../../shared/domain/triggers/types.ts';
import { parseUnits } from '../../../../shared/domain/triggers/units.ts';
import type { Feed, FeedHandlers, FeedStats, FeedTick } from '../../../../shared/ports/feed.ts';
import { createSourceMixer } from '../../../../shared/usecases/stream-prices/source-mixer.ts';

const BTC = 'BTC/USDT';
const registry = symbolRegistry();
const unitsOf = (text: string): Units => {
  const parsed = parseUnits(text, 4);
  if (!parsed.ok) throw new Error(`not a price: ${text}`);
  return parsed.value.units;
};

let now = 1_790_000_000_000;

/** A source that says what the test says. */
class Spoken implements Feed {
  readonly name: string;
  readonly subscribed: string[] = [];
  readonly left: string[] = [];
  readonly unknown: readonly string[];
  handlers: FeedHandlers | null = null;
  heardAt: number | null = null;
  failing = false;
  more: Partial<FeedStats> = {};
  lastHeardAt?: (symbol: string) => number | null;
  ids = 0;
  constructor(name: string, unknown: readonly string[] = []) {
    this.name = name;
    this.unknown = unknown;
  }
  async start(handlers: FeedHandlers): Promise<void> {
    if (this.failing) throw new Error('no key');
    this.handlers = handlers;
  }
  subscribe(symbols: readonly string[]) {
    this.subscribed.push(...symbols);
    return { unknown: symbols.filter((symbol) => this.unknown.includes(symbol)) };
  }
  unsubscribe(symbols: readonly string[]): void {
    this.left.push(...symbols);
  }
  stats() {
    const counts = { messagesReceived: 2, tradesProcessed: 1, quotesProcessed: 1, errors: 0 };
    const connected = this.handlers !== null;
    return {
      name: this.name,
      connected,
      authenticated: connected,
      ...counts,
      lastMessageAt: null,
      ...(this.heardAt !== null && { lastHeardAt: this.heardAt }),
      subscriptions: this.subscribed,
      ...this.more,
    };
  }
  async stop(): Promise<void> {
    this.handlers = null;
  }
  say(symbol: string, bid: string, ask = bid, more: Partial<FeedTick> = {}): void {
    this.ids += 1;
    const spec = registry.get(BTC);
    if (spec === null) throw new Error(`${BTC} is not in the registry`);
    const prices = { bid: unitsOf(bid), ask: unitsOf(ask), last: unitsOf(bid) };
    const tick = { id: this.ids, ...prices, at: now, bidSize: '1', askSize: '1', recordedAt: 0 };
    const texts = { bid, ask, last: bid, quoted: bid !== ask };
    void this.handlers?.onTick({ spec: { ...spec, symbol }, tick, ...texts, ...more });
  }
}

let venue = new Spoken('binance');
let polygon = new Spoken('polygon');
let ticks: FeedTick[] = [];
let seconds: (readonly [Units | null, number])[] = [];
let skipped: string[] = [];

async function begin(more: { policy?: SourcePolicy; startAfter?: number } = {}): Promise<Feed> {
  const mixer = createSourceMixer({
    ...{ venue, second: polygon, registry, clock: { now: () => now } },
    startAfter: more.startAfter ?? 0,
    secondName: (symbol) => (symbol === BTC ? { symbol: 'BTC/USD', rate: 'USDT/USD' } : null),
    ...(more.policy !== undefined && { policy: more.policy }),
  });
  await mixer.start({
    onTick: (tick) => {
      ticks.push(tick);
      return undefined;
    },
    onEnd: () => expect.unreachable(),
    onError: () => expect.unreachable(),
    onSkipped: ({ where, reason }) => void skipped.push(`${where}: ${reason}`),
    onSecond: (_, price, at) => void seconds.push([price, at]),
  });
  mixer.subscribe([BTC]);
  return mixer;
}

const last = () => ticks.at(-1);

beforeEach(() => {
  now = 1_790_000_000_000;
  venue = new Spoken('binance');
  polygon = new Spoken('polygon');
  ticks = [];
  seconds = [];
  skipped = [];
});

describe('two sources of one symbol', () => {
  it('asks the second one for the symbol by its own name, and for the rate', async () => {
    await begin();
    expect(venue.subscribed).toEqual([BTC]);
    expect(polygon.subscribed).toEqual(['BTC/USD', 'USDT/USD']);
  });

  it('the venue triggers while it lives, and the second one checks, converted', async () => {
    await begin();
    venue.say(BTC, '60000', '60001');
    polygon.say('BTC/USD', '59980', '59982');
    expect(seconds).toEqual([]);
    polygon.say('USDT/USD', '0.9995');
    now += 10;
    polygon.say('BTC/USD', '59980', '59982');
    venue.say(BTC, '60000.5', '60001');
    expect(ticks.map(({ feed, bid, converted }) => [feed, bid, converted])).toEqual([
      ['binance', '60000', undefined],
      ['binance', '60000.5', undefined],
    ]);
    // The basis makes it the venue's middle.
    expect(seconds).toEqual([[unitsOf('60000.5'), now]]);
  });

  it('the second one triggers when nothing was heard of the venue for 5 s, with the basis applied, and says so', async () => {
    const mixer = await begin();
    polygon.say('USDT/USD', '0.9995');
    venue.say(BTC, '60030', '60030');
    polygon.say('BTC/USD', '59970', '59970');
    now += 5_001;
    polygon.say('BTC/USD', '58770.6');
    // 59,970 there was 60,030 here: 2 % lower is 2 % lower.
    expect(last()).toMatchObject({ feed: 'polygon', converted: true });
    expect(last()?.last).toBe('58829.4');
    expect(last()?.spec.symbol).toBe(BTC);
    expect(mixer.stats().fallbacks).toBe(1);
    expect(seconds.at(-1)).toEqual([null, now]);
  });

  it('and goes back with the venue’s first word; a pong is one too', async () => {
    const mixer = await begin();
    polygon.say('USDT/USD', '1');
    venue.say(BTC, '60000', '60001');
    now += 5_001;
    polygon.say('BTC/USD', '60000', '60001');
    expect(last()?.feed).toBe('polygon');
    venue.heardAt = now;
    now += 300;
    polygon.say('BTC/USD', '60000', '60001');
    expect(ticks.filter(({ feed }) => feed === 'polygon')).toHaveLength(1);
    venue.say(BTC, '60001', '60002');
    expect(last()?.feed).toBe('binance');
    expect(mixer.summary?.()).toMatchObject({ fallbacks: 1, returns: 1 });
  });

  it('but not with a connection that is new and has not told its price: what changed meanwhile nobody said', async () => {
    const mixer = await begin();
    polygon.say('USDT/USD', '1');
    venue.lastHeardAt = () => now;
    venue.say(BTC, '60000', '60001');
    polygon.say('BTC/USD', '60000', '60001');
    venue.lastHeardAt = () => null;
    now += 2_000;
    polygon.say('BTC/USD', '58000', '58001');
    expect(last()).toMatchObject({ feed: 'polygon', last: '58000' });
    venue.lastHeardAt = () => now;
    now += 2_000;
    polygon.say('BTC/USD', '57000', '57001');
    expect(last()).toMatchObject({ feed: 'polygon', last: '57000' });
    // No basis of an old price and a new one.
    expect(mixer.summary?.()).toMatchObject({ fallbacks: 1, returns: 0 });
    venue.say(BTC, '57010', '57011');
    expect(last()?.feed).toBe('binance');
    expect(mixer.summary?.()).toMatchObject({ fallbacks: 1, returns: 1 });
  });

  it('the second one gives no price of a new symbol before the first one has had 5 s to speak', async () => {
    const mixer = await begin();
    polygon.say('USDT/USD', '1');
    now += 5_000;
    polygon.say('BTC/USD', '59000', '59001');
    expect(ticks).toEqual([]);
    now += 1;
    polygon.say('BTC/USD', '59000', '59001');
    expect(last()?.feed).toBe('polygon');
    expect(mixer.stats().fallbacks).toBe(1);
  });

  it('says of how many symbols each gives the price, and what ails each', async () => {
    const mixer = await begin();
    polygon.more = { trouble: 'max_connections', failed: [{ symbol: BTC, reason: 'silent' }] };
    venue.say(BTC, '60000', '60001');
    expect(mixer.stats()).toMatchObject({
      name: 'binance+polygon',
      trouble: 'max_connections',
      failed: [{ symbol: BTC, reason: 'polygon: silent' }],
      parts: [
        { name: 'binance', triggers: 1 },
        { name: 'polygon', triggers: 0 },
      ],
    });
  });

  it('a connection that speaks before it is said to serve is no outage, one that has gone is one soon', async () => {
    const mixer = await begin();
    polygon.say('USDT/USD', '1');
    venue.lastHeardAt = () => null;
    venue.say(BTC, '60000', '60001');
    now += 300;
    polygon.say('BTC/USD', '60000', '60001');
    venue.say(BTC, '60000', '60001');
    expect(ticks.map(({ feed }) => feed)).toEqual(['binance', 'binance']);
    now += 1_300;
    polygon.say('BTC/USD', '60000', '60001');
    expect(last()?.feed).toBe('polygon');
    expect(mixer.stats().fallbacks).toBe(1);
  });

  it('a connection that brings other symbols says nothing of this one', async () => {
    await begin();
    polygon.say('USDT/USD', '1');
    venue.say(BTC, '60000', '60001');
    venue.heardAt = now + 6_000;
    venue.lastHeardAt = () => now - 6_000;
    now += 6_000;
    polygon.say('BTC/USD', '60000', '60001');
    expect(last()?.feed).toBe('polygon');
  });

  it('numbers its ticks by itself, above those of before, whoever they come from', async () => {
    await begin({ startAfter: now * 1000 + 500 });
    polygon.say('USDT/USD', '1');
    venue.say(BTC, '60000', '60001');
    now += 5_001;
    polygon.say('BTC/USD', '60000', '60001');
    venue.say(BTC, '60000', '60001');
    const first = (now - 5_001) * 1000 + 501;
    expect(ticks.map(({ tick }) => tick.id)).toEqual([first, first + 1, first + 2]);
  });

  it.each([
    ['without a rate', () => undefined],
    ['with a rate that is off its peg', () => polygon.say('USDT/USD', '0.97')],
    [
      'with a rate from more than 60 s ago',
      () => {
        polygon.say('USDT/USD', '1');
        now += 60_001;
      },
    ],
  ])('%s the second one neither checks nor triggers', async (_, prepare) => {
    await begin();
    venue.say(BTC, '60000', '60001');
    prepare();
    venue.say(BTC, '60000', '60001');
    polygon.say('BTC/USD', '60000', '60001');
    now += 5_001;
    polygon.say('BTC/USD', '50000', '50001');
    expect(ticks.every(({ feed }) => feed === 'binance')).toBe(true);
    expect(seconds).toEqual([]);
  });

  it('one venue’s wrong print among three moves no converted price', async () => {
    await begin();
    now += 5_001;
    polygon.say('USDT/USD', '1');
    for (const [market, price] of [
      ['coinbase', '60000'],
      ['kraken', '60002'],
      ['bitstamp', '60001'],
      ['kraken', '48000'],
    ] as const)
      polygon.say('BTC/USD', price, price, { venue: market });
    expect(ticks.map((tick) => tick.last)).toEqual(['60000', '60001', '60001', '60000']);
  });

  it('what the second one has put together of several venues is one price, whoever spoke last', async () => {
    await begin();
    now += 5_001;
    polygon.say('USDT/USD', '1', '1', { venue: '1', combined: true });
    for (const [market, price] of [
      ['1', '60000'],
      ['2', '60001'],
      ['6', '60004'],
    ] as const) {
      polygon.say('BTC/USD', price, price, { venue: market, combined: true });
    }
    expect(ticks.map((tick) => tick.last)).toEqual(['60000', '60001', '60004']);
  });

  it('a message of the second one that is no price is counted and moves nothing', async () => {
    const mixer = await begin();
    polygon.say('USDT/USD', '1');
    polygon.say('BTC/USD', '60001', '60000');
    polygon.say('BTC/USD', '60000', '60001', { venueAt: now + 3_000 });
    polygon.say('BTC/USD', '60000', '60001', { venueAt: now - 61_000 });
    expect(ticks).toEqual([]);
    expect(mixer.summary?.()).toMatchObject({ second_refused: 3 });
    expect(mixer.stats().leftOut).toEqual({ crossed: 1, future: 1, late: 1 });
  });

  it('by the policy `venue` never goes over, by `second` the venue checks', async () => {
    await begin({ policy: ['venue'] });
    polygon.say('USDT/USD', '1');
    polygon.say('BTC/USD', '60000', '60001');
    expect(ticks).toEqual([]);
    venue = new Spoken('binance');
    polygon = new Spoken('polygon');
    await begin({ policy: ['second'] });
    polygon.say('USDT/USD', '1');
    polygon.say('BTC/USD', '60000', '60001');
    venue.say(BTC, '60002', '60004');
    expect(ticks.map(({ feed }) => feed)).toEqual(['polygon']);
    expect(seconds).toEqual([[unitsOf('60003'), now]]);
  });

  it('by `second` first the venue takes over while the other one is away, and gives its place back', async () => {
    const mixer = await begin({ policy: ['second', 'venue'] });
    venue.say(BTC, '60030', '60030');
    polygon.say('USDT/USD', '1');
    polygon.say('BTC/USD', '60000', '60000');
    // What is left between the two was seen while both lived.
    expect(last()).toMatchObject({ feed: 'polygon', converted: true, last: '60030' });
    venue.say(BTC, '60031', '60031');
    expect(seconds.at(-1)).toEqual([unitsOf('60031'), now]);
    now += 5_001;
    venue.say(BTC, '60032', '60032');
    expect(last()).toMatchObject({ feed: 'binance', last: '60032' });
    expect(seconds.at(-1)).toEqual([null, now]);
    polygon.say('BTC/USD', '60010', '60010');
    expect(last()?.feed).toBe('polygon');
    expect(mixer.name).toBe('polygon+binance');
    expect(mixer.summary?.()).toMatchObject({ fallbacks: 1, returns: 1 });
  });

  it('a symbol may have a policy of its own', async () => {
    const mixer = createSourceMixer({
      ...{ venue, second: polygon, registry, clock: { now: () => now } },
      policyOf: (symbol) => (symbol === 'BTC/USD' ? ['second', 'venue'] : null),
    });
    await mixer.start({
      onTick: (tick) => {
        ticks.push(tick);
        return undefined;
      },
      onEnd: () => expect.unreachable(),
      onError: () => expect.unreachable(),
      onSkipped: () => undefined,
    });
    mixer.subscribe([BTC, 'BTC/USD']);
    for (const symbol of [BTC, 'BTC/USD']) {
      venue.say(symbol, '60000', '60001');
      polygon.say(symbol, '60000', '60001');
      venue.say(symbol, '60000', '60001');
    }
    expect(ticks.map(({ feed, spec }) => `${feed} ${spec.symbol}`)).toEqual([
      `binance ${BTC}`,
      `binance ${BTC}`,
      'polygon BTC/USD',
    ]);
  });

  it('nothing triggers while a market is closed', async () => {
    const mixer = createSourceMixer({
      ...{ venue, second: polygon, registry, clock: { now: () => now } },
      policy: ['second', 'venue'],
      sessionOf: () => 'us_stocks',
    });
    await mixer.start({
      onTick: () => expect.unreachable(),
      onEnd: () => expect.unreachable(),
      onError: () => expect.unreachable(),
      onSkipped: () => undefined,
    });
    mixer.subscribe([BTC]);
    now = Date.UTC(2026, 10, 28, 15);
    polygon.say(BTC, '60000', '60001');
    expect(mixer.stats().parts?.map(({ triggers }) => triggers)).toEqual([0, 0]);
  });

  it('a venue tick that repeats is left out', async () => {
    await begin();
    venue.say(BTC, '60000', '60001');
    venue.ids -= 1;
    venue.say(BTC, '60000', '60001');
    expect(ticks).toHaveLength(1);
  });
});

describe('a symbol that nobody needs any more', () => {
  it('leaves both sources, each under its own name, and what still comes of it is left out', async () => {
    const mixer = await begin();
    polygon.say('USDT/USD', '1');
    venue.say(BTC, '60000', '60001');
    polygon.say('BTC/USD', '60000', '60001');
    mixer.unsubscribe([BTC, 'NOPE/USDT']);
    expect(venue.left).toEqual([BTC, 'NOPE/USDT']);
    expect(polygon.left).toEqual(['BTC/USD', 'USDT/USD']);
    expect(seconds.at(-1)).toEqual([null, now]);
    expect(mixer.stats().subscriptions).toEqual([]);
    ticks = [];
    venue.say(BTC, '60000', '60001');
    polygon.say('BTC/USD', '60000', '60001');
    expect(ticks).toEqual([]);
    expect(mixer.summary?.()).toMatchObject({ unasked: 1 });
    mixer.subscribe([BTC]);
    venue.say(BTC, '60002', '60003');
    expect(ticks).toHaveLength(1);
  });

  it('leaves what another one needs of the second source', async () => {
    const mixer = createSourceMixer({
      ...{ venue, second: polygon, registry, clock: { now: () => now } },
      secondName: (symbol) => ({ symbol, rate: symbol.endsWith('/USDT') ? 'USDT/USD' : null }),
    });
    mixer.subscribe([BTC, 'ETH/USDT', 'BTC/USD']);
    mixer.unsubscribe([BTC, 'BTC/USD']);
    expect(polygon.left).toEqual([BTC, 'BTC/USD']);
    mixer.unsubscribe(['ETH/USDT']);
    expect(polygon.left).toEqual([BTC, 'BTC/USD', 'ETH/USDT', 'USDT/USD']);
  });
});

describe('a second source that fails', () => {
  it('at the start takes nothing away from the first one', async () => {
    polygon.failing = true;
    const mixer = await begin();
    venue.say(BTC, '60000', '60001');
    expect(ticks).toHaveLength(1);
    expect(skipped).toEqual(['second source polygon: no key']);
    // All prices are there: the one that is not is told by itself.
    expect(mixer.stats()).toMatchObject({
      connected: true,
      parts: [
        { name: 'binance', connected: true },
        { name: 'polygon', connected: false },
      ],
    });
  });

  it('for good is told, and stops with the other one', async () => {
    const mixer = await begin();
    polygon.handlers?.onError(new Error('auth_failed'));
    venue.say(BTC, '60000', '60001');
    expect(ticks).toHaveLength(1);
    expect(skipped).toEqual(['second source polygon: auth_failed']);
    await mixer.stop();
    expect([venue.handlers, polygon.handlers]).toEqual([null, null]);
  });
});

describe('whether prices are connected', () => {
  const cut = (source: Spoken): void => {
    source.more = { connected: false };
    source.heardAt = null;
    source.lastHeardAt = () => null;
  };

  it('is true while one source serves every symbol, and says of each whether it is there', async () => {
    const mixer = await begin();
    polygon.say('USDT/USD', '1');
    venue.say(BTC, '60000', '60001');
    polygon.say('BTC/USD', '60000', '60001');
    now += 2_000;
    cut(venue);
    polygon.say('BTC/USD', '60000', '60001');
    expect(mixer.stats()).toMatchObject({
      connected: true,
      parts: [{ connected: false }, { connected: true }],
    });
    cut(polygon);
    now += 2_000;
    expect(mixer.stats().connected).toBe(false);
  });

  it('is false where the other source has the symbol and cannot give it in its currency', async () => {
    const mixer = await begin();
    venue.say(BTC, '60000', '60001');
    polygon.say('BTC/USD', '60000', '60001');
    now += 2_000;
    cut(venue);
    expect(mixer.stats().connected).toBe(false);
  });

  it('is false where one symbol is the lost source’s alone', async () => {
    const mixer = await begin();
    venue.say(BTC, '60000', '60001');
    polygon.say('USDT/USD', '1');
    polygon.say('BTC/USD', '60000', '60001');
    mixer.subscribe(['ETH/BTC']);
    now += 2_000;
    cut(venue);
    expect(mixer.stats().connected).toBe(false);
    mixer.unsubscribe(['ETH/BTC']);
    expect(mixer.stats().connected).toBe(true);
  });
});

describe('a symbol that only one of them knows', () => {
  it('is not known where its policy lets only the other one trigger', async () => {
    venue = new Spoken('binance', [BTC]);
    expect((await begin({ policy: ['venue'] })).subscribe([BTC])).toEqual({ unknown: [BTC] });
    polygon = new Spoken('polygon', ['BTC/USD']);
    venue = new Spoken('binance');
    expect((await begin({ policy: ['second'] })).subscribe([BTC])).toEqual({ unknown: [BTC] });
    expect((await begin({ policy: ['second', 'venue'] })).subscribe([BTC])).toEqual({ unknown: [] });
  });

  it('is known; one that neither knows is not', async () => {
    venue = new Spoken('binance', ['BTC/USDT', 'NOPE/USDT']);
    const mixer = await begin();
    expect(mixer.subscribe([BTC, 'NOPE/USDT'])).toEqual({ unknown: ['NOPE/USDT'] });
    polygon.say('USDT/USD', '1');
    polygon.say('BTC/USD', '60000', '60001');
    expect(last()?.feed).toBe('polygon');
    expect(mixer.stats().fallbacks).toBe(0);
  });
});

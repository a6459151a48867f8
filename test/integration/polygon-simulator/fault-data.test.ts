/** Faults of frames, messages and the market strike as they say, on the wire, and are in the log with a number. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../../infra/local/venues/polygon/faults/rules.ts';
import { until } from '../../support/until.ts';
import { aPolygon, arm, Client, control, KEY, live, type Message } from './client.ts';
import { kept, logged, on, simulator, strike, url, useSimulator } from './fault-bench.ts';

useSimulator();

describe('a frame', () => {
  it.each(['truncated', 'text', 'empty', 'null', 'binary'])(
    'comes before a good one: %s',
    async (variant) => {
      await strike({ when: { channel: 'data', nth: 2 }, do: { kind: 'malformed', variant } as never });
      const client = await on(['XT.BTC-USD']);
      await until(
        'the odd one',
        () => client.odd,
        (seen) => seen.length === 1,
      );
      const odd = client.odd[0] ?? '?';
      const at = client.frames.indexOf(odd);
      await until(
        'the good one',
        () => client.frames.length,
        (n) => n > at + 1,
      );
      if (variant === 'truncated') expect(client.frames[at + 1]?.startsWith(odd)).toBe(true);
      else
        expect(odd).toMatch(
          { text: /^upstream/, empty: /^$/, null: /^null$/, binary: /^\(binary\)$/ }[variant] ?? /-/,
        );
    },
  );

  it('is no array: also of a status', async () => {
    await strike({ when: { channel: 'status' }, do: { kind: 'bare_object' } });
    const client = kept(await Client.open(url()));
    await client.status('connected');
    expect(client.frames).toEqual([
      '{"ev":"status","status":"connected","message":"Connected Successfully"}',
    ]);
  });

  it('has a megabyte', async () => {
    const client = await on(['XT.*', 'XQ.*']);
    await strike({ do: { kind: 'big_frame', bytes: 1_000_000 } as never });
    await until(
      'it',
      () => Math.max(...client.frames.map(({ length }) => length)),
      (n) => n >= 1_000_000,
    );
    expect(client.odd).toEqual([]);
  });
});

/** Rule on XT of BTC-USD -> what its first message looks like beside what it would have been (from the log). */
const SPOILED: readonly (readonly [
  fault: { kind: string; [name: string]: unknown },
  check: (was: Message, is: Message | undefined) => void,
])[] = [
  [
    { kind: 'shift_time', ms: -4_000 },
    (was, is) => expect(is).toEqual({ ...was, t: Number(was['t']) - 4_000 }),
  ],
  [
    { kind: 'shift_time', ms: 3_600_000 },
    (was, is) => expect(is).toEqual({ ...was, t: Number(was['t']) + 3_600_000 }),
  ],
  [
    { kind: 'shift_time', ms: -25, field: 'r' },
    (was, is) => expect(is).toEqual({ ...was, r: Number(was['t']) - 25 }),
  ],
  [
    { kind: 'remove_field', field: 'c' },
    (was, is) => {
      const { c: _c, ...rest } = was;
      expect(is).toEqual(rest);
    },
  ],
  [
    { kind: 'set_field', field: 'p', value: '60000' },
    (was, is) => expect(is).toEqual({ ...was, p: '60000' }),
  ],
  [{ kind: 'set_field', field: 'p', value: null }, (was, is) => expect(is).toEqual({ ...was, p: null })],
  [{ kind: 'set_field', field: 'p', value: 0 }, (was, is) => expect(is).toEqual({ ...was, p: 0 })],
  [{ kind: 'set_field', field: 'x', value: '44' }, (was, is) => expect(is).toEqual({ ...was, x: '44' })],
  [
    { kind: 'set_number', field: 's', text: '4.5e-05' },
    (was, is) => expect(is).toEqual({ ...was, s: 0.000045 }),
  ],
  [
    { kind: 'extra_fields' },
    (was, is) => expect(is).toEqual({ ...was, zz_new: 'x', zz_more: { list: [1, null] } }),
  ],
  [
    { kind: 'outlier', percent: 20 },
    (was, is) => expect(Number(is?.['p']) / Number(was['p'])).toBeCloseTo(1.2, 4),
  ],
  [
    { kind: 'time_unit', unit: 'us' },
    (was, is) => expect(is).toEqual({ ...was, t: Number(was['t']) * 1_000 }),
  ],
];

describe('a message', () => {
  it.each(SPOILED)('%j', async (fault, check) => {
    await strike({ when: { channel: 'XT', symbol: 'BTC-USD', nth: 1 }, do: fault });
    const client = await on(['XT.BTC-USD']);
    await client.some('XT', 3);
    const [entry] = (await logged(fault.kind)).slice(-1);
    const was = JSON.parse(entry?.message ?? '{}') as Message;
    check(
      was,
      client.of('XT').find(({ i, x }) => i === was['i'] && (x === was['x'] || fault['field'] === 'x')),
    );
  });

  it('is doubled, also for a client that has connected anew', async () => {
    await strike({
      when: { channel: 'XT', nth: 1 },
      do: { kind: 'duplicate', count: 2, afterMs: 500 } as never,
    });
    const first = await on(['XT.BTC-USD']);
    const [trade] = await first.some('XT');
    first.socket.close(1000);
    const again = await on(['XT.BTC-USD']);
    const same = () => again.of('XT').filter(({ i, x }) => i === trade?.['i'] && x === trade?.['x']);
    expect(await until('the doubles', same, (seen) => seen.length === 2)).toEqual([trade, trade]);
  });

  it('is lost, or comes late', async () => {
    await strike(
      { when: { channel: 'XT', venue: 1 }, do: { kind: 'drop_message' } },
      { when: { channel: 'XT', venue: 2 }, do: { kind: 'delay_message', ms: 300 } as never },
    );
    const client = await on(['XT.BTC-USD']);
    await until(
      'late ones',
      () => client.of('XT').filter(({ x }) => x === 2).length,
      (n) => n > 3,
    );
    expect(client.of('XT').filter(({ x }) => x === 1)).toEqual([]);
    const times = client.of('XT').map(({ r }) => Number(r));
    expect(times).not.toEqual([...times].sort((a, b) => a - b));
  });

  it('of an unknown kind stands beside it', async () => {
    await strike({ when: { channel: 'XT', nth: 2 }, do: { kind: 'unknown_ev' } });
    const client = await on(['XT.BTC-USD']);
    expect(await client.some('ZZZ')).toEqual([{ ev: 'ZZZ', sym: '?', n: 1 }]);
    await client.some('XT', 3);
  });

  it('is a crossed quote', async () => {
    await strike(
      { when: { channel: 'XQ', nth: 1 }, do: { kind: 'crossed' } },
      { when: { channel: 'C', nth: 1 }, do: { kind: 'crossed' } },
    );
    const [quote] = await (await on(['XQ.BTC-USD'])).some('XQ');
    expect(Number(quote?.['bp'])).toBeGreaterThan(Number(quote?.['ap']));
    const [forex] = await (await on(['C.EUR/USD'], 'forex')).some('C');
    expect(Number(forex?.['b'])).toBeGreaterThan(Number(forex?.['a']));
  });

  it('is a bar again, the same interval with other values', async () => {
    await strike({
      when: { channel: 'XAS', symbol: 'BTC-USD' },
      do: { kind: 'resend_bar', afterMs: 200 } as never,
    });
    const client = await on(['XAS.BTC-USD']);
    // Where this process stood still for a while, bars that follow may come before the repeat.
    const twice = (bars: readonly Message[]): readonly Message[] =>
      bars.filter(({ s }) => bars.filter((other) => other['s'] === s).length > 1);
    let [bar, again] = twice(await client.some('XAS', 2, 10_000));
    for (let count = 3; again === undefined && count < 20; count += 1)
      [bar, again] = twice(await client.some('XAS', count, 10_000));
    expect(again).toMatchObject({ s: bar?.['s'], e: bar?.['e'], o: bar?.['o'], c: bar?.['c'] });
    expect(Number(again?.['v'])).toBeGreaterThan(Number(bar?.['v']));
  });

  it.each(['ms', 'us', 'ns'])('tells a fair value in %s', async (unit) => {
    await strike({ when: { channel: 'FMV' }, do: { kind: 'time_unit', unit } as never });
    const client = await on(['FMV.X:BTC-USD']);
    await client.some('FMV');
    const text = client.frames.find((frame) => frame.includes('FMV') && frame.includes('fmv')) ?? '';
    expect(/"t":(\d+)/.exec(text)?.[1]?.length).toBe({ ms: 13, us: 16, ns: 19 }[unit]);
  });
});

describe('the market', () => {
  const prices = (client: Client): readonly number[] => client.of('XT').map(({ p }) => Number(p));

  it('really moves fast, at all venues', async () => {
    const client = await on(['XT.BTC-USD']);
    await client.some('XT', 20);
    const from = prices(client).at(-1) ?? 0;
    await strike({ do: { kind: 'fast_move', symbol: 'BTC-USD', percent: -5, ms: 300, steps: 4 } as never });
    await until(
      'the fall',
      () => (prices(client).at(-1) ?? 0) / from,
      (ratio) => ratio < 0.96,
    );
    const late = client.of('XT').length;
    await client.some('XT', late + 40);
    expect(
      new Set(
        client
          .of('XT')
          .slice(late)
          .map(({ x }) => x),
      ).size,
    ).toBe(5);
    for (const price of prices(client).slice(late + 5)) expect(price / from).toBeCloseTo(0.95, 2);
    await control(simulator(), 'POST', '/follow', { symbol: 'BTC-USD' });
  });

  it('loses the peg, and then the rate is not told any more', async () => {
    const client = await on(['XT.USDT-USD']);
    await strike({ do: { kind: 'price', symbol: 'USDT-USD', price: '0.97' } as never });
    await until(
      '0.97',
      () => prices(client).at(-1),
      (price) => price === 0.97,
    );
    await strike({ do: { kind: 'zombie', symbols: ['USDT-USD'] } as never });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = client.of('XT').length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(client.of('XT').length).toBe(before);
    await control(simulator(), 'POST', '/follow', { symbol: 'USDT-USD' });
  });

  it('goes through a price and comes back while nobody is connected; REST has it', async () => {
    const client = await on(['XT.ETH-USD']);
    await client.some('XT', 5);
    const from = prices(client).at(-1) ?? 0;
    const at = Date.now();
    await strike({ do: { kind: 'gap', symbol: 'ETH-USD', percent: -30, ms: 600 } as never });
    expect(await client.closing()).toBe(1006);
    const back = await until(
      'it is back',
      () => Client.open(url()).catch(() => null),
      (seen) => seen !== null,
    );
    if (back !== null) kept(back);
    back?.send('auth', KEY);
    back?.send('subscribe', 'XT.ETH-USD');
    await back?.some('XT', 10);
    for (const { p } of back?.of('XT') ?? []) expect(Number(p) / from).toBeCloseTo(1, 2);
    const response = await fetch(
      `${simulator().restUrl}/v3/trades/X:ETHUSD?order=asc&limit=5000&timestamp.gte=${at - 200}000000&apiKey=${KEY}`,
    );
    const { results } = (await response.json()) as { results: { price: number }[] };
    expect(Math.min(...results.map(({ price }) => price)) / from).toBeCloseTo(0.7, 2);
  });

  it('bursts, and calms down', async () => {
    const client = await on(['XT.*', 'XQ.*']);
    const perSecond = async (): Promise<number> => {
      const before = client.messages.length;
      await new Promise((resolve) => setTimeout(resolve, 400));
      return (client.messages.length - before) / 0.4;
    };
    await strike({ do: { kind: 'burst', rate: 10_000, ms: 1_000 } as never });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await perSecond()).toBeGreaterThan(6_000);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await perSecond()).toBeLessThan(3_000);
  });

  it('has a weekend by hand', async () => {
    const client = await on(['C.*'], 'forex');
    await client.some('C', 5);
    await strike({ do: { kind: 'session', cluster: 'forex', open: false } as never });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = client.of('C').length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([client.of('C').length, client.closed]).toEqual([before, null]);
  });

  it('has a weekend by its clock', async () => {
    const saturday = Date.UTC(2026, 10, 28, 20);
    const calendar = await aPolygon({ alwaysOpen: false, now: () => Date.now() - START + saturday });
    try {
      const client = kept(await live(`${calendar.wsUrl}/forex`, ['C.*']));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(client.of('C')).toEqual([]);
      await arm(calendar, { do: { kind: 'clock', skewMs: 2 * 86_400_000 } });
      await client.some('C');
    } finally {
      await calendar.stop();
    }
  });

  it('a key may be taken away', async () => {
    await control(simulator(), 'POST', '/key', { key: 'short-lived' });
    await strike({ do: { kind: 'revoke_key', key: 'short-lived' } as never });
    const client = kept(await Client.open(url()));
    client.send('auth', 'short-lived');
    expect(await client.closing()).toBe(1006);
    expect(
      (await control(simulator(), 'POST', '/faults', [{ do: { kind: 'revoke_key', key: 'short-lived' } }]))
        .status,
    ).toBe(400);
  });
});

const START = Date.now();

describe('rules', () => {
  it('strike by chance from a seed, the same each time, with numbers in the log', async () => {
    const struck = async (): Promise<readonly number[]> => {
      await control(simulator(), 'DELETE', '/faults');
      const last = Number((await control(simulator(), 'GET', '/log')).body['last']);
      await arm(simulator(), {
        when: { channel: 'XT', probability: 0.2, seed: 7 },
        times: 5,
        do: { kind: 'extra_fields' },
      });
      const client = await on(['XT.BTC-USD']);
      const order = await until(
        'five',
        () => client.of('XT').flatMap((trade, nth) => ('zz_new' in trade ? [nth] : [])),
        (seen) => seen.length === 5,
      );
      const entries = await logged('extra_fields', last);
      expect(entries.map(({ seq }) => seq)).toEqual(
        [1, 2, 3, 4, 5].map((n) => (entries[0]?.seq ?? 0) + n - 1),
      );
      client.socket.close();
      await client.closing();
      return order;
    };
    expect(await struck()).toEqual(await struck());
  });

  it('begin and end when they are told to', async () => {
    const client = await on(['XT.BTC-USD']);
    await arm(simulator(), {
      when: { channel: 'XT', afterMs: 300, forMs: 300 },
      do: { kind: 'extra_fields' },
    });
    await client.some('XT', 5);
    await until('it began', () => client.of('XT').some((trade) => 'zz_new' in trade), Boolean);
    await until(
      'it ended',
      () => 'zz_new' in (client.of('XT').at(-1) ?? {}),
      (is) => !is,
    );
    expect('zz_new' in (client.of('XT')[0] ?? {})).toBe(false);
    const forex = await on([], 'forex');
    await arm(simulator(), { when: { cluster: 'forex', afterMs: 150 }, do: { kind: 'close', code: 1012 } });
    expect(forex.closed).toBeNull();
    expect(await forex.closing()).toBe(1012);
  });

  it.each([
    [{ do: { kind: 'boom' } }, 'kind'],
    [{ do: { kind: 'drop', colour: 1 } }, 'colour'],
    [{ when: { channel: 'XT' }, do: { kind: 'drop' } }, 'when.channel does not apply'],
    [{ when: { probability: 0.5 }, do: { kind: 'burst' } }, 'when.probability does not apply'],
    [{ times: 2, do: { kind: 'burst' } }, 'times does not apply'],
    [{ times: 2, do: { kind: 'drop' } }, 'times does not apply'],
    [{ when: { stage: 'upgrade' }, do: { kind: 'half_open' } }, 'no stage upgrade'],
    [{ when: { channel: 'XAM' }, do: { kind: 'duplicate' } }, 'there is no channel XAM'],
    [{ when: { channel: 'XT' }, do: { kind: 'malformed' } }, 'there is no channel XT'],
    [{ when: { operation: 'bars' }, do: { kind: 'rest_break' } }, 'there is no operation bars'],
    [{ do: { kind: 'zombie', symbols: ['NO-USD'] } }, 'there is no symbol NO-USD'],
    [{ do: { kind: 'fast_move', symbol: 'NO-USD', percent: 1 } }, 'there is no symbol NO-USD'],
  ])('%j is refused in words', async (rule, words) => {
    const { status, body } = await control(simulator(), 'POST', '/faults', [rule]);
    expect([status, body['error']]).toEqual([400, expect.stringContaining(words)]);
  });

  it('of every kind are armed by these tests', () => {
    const files = ['fault-links.test.ts', 'fault-data.test.ts', 'rest.test.ts'];
    const texts = files.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join();
    expect(KINDS.filter((kind) => !texts.includes(`'${kind}'`))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../../shared/domain/money/decimal.ts';
import { BASIS_DEFAULTS, Basis, medianOf } from '../../../../shared/domain/prices/basis.ts';
import { type Freshness, freshnessOf, isOpen } from '../../../../shared/domain/prices/freshness.ts';
import { parseLivePolicies, parseLiveSources } from '../../../../shared/domain/prices/live-sources.ts';
import { AUTO_POLICY, chooseSource } from '../../../../shared/domain/prices/source-policy.ts';

const d = (text: string) => new Decimal(text);
const NOW = Date.UTC(2026, 10, 24, 15);

describe('what a source said', () => {
  it.each([
    ['quotes', 5_000, 3_600_000, 'live', 'an old quote of a living source'],
    ['quotes', 5_001, 10, 'dead', 'nothing heard for 5 s'],
    ['trades', 5_000, 60_000, 'live', 'a trade of 60 s ago'],
    ['trades', 0, 60_001, 'stale', 'a trade of more than 60 s ago'],
    ['trades', 0, null, 'unknown', 'a symbol that was never priced'],
    ['quotes', null, null, 'dead', 'a source that was never heard of'],
  ] as const)('%s, heard %s ms and priced %s ms ago, are %s: %s', (kind, heard, priced, freshness, _) => {
    const ago = (ms: number | null) => (ms === null ? null : NOW - ms);
    const said = { kind, heardAt: ago(heard), pricedAt: ago(priced), session: 'always' } as const;
    expect(freshnessOf(said, NOW)).toBe(freshness);
  });

  it('is neither stale nor live while its market is closed', () => {
    const sunday = Date.UTC(2026, 10, 22, 12);
    const said = { kind: 'trades', heardAt: sunday, pricedAt: 0, session: 'us_stocks' } as const;
    expect(freshnessOf(said, sunday)).toBe('closed');
  });

  it.each([
    ['us_stocks', '2026-11-24T08:59:59Z', false],
    ['us_stocks', '2026-11-24T09:00:00Z', true],
    ['us_stocks', '2026-11-25T00:59:59Z', true],
    ['us_stocks', '2026-11-25T01:00:00Z', false],
    ['us_stocks', '2026-07-07T08:00:00Z', true],
    ['us_stocks', '2026-07-07T07:59:59Z', false],
    ['us_stocks', '2026-11-28T15:00:00Z', false],
    ['forex', '2026-11-27T21:59:59Z', true],
    ['forex', '2026-11-27T22:00:00Z', false],
    ['forex', '2026-11-29T21:59:59Z', false],
    ['forex', '2026-11-29T22:00:00Z', true],
    ['forex', '2026-07-03T20:59:59Z', true],
    ['forex', '2026-07-03T21:00:00Z', false],
    // Summer time begins on 8 March 2026 and ends on 1 November 2026.
    ['forex', '2026-03-08T21:00:00Z', true],
    ['forex', '2026-11-01T21:59:59Z', false],
    ['always', '2026-11-28T15:00:00Z', true],
  ] as const)('%s at %s: open %s', (session, at, open) => {
    expect(isOpen(session, Date.parse(at))).toBe(open);
  });
});

describe('who triggers and who checks', () => {
  const state = (freshness: Freshness, usable = true) => ({ freshness, usable });
  const live = state('live');
  it.each([
    [AUTO_POLICY, live, live, 'venue', 'second'],
    [AUTO_POLICY, live, state('dead'), 'venue', null],
    [AUTO_POLICY, live, state('live', false), 'venue', null],
    [AUTO_POLICY, state('dead'), live, 'second', null],
    [AUTO_POLICY, state('stale'), live, 'second', null],
    [AUTO_POLICY, state('unknown'), live, 'second', null],
    [AUTO_POLICY, state('dead'), state('live', false), null, null],
    [AUTO_POLICY, state('dead'), state('stale'), null, null],
    [AUTO_POLICY, state('closed'), state('closed'), null, null],
    [['venue'], state('dead'), live, null, null],
    [['venue'], live, live, 'venue', 'second'],
    [['second'], live, live, 'second', 'venue'],
    [['second'], live, state('dead'), null, null],
    [['second', 'venue'], live, live, 'second', 'venue'],
    [['second', 'venue'], live, state('dead'), 'venue', null],
    [['second', 'venue'], live, state('live', false), 'venue', null],
    [['second', 'venue'], state('dead'), live, 'second', null],
  ] as const)('%s: venue %o, second %o', (policy, venue, second, triggers, checks) => {
    expect(chooseSource(policy, { venue, second })).toEqual({ triggers, checks });
  });
});

describe('the names of sources in settings', () => {
  it.each([
    ['binance', ['binance']],
    ['polygon', ['polygon']],
    ['binance+polygon', ['binance', 'polygon']],
    ['polygon+binance', ['polygon', 'binance']],
    ['polygon+polygon', null],
    ['binance+polygon+binance', null],
    ['binance+', null],
    ['+polygon', null],
    ['synthetic+polygon', null],
    ['', null],
  ])('%s', (text, order) => {
    expect(parseLiveSources(text)).toEqual(order);
  });

  it('are given by symbol, each once', () => {
    expect([...(parseLivePolicies(' BTC/USDT=polygon+binance, AAPL=polygon,') ?? [])]).toEqual([
      ['BTC/USDT', ['polygon', 'binance']],
      ['AAPL', ['polygon']],
    ]);
    expect(parseLivePolicies('')?.size).toBe(0);
    for (const bad of ['BTC/USDT', '=polygon', 'A=polygon,A=binance', 'A=b', 'A=polygon=binance']) {
      expect(parseLivePolicies(bad)).toBeNull();
    }
  });
});

describe('a price in dollars as one in USDT', () => {
  it('is divided by a fresh rate, and is exact', () => {
    const basis = new Basis();
    expect(basis.factor(NOW)).toEqual({ ok: false, error: 'no_rate' });
    basis.rate('kraken', d('0.9996'), NOW);
    const factor = basis.factor(NOW);
    expect(factor.ok && d('60000').times(factor.value).toFixed(8)).toBe('60024.00960384');
  });

  it('takes the middle of several venues: one wrong print of three moves nothing', () => {
    const basis = new Basis();
    basis.rate('a', d('0.9996'), NOW);
    basis.rate('b', d('0.9997'), NOW);
    basis.rate('c', d('0.5'), NOW);
    expect(basis.factor(NOW)).toEqual({ ok: true, value: d('1').dividedBy('0.9996') });
    basis.rate('d', d('0.9998'), NOW);
    expect(medianOf(['0.5', '0.9996', '0.9997', '0.9998'].map(d)).toFixed()).toBe('0.99965');
    expect(basis.factor(NOW)).toEqual({ ok: true, value: d('1').dividedBy('0.99965') });
  });

  it('follows the premium that is left, by the middle of the last samples, one a second', () => {
    const basis = new Basis();
    basis.rate('a', d('1'), NOW);
    basis.sample(d('60060'), d('60000'), NOW);
    expect(basis.basis.toFixed()).toBe('1.001');
    // Too soon after the last one.
    basis.sample(d('70000'), d('60000'), NOW + 999);
    expect(basis.basis.toFixed()).toBe('1.001');
    basis.sample(d('70000'), d('60000'), NOW + 1_000);
    basis.sample(d('60120'), d('60000'), NOW + 2_000);
    expect(basis.basis.toFixed()).toBe('1.002');
    for (let i = 3; i < 3 + BASIS_DEFAULTS.samples; i++) {
      basis.rate('a', d('1'), NOW + 1_000 * i);
      basis.sample(d('60000'), d('60000'), NOW + 1_000 * i);
    }
    expect(basis.basis.toFixed()).toBe('1');
  });

  it.each([
    ['the rate is older than 60 s', '1', '60000', 60_001, 'no_rate'],
    ['the peg is lost: 0.97', '0.97', '60000', 0, 'rate_off_peg'],
    ['the rate is more than 1 % above', '1.0101', '60000', 0, 'rate_off_peg'],
    ['the two markets are more than 1 % apart', '1', '60601', 0, 'basis_too_wide'],
  ])('is refused when %s', (_, rate, venue, age, problem) => {
    const basis = new Basis();
    basis.rate('a', d(rate), NOW);
    basis.sample(d(venue), d('60000'), NOW);
    expect(basis.factor(NOW + age)).toEqual({ ok: false, error: problem });
  });

  it('is given at the edge of the guard', () => {
    const basis = new Basis();
    basis.rate('a', d('0.99'), NOW);
    expect(basis.factor(NOW + 60_000).ok).toBe(true);
  });
});

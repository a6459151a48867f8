import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bannedUntil, type Meaning, meaningOf, problemOf } from '../../../../shared/venues/binance/errors.ts';
import { recordedJson } from '../../../support/recordings.ts';

const named = (meaning: Meaning): string => {
  if (meaning.kind === 'refused')
    return meaning.filter === undefined ? meaning.code : `${meaning.code}:${meaning.filter}`;
  return meaning.kind === 'rate' ? `rate:${meaning.of}` : meaning.kind;
};

/** Every documented code that an order manager can meet over REST. */
const CODES: Readonly<Record<string, string>> = {
  '-1000': 'unknown',
  '-1001': 'not_executed',
  '-1002': 'auth',
  '-1003': 'rate:address',
  '-1006': 'unknown',
  '-1007': 'unknown',
  '-1008': 'busy',
  '-1010': 'other',
  '-1013': 'invalid',
  '-1014': 'invalid',
  '-1015': 'rate:orders',
  '-1016': 'busy',
  '-1020': 'invalid',
  '-1021': 'clock',
  '-1022': 'auth',
  '-1033': 'rate:address',
  '-1034': 'rate:address',
  '-1035': 'busy',
  '-1111': 'filter',
  '-1112': 'no_liquidity',
  '-1121': 'unknown_symbol',
  '-1191': 'rate:address',
  '-1220': 'market_closed',
  '-2010': 'other',
  '-2011': 'unknown_order',
  '-2013': 'unknown_order',
  '-2014': 'auth',
  '-2015': 'auth',
  '-2016': 'market_closed',
  '-2021': 'other',
  '-2022': 'other',
  '-2026': 'archived',
  '-2035': 'other',
  '-2036': 'other',
  '-2038': 'invalid',
  '-2039': 'unknown_order',
  '-2042': 'other',
  '-2043': 'other',
};

const TEXTS: readonly (readonly [string, string])[] = [
  ['Unknown order sent.', 'unknown_order'],
  ['Duplicate order sent.', 'duplicate'],
  ['Account has insufficient balance for requested action.', 'insufficient_balance'],
  ['Market is closed.', 'market_closed'],
  ['This order type is not possible in this trading phase.', 'market_closed'],
  ['Limit orders require GTC for this phase.', 'market_closed'],
  ['Order would trigger immediately.', 'would_trigger'],
  ['Stop price would trigger immediately.', 'would_trigger'],
  ['Order would immediately match and take.', 'would_match'],
  ['The relationship of the prices for the orders is not correct.', 'invalid'],
  ['This symbol is not permitted for this account.', 'permission'],
  ['This action is disabled on this account.', 'permission'],
  ['This account may not place or cancel orders.', 'permission'],
  ['This symbol is restricted for this account.', 'permission'],
  ['Rest API trading is not enabled.', 'permission'],
  ['Order book liquidity is less than `LOT_SIZE` filter minimum quantity.', 'no_liquidity'],
  ['Order book liquidity is too low for this pegged order.', 'no_liquidity'],
  ['Price * QTY is zero or less.', 'invalid'],
  ['Order amend (quantity increase) is not supported.', 'invalid'],
  ['Filter failure: PERCENT_PRICE_BY_SIDE', 'filter:percent_price_by_side'],
  ['Filter failure: MAX_ASSET', 'filter:unknown'],
  ['Filter failure: constructor', 'filter:unknown'],
];

describe('codes', () => {
  it.each(Object.entries(CODES))('%s is %s', (code, meaning) => {
    expect(named(meaningOf(400, Number(code), ''))).toBe(meaning);
  });

  it('a request that is wrong in itself is invalid', () => {
    for (const code of [
      -1100, -1102, -1106, -1115, -1116, -1117, -1128, -1131, -1145, -1165, -1199, -1211, -1225,
    ]) {
      expect(named(meaningOf(400, code, ''))).toBe('invalid');
    }
  });
});

describe('texts', () => {
  it.each(TEXTS)('%s', (text, meaning) => {
    for (const code of [-1010, -1013, -2010, -2011, -2038]) {
      expect(named(meaningOf(400, code, text))).toBe(meaning);
      expect(named(meaningOf(400, code, text.toUpperCase()))).toBe(meaning);
    }
  });
});

describe('what an account may not', () => {
  it.each([
    ['This symbol is not permitted for this account.', 'symbol'],
    ['This symbol is restricted for this account.', 'symbol'],
    ['This action is disabled on this account.', undefined],
    ['This account may not place or cancel orders.', undefined],
  ])('%s: of %s', (text, scope) => {
    const meaning = meaningOf(400, -2010, text);
    expect(meaning).toMatchObject({ kind: 'refused', code: 'permission' });
    expect(meaning.kind === 'refused' ? meaning.scope : 'none').toBe(scope);
  });
});

interface Documented {
  codes: { code: number; name: string; text: string }[];
  matching_engine_messages: { codes: number[]; messages: { msg: string }[] };
  filter_failures: { messages: { msg: string }[] };
}
const documented = recordedJson('binance-rest/errors.json') as Documented | null;

describe.runIf(documented !== null)('documented errors', () => {
  /** Codes of other protocols, which no answer over REST carries. */
  const OTHER_PROTOCOLS = (code: number): boolean => code <= -1150 && code >= -1199;

  it('every code has a meaning of its own', () => {
    for (const { code } of documented?.codes ?? []) {
      const meaning = named(meaningOf(400, code, ''));
      if (!OTHER_PROTOCOLS(code) && !(String(code) in CODES))
        expect([code, meaning]).toEqual([code, 'invalid']);
    }
  });

  it('every text of the matching engine is recognised', () => {
    const { codes, messages } = documented?.matching_engine_messages ?? { codes: [], messages: [] };
    expect(messages.length).toBeGreaterThan(30);
    for (const { msg } of messages) {
      const meanings = new Set(codes.map((code) => named(meaningOf(400, code, msg))));
      expect([msg, meanings.size]).toEqual([msg, 1]);
      expect([msg, ...meanings]).not.toContain('other');
    }
  });

  it('every filter is named', () => {
    for (const { msg } of documented?.filter_failures.messages ?? []) {
      expect(named(meaningOf(400, -1013, msg))).toMatch(/^filter:(?!unknown)/);
      expect(named(meaningOf(400, -2010, msg))).toMatch(/^filter:(?!unknown)/);
    }
  });
});

describe('statuses', () => {
  it.each([
    [429, '{"code":-1003,"msg":"x"}', 'rate:address'],
    [429, '{"code":-1015,"msg":"x"}', 'rate:orders'],
    [429, 'slow down', 'rate:address'],
    [418, '<html>', 'rate:address'],
    [403, '<html>', 'firewall'],
    [401, 'no', 'auth'],
    [404, '<html>', 'unknown'],
    [400, '', 'unknown'],
    [400, '{"msg":"x"}', 'unknown'],
    [503, '{"code":-1021,"msg":"x"}', 'unknown'],
    [400, '{"code":-99999,"msg":"x"}', 'other'],
  ])('%i %s is %s', (status, body, meaning) => {
    expect(named(problemOf(status, body).meaning)).toBe(meaning);
  });

  it('keeps code and text, within bounds', () => {
    expect(problemOf(400, '{"code":-99999,"msg":"odd"}')).toMatchObject({
      venueCode: -99999,
      message: 'odd',
    });
    expect(problemOf(400, JSON.stringify({ code: -1, msg: 'x'.repeat(5000) })).message).toHaveLength(300);
  });
});

it('any answer has a meaning; 5xx, lost outcomes and unreadable bodies are unknown', () => {
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ code: fc.integer({ min: -3000, max: 0 }), msg: fc.string() }).map((b) => JSON.stringify(b)),
  );
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 599 }), body, (status, text) => {
      const { meaning, venueCode } = problemOf(status, text);
      const isStopped = status === 429 || status === 418 || status === 403;
      if (status >= 500) expect(meaning.kind).toBe('unknown');
      else if (!isStopped && [-1000, -1006, -1007].includes(venueCode ?? 0))
        expect(meaning.kind).toBe('unknown');
      else if (!isStopped && venueCode === null && status !== 401) expect(meaning.kind).toBe('unknown');
    }),
    { numRuns: 1000 },
  );
});

it('reads the end of a ban', () => {
  expect(bannedUntil('Way too much request weight used; IP banned until 1700000000123. Please use')).toBe(
    1700000000123,
  );
  expect(bannedUntil('Too many requests')).toBeNull();
});

/** A symbol's rules survive the table, whatever they are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../../../../shared/adapters/dynamodb/codec.ts';
import {
  hashOf,
  limitsText,
  parseLimits,
  parseSpec,
  specText,
} from '../../../../shared/adapters/dynamodb/symbol-codec.ts';
import { Decimal } from '../../../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../../../shared/domain/symbols.ts';
import { anySpec, ordinarySpec, SOME_LIMITS } from '../../../support/symbol-specs.ts';

describe('the text of a symbol', () => {
  it('reads back as the same, for any rules', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        expect(parseSpec(specText(spec), 'x')).toEqual(spec);
      }),
    );
  });

  it('reads back every built-in symbol', () => {
    for (const spec of symbolRegistry().all()) expect(parseSpec(specText(spec), 'x')).toEqual(spec);
  });

  it('is the same for equal rules however they were put together, and another for each change', () => {
    const spec = ordinarySpec('BTC', 'USDT');
    const reversed = Object.fromEntries(Object.entries(spec).reverse()) as unknown as typeof spec;
    expect(hashOf(specText(reversed))).toBe(hashOf(specText(spec)));
    const finer = { ...spec, tickSize: new Decimal('1e-20') };
    expect(specText(finer)).toContain('"0.00000000000000000001"');
    expect(hashOf(specText(finer))).not.toBe(hashOf(specText(spec)));
  });

  it.each([
    ['a number in place of text', (text: string) => text.replace('"tickSize":"0.01"', '"tickSize":0.01')],
    ['a missing member', (text: string) => text.replace('"venueSymbol":"BTCUSDT"', '"venue":"BTCUSDT"')],
    ['an unknown filter', (text: string) => text.replace('"kind":"lot_size"', '"kind":"lots"')],
    ['an unknown status', (text: string) => text.replace('"status":"trading"', '"status":"open"')],
  ])('refuses %s', (_what, change) => {
    const text = specText(ordinarySpec('BTC', 'USDT'));
    expect(change(text)).not.toBe(text);
    expect(() => parseSpec(change(text), 'symbol BTCUSDT')).toThrow(CodecError);
  });

  it('keeps the rate limits', () => {
    expect(parseLimits(limitsText(SOME_LIMITS), 'x')).toEqual(SOME_LIMITS);
    expect(() => parseLimits('[{"type":"ORDERS"}]', 'x')).toThrow(CodecError);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnyMessage, parseMarketMessage } from '../../../../shared/feeds/binance/market-message.ts';
import { readQuoteFrame } from '../../../../shared/feeds/binance/quote-frame.ts';
import { makeFrames } from '../../../bench/stream/frames.ts';

const USUAL =
  '{"stream":"btcusdt@bookTicker","data":{"u":35346513501,"s":"BTCUSDT","b":"67123.45000000","B":"3.02920000","a":"67123.46000000","A":"123456.10000000"}}';

describe('a frame of a best price', () => {
  it('is read from its text as JSON.parse reads it', () => {
    expect(readQuoteFrame(USUAL)).toEqual({
      ...{ kind: 'quote', venueSymbol: 'BTCUSDT', updateId: 35_346_513_501 },
      ...{ bid: '67123.45000000', bidSize: '3.02920000', ask: '67123.46000000', askSize: '123456.10000000' },
    });
    expect(readQuoteFrame(USUAL)).toEqual(parseAnyMessage(USUAL));
  });

  it('is read the short way where it is made as the exchange makes it', () => {
    const frames = [...makeFrames('binance', 500, 20)].map(({ text }) => text);
    const quotes = frames.filter((text) => text.includes('bookTicker'));
    expect(quotes.length).toBeGreaterThan(300);
    for (const text of quotes) expect(readQuoteFrame(text)).toEqual(parseAnyMessage(text));
  });

  it('is left to JSON.parse where anything about it is unusual', () => {
    const unusual = [
      USUAL.replace('35346513501', '035346513501'),
      USUAL.replace('35346513501', '1234567890123456'),
      USUAL.replace('35346513501', '3.5'),
      USUAL.replace('35346513501', ''),
      USUAL.replace('"BTCUSDT"', '"BTC\\u0055SDT"'),
      USUAL.replace('"BTCUSDT"', '"\u5e01USDT"'),
      USUAL.replace('"3.02920000"', '"3\\u002e0"'),
      USUAL.replace('"3.02920000"', '3.0292'),
      USUAL.replace('{"u"', '{ "u"'),
      USUAL.replace('"}}', '","u":5}}'),
      `${USUAL} `,
      USUAL.slice(0, -1),
      USUAL.replace('"stream":"btcusdt@bookTicker",', ''),
    ];
    for (const text of unusual) expect(readQuoteFrame(text)).toBeNull();
  });

  it('has no other meaning than its JSON, whatever is changed in it', () => {
    const letters = fc.constantFrom(...'{}[]",:\\.0123456789abusBAUS \n\u0001\u5e01');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(USUAL.length - 1), fc.constantFrom('put', 'drop', 'change'), letters), {
          maxLength: 3,
        }),
        (edits) => {
          let text = USUAL;
          for (const [at, how, letter] of edits) {
            text = `${text.slice(0, at)}${how === 'drop' ? '' : letter}${text.slice(how === 'put' ? at : at + 1)}`;
          }
          const read = readQuoteFrame(text);
          if (read !== null) expect(read).toEqual(parseAnyMessage(text));
          expect(parseMarketMessage(text)).toEqual(parseAnyMessage(text));
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

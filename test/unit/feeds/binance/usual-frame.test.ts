import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnyMessage, parseMarketMessage } from '../../../../shared/feeds/binance/market-message.ts';
import { readUsualFrame } from '../../../../shared/feeds/binance/usual-frame.ts';
import { makeFrames } from '../../../bench/stream/frames.ts';

const TRADE =
  '{"stream":"btcusdt@trade","data":{"e":"trade","E":1790000000121,"s":"BTCUSDT","t":3735683259,"p":"67123.45000000","q":"3.02920000","T":1790000000120,"m":true,"M":true}}';
const USUAL =
  '{"stream":"btcusdt@bookTicker","data":{"u":35346513501,"s":"BTCUSDT","b":"67123.45000000","B":"3.02920000","a":"67123.46000000","A":"123456.10000000"}}';

describe('a usual frame', () => {
  it('is read from its text as JSON.parse reads it', () => {
    expect(readUsualFrame(USUAL)).toEqual({
      ...{ kind: 'quote', venueSymbol: 'BTCUSDT', updateId: 35_346_513_501 },
      ...{ bid: '67123.45000000', bidSize: '3.02920000', ask: '67123.46000000', askSize: '123456.10000000' },
    });
    expect(readUsualFrame(USUAL)).toEqual(parseAnyMessage(USUAL));
    expect(readUsualFrame(TRADE)).toEqual({
      ...{ kind: 'trade', venueSymbol: 'BTCUSDT', tradeId: 3_735_683_259 },
      ...{ price: '67123.45000000', at: 1_790_000_000_120 },
    });
    expect(readUsualFrame(TRADE)).toEqual(parseAnyMessage(TRADE));
  });

  it('is read the short way where it is made as the exchange makes it', () => {
    const frames = [...makeFrames('binance', 500, 20)].map(({ text }) => text);
    expect(frames.filter((text) => text.includes('bookTicker')).length).toBeGreaterThan(300);
    expect(frames.filter((text) => text.includes('@trade')).length).toBeGreaterThan(90);
    for (const text of frames) expect(readUsualFrame(text)).toEqual(parseAnyMessage(text));
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
      TRADE.replace('3735683259', '03735683259'),
      TRADE.replace('3735683259', '"3735683259"'),
      TRADE.replace('1790000000120', '1790000000120123'),
      TRADE.replace('"67123.45000000"', '67123.45'),
      TRADE.replace('"m":true', '"m":null'),
      TRADE.replace('"M":true', '"M":true,"t":5'),
      TRADE.replace('"trade"', '"aggTrade"'),
      `${TRADE} `,
      TRADE.slice(0, -1),
    ];
    for (const text of unusual) expect(readUsualFrame(text)).toBeNull();
  });

  it('has no other meaning than its JSON, whatever is changed in it', () => {
    const letters = fc.constantFrom(...'{}[]",:\\.0123456789abusBAUS \n\u0001\u5e01');
    fc.assert(
      fc.property(
        fc.constantFrom(USUAL, TRADE),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom('put', 'drop', 'change'), letters), {
          maxLength: 3,
        }),
        (usual, edits) => {
          let text: string = usual;
          for (const [place, how, letter] of edits) {
            const at = place % text.length;
            text = `${text.slice(0, at)}${how === 'drop' ? '' : letter}${text.slice(how === 'put' ? at : at + 1)}`;
          }
          const read = readUsualFrame(text);
          if (read !== null) expect(read).toEqual(parseAnyMessage(text));
          expect(parseMarketMessage(text)).toEqual(parseAnyMessage(text));
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

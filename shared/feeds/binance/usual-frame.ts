/**
 * The usual frames, best prices and trades, read right from their text: nearly all messages are one of these, and
 * `JSON.parse` of them costs more than all else that is done with them.
 *
 * Always true: what it answers is what `JSON.parse` finds in the frame (a test of random frames says so). Of a frame that is
 * written in any other way it answers null.
 */
import { amountEnd, nameEnd, ownText, wholeEnd, wholeOf } from '../frame-text.ts';

export interface QuoteMessage {
  readonly kind: 'quote';
  readonly venueSymbol: string;
  readonly updateId: number;
  /** Decimal text, as all prices and sizes. */
  readonly bid: string;
  readonly bidSize: string;
  readonly ask: string;
  readonly askSize: string;
}

export interface TradeMessage {
  readonly kind: 'trade';
  readonly venueSymbol: string;
  readonly tradeId: number;
  readonly price: string;
  /** Venue time, epoch ms. */
  readonly at: number;
}

/** Of the combined form (`{stream, data}`), fields in the order in which the venue sends them. */
export function readUsualFrame(text: string): QuoteMessage | TradeMessage | null {
  if (!text.startsWith('{"stream":"')) return null;
  const at = nameEnd(text, 11);
  if (at < 0) return null;
  if (text.startsWith('","data":{"u":', at)) return readQuote(text, at + 14);
  return text.startsWith('","data":{"e":"trade","E":', at) ? readTrade(text, at + 26) : null;
}

/** From the update id on. */
function readQuote(text: string, idFrom: number): QuoteMessage | null {
  const idTo = wholeEnd(text, idFrom);
  if (idTo < 0 || !text.startsWith(',"s":"', idTo)) return null;
  const nameFrom = idTo + 6;
  const nameTo = nameEnd(text, nameFrom);
  if (nameTo < 0 || !text.startsWith('","b":"', nameTo)) return null;
  const bidFrom = nameTo + 7;
  const bidTo = amountEnd(text, bidFrom);
  if (!text.startsWith('","B":"', bidTo)) return null;
  const bidSizeFrom = bidTo + 7;
  const bidSizeTo = amountEnd(text, bidSizeFrom);
  if (!text.startsWith('","a":"', bidSizeTo)) return null;
  const askFrom = bidSizeTo + 7;
  const askTo = amountEnd(text, askFrom);
  if (!text.startsWith('","A":"', askTo)) return null;
  const askSizeFrom = askTo + 7;
  const askSizeTo = amountEnd(text, askSizeFrom);
  if (!text.startsWith('"}}', askSizeTo) || askSizeTo + 3 !== text.length) return null;
  return {
    kind: 'quote',
    venueSymbol: text.slice(nameFrom, nameTo),
    updateId: wholeOf(text, idFrom, idTo),
    bid: text.slice(bidFrom, bidTo),
    bidSize: ownText(text.slice(bidSizeFrom, bidSizeTo)),
    ask: text.slice(askFrom, askTo),
    askSize: ownText(text.slice(askSizeFrom, askSizeTo)),
  };
}

/** From the event's time on. */
function readTrade(text: string, eventFrom: number): TradeMessage | null {
  const eventTo = wholeEnd(text, eventFrom);
  if (eventTo < 0 || !text.startsWith(',"s":"', eventTo)) return null;
  const nameFrom = eventTo + 6;
  const nameTo = nameEnd(text, nameFrom);
  if (nameTo < 0 || !text.startsWith('","t":', nameTo)) return null;
  const idFrom = nameTo + 6;
  const idTo = wholeEnd(text, idFrom);
  if (idTo < 0 || !text.startsWith(',"p":"', idTo)) return null;
  const priceFrom = idTo + 6;
  const priceTo = amountEnd(text, priceFrom);
  if (!text.startsWith('","q":"', priceTo)) return null;
  const sizeTo = amountEnd(text, priceTo + 7);
  if (!text.startsWith('","T":', sizeTo)) return null;
  const atFrom = sizeTo + 6;
  const atTo = wholeEnd(text, atFrom);
  if (atTo < 0 || !isEnd(text, atTo)) return null;
  return {
    kind: 'trade',
    venueSymbol: text.slice(nameFrom, nameTo),
    tradeId: wholeOf(text, idFrom, idTo),
    price: text.slice(priceFrom, priceTo),
    at: wholeOf(text, atFrom, atTo),
  };
}

/** Who was the maker, and a field that the venue tells nobody to read. */
const ENDS: readonly string[] = ['true', 'false'].flatMap((maker) => [
  `,"m":${maker},"M":true}}`,
  `,"m":${maker},"M":false}}`,
]);

function isEnd(text: string, at: number): boolean {
  for (const end of ENDS) if (text.length - at === end.length && text.startsWith(end, at)) return true;
  return false;
}

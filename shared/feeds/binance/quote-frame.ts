/**
 * The usual frame of a best price, read right from its text: four of five messages are one, and `JSON.parse` of it costs
 * more than all else that is done with it.
 *
 * Always true: what it answers is what `JSON.parse` finds in the frame (a test of random frames says so). Of a frame that is
 * written in any other way it answers null.
 */
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

const [ZERO, NINE, POINT, QUOTE, BACKSLASH, SPACE, ASCII_END] = [48, 57, 46, 34, 92, 32, 128];
/** Digits that a double keeps. */
const SAFE_DIGITS = 15;
/** A part of a text that is as long keeps all of it in memory. */
const KEEPS_ALL = 13;

/** Of the combined form (`{stream, data}`), fields in the order in which the venue sends them. */
export function readQuoteFrame(text: string): QuoteMessage | null {
  if (!text.startsWith('{"stream":"')) return null;
  let at = nameEnd(text, 11);
  if (at < 0 || !text.startsWith('","data":{"u":', at)) return null;
  const idFrom = at + 14;
  at = idEnd(text, idFrom);
  if (at < 0 || !text.startsWith(',"s":"', at)) return null;
  const updateId = Number(text.slice(idFrom, at)); // not money: an id
  const nameFrom = at + 6;
  at = nameEnd(text, nameFrom);
  if (at < 0 || !text.startsWith('","b":"', at)) return null;
  const venueSymbol = text.slice(nameFrom, at);
  const bidFrom = at + 7;
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
    venueSymbol,
    updateId,
    bid: text.slice(bidFrom, bidTo),
    bidSize: own(text.slice(bidSizeFrom, bidSizeTo)),
    ask: text.slice(askFrom, askTo),
    askSize: own(text.slice(askSizeFrom, askSizeTo)),
  };
}

/** A size goes along with the tick; prices are made into numbers at once. */
const own = (size: string): string => (size.length < KEEPS_ALL ? size : Buffer.from(size).toString());

/** Where a text without escapes ends; -1 = it has some, or does not end. */
function nameEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH || code < SPACE || code >= ASCII_END) return -1;
  }
  return -1;
}

/** Where a whole number ends that a double holds; -1 = it is none. */
function idEnd(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at += 1;
  const digits = at - from;
  if (digits === 0 || digits > SAFE_DIGITS || (digits > 1 && text.charCodeAt(from) === ZERO)) return -1;
  return at;
}

/** Where digits and points end. */
function amountEnd(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); (code >= ZERO && code <= NINE) || code === POINT; ) {
    at += 1;
    code = text.charCodeAt(at);
  }
  return at;
}

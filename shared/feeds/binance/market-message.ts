/** One frame of the public market streams: a quote, a trade, the answer to a request, or news of the server. */

import { type QuoteMessage, readUsualFrame, type TradeMessage } from './usual-frame.ts';

export type MarketMessage =
  | QuoteMessage
  | TradeMessage
  | { readonly kind: 'answer'; readonly id: number; readonly error: string | null }
  | { readonly kind: 'shutdown' }
  /** Not one of these; `reason` never repeats the frame. */
  | { readonly kind: 'other'; readonly reason: string };

type Json = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const isText = (value: unknown): value is string => typeof value === 'string';
const isId = (value: unknown): value is number => Number.isSafeInteger(value);

/** Never throws. Takes the combined form (`{stream, data}`) and the raw one. */
export const parseMarketMessage = (text: string): MarketMessage =>
  readUsualFrame(text) ?? parseAnyMessage(text);

/** Any text at all, by `JSON.parse`. */
export function parseAnyMessage(text: string): MarketMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'other', reason: 'not JSON' };
  }
  if (!isObject(json)) return { kind: 'other', reason: 'not an object' };
  const data = isObject(json['data']) ? json['data'] : json;
  if (data['e'] === 'trade') return readTrade(data);
  if (data['e'] === 'serverShutdown') return { kind: 'shutdown' };
  if (data['e'] === undefined && data['u'] !== undefined) return readQuote(data);
  if (json['id'] !== undefined || json['error'] !== undefined || json['code'] !== undefined)
    return readAnswer(json);
  return {
    kind: 'other',
    reason: isText(data['e']) ? 'an event that was not asked for' : 'an unknown message',
  };
}

function readQuote({ u, s, b, B, a, A }: Json): MarketMessage {
  if (!isId(u) || !isText(s) || !isText(b) || !isText(B) || !isText(a) || !isText(A)) {
    return { kind: 'other', reason: 'a quote without its fields' };
  }
  return { kind: 'quote', venueSymbol: s, updateId: u, bid: b, bidSize: B, ask: a, askSize: A };
}

function readTrade({ s, t, p, T }: Json): MarketMessage {
  if (!isText(s) || !isId(t) || !isText(p) || !isId(T)) {
    return { kind: 'other', reason: 'a trade without its fields' };
  }
  return { kind: 'trade', venueSymbol: s, tradeId: t, price: p, at: T };
}

function readAnswer(json: Json): MarketMessage {
  // Errors are documented as {code, msg, id?} and seen as {error: {code, msg}, id}.
  const error = isObject(json['error']) ? json['error'] : json;
  const failed = error['code'] !== undefined || error['msg'] !== undefined;
  const id = isId(json['id']) ? json['id'] : -1;
  return { kind: 'answer', id, error: failed ? `${String(error['code'])} ${String(error['msg'])}` : null };
}

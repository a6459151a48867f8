/**
 * Parameters as they were sent, and the exact text that their sender had to sign.
 *
 * REST signs the query string followed directly by the form body, as sent (percent-encoded); the WebSocket API
 * signs all parameters but the signature, sorted by name, as raw text.
 */
import type { Params } from '../contract.ts';
import { badJson, duplicateValues, illegalCharacters } from './errors.ts';

export interface Sent {
  readonly params: Params;
  readonly signature: string | null;
  /** What the signature must cover. */
  readonly payload: string;
}

interface Part {
  readonly params: ReadonlyMap<string, string>;
  readonly payload: string;
}

/** Nearly all: nothing is encoded. */
const PLAIN = /^[^%+]*$/;

function decode(name: string, text: string): string {
  if (PLAIN.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw illegalCharacters(name, 'UTF-8, percent-encoded');
  }
}

/** One half of a request. The signature is left out of what is signed, wherever it stands. */
function readPart(raw: string): Part {
  const params = new Map<string, string>();
  const pairs = raw.split('&').filter((pair) => pair !== '');
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = decode('name', at < 0 ? pair : pair.slice(0, at));
    if (params.has(name)) throw duplicateValues();
    params.set(name, at < 0 ? '' : decode(name, pair.slice(at + 1)));
  }
  const isSignature = (pair: string): boolean => pair === 'signature' || pair.startsWith('signature=');
  return { params, payload: pairs.filter((pair) => !isSignature(pair)).join('&') };
}

/** A REST request: a name in both halves counts as the query has it. */
export function readRest(query: string, body: string): Sent {
  const inQuery = readPart(query);
  const inBody = readPart(body);
  const merged = new Map([...inBody.params, ...inQuery.params]);
  const signature = merged.get('signature') ?? null;
  return {
    params: Object.fromEntries(merged),
    signature,
    payload: `${inQuery.payload}${inBody.payload}`,
  };
}

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
/** The engine hands a number's own text to the reviver; the compiler's library does not know it yet. */
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** A number as it was written: 52000.00 stays 52000.00, as it was signed. */
class Literal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

export interface Frame {
  readonly id: string | number | null;
  readonly method: string;
  readonly sent: Sent;
}

const plain = (value: unknown): unknown => (value instanceof Literal ? Number(value.text) : value);

function textOf(value: unknown): string {
  if (value instanceof Literal) return value.text;
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}

/** One frame of the WebSocket API. @throws VenueError -1135 when it is not a request */
export function readFrame(text: string): Frame {
  let frame: unknown;
  try {
    frame = parseWithSource(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined ? new Literal(source) : value,
    );
  } catch {
    throw badJson();
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) throw badJson();
  const { id: givenId, method, params = {} } = frame as Record<string, unknown>;
  const id = plain(givenId ?? null);
  if (typeof id !== 'string' && typeof id !== 'number' && id !== null) throw badJson();
  if (typeof method !== 'string') throw badJson();
  if (typeof params !== 'object' || params === null || Array.isArray(params)) throw badJson();
  return { id, method, sent: signedFrame(params as Record<string, unknown>) };
}

function signedFrame(given: Record<string, unknown>): Sent {
  const texts = Object.entries(given).map(([name, value]) => [name, textOf(value)] as const);
  const signed = texts.filter(([name]) => name !== 'signature');
  signed.sort(([a], [b]) => (a < b ? -1 : 1));
  const params = Object.fromEntries(texts);
  return {
    params,
    signature: params['signature'] ?? null,
    payload: signed.map(([name, value]) => `${name}=${value}`).join('&'),
  };
}

const NOT_FOR_THE_EXCHANGE = new Set(['signature', 'timestamp', 'recvWindow', 'apiKey', 'returnRateLimits']);

/** What is left for the operation itself once the request is known to be its sender's. */
export const ownParams = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !NOT_FOR_THE_EXCHANGE.has(name)));

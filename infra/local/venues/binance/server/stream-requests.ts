/** Control messages of a market-stream connection, with the documented answers and errors. */
import type { Json, JsonObject } from '../contract.ts';

export type StreamRequest =
  | { readonly method: 'SUBSCRIBE' | 'UNSUBSCRIBE'; readonly id: Json; readonly streams: readonly string[] }
  | { readonly method: 'LIST_SUBSCRIPTIONS'; readonly id: Json }
  | { readonly method: 'SET_PROPERTY'; readonly id: Json; readonly combined: boolean }
  | { readonly method: 'GET_PROPERTY'; readonly id: Json };

/** The answer to a request that cannot be read. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly answer: JsonObject;

  constructor(code: number, msg: string, id?: Json) {
    super(msg);
    this.answer = { code, msg, ...(id === undefined ? {} : { id }) };
  }
}

const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY'];

function isId(id: unknown): id is string | number | null {
  if (id === null) return true;
  return typeof id === 'number'
    ? Number.isSafeInteger(id)
    : typeof id === 'string' && /^[\w-]{1,36}$/.test(id);
}

function readObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new StreamError(3, 'Invalid JSON: expected value at line 1 column 1');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StreamError(3, 'Invalid JSON: expected value at line 1 column 1');
  }
  return value as Record<string, unknown>;
}

/** @throws StreamError with the answer that the client gets */
export function readStreamRequest(text: string): StreamRequest {
  const { method, params, id } = readObject(text);
  const column = text.length;
  if (method === undefined) {
    throw new StreamError(2, `Invalid request: missing field \`method\` at line 1 column ${column}`);
  }
  if (typeof method !== 'string' || !METHODS.includes(method)) {
    const expected = METHODS.map((m) => `\`${m}\``).join(', ');
    throw new StreamError(
      2,
      `Invalid request: unknown variant ${String(method)}, expected one of ${expected} at line 1 column ${column}`,
    );
  }
  if (!isId(id)) throw new StreamError(2, 'Invalid request: request ID must be an unsigned integer');
  switch (method) {
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE':
      return { method, id, streams: readStreams(params, id) };
    case 'SET_PROPERTY':
      return { method, id, combined: readCombined(params, id) };
    case 'GET_PROPERTY':
      readProperty(params, id);
      return { method, id };
    default:
      return { method: 'LIST_SUBSCRIPTIONS', id };
  }
}

function readStreams(params: unknown, id: Json): readonly string[] {
  if (Array.isArray(params) && params.every((p): p is string => typeof p === 'string')) return params;
  throw new StreamError(2, 'Invalid request: params must be a list of stream names', id);
}

function readProperty(params: unknown, id: Json): readonly unknown[] {
  const [name, ...rest] = Array.isArray(params) ? (params as readonly unknown[]) : [];
  if (typeof name !== 'string') {
    throw new StreamError(2, 'Invalid request: property name must be a string', id);
  }
  if (name !== 'combined') throw new StreamError(0, 'Unknown property', id);
  return rest;
}

function readCombined(params: unknown, id: Json): boolean {
  const [value, ...more] = readProperty(params, id);
  if (more.length > 0) throw new StreamError(2, 'Invalid request: too many parameters', id);
  if (typeof value !== 'boolean') throw new StreamError(1, 'Invalid value type: expected Boolean', id);
  return value;
}

/**
 * Frames of Polygon's sockets -> messages. Pure, and never throws.
 *
 * Always true:
 * - every element of a frame is read by itself: a broken one takes no other with it;
 * - prices and sizes go from the literal to decimal text exactly (domain/money/json-number, literal-fields.ts);
 * - what is left out is told by a reason out of a small fixed set, which never repeats what the frame said;
 * - the short way of usual frames and the long way of all others read the same out of a frame.
 */
import { parseExactJson } from '../../domain/money/json-number.ts';
import { Fields, type Json } from './fields.ts';
import { LiteralFields } from './literal-fields.ts';
import type { ParsedFrame, PolygonMessage } from './messages.ts';
import { READERS, type Read } from './readers.ts';
import { codeOf } from './short-names.ts';

/** The names of all events that are read. */
export const POLYGON_EVENTS: readonly string[] = [...READERS.keys()];

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const NONE: readonly string[] = [];

/** Takes an array of elements or a bare one; `bytes`: the same in UTF-8, where it is at hand. */
export function parsePolygonFrame(text: string, bytes: Uint8Array = Buffer.from(text)): ParsedFrame {
  const messages = readUsualFrame(text, bytes);
  return messages === null ? readAnyFrame(text) : { messages, dropped: NONE, ignored: NONE, longNumbers: 0 };
}

/** What feeds send all day; all others are read the long way. */
const USUAL_EVENTS = ['XT', 'XQ', 'T', 'Q', 'C', 'XAS', 'XA', 'A', 'AM', 'CAS', 'CA'];
const USUAL_READERS: ReadonlyMap<number, Read> = new Map(
  [...READERS].flatMap(([ev, read]) =>
    USUAL_EVENTS.includes(ev) ? [[codeOf(ev, 0, ev.length), read] as const] : [],
  ),
);
const [OPEN_LIST, CLOSE_LIST, COMMA] = [91, 93, 44];

/** Reads one frame at a time, and nothing of it is kept. */
const USUAL_FIELDS = new LiteralFields();

/** Null: something about it is unusual (which is most often a status), and it has to be read the long way. */
export function readUsualFrame(
  text: string,
  bytes: Uint8Array = Buffer.from(text),
): readonly PolygonMessage[] | null {
  // As many letters as bytes: all of it is ASCII, and a place in the one is a place in the other.
  if (bytes[0] !== OPEN_LIST || bytes.length !== text.length) return null;
  const messages: PolygonMessage[] = [];
  const fields = USUAL_FIELDS;
  fields.begin(text, bytes);
  for (let at = 1; ; at += 1) {
    at = fields.scan(at);
    const read = at < 0 ? undefined : USUAL_READERS.get(fields.event);
    if (read === undefined) return null;
    const message = read(fields);
    if (fields.isUnusual) return null;
    messages.push(message);
    const next = bytes[at];
    if (next === CLOSE_LIST) return at + 1 === text.length ? messages : null;
    if (next !== COMMA) return null;
  }
}

/** Any text at all, by `JSON.parse`. */
export function readAnyFrame(text: string): ParsedFrame {
  let exact: ReturnType<typeof parseExactJson>;
  try {
    exact = parseExactJson(text);
  } catch {
    return { messages: [], dropped: ['not JSON'], ignored: [], longNumbers: 0 };
  }
  const messages: PolygonMessage[] = [];
  const dropped: string[] = [];
  const ignored: string[] = [];
  const fields = new Fields();
  for (const item of Array.isArray(exact.value) ? (exact.value as unknown[]) : [exact.value]) {
    const ev = isObject(item) ? item['ev'] : undefined;
    const read = typeof ev === 'string' ? READERS.get(ev) : undefined;
    if (typeof ev !== 'string' || !isObject(item)) dropped.push('not an event');
    else if (read === undefined) dropped.push('unknown event');
    else {
      fields.begin(ev, item);
      const message = read(fields);
      if (fields.fault === null) messages.push(message);
      else dropped.push(fields.fault);
      if (fields.ignored !== null) ignored.push(...fields.ignored);
    }
  }
  return { messages, dropped, ignored, longNumbers: exact.longNumbers };
}

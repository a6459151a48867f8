/**
 * The venue's own words about an order, to be kept beside it: bounded, and without anything that could open an account.
 */
import type { VenueText } from '../../domain/types.ts';
import type { JsonObject } from './parse/fields.ts';

/** Characters that are kept of an answer; the whole's length is told beside them. */
export const MOST_KEPT = 4_000;

/** Answers about orders have no such members today; should one come, its value is not kept. */
const SECRET = /key|secret|signature|token|password/i;

export function responseText(raw: JsonObject): VenueText {
  const text = JSON.stringify(raw, (name, value: unknown) => (SECRET.test(name) ? '[not kept]' : value));
  return { text: text.slice(0, MOST_KEPT), length: text.length };
}

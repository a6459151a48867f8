/**
 * Cursors: where a list goes on. Opaque to callers, bound to the list that made them.
 *
 * The partition never comes from the cursor, so a forged one could at most start elsewhere in the caller's own
 * list; the checksum turns typing errors and cursors of other lists into a typed error.
 */
import { createHash } from 'node:crypto';
import { BadCursorError } from '../../ports/ledger.ts';

export interface Place {
  /** Key of the last item given out. */
  readonly pk: string;
  readonly sort: string;
}

const CHECKSUM_CHARACTERS = 12;

const checksum = (scope: string, body: string): string =>
  createHash('sha256').update(`${scope}\n${body}`).digest('base64url').slice(0, CHECKSUM_CHARACTERS);

/** `scope` names the list: its index and partition. */
export function encodeCursor(scope: string, place: Place): string {
  const body = Buffer.from(JSON.stringify([place.pk, place.sort])).toString('base64url');
  return `${checksum(scope, body)}${body}`;
}

/** Throws BadCursorError for anything that `encodeCursor` did not make for this list. */
export function decodeCursor(scope: string, cursor: string): Place {
  const body = cursor.slice(CHECKSUM_CHARACTERS);
  if (cursor.slice(0, CHECKSUM_CHARACTERS) !== checksum(scope, body)) {
    throw new BadCursorError('this cursor does not belong to this list');
  }
  const parsed: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
  if (!Array.isArray(parsed) || typeof parsed[0] !== 'string' || typeof parsed[1] !== 'string') {
    throw new BadCursorError('this cursor cannot be read');
  }
  return { pk: parsed[0], sort: parsed[1] };
}

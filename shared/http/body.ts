/** Reads a request's body: at most 1 MB, JSON whatever the content type says, an object or nothing. */
import { httpError } from './errors.ts';
import { repeatedName } from './repeated-name.ts';
import type { HttpEvent } from './types.ts';

/** Bytes as sent. API Gateway itself stops at 10 MB. */
export const BODY_LIMIT_BYTES = 1_000_000;

/**
 * The body as a JSON object; undefined when the request has none.
 * @throws ProblemError `body_too_large`, `invalid_json`, `duplicate_field`
 */
export function parseBody(event: HttpEvent): unknown {
  if (event.body === undefined || event.body === '') return undefined;
  const bytes = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > BODY_LIMIT_BYTES) {
    throw httpError(
      'body_too_large',
      `The body has ${bytes.length} bytes; at most ${BODY_LIMIT_BYTES} are read.`,
    );
  }
  const { text, parsed } = parseJson(bytes);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw httpError('invalid_json', 'The body is JSON, but not an object.');
  }
  const twice = repeatedName(text)?.slice(0, 100);
  // With two quantities nobody knows which one was meant.
  if (twice !== undefined) throw httpError('duplicate_field', `${twice} is there twice.`, { field: twice });
  return parsed;
}

function parseJson(bytes: Buffer): { readonly text: string; readonly parsed: unknown } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, parsed: JSON.parse(text) };
  } catch {
    // The parser's own words quote the body; the caller has it already and logs must not.
    throw httpError('invalid_json', 'The body could not be read as JSON in UTF-8.');
  }
}

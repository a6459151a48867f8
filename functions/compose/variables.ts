/** Pieces of schemas for environment variables. */
import * as z from 'zod';

/** An empty variable is one that is not set. */
export const given = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

/** Paths and queries are added to it, so it has no query and no user of its own. */
const baseUrl = (protocol: RegExp, expected: string) =>
  given(z.url({ protocol, error: expected }).regex(/^[^?#@]*$/, `${expected}, without query or user`));

export const httpUrl = baseUrl(/^https?$/, 'an http or https URL is expected');
export const wsUrl = baseUrl(/^wss?$/, 'a ws or wss URL is expected');

/** A variable that is missing or contradicts others; its value is never told. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

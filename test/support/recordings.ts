/**
 * Recorded trades for developers: beside the project where there are any, or where MONIQO_RECORDINGS says; never part of
 * it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DATA =
  process.env['MONIQO_RECORDINGS'] ?? fileURLToPath(new URL('../../../shared/data/', import.meta.url));

export interface Recording {
  readonly file: string;
  readonly missing: boolean;
}

/** A recording; says so when it is not there (the tests that need it are skipped). */
export const recording = (name: string): Recording => recordedFile(`trades/${name}`);

/** The same for any file of the recorded data, by its path. */
export function recordedFile(path: string): Recording {
  const file = join(DATA, path);
  const missing = !existsSync(file);
  if (missing) console.warn(`${file} is not there: the tests that need it did not run`);
  return { file, missing };
}

/** A recorded JSON document by its path (`binance-rest/errors.json`), or null where it is not there. */
export function recordedJson(path: string): unknown {
  const file = join(DATA, path);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  console.warn(`${file} is not there: the tests that read it did not run`);
  return null;
}

/** Recorded trades for developers: beside the project where there are any, never part of it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../shared/data/trades/', import.meta.url));

export interface Recording {
  readonly file: string;
  readonly missing: boolean;
}

/** A recording; says so when it is not there (the tests that need it are skipped). */
export function recording(name: string): Recording {
  const file = `${FOLDER}${name}`;
  const missing = !existsSync(file);
  if (missing) console.warn(`${file} is not there: the tests that replay it did not run`);
  return { file, missing };
}

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** A recorded JSON document by its path (`binance-rest/errors.json`), or null where it is not there. */
export function recordedJson(path: string): unknown {
  const file = `${DATA}${path}`;
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  console.warn(`${file} is not there: the tests that read it did not run`);
  return null;
}

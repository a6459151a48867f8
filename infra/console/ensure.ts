/**
 * The built page in `dist/console`, built anew where its sources have changed since. What it was built from is noted beside it
 * (`dist/console.from`): paths, sizes and times of the sources, so that looking takes milliseconds.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { INDEX_FILE } from './config.ts';

const PROJECT_ROOT = resolve(import.meta.dirname, '../..');
export const CONSOLE_DIST = join(PROJECT_ROOT, 'dist', 'console');

/** The page, what it takes from the product (its typed client), and the packages. */
const SOURCES = ['console', 'shared', 'functions', 'package-lock.json'];

/** Whether the page is built, and from the sources as they are now. */
export const isConsoleFresh = (dist: string = CONSOLE_DIST): boolean =>
  existsSync(join(dist, INDEX_FILE)) && noted(dist) === fingerprint();

/** Builds the page where it is missing or old; answers its folder. @throws when it does not build */
export async function ensureConsole(dist: string = CONSOLE_DIST): Promise<string> {
  if (isConsoleFresh(dist)) return dist;
  // Taken before: what is changed meanwhile is built the next time.
  const from = fingerprint();
  rmSync(noteOf(dist), { force: true });
  // Vite is loaded only where there is something to build.
  const { buildConsole } = await import('../../console/build.ts');
  await buildConsole(dist);
  writeFileSync(noteOf(dist), from);
  return dist;
}

const noteOf = (dist: string): string => join(dirname(dist), 'console.from');

const noted = (dist: string): string | null =>
  existsSync(noteOf(dist)) ? readFileSync(noteOf(dist), 'utf8') : null;

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((source) => filesIn(join(PROJECT_ROOT, source)))) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

const filesIn = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [path];

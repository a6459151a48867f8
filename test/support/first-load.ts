/** What a browser fetches of the built console before anything is clicked, and how much that is compressed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const IMPORTS =
  /(?:^|[;}\s])(?:import|export)[^'"()]{0,2000}?from\s*["']\.\/([^"']+)["']|(?:^|;)import\s*["']\.\/([^"']+)["']/g;

/** The page, what it names, the parts of the `opened` page, and what those import without being asked. */
export function firstLoad(folder: string, opened: readonly string[] = []): readonly string[] {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const html = read('index.html');
  const named = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path = '']) => path);
  const wanted = ['index.html', ...opened, ...named];
  const found = new Set<string>();
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    if (!next.endsWith('.js')) continue;
    for (const [, from, bare] of read(next).matchAll(IMPORTS)) wanted.push(`assets/${from ?? bare}`);
  }
  return [...found];
}

/** Names below the folder, of the part of a page: its script and its styles. */
export const partsOf = (folder: string, page: string): readonly string[] =>
  readdirSync(join(folder, 'assets'))
    .filter((name) => name.startsWith(`${page}-`) && /\.(js|css)$/.test(name))
    .map((name) => `assets/${name}`);

/** Bytes, each file compressed by itself, as they are sent. */
export const gzippedBytes = (folder: string, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);

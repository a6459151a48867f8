/** The built page: small, nothing inline, nothing from elsewhere, so that the strictest policy holds. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConsole } from '../../../console/build.ts';

const FIRST_LOAD_BYTES = 300_000;
/** Names of languages and formats: never fetched. */
const NAMES = /^http:\/\/www\.w3\.org\//;

let folder: string;
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const files = (): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

beforeAll(async () => {
  folder = await buildConsole(mkdtempSync(join(tmpdir(), 'moniqo-console-')));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a browser fetches before anything is clicked: the page, what it names, and what those import without being asked. */
function firstLoad(alsoOpened = /^$/): readonly string[] {
  const wanted = [
    'index.html',
    ...files().filter((name) => alsoOpened.test(name)),
    ...[...read('index.html').matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path = '']) => path),
  ];
  const found = new Set<string>();
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    if (!next.endsWith('.js')) continue;
    const imports = read(next).matchAll(
      /(?:^|[;}\s])(?:import|export)[^'"()]{0,2000}?from\s*["']\.\/([^"']+)["']|(?:^|;)import\s*["']\.\/([^"']+)["']/g,
    );
    for (const [, from, bare] of imports) wanted.push(`assets/${from ?? bare}`);
  }
  return [...found];
}

describe('the built page', () => {
  it('loads at most 300 kB at first, compressed; the overview with it', () => {
    const first = firstLoad();
    expect(first.filter((name) => name.endsWith('.js')).length).toBeGreaterThan(0);
    expect(first.filter((name) => name.endsWith('.css')).length).toBeGreaterThan(0);
    const overview = firstLoad(/assets\/overview-.*\.(js|css)$/);
    expect(overview.length).toBeGreaterThan(first.length);
    const size = overview.reduce((sum, name) => sum + gzipSync(read(name)).length, 0);
    expect(size).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  });

  it('has each page in a file of its own', () => {
    const scripts = files().filter((name) => name.endsWith('.js'));
    for (const page of ['overview', 'orders', 'wallets', 'health', 'position'])
      expect(scripts.filter((name) => name.includes(`/${page}-`)).length, page).toBeGreaterThan(0);
    expect(firstLoad().filter((name) => /\/(orders|position-|chart)/.test(name))).toEqual([]);
  });

  it('has no script, style or handler inline', () => {
    const html = read('index.html');
    for (const [tag] of html.matchAll(/<script[^>]*>/g)) expect(tag).toMatch(/ src="\/assets\//);
    expect(html).not.toMatch(/<style|style=|\son[a-z]+=|javascript:/i);
    expect(html).not.toMatch(/<script[^>]*>[^<]+<\/script>/);
    for (const name of files().filter((one) => one.endsWith('.css')))
      expect(read(name)).not.toMatch(/url\(\s*['"]?data:|@import/);
    // Neither needs a policy any looser than 'self'.
    for (const name of files().filter((one) => one.endsWith('.js')))
      expect(read(name)).not.toMatch(/\beval\(|new Function\(/);
  });

  it('names no address but its own', () => {
    const found = files()
      .filter((name) => /\.(html|css|svg)$/.test(name))
      .flatMap((name) =>
        [...read(name).matchAll(/(?:https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}[^"')\s]*/gi)].map(([url]) => url),
      );
    expect(found.filter((url) => !NAMES.test(url))).toEqual([]);
    // Scripts may have links in their texts; what loads something is not among them.
    const loads = /(?:import\(|fetch\(|src\s*=\s*|importScripts\()\s*["'`](?:https?:)?\/\//;
    for (const name of files().filter((one) => one.endsWith('.js'))) expect(read(name)).not.toMatch(loads);
  });
});

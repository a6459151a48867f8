/** The built page: small, nothing inline, nothing from elsewhere, so that the strictest policy holds. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConsole } from '../../../console/build.ts';
import { firstLoad, gzippedBytes, partsOf } from '../../support/first-load.ts';

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

describe('the built page', () => {
  it('loads at most 300 kB at first, compressed; the overview with it', () => {
    const first = firstLoad(folder);
    expect(first.filter((name) => name.endsWith('.js')).length).toBeGreaterThan(0);
    expect(first.filter((name) => name.endsWith('.css')).length).toBeGreaterThan(0);
    const overview = firstLoad(folder, partsOf(folder, 'overview'));
    expect(overview.length).toBeGreaterThan(first.length);
    const bytes = gzippedBytes(folder, overview);
    console.log(`first load: ${bytes} bytes compressed`);
    expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  });

  it('has each page in a file of its own', () => {
    const scripts = files().filter((name) => name.endsWith('.js'));
    for (const page of ['overview', 'orders', 'wallets', 'health', 'position'])
      expect(scripts.filter((name) => name.includes(`/${page}-`)).length, page).toBeGreaterThan(0);
    expect(firstLoad(folder).filter((name) => /\/(orders|position-|chart)/.test(name))).toEqual([]);
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

/** The console's page is built where it is missing or old, and not again. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withPolicy } from '../../../infra/console/config.ts';
import { ensureConsole, isConsoleFresh } from '../../../infra/console/ensure.ts';

let folder: string;
let dist: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moniqo-console-build-'));
  dist = join(folder, 'console');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const builtAt = (): number => statSync(join(dist, 'index.html')).mtimeMs;

it('builds once, and again where the sources are others or the page is gone', async () => {
  expect(isConsoleFresh(dist)).toBe(false);
  expect(await ensureConsole(dist)).toBe(dist);
  expect(isConsoleFresh(dist)).toBe(true);
  const first = builtAt();
  await ensureConsole(dist);
  expect(builtAt()).toBe(first);

  // As it would be after a change of a source.
  writeFileSync(join(folder, 'console.from'), 'other sources');
  await ensureConsole(dist);
  expect(builtAt()).toBeGreaterThan(first);

  rmSync(join(dist, 'index.html'));
  expect(isConsoleFresh(dist)).toBe(false);
  await ensureConsole(dist);
  expect(isConsoleFresh(dist)).toBe(true);
});

it('builds a page without a script or style of its own, which the policy would refuse', async () => {
  await ensureConsole(dist);
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  for (const [tag = ''] of page.matchAll(/<script\b[^>]*>/g)) expect(tag).toMatch(/ src="\/assets\//);
  expect(page).toMatch(/<script\b/);
  expect(page).not.toMatch(/<style\b|\sstyle=|\son\w+=/);
  // Where it is deployed it has a policy of its own, before whatever it loads.
  const deployed = withPolicy(page, "connect-src 'self'");
  expect(deployed.indexOf('http-equiv="Content-Security-Policy"')).toBeLessThan(deployed.indexOf('<script'));
});

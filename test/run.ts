/**
 * `npm test` and `npm run test:all`: sees to Java and redis-server (and Chromium for what is long), then types and lint side by side, then the test
 * projects, and ends with the line `N passed, N failed`. `--all` runs what is long (files named *.long.test.ts) instead.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ensureChromium, ensureJava, ensureRedisServer, SetupError } from '../infra/local/setup.ts';

const long = process.argv.includes('--all');
const rest = process.argv.slice(2).filter((argument) => argument !== '--all');

const title = (what: string): void => console.log(`\n== ${what}`);

/** One of those that run beside each other: what it says is shown when it is done. */
function check(what: string, command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      title(what);
      process.stdout.write(Buffer.concat(said));
      resolve(code === 0);
    });
  });
}

await ensureJava();
await ensureRedisServer();
if (long) await offerChromium();

/** Tests in a browser skip where there is none; the machine's owner is told once how to get one. */
async function offerChromium(): Promise<void> {
  try {
    await ensureChromium();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.warn(error.message);
  }
}

const checks = long
  ? []
  : await Promise.all([
      check('types', 'node_modules/.bin/tsc', ['-p', 'tsconfig.json']),
      check('lint and format', 'node_modules/.bin/biome', ['check', '--error-on-warnings', '.']),
    ]);
rmSync('.moniqo/test-counts.json', { force: true });
title('tests');
// Systems start a dozen processes each, and every file of a test loads the same packages: compiled once, and kept, this
// takes less than half of the time.
const compiled = { NODE_COMPILE_CACHE: resolve('.moniqo/compiled') };
const tests = spawnSync(
  'node_modules/.bin/vitest',
  ['run', '--reporter=default', '--reporter=./test/support/closing-line.ts', ...rest],
  { stdio: 'inherit', env: { ...process.env, ...compiled, ...(long ? { MONIQO_LONG_TESTS: 'on' } : {}) } },
);
const counts = z
  .object({ passed: z.number(), failed: z.number(), skipped: z.number() })
  .parse(JSON.parse(readFileSync('.moniqo/test-counts.json', 'utf8')));
// Types and lint count as one test each, so that the closing line never hides them.
const passed = counts.passed + checks.filter((good) => good).length;
const failed = counts.failed + checks.filter((good) => !good).length;
const good = failed === 0 && tests.status === 0;
console.log(`\n${passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
process.exitCode = good ? 0 : 1;

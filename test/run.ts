/**
 * `npm test` and `npm run test:all`: sees to Java and redis-server, then types, lint and the test projects, and
 * ends with the line `N passed, N failed`. `--all` runs what is long (files named *.long.test.ts) instead.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { ensureJava, ensureRedisServer } from '../infra/local/setup.ts';

const long = process.argv.includes('--all');
const rest = process.argv.slice(2).filter((argument) => argument !== '--all');

function run(what: string, command: string, args: readonly string[]): boolean {
  console.log(`\n== ${what}`);
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...(long ? { MONIQO_LONG_TESTS: 'on' } : {}) },
  });
  return status === 0;
}

await ensureJava();
await ensureRedisServer();

const results: boolean[] = [];
if (!long) {
  results.push(run('types', 'node_modules/.bin/tsc', ['-p', 'tsconfig.json']));
  results.push(run('lint and format', 'node_modules/.bin/biome', ['check', '--error-on-warnings', '.']));
}
rmSync('.moniqo/test-counts.json', { force: true });
results.push(
  run('tests', 'node_modules/.bin/vitest', [
    'run',
    '--reporter=default',
    '--reporter=./test/support/closing-line.ts',
    ...rest,
  ]),
);
const counts = z
  .object({ passed: z.number(), failed: z.number(), skipped: z.number() })
  .parse(JSON.parse(readFileSync('.moniqo/test-counts.json', 'utf8')));
// Types and lint count as one test each, so that the closing line never hides them.
const checks = results.slice(0, -1);
const passed = counts.passed + checks.filter((good) => good).length;
const failed = counts.failed + checks.filter((good) => !good).length;
const good = failed === 0 && results.every((result) => result);
console.log(`\n${passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
process.exitCode = good ? 0 : 1;

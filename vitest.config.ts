import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Lua scripts are imported as text, exactly as the deployed bundles do it (infra/bundle). */
const luaAsText = {
  name: 'lua-as-text',
  load(id: string): string | undefined {
    return id.endsWith('.lua') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : undefined;
  },
};

/** `npm run test:all` runs the files named *.long.test.ts, `npm test` all others. */
const long = process.env['MONIQO_LONG_TESTS'] === 'on';

/**
 * Of the long ones, those that have the machine to themselves: they measure, count what was late, or use every core. The others run
 * two at a time before them.
 */
const ALONE = [
  'e2e/cost',
  'e2e/retrying-client',
  'faults/real',
  'faults/recovery',
  'faults/soak',
  'faults/sweep-only',
  'faults/virtual/mutations',
  'faults/virtual/seeds',
  'integration/streamer/healing',
  'integration/streamer/load',
  'integration/streamer/two-sources',
].map((path) => `test/${path}.long.test.ts`);

const WORKERS = 2;

type More = { globalSetup?: string; isolate?: boolean };

const project = (name: string, timeout: number, include: readonly string[], more: object) => ({
  extends: true as const,
  test: {
    name,
    include: [...include],
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 60_000),
    ...more,
  },
});

function projects(name: string, timeout: number, more: More = {}) {
  const short = ['**/*.long.test.ts'];
  if (!long) return [project(name, timeout, [`test/${name}/**/*.test.ts`], { exclude: short, ...more })];
  const alone = ALONE.filter((path) => path.startsWith(`test/${name}/`));
  const beside = { exclude: alone, maxWorkers: WORKERS, sequence: { groupOrder: 0 }, ...more };
  const single = { maxWorkers: 1, sequence: { groupOrder: 1 }, ...more };
  return [
    project(name, timeout, [`test/${name}/**/*.long.test.ts`], beside),
    ...(alone.length > 0 ? [project(`${name} alone`, timeout, alone, single)] : []),
  ];
}

export default defineConfig({
  plugins: [luaAsText],
  test: {
    pool: 'forks',
    maxWorkers: WORKERS,
    projects: [
      // They share nothing that outlives a test; loading every module anew for each file took half of their time.
      ...projects('unit', 30_000, { isolate: false }),
      ...projects('integration', 60_000, { globalSetup: './test/support/shared-dynamodb.ts' }),
      ...projects('e2e', 120_000, { globalSetup: './test/support/assembly.ts' }),
      ...projects('faults', 180_000, { globalSetup: './test/support/assembly.ts' }),
    ],
    coverage: {
      provider: 'v8',
      include: ['shared/**/*.ts', 'functions/**/*.ts', 'infra/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});

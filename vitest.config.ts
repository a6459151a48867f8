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

const project = (name: string, timeout: number, more: { globalSetup?: string; isolate?: boolean } = {}) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*${long ? '.long' : ''}.test.ts`],
    exclude: long ? [] : ['**/*.long.test.ts'],
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 60_000),
    ...more,
  },
});

export default defineConfig({
  plugins: [luaAsText],
  test: {
    pool: 'forks',
    // What is long has the machine to itself: whole systems run in it, and harnesses that use every core.
    maxWorkers: long ? 1 : 2,
    projects: [
      // They share nothing that outlives a test; loading every module anew for each file took half of their time.
      project('unit', 30_000, { isolate: false }),
      project('integration', 60_000, { globalSetup: './test/support/shared-dynamodb.ts' }),
      project('e2e', 120_000, { globalSetup: './test/support/assembly.ts' }),
      project('faults', 180_000, { globalSetup: './test/support/assembly.ts' }),
    ],
    coverage: {
      provider: 'v8',
      include: ['shared/**/*.ts', 'functions/**/*.ts', 'infra/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});

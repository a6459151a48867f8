/** Counts the run for its closing line (test/run.ts), and names the files that took longest: both suites have a time to keep. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      // A file that failed to load has no tests to count, but it did fail.
      if (module.state() === 'failed' && module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else if (state === 'skipped') skipped += 1;
        else failed += 1; // still pending at the end: it never ran
      }
    }
    console.log(slowest(modules));
    mkdirSync('.moniqo', { recursive: true });
    writeFileSync('.moniqo/test-counts.json', JSON.stringify({ passed, failed, skipped }));
  }
}

const SHOWN = 20;

function slowest(modules: readonly TestModule[]): string {
  const files = modules.map((module) => {
    const { duration, setupDuration, collectDuration } = module.diagnostic();
    return { ms: duration + setupDuration + collectDuration, name: relative('.', module.moduleId) };
  });
  const lines = files
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SHOWN)
    .map(({ ms, name }) => `${(ms / 1000).toFixed(0).padStart(6)} s  ${name}`);
  return ['\nfiles that took longest', ...lines].join('\n');
}

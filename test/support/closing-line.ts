/** Prints the run's closing line, `N passed, N failed` (and skipped), last of all. */
import { mkdirSync, writeFileSync } from 'node:fs';
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
    mkdirSync('.moniqo', { recursive: true });
    writeFileSync('.moniqo/test-counts.json', JSON.stringify({ passed, failed, skipped }));
  }
}

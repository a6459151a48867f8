/**
 * Synthesises the CDK app once per run, for all test files that start the laptop system: they then run the same
 * template and bundles, as several deployments of one build would.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Logs } from '../../infra/local/processes/logs.ts';
import { synthesise } from '../../infra/local/services/synth.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the assembly. */
    assembly: string;
  }
}

/** Several projects of one run share it; it goes when the last of them is done. */
const shared: { made: Promise<string> | null; users: number } = { made: null, users: 0 };
const KEY = Symbol.for('moniqo.test.assembly');
const registry = globalThis as { [KEY]?: typeof shared };
registry[KEY] ??= shared;
const state = registry[KEY];

async function make(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'moniqo-assembly-'));
  const logs = new Logs({ directory, verbose: false, show: (line) => process.stderr.write(`${line}\n`) });
  await synthesise(directory, logs, () => undefined);
  await logs.close();
  return directory;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  state.users += 1;
  state.made ??= make();
  const directory = await state.made;
  project.provide('assembly', join(directory, 'cdk.out'));
  return async () => {
    state.users -= 1;
    if (state.users > 0) return;
    state.made = null;
    rmSync(directory, { recursive: true, force: true });
  };
}

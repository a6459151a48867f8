/** The CDK app's assembly, made fresh from the sources. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ended, forkScript } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { type Assembly, loadAssembly } from '../template/assembly.ts';

export const PROJECT_ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Bundles and synthesises below `directory` and reads the result. `track` gets the process, to stop it early.
 * @throws with the last lines of its output when the app does not synthesise
 */
export async function synthesise(
  directory: string,
  logs: Logs,
  track: (child: ChildProcess) => void,
): Promise<Assembly> {
  const outdir = join(directory, 'cdk.out');
  const child = forkScript({
    name: 'synth',
    script: new URL('./synth-host.ts', import.meta.url),
    env: process.env,
    args: [outdir, join(directory, 'dist')],
    cwd: PROJECT_ROOT,
    logs,
    quiet: true,
  });
  track(child);
  const lines: string[] = [];
  const keep = (data: Buffer): void => {
    lines.push(...data.toString().split('\n'));
    lines.splice(0, lines.length - 40);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  await ended(child);
  if (child.exitCode !== 0) throw new Error(`the CDK app does not synthesise:\n${lines.join('\n')}`);
  return loadAssembly(outdir);
}

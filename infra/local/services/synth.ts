/** The CDK app's assembly, made fresh from the sources. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Program, startProgram } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { nodeBinary } from '../processes/node-binary.ts';
import { type Assembly, loadAssembly } from '../template/assembly.ts';

export const PROJECT_ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** How much of a failed synthesis is shown. */
const OUTPUT_LINES = 40;

/**
 * Bundles and synthesises below `directory` and reads the result. `track` gets the process, to stop it early.
 * @throws with the last lines of its output when the app does not synthesise
 */
export async function synthesise(
  directory: string,
  logs: Logs,
  track: (program: Program) => void,
): Promise<Assembly> {
  const outdir = join(directory, 'cdk.out');
  const lines: string[] = [];
  // Under the supervisor: while the CDK works it answers nothing, not even the end of its parent.
  const program = await startProgram({
    name: 'synth',
    command: nodeBinary(),
    args: [fileURLToPath(new URL('./synth-host.ts', import.meta.url)), outdir, join(directory, 'dist')],
    cwd: PROJECT_ROOT,
    // The rules that CDK checks templates against take most of a synthesis; `cdk synth` and the tests apply them.
    env: { ...process.env, CDK_VALIDATION: 'false' },
    logs,
    quiet: true,
    onOutput: (data) => {
      lines.push(...data.toString().split('\n'));
      lines.splice(0, lines.length - OUTPUT_LINES);
    },
  });
  track(program);
  if ((await program.exited) !== 0) throw new Error(`the CDK app does not synthesise:\n${lines.join('\n')}`);
  return loadAssembly(outdir);
}

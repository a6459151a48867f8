/** The console's page, built where its sources have changed. */
import { fileURLToPath } from 'node:url';
import { CONSOLE_DIST, isConsoleFresh } from '../../console/ensure.ts';
import { type Program, startProgram } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { nodeBinary } from '../processes/node-binary.ts';
import { PROJECT_ROOT } from './synth.ts';

const OUTPUT_LINES = 40;

/**
 * Answers the page's folder once it is there. `track` gets the process, to stop it early.
 * @throws with the last lines of its output when the page does not build
 */
export async function consolePage(logs: Logs, track: (program: Program) => void): Promise<string> {
  if (isConsoleFresh()) return CONSOLE_DIST;
  const lines: string[] = [];
  const program = await startProgram({
    name: 'console-build',
    command: nodeBinary(),
    args: [fileURLToPath(new URL('./console-host.ts', import.meta.url))],
    cwd: PROJECT_ROOT,
    env: process.env,
    logs,
    quiet: true,
    onOutput: (data) => {
      lines.push(...data.toString().split('\n'));
      lines.splice(0, lines.length - OUTPUT_LINES);
    },
  });
  track(program);
  if ((await program.exited) !== 0) throw new Error(`the console does not build:\n${lines.join('\n')}`);
  return CONSOLE_DIST;
}

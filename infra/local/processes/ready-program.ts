/** A program of ours that says where it answers in its first line on stdout, which may hold keys and goes into no log. */
import type { z } from 'zod';
import { type Program, startProgram } from './child.ts';
import type { Logs } from './logs.ts';
import { nodeBinary } from './node-binary.ts';

export interface ReadyProgram<T> {
  readonly program: Program;
  readonly told: T;
}

export interface ReadyProgramOptions<T> {
  /** In logs and errors. */
  readonly name: string;
  /** Its main module. */
  readonly main: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logs: Logs;
  readonly readyTimeoutMs: number;
  /** What its line has to be. */
  readonly schema: z.ZodType<T>;
}

/** @throws when it ends, or says nothing of use, before it is ready; then it is stopped */
export async function startReadyProgram<T>(options: ReadyProgramOptions<T>): Promise<ReadyProgram<T>> {
  const { name, main, args, cwd, logs, readyTimeoutMs, schema } = options;
  let take: (line: string) => void = () => undefined;
  const line = new Promise<string>((resolve) => {
    take = resolve;
  });
  let output: string | null = '';
  const program = await startProgram({
    name,
    command: nodeBinary(),
    args: [main, ...args],
    cwd,
    // Nothing of this machine's environment is its business, least of all anybody's keys.
    env: { PATH: process.env['PATH'] },
    logs,
    answers: true,
    onOutput: (data) => {
      if (output === null) return;
      output += data.toString();
      const end = output.indexOf('\n');
      if (end < 0) return;
      take(output.slice(0, end));
      output = null;
    },
  });
  const late = new Promise<string>((_, reject) => {
    setTimeout(
      () => reject(new Error(`the ${name} was not ready within ${readyTimeoutMs} ms`)),
      readyTimeoutMs,
    ).unref();
  });
  const gone = program.exited.then((code): string => {
    throw new Error(`the ${name} ended while starting (code ${code}); see its log`);
  });
  gone.catch(() => undefined);
  late.catch(() => undefined);
  try {
    return { program, told: readLine(name, schema, await Promise.race([line, late, gone])) };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** The line itself is in no error: it holds keys. */
function readLine<T>(name: string, schema: z.ZodType<T>, line: string): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    throw new Error(`the first line of the ${name} is not what it should be`);
  }
}

/** Child processes with one way to start, watch and stop them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logs } from './logs.ts';
import { nodeBinary } from './node-binary.ts';

/** Between SIGTERM and SIGKILL; everything has to be gone within 5 s. */
export const STOP_GRACE_MS = 3_000;

export interface ForkOptions {
  readonly name: string;
  readonly script: URL;
  readonly env: NodeJS.ProcessEnv;
  readonly logs: Logs;
  readonly cwd?: string;
  readonly args?: readonly string[];
  /** Its stderr is no warning (programs that are not ours). */
  readonly quiet?: boolean;
  /** Its stdout is an answer to whoever started it and goes into no log. */
  readonly answers?: boolean;
}

/** Runs one of this folder's scripts in a process of its own; it ends itself when its channel closes. */
export function forkScript(options: ForkOptions): ChildProcess {
  const { name, script, env, logs, cwd, args, quiet, answers } = options;
  const child = fork(fileURLToPath(script), [...(args ?? [])], {
    env,
    execPath: nodeBinary(),
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  logs.attach(name, answers ? { stdout: null, stderr: child.stderr } : child, quiet);
  // A write to a channel that just closed; the exit is what counts and is watched by its owner.
  child.on('error', (error) => logs.write(name, 'info', `channel: ${error.message}`));
  return child;
}

export const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;

/** Resolves when the process is gone. */
export async function ended(child: ChildProcess): Promise<void> {
  if (!hasEnded(child)) await once(child, 'exit');
}

/** SIGTERM, then SIGKILL after the grace; resolves when it is gone. */
export async function stopChild(child: ChildProcess, graceMs = STOP_GRACE_MS): Promise<void> {
  if (hasEnded(child)) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended(child);
  clearTimeout(timer);
}

export interface ProgramOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logs: Logs;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly quiet?: boolean;
  /** What it prints on stdout goes to `onOutput` only, not into a log. */
  readonly answers?: boolean;
  /** Gets what it prints, beside the log. */
  readonly onOutput?: (data: Buffer) => void;
}

/** A program under the supervisor (see there). */
export interface Program {
  readonly pid: number;
  /** Resolves with the exit code once the program is gone. */
  readonly exited: Promise<number>;
  /** SIGKILL to the program itself, as a crash would. */
  kill(): void;
  stop(graceMs?: number): Promise<void>;
}

/** @throws when the program cannot be started at all */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { name, command, args, logs, cwd, env, quiet, answers, onOutput } = options;
  const supervisor = forkScript({
    name,
    script: new URL('./supervisor.ts', import.meta.url),
    env: process.env,
    logs,
    ...(quiet === undefined ? {} : { quiet }),
    ...(answers === undefined ? {} : { answers }),
  });
  if (onOutput) {
    supervisor.stdout?.on('data', onOutput);
    if (!answers) supervisor.stderr?.on('data', onOutput);
  }
  const exited = ended(supervisor).then(() => supervisor.exitCode ?? 1);
  const pid = await new Promise<number>((resolve, reject) => {
    supervisor.once('message', (message: { pid?: number; failed?: string }) => {
      if (message.pid !== undefined) resolve(message.pid);
      else reject(new Error(`${command} cannot be started: ${message.failed}`));
    });
    supervisor.once('exit', () => reject(new Error(`${command} ended before it started`)));
    supervisor.send({ start: { command, args, cwd, env } });
  });
  return {
    pid,
    exited,
    kill: () => killPid(pid),
    async stop(graceMs = STOP_GRACE_MS) {
      if (hasEnded(supervisor)) return;
      if (supervisor.connected) supervisor.send({ stop: { graceMs } });
      const timer = setTimeout(() => {
        killPid(pid);
        supervisor.kill('SIGKILL');
      }, graceMs + 500);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** SIGKILL by process id; a process that is gone already is what was wanted. */
export function killPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

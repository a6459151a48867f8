/** Other programs, as the deployment calls them. */
import { spawn } from 'node:child_process';

export interface Outcome {
  /** Null: there is no such program. */
  readonly code: number | null;
  /** What it printed; '' where it printed to the terminal itself. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Besides this process's own; undefined: without it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** It has the terminal: its lines are shown as they come. */
  readonly isShown?: boolean;
  /** After so long it is ended; default: never. */
  readonly timeoutMs?: number;
}

export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<Outcome>;

export const run: Run = (command, args, { env = {}, isShown = false, timeoutMs } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      env: { ...process.env, ...env },
      stdio: isShown ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    });
    const said: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: Buffer) => said[name].push(chunk));
    }
    const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(said[name]).toString();
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ code: null, stdout: '', stderr: '' });
      else reject(error);
    });
    // Ended by a signal: not done, whatever it has printed.
    child.once('close', (code) =>
      resolve({ code: code ?? 1, stdout: text('stdout'), stderr: text('stderr') }),
    );
  });

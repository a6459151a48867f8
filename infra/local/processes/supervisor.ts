/**
 * Runs one program that is not ours to change (java, redis-server, the streamer's container command) and
 * never outlives its parent: when the channel to the parent closes, for whatever reason, SIGKILL of the
 * parent included, the program is stopped. The program gets its own process group, so that Ctrl-C in the
 * terminal reaches only the parent, which stops things in order.
 *
 * Messages in: {start: {command, args, cwd?, env?}}, {stop: {graceMs}}. Messages out: {pid} | {failed}.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const ORPHAN_GRACE_MS = 2_000;

interface StartMessage {
  readonly start: {
    readonly command: string;
    readonly args: readonly string[];
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
  };
}
interface StopMessage {
  readonly stop: { readonly graceMs: number };
}

let program: ChildProcess | undefined;

/** Nobody listens any more when the channel is closed: that is no error here, the end of the channel is handled. */
function tell(message: { pid: number | undefined } | { failed: string }): void {
  if (process.connected) process.send?.(message, () => undefined);
}

function start({ command, args, cwd, env }: StartMessage['start']): void {
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  program = child;
  child.once('spawn', () => tell({ pid: child.pid }));
  child.once('error', (error) => {
    tell({ failed: error.message });
    process.exitCode = 127;
    if (process.connected) process.disconnect();
  });
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 143)));
}

function stop(graceMs: number): void {
  if (!program || program.exitCode !== null || program.signalCode !== null) process.exit(0);
  program.kill('SIGTERM');
  setTimeout(() => program?.kill('SIGKILL'), graceMs).unref();
}

process.on('message', (message: StartMessage | StopMessage) => {
  if ('start' in message) start(message.start);
  else stop(message.stop.graceMs);
});
// Whatever ends this process, a mistake in it included, ends the program first.
process.on('exit', () => program?.kill('SIGKILL'));
process.on('disconnect', () => stop(ORPHAN_GRACE_MS));
process.on('SIGTERM', () => stop(ORPHAN_GRACE_MS));
process.on('SIGINT', () => {
  // The parent hears it too and decides.
});
process.on('SIGHUP', () => {
  // As above: a closed terminal ends the parent, and the channel's end reaches us.
});

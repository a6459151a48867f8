/**
 * One declared function: its process, its invocations, its time limit.
 *
 * Always true:
 * - an invocation ends exactly once: with its result, its error, at its time limit, or with its process;
 * - after a time limit the process is killed, as Lambda does; what else ran in it fails too (Lambda would
 *   have used another environment for it; queues deliver again, and that is the harder case to survive);
 * - a process that died is started again, at once and then with back-off, until `stop`.
 */
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BackOff } from '../processes/back-off.ts';
import { forkScript, stopChild } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { traceFor } from '../services/trace.ts';
import type { DeclaredFunction } from '../template/declared.ts';
import type { ErrorReport, HostMessage } from './protocol.ts';

/** Lambda allows 10 s; a laptop that starts them all at once may be busy with other things as well. */
const INIT_TIMEOUT_MS = 30_000;

export type InvocationFailure = 'handler' | 'timeout' | 'process' | 'init';

export class InvocationError extends Error {
  override readonly name = 'InvocationError';
  readonly failure: InvocationFailure;
  constructor(failure: InvocationFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: InvocationError) => void;
  timer: NodeJS.Timeout | undefined;
  readonly send: (child: ChildProcess) => void;
}

export interface InvokeOptions {
  /** Trace headers of what caused it (recursion detection). */
  readonly causes?: readonly (string | undefined)[];
}

export class FunctionProcess {
  readonly declared: DeclaredFunction;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #logs: Logs;
  readonly #pending = new Map<string, Pending>();
  readonly #backOff = new BackOff();
  #child: ChildProcess | undefined;
  #isReady = false;
  #isStopping = false;
  #startedAt = 0;
  #restart: NodeJS.Timeout | undefined;
  #readyWaiters: { resolve: () => void; reject: (error: Error) => void }[] = [];

  /** `environment` is the whole environment of the process (see environment.ts). */
  constructor(declared: DeclaredFunction, environment: Readonly<Record<string, string>>, logs: Logs) {
    this.declared = declared;
    this.#environment = environment;
    this.#logs = logs;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): number {
    return this.#pending.size;
  }

  /** Starts the process. @throws (rejects) when the bundle does not load the first time */
  async start(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => this.#readyWaiters.push({ resolve, reject }));
    this.#launch();
    await ready;
  }

  /** Runs the handler once. Waits for a process that is starting; its time limit counts from when it runs. */
  invoke(event: unknown, { causes = [] }: InvokeOptions = {}): Promise<unknown> {
    if (this.#isStopping) return Promise.reject(new InvocationError('process', 'the system is stopping'));
    const id = randomUUID();
    const trace = traceFor(this.declared.name, causes);
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        resolve,
        reject,
        timer: undefined,
        send: (child) => {
          const limitMs = this.declared.timeoutSeconds * 1000;
          pending.timer = setTimeout(() => this.#timeOut(id), limitMs);
          child.send({ type: 'invoke', id, event, deadline: Date.now() + limitMs, trace });
        },
      };
      this.#pending.set(id, pending);
      if (this.#child && this.#isReady) pending.send(this.#child);
    });
  }

  /** Resolves when its process takes invocations, at once if it does; also when the system is stopping. */
  async ready(): Promise<void> {
    while (!this.#isReady && !this.#isStopping) {
      const next = new Promise<void>((resolve, reject) => this.#readyWaiters.push({ resolve, reject }));
      // A process that died while it was starting: the next one is on its way.
      await next.catch(() => undefined);
    }
  }

  /** SIGKILL, as a crash; it is started again. */
  kill(): void {
    // What comes from now on waits for the next process.
    this.#isReady = false;
    this.#child?.kill('SIGKILL');
  }

  async stop(graceMs?: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    if (this.#child) await stopChild(this.#child, graceMs);
    this.#failAll(new InvocationError('process', 'the system is stopping'));
  }

  #launch(): void {
    const { codeDirectory, handler, shortName } = this.declared;
    const [module = '', name = ''] = splitHandler(handler);
    const file = ['.mjs', '.js', '.cjs'].map((end) => join(codeDirectory, module + end)).find(existsSync);
    this.#isReady = false;
    this.#startedAt = Date.now();
    const child = forkScript({
      name: shortName,
      script: new URL('./function-host.ts', import.meta.url),
      args: [file ?? join(codeDirectory, `${module}.mjs`), name],
      env: this.#environment,
      cwd: codeDirectory,
      logs: this.#logs,
    });
    this.#child = child;
    const late = setTimeout(() => {
      this.#logs.write(shortName, 'error', `did not start within ${INIT_TIMEOUT_MS} ms`);
      child.kill('SIGKILL');
    }, INIT_TIMEOUT_MS);
    child.on('message', (message: HostMessage) => {
      if (message.type === 'ready' || message.type === 'init-failed') clearTimeout(late);
      this.#hear(child, message);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      this.#died(child, signal ?? `code ${code}`);
    });
  }

  #hear(child: ChildProcess, message: HostMessage): void {
    switch (message.type) {
      case 'ready':
        this.#isReady = true;
        for (const waiter of this.#readyWaiters.splice(0)) waiter.resolve();
        for (const pending of this.#pending.values()) pending.send(child);
        return;
      case 'init-failed': {
        const error = new InvocationError('init', `${this.declared.shortName}: ${describe(message.error)}`);
        this.#logs.write(this.declared.shortName, 'error', describe(message.error, true));
        for (const waiter of this.#readyWaiters.splice(0)) waiter.reject(error);
        this.#failAll(error);
        return;
      }
      case 'result':
        this.#take(message.id)?.resolve(message.value);
        return;
      case 'error':
        this.#logs.write(
          this.declared.shortName,
          'warn',
          `invocation failed: ${describe(message.error, true)}`,
        );
        this.#take(message.id)?.reject(new InvocationError('handler', describe(message.error)));
        return;
    }
  }

  #died(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#isReady = false;
    const { shortName } = this.declared;
    for (const waiter of this.#readyWaiters.splice(0)) {
      waiter.reject(new Error(`${shortName} ended while starting (${how}); see its log`));
    }
    this.#failAll(new InvocationError('process', `the process of ${shortName} ended (${how})`), true);
    if (this.#isStopping) return;
    const waitMs = this.#backOff.nextMs(Date.now() - this.#startedAt);
    this.#logs.write(shortName, 'warn', `process ended (${how}); starting it again in ${waitMs} ms`);
    this.#restart = setTimeout(() => this.#launch(), waitMs);
  }

  #timeOut(id: string): void {
    const { shortName, timeoutSeconds } = this.declared;
    this.#logs.write(
      shortName,
      'error',
      `an invocation took longer than ${timeoutSeconds} s; its process is killed`,
    );
    this.#take(id)?.reject(
      new InvocationError('timeout', `${shortName} timed out after ${timeoutSeconds} s`),
    );
    this.kill();
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) {
      clearTimeout(pending.timer);
      this.#pending.delete(id);
    }
    return pending;
  }

  /** `sentOnly` spares invocations that no process has seen: they wait for the next one. */
  #failAll(error: InvocationError, sentOnly = false): void {
    for (const [id, pending] of this.#pending) {
      if (!sentOnly || pending.timer) this.#take(id)?.reject(error);
    }
  }
}

const splitHandler = (handler: string): [string, string] => {
  const dot = handler.lastIndexOf('.');
  return [handler.slice(0, dot), handler.slice(dot + 1)];
};

const describe = ({ errorType, errorMessage, stackTrace }: ErrorReport, withStack = false): string =>
  [`${errorType}: ${errorMessage}`, ...(withStack ? stackTrace : [])].join('\n');

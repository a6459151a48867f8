/** The declared long-running services: their containers as processes, started again when they end (as ECS). */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackOff } from '../processes/back-off.ts';
import { type Program, startProgram } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { nodeBinary } from '../processes/node-binary.ts';
import type { DeclaredContainer } from '../template/declared.ts';
import { TemplateError } from '../template/intrinsics.ts';

export interface ContainerCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * What the container would run, from its Dockerfile: CMD (or what the task definition says instead) must be
 * `node [options] FILE [arguments]`, and FILE one of the files that COPY brings in.
 * @throws TemplateError when it is anything else
 */
export function containerCommand(container: DeclaredContainer): ContainerCommand {
  const { directory, dockerFile } = container;
  const text = readFileSync(join(directory, dockerFile), 'utf8').replace(/\\\r?\n/g, ' ');
  const lines = text.split('\n').map((line) => line.trim());
  const declared = container.command ?? [...arrayAfter('ENTRYPOINT', lines), ...arrayAfter('CMD', lines)];
  const words = /(^|\/)node$/.test(declared[0] ?? '') ? declared.slice(1) : declared;
  const at = words.findIndex((word) => /\.[cm]?js$/.test(word));
  const entry = words[at];
  const file = entry === undefined ? undefined : copied(directory, lines, basename(entry));
  if (file === undefined) {
    throw new TemplateError(
      `${dockerFile} of ${container.shortName}: CMD names no script that COPY brings in`,
    );
  }
  return { file, args: [...words.slice(0, at), file, ...words.slice(at + 1)] };
}

function arrayAfter(instruction: string, lines: readonly string[]): string[] {
  const line = lines.findLast((candidate) => candidate.toUpperCase().startsWith(`${instruction} `));
  if (line === undefined) return [];
  const value = line.slice(instruction.length).trim();
  return value.startsWith('[') ? (JSON.parse(value) as string[]) : value.split(/\s+/);
}

function copied(directory: string, lines: readonly string[], name: string): string | undefined {
  const sources = lines
    .filter((line) => /^COPY /i.test(line))
    .flatMap((line) => line.split(/\s+/).slice(1, -1))
    .filter((word) => !word.startsWith('--'));
  const candidates = sources.flatMap((source) =>
    basename(source) === name ? [join(directory, source)] : [join(directory, source, name)],
  );
  return candidates.find((candidate) => existsSync(candidate));
}

export class ContainerProcess {
  readonly name: string;
  readonly #container: DeclaredContainer;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #logs: Logs;
  readonly #backOff = new BackOff();
  readonly #stopped = new AbortController();
  #program: Program | undefined;
  #loop: Promise<void> | undefined;
  #skipWait: AbortController | undefined;

  constructor(
    name: string,
    container: DeclaredContainer,
    environment: Readonly<Record<string, string>>,
    logs: Logs,
  ) {
    this.name = name;
    this.#container = container;
    this.#environment = environment;
    this.#logs = logs;
  }

  get pid(): number | undefined {
    return this.#program?.pid;
  }

  /** Resolves when the process runs; from then on it is started again whenever it ends. */
  async start(): Promise<void> {
    await this.#launch();
    this.#loop = this.#keep();
  }

  /** SIGKILL, as a crash; it is started again with back-off. */
  kill(): void {
    this.#program?.kill();
  }

  /** Kills it if it runs, and starts it again without waiting for the back-off. */
  async restart(): Promise<void> {
    const before = this.pid;
    this.kill();
    while (this.pid === undefined || this.pid === before) {
      if (this.#stopped.signal.aborted) return;
      this.#skipWait?.abort();
      await sleep(5);
    }
  }

  async stop(graceMs?: number): Promise<void> {
    this.#stopped.abort();
    this.#skipWait?.abort();
    await this.#program?.stop(graceMs);
    await this.#loop;
  }

  async #keep(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const program = this.#program;
      const startedAt = Date.now();
      const code = program ? await program.exited : 1;
      this.#program = undefined;
      if (this.#stopped.signal.aborted) return;
      const waitMs = this.#backOff.nextMs(Date.now() - startedAt);
      this.#logs.write(this.name, 'warn', `process ended (code ${code}); starting it again in ${waitMs} ms`);
      this.#skipWait = new AbortController();
      await sleep(waitMs, undefined, { signal: this.#skipWait.signal }).catch(() => undefined);
      if (this.#stopped.signal.aborted) return;
      await this.#launch().catch((error: unknown) => this.#logs.write(this.name, 'error', String(error)));
    }
  }

  async #launch(): Promise<void> {
    const { args } = containerCommand(this.#container);
    this.#program = await startProgram({
      name: this.name,
      command: nodeBinary(),
      args,
      cwd: this.#container.directory,
      env: this.#environment,
      logs: this.#logs,
    });
    // A stop that came while it was starting: nobody else would stop it.
    if (this.#stopped.signal.aborted) await this.#program.stop();
  }
}

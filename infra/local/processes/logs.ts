/**
 * The log lines of all processes: every line goes to the process's own file, warnings and errors (with
 * `verbose` everything) to the terminal, with the process's name in front.
 */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export type Level = 'debug' | 'info' | 'warn' | 'error';

const SHOWN: ReadonlySet<Level> = new Set(['warn', 'error']);

const LEVEL_OF: Readonly<Record<string, Level>> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
  FATAL: 'error',
};

/**
 * How loud a line is. A structured line says it itself; metrics (EMF) are never shown; of plain text what
 * came on stderr counts as a warning.
 */
export function levelOf(line: string, stream: 'stdout' | 'stderr'): Level {
  if (line.startsWith('{')) {
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry === 'object' && entry !== null) {
        if ('_aws' in entry) return 'debug';
        if ('level' in entry && typeof entry.level === 'string')
          return LEVEL_OF[entry.level.toUpperCase()] ?? 'info';
      }
    } catch {
      // Not JSON after all: judged as plain text below.
    }
  }
  return stream === 'stderr' ? 'warn' : 'info';
}

export interface LogOptions {
  readonly directory: string;
  readonly verbose: boolean;
  /** Where shown lines go. */
  readonly show: (line: string) => void;
}

export class Logs {
  readonly #options: LogOptions;
  readonly #files = new Map<string, WriteStream>();

  constructor(options: LogOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
  }

  /** One line about `name`. */
  write(name: string, level: Level, line: string): void {
    this.#file(name).write(`${line}\n`);
    if (this.#options.verbose || SHOWN.has(level)) this.#options.show(`[${name}] ${line}`);
  }

  /** Takes over the output of a process. `quiet` programs (not ours) never count as warning on stderr. */
  attach(name: string, output: { stdout: Readable | null; stderr: Readable | null }, quiet = false): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = output[stream];
      if (!source) continue;
      const lines = createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY });
      lines.on('line', (line) => this.write(name, levelOf(line, quiet ? 'stdout' : stream), line));
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#files.values()].map((file) => new Promise<void>((done) => file.end(() => done()))),
    );
    this.#files.clear();
  }

  #file(name: string): WriteStream {
    const present = this.#files.get(name);
    if (present) return present;
    const path = join(this.#options.directory, `${name.replace(/[^A-Za-z0-9_.-]/g, '-')}.log`);
    const made = createWriteStream(path, { flags: 'w' });
    made.on('error', (error) =>
      this.#options.show(`[${name}] its log file ${path} cannot be written: ${error.message}`),
    );
    this.#files.set(name, made);
    return made;
  }
}

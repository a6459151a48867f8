/** The runner's own folders below .moniqo: one per run for assembly and bundles, one for logs. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PROJECT_ROOT } from './services/synth.ts';

const HOME = join(PROJECT_ROOT, '.moniqo');
const RUN = /^run-(\d+)-\d+$/;
const SIDE_LOGS = /^logs-\d+$/;
const SIDE_LOGS_KEPT_MS = 24 * 60 * 60 * 1000;

/** Two runs may tidy up the same folder at once, or a log line may still be on its way. */
const REMOVE = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const;

let runs = 0;

/** A new folder for this run. Removed are folders of runs whose process is gone, and yesterday's side logs. */
export function createRunDirectory(): string {
  mkdirSync(HOME, { recursive: true });
  for (const entry of readdirSync(HOME)) {
    if (isLeftOver(entry)) rmSync(join(HOME, entry), REMOVE);
  }
  runs += 1;
  const directory = join(HOME, `run-${process.pid}-${runs}`);
  mkdirSync(directory, { recursive: true });
  return directory;
}

function isLeftOver(entry: string): boolean {
  const pid = RUN.exec(entry)?.[1];
  if (pid !== undefined) return !isAlive(Number(pid));
  const stat = SIDE_LOGS.test(entry) ? statSync(join(HOME, entry), { throwIfNoEntry: false }) : undefined;
  return stat !== undefined && Date.now() - stat.mtimeMs > SIDE_LOGS_KEPT_MS;
}

export function removeRunDirectory(directory: string): void {
  if (existsSync(directory)) rmSync(directory, REMOVE);
}

/** .moniqo/logs; a system on another port than the usual one has its own, so that two do not share files. */
export const logDirectory = (port: number, usualPort: number): string =>
  join(HOME, port === usualPort ? 'logs' : `logs-${port}`);

const noteSchema = z.object({ api: z.string(), sqsEndpoint: z.string() });

/** Where a running system's parts are, for commands beside it. No token and no key. */
export type RunningNote = z.output<typeof noteSchema>;

const NOTE = 'system.json';

export const noteRunning = (directory: string, note: RunningNote): void =>
  writeFileSync(join(directory, NOTE), JSON.stringify(note));

/** The systems that run from this folder now. */
export function runningSystems(): readonly RunningNote[] {
  const entries = existsSync(HOME) ? readdirSync(HOME) : [];
  return entries.flatMap((entry) => {
    const pid = RUN.exec(entry)?.[1];
    const file = join(HOME, entry, NOTE);
    if (pid === undefined || !isAlive(Number(pid)) || !existsSync(file)) return [];
    return [noteSchema.parse(JSON.parse(readFileSync(file, 'utf8')))];
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

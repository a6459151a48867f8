/** The runner's own folders below .moniqo: one per run for assembly and bundles, one for logs. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './services/synth.ts';

const HOME = join(PROJECT_ROOT, '.moniqo');
const RUN = /^run-(\d+)-\d+$/;

let runs = 0;

/** A new folder for this run. What runs left behind whose process is gone is removed. */
export function createRunDirectory(): string {
  mkdirSync(HOME, { recursive: true });
  for (const entry of readdirSync(HOME)) {
    const pid = RUN.exec(entry)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(HOME, entry), { recursive: true, force: true });
  }
  runs += 1;
  const directory = join(HOME, `run-${process.pid}-${runs}`);
  mkdirSync(directory, { recursive: true });
  return directory;
}

export function removeRunDirectory(directory: string): void {
  if (existsSync(directory)) rmSync(directory, { recursive: true, force: true });
}

/** .moniqo/logs; a system on another port than the usual one has its own, so that two do not share files. */
export const logDirectory = (port: number, usualPort: number): string =>
  join(HOME, port === usualPort ? 'logs' : `logs-${port}`);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

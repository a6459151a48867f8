/** Time of a core that processes have used, as Linux tells it. */
import { existsSync, readFileSync } from 'node:fs';

/** Of the kernel's clock, in which /proc counts. */
const TICKS_PER_SECOND = 100;

/** Whether this machine tells it at all. */
export const tellsCoreTime = existsSync('/proc/self/stat');

/** Seconds of a core that a process has used. @throws when it is gone */
export function coreSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND; // not money
}

interface Running {
  readonly name: string;
  readonly pid: number;
}

/** By name, of those that still run; null where the machine does not tell. */
export function coreSecondsOf(running: readonly Running[]): ReadonlyMap<string, number> | null {
  if (!tellsCoreTime) return null;
  const alive = running.filter(({ pid }) => existsSync(`/proc/${pid}/stat`));
  return new Map(alive.map(({ name, pid }) => [name, coreSeconds(pid)]));
}

/** Shares of a core between two looks, largest first; a process that ended, or was not there before, is left out. */
export const coreShares = (
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  seconds: number,
): readonly { readonly name: string; readonly share: number }[] =>
  [...after]
    .flatMap(([name, used]) => {
      const since = before.get(name);
      return since === undefined ? [] : [{ name, share: (used - since) / seconds }];
    })
    .sort((a, b) => b.share - a.share);

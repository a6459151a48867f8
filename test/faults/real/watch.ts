/** Looks on while the bots trade: positions that are open without levels in the index, and what the processes say. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RunningSystem } from '../../../infra/local/system.ts';
import type { PositionView } from '../../../shared/usecases/views/position-view.ts';
import type { StubbornClient } from './client.ts';
import { armedOwners, wantsLevels } from './levels.ts';
import type { Tally } from './tally.ts';

const LOOK_EACH_MS = 1_000;
const ENDED = /^\[([^\]]+)\] process ended \(/;
const LINE = /^\[([^\]]+)\] (\{.*\})$/;
const LOUD = new Set(['ERROR', 'CRITICAL', 'error', 'critical']);

export interface Protection {
  /** Position-seconds seen open, wanting levels, and with none in the index. */
  readonly unarmedSeconds: number;
  /** The longest that one position was seen so. */
  readonly longestSeconds: number;
}

/** Counts until it is told to stop. */
export async function watchProtection(
  system: RunningSystem,
  client: StubbornClient,
  stop: AbortSignal,
): Promise<Protection> {
  const since = new Map<string, number>();
  let unarmedMs = 0;
  let longestMs = 0;
  let lookedAt = Date.now();
  while (!stop.aborted) {
    await sleep(LOOK_EACH_MS, undefined, { signal: stop }).catch(() => undefined);
    const page = await client.tryRead<{ items: readonly PositionView[] }>('/positions?status=open&limit=200');
    if (page === null) continue;
    // While the cache is away nothing watches; what its prices reach then is found by the rebuild.
    const armed = await armedOwners(system.valkeyUrl).catch(() => new Set<string>());
    const now = Date.now();
    const bare = page.items.filter((one) => wantsLevels(one) && !armed.has(one.position_id));
    const ids = new Set(bare.map((one) => one.position_id));
    for (const id of since.keys()) if (!ids.has(id)) since.delete(id);
    for (const id of ids) {
      const first = since.get(id);
      if (first === undefined) since.set(id, now);
      else {
        unarmedMs += now - lookedAt;
        longestMs = Math.max(longestMs, now - first);
      }
    }
    lookedAt = now;
  }
  return { unarmedSeconds: rounded(unarmedMs), longestSeconds: rounded(longestMs) };
}

const rounded = (ms: number): number => Math.round(ms / 100) / 10;

/** Counts what the system's warnings and errors tell: restarts, and errors by their code. */
export const listener =
  (tally: Tally) =>
  (line: string): void => {
    const ended = ENDED.exec(line);
    if (ended?.[1] !== undefined) {
      tally.count('restarts', ended[1]);
      return;
    }
    const [, name, json] = LINE.exec(line) ?? [];
    if (name === undefined || json === undefined) return;
    try {
      const entry = JSON.parse(json) as { level?: unknown; code?: unknown; message?: unknown };
      if (LOUD.has(String(entry.level))) tally.count('errors told', `${name} ${entry.code ?? entry.message}`);
    } catch {
      tally.count('errors told', `${name} a line that is no JSON`);
    }
  };

const run = promisify(execFile);

/** Resident memory of the streamer's process, in MB; null while it does not run. */
export async function streamerMemoryMb(system: RunningSystem): Promise<number | null> {
  const pid = system.pids().find(({ name }) => name.startsWith('streamer'))?.pid;
  if (pid === undefined) return null;
  const answer = await run('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => null);
  const kilobytes = Number.parseInt(answer?.stdout.trim() ?? '', 10); // not money: a size
  return Number.isNaN(kilobytes) ? null : Math.round(kilobytes / 102.4) / 10;
}

/**
 * Sends the sweeps of the next 130 s as delayed messages, one per second and shard (design section 10).
 *
 * Keeps no state: each firing covers the next one's time as well, and doubles are dropped where they are swept, so
 * a late, doubled or crashed firing leaves no hole.
 */
import type { Ports } from './ports.ts';

interface Needs {
  readonly outbox: Pick<Ports['outbox'], 'triggers'>;
  readonly clock: Ports['clock'];
}

export interface DispatchSettings {
  readonly shards: number;
  readonly intervalSeconds: number;
  readonly horizonSeconds: number;
}
export const SWEEP_HORIZON_SECONDS = 130;

/** Answers how many sweeps were sent. */
export function makeDispatchSweeps({ outbox, clock }: Needs, settings: DispatchSettings) {
  return async (): Promise<number> => {
    const start = Math.floor(clock.now() / 1000);
    const sweeps = [];
    for (let delaySeconds = 0; delaySeconds <= settings.horizonSeconds; delaySeconds++) {
      const second = start + delaySeconds;
      // Every firing picks the same seconds, so that doubles meet.
      if (second % settings.intervalSeconds !== 0) continue;
      for (let shard = 0; shard < settings.shards; shard++) {
        sweeps.push({ message: { kind: 'sweep', shard, second } as const, delaySeconds });
      }
    }
    await outbox.triggers(sweeps);
    return sweeps.length;
  };
}

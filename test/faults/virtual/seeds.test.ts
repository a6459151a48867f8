/** A few fault runs, as `npm run faults` makes them; the long test makes more. */
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorker, partsOfWorker, tryPatches } from './bundle.ts';
import { runRange, traceSeed } from './crew.ts';
import { MUTATIONS } from './mutations.ts';
import type { SeedResult } from './run-seed.ts';
import { explain } from './timeline.ts';

const SEEDS = 60;
const TWICE = [3, 17, 42];
/** One seed in twelve finds it. */
const LATE_SEEDS = 200;

let bundle = '';
beforeAll(async () => {
  bundle = await bundleWorker('test');
});

async function results(from: number, seeds: number): Promise<SeedResult[]> {
  const found: SeedResult[] = [];
  await runRange(
    { from, to: from + seeds },
    { bundle, workers: 2, onResult: (result) => found.push(result) > 0 },
  );
  return found.sort((a, b) => a.seed - b.seed);
}

describe('fault runs in virtual time', () => {
  it(`finds no violation in ${SEEDS} seeds`, async () => {
    const found = await results(1, SEEDS);
    expect(found).toHaveLength(SEEDS);
    const [failed] = found.filter(({ violations }) => violations.length > 0);
    if (failed === undefined) return;
    const traced = await traceSeed(bundle, failed.seed);
    expect(traced.violations.map((violation) => explain(traced, violation)).join('\n')).toBe('');
  });

  it('goes the same way each time, whoever runs it', async () => {
    for (const seed of TWICE) {
      const [alone] = await results(seed, 1);
      const traced = await traceSeed(bundle, seed);
      expect(traced.fingerprint).toBe(alone?.fingerprint);
      expect(traced.figures).toEqual(alone?.figures);
    }
  });

  it('knows the source that each mutation changes', async () => {
    const parts = await partsOfWorker();
    for (const { patches } of MUTATIONS) await tryPatches(patches, parts);
  });

  it('sees protection that comes too late', async () => {
    const late = {
      file: 'shared/usecases/redrive-due.ts',
      find: 'graceMs: 500 };',
      replace: 'graceMs: 6_000 };',
    };
    const found: string[] = [];
    await runRange(
      { from: 1, to: 1 + LATE_SEEDS },
      {
        bundle: await bundleWorker('test-late', [late]),
        workers: 2,
        onResult: ({ violations }) => {
          found.push(...violations.map(({ kind }) => kind));
          return found.length === 0;
        },
      },
    );
    expect(found).toContain('unprotected_long');
  });

  it('meets what it says it meets', async () => {
    const found = await results(200, 30);
    const met = new Set(found.flatMap(({ faults }) => Object.keys(faults)));
    for (const fault of [
      'call_kill_before',
      'call_kill_after',
      'call_conflict',
      'call_repeated',
      'call_freeze',
      'call_error_before',
      'call_error_after',
      'message_lost',
      'message_doubled',
      'message_late',
      'message_redelivered',
      'request_refused',
      'request_lost_before',
      'request_lost_after',
      'request_error_before',
      'request_error_after',
      'request_executed_late',
      'request_slow',
      'request_rate_limited',
      'event_dropped',
      'event_doubled',
      'event_late',
      'cache_flushed',
      'streamer_killed',
      'session_broken',
      'query_lag',
      'venue_clock_step',
      'local_clock_step',
      'thin_book',
    ]) {
      expect(met, fault).toContain(fault);
    }
    const fills = found.reduce((sum, { figures }) => sum + (figures['fills'] ?? 0), 0);
    expect(fills).toBeGreaterThan(40);
  });
});

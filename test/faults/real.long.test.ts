/**
 * The laptop system's real parts under kills and faults (`npm run faults -- --real` for longer): afterwards the ledger
 * is what the exchange's books are.
 */
import { expect, inject, it } from 'vitest';
import { runReal } from './real/run.ts';

const MINUTES = 1.5;
const SEED = 20_261_127;
/** Trading, then at most twice 180 s to settle, 120 s to close, 150 s to agree. */
const WITHIN_MS = 840_000;

it(
  'functions, streamer and cache are killed while bots trade: no order twice, no fill lost',
  async () => {
    const { document } = await runReal({
      seed: SEED,
      minutes: MINUTES,
      assembly: inject('assembly'),
      note: () => undefined,
    });
    expect(document.violations).toEqual([]);
    // A storm that killed nobody and struck nothing has proven nothing. Low bounds: a busy machine trades little.
    for (const name of ['api', 'submit', 'executions', 'evaluate', 'streamer', 'redis']) {
      expect(document.kills[name], `kills of ${name}`).toBeGreaterThan(0);
    }
    const struck = Object.values(document.venue_faults).reduce((all, count) => all + count, 0);
    expect(struck).toBeGreaterThan(5);
    expect(document.fills).toBeGreaterThan(5);
  },
  WITHIN_MS,
);

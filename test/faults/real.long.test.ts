/**
 * The laptop system's real parts under kills and faults (`npm run faults -- --real` for longer): afterwards the ledger
 * is what the exchange's books are.
 */
import { expect, inject, it } from 'vitest';
import { runReal } from './real/run.ts';

const MINUTES = 1.5;
const SEED = 20_261_127;
/** Trading, then up to twice 180 s to settle and 120 s to close. */
const WITHIN_MS = 660_000;

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
    // A storm that killed nobody and struck nothing has proven nothing.
    for (const name of ['api', 'submit', 'exits', 'executions', 'evaluate', 'streamer', 'redis']) {
      expect(document.kills[name], `kills of ${name}`).toBeGreaterThan(0);
    }
    const struck = Object.values(document.venue_faults).reduce((all, count) => all + count, 0);
    expect(struck).toBeGreaterThan(20);
    expect(document.fills).toBeGreaterThan(40);
  },
  WITHIN_MS,
);

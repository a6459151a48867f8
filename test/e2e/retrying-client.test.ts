/** A client that retries over a network that cuts its connections: one order per intent, here and at the exchange. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ExchangeTrader } from '../support/exchange-trader.ts';
import { retriedIntents } from '../support/retried-intents.ts';

let trader: ExchangeTrader;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

/** Seconds; on a machine that does other work as well it may take minutes. */
const PATIENT_MS = 300_000;

it(
  'thirty intents, each sent one to five times side by side, make thirty orders',
  async () => {
    const took = await retriedIntents(trader, { count: 30, atOnce: 6, seed: 1 });
    // A network that cut nothing has proven nothing.
    for (const [fate, times] of Object.entries(took.cut))
      expect({ fate, times }).not.toMatchObject({ times: 0 });
    expect(took.sends).toBeGreaterThan(60);
    expect(await trader.system.deadLetters()).toEqual([]);
  },
  PATIENT_MS,
);

/** The same as retrying-client.test.ts with a thousand intents, or as many as MONIQO_INTENTS says (2,000 take eight minutes). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ExchangeTrader } from '../support/exchange-trader.ts';
import { retriedIntents } from '../support/retried-intents.ts';

let trader: ExchangeTrader;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

const LONG_MS = 1_800_000;
const INTENTS = Number(process.env['MONIQO_INTENTS'] ?? '1000');

it(
  `${INTENTS} intents make ${INTENTS} orders`,
  async () => {
    const took = await retriedIntents(trader, { count: INTENTS, atOnce: 6, seed: 2 });
    const { cut, abandoned, sends, seconds } = took;
    console.info(
      `${INTENTS} intents, ${sends} sends, ${JSON.stringify(cut)}, ${abandoned} given up, ${seconds.toFixed(0)} s`,
    );
    expect(Object.values(cut).every((times) => times > 0)).toBe(true);
    expect(await trader.system.deadLetters()).toEqual([]);
  },
  LONG_MS,
);

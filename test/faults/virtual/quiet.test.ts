/** The calm: what is owed is swept at each second, whoever is still busy, and a lost index is asked for again. */
import { describe, expect, it } from 'vitest';
import { newOrder } from '../../unit/domain/builders.ts';
import { Chaos } from './chaos.ts';
import { Clocks } from './clocks.ts';
import { SYMBOL } from './exchange.ts';
import { Kernel } from './kernel.ts';
import { makeOutside } from './outside.ts';
import { Market } from './prices.ts';
import { Quiet } from './quiet.ts';
import { Chance } from './random.ts';
import { drawScenario } from './scenario.ts';
import { Trace } from './trace.ts';
import { Violations } from './violations.ts';

const START = Date.UTC(2026, 0, 5, 12);

/** A calm without functions: what is sent stays where it is. */
function world() {
  const kernel = new Kernel(START + 300);
  const scenario = drawScenario(new Chance('scenario'));
  const chaos = new Chaos(scenario.weather, new Chance('calls'));
  chaos.isOver = true;
  const trace = new Trace(() => kernel.now, false);
  const chance = new Chance('world');
  const clocks = new Clocks(kernel, chaos, chance);
  const outside = makeOutside(clocks, scenario.plans, { kernel, chaos, chance, trace });
  const parts = { kernel, outside, chance, trace, onTick: () => undefined };
  const market = new Market(parts, { ...scenario.walk, bnbAfterMs: 0 });
  market.stop();
  const violations = new Violations(() => kernel.now);
  const quiet = new Quiet({
    kernel,
    outside,
    functions: [],
    market,
    violations,
    undecidable: new Set(),
    aheadMs: 0,
  });
  /** When such messages were sent, in ms from the start. */
  const sentAt = (kind: string): number[] =>
    outside.queues.triggers.messages
      .filter(({ body }) => body.includes(`"kind":"${kind}"`))
      .map(({ visibleAt }) => visibleAt - START);
  const until = (ms: number): Promise<void> => {
    let isReached = false;
    kernel.at(START + ms, () => {
      isReached = true;
    });
    return kernel.run(() => isReached);
  };
  return { kernel, outside, market, quiet, sentAt, until };
}

describe('the calm', () => {
  it('sweeps at each second at which something is owed, and only then', async () => {
    const { kernel, outside, quiet, sentAt, until } = world();
    quiet.begin();
    // Nobody waits for quiet yet, and nothing is owed when this second begins.
    kernel.at(START + 5_100, () => {
      outside.ledger.orderItems.set('late', newOrder({ orderId: 'late', dueAt: START + 5_100 }));
    });
    kernel.at(START + 8_100, () => outside.ledger.orderItems.delete('late'));
    await until(12_000);
    expect(sentAt('sweep')).toEqual([6_000, 7_000, 8_000]);
  });

  it('asks for a lost index until it is there, though no new price comes', async () => {
    const { kernel, outside, quiet, sentAt, until } = world();
    quiet.begin();
    kernel.at(START + 1_100, () => outside.index.flush());
    await until(6_500);
    const asked = sentAt('rebuild');
    expect(asked[0]).toBe(2_000);
    expect(asked.length).toBeGreaterThanOrEqual(3);
    outside.index.build(SYMBOL);
    await until(30_000);
    expect(sentAt('rebuild')).toEqual(asked);
  });

  it('ends', async () => {
    const { kernel, outside, quiet, sentAt, until } = world();
    quiet.begin();
    outside.ledger.orderItems.set('late', newOrder({ orderId: 'late', dueAt: START }));
    kernel.at(START + 2_100, () => quiet.end());
    await until(60_000);
    expect(sentAt('sweep')).toEqual([1_000, 2_000]);
  });
});

describe('the price writer', () => {
  it('sends what was refused again by itself', async () => {
    const { outside, market, sentAt, until } = world();
    outside.index.flush();
    market.refresh();
    await until(6_000);
    expect(sentAt('rebuild')).toEqual([300, 2_300, 4_300]);
    outside.index.build(SYMBOL);
    await until(7_000);
    const armed = await outside.index.arm(SYMBOL, [], [], START);
    expect(armed).toMatchObject({ outcome: 'armed', armedTick: 102 });
    expect(sentAt('rebuild')).toHaveLength(3);
  });
});

import { describe, expect, it } from 'vitest';
import type { Hit, Tick, Units } from '../../../shared/domain/triggers/types.ts';
import { needsPrice } from '../../../shared/usecases/hit-rules.ts';
import { aTick } from '../../support/trigger-histories.ts';

const AT = 1_790_000_000_000;
const NOW = AT + 5_000;

function hit(tick: Partial<Tick>, more: Partial<Hit> = {}): Hit {
  const units = 95 as Units;
  return {
    ...{ member: 'p|stop_loss', version: 1, cause: 'tick', source: 'bid', level: units, price: units },
    ...{ peak: null, armedTick: 7, tick: { ...aTick(9, 95), at: AT, ...tick } },
    ...more,
  };
}

describe('a hit has to be confirmed by the current price', () => {
  it.each<[string, Hit, number, boolean]>([
    ['by a tick that is new', hit({}), AT + 60_000, false],
    [
      'by one that may have been applied before, of a level that was there',
      hit({ unproven: true }),
      AT - 1,
      false,
    ],
    ['by one that may have been applied before, of a later level', hit({ unproven: true }), AT, true],
    [
      'by one that may have been applied before, of a trailing stop: its peak may be from after it',
      hit({ unproven: true }, { peak: 100 as Units }),
      AT - 60_000,
      true,
    ],
  ])('%s', (_, given, armedAt, needs) => {
    expect(needsPrice(given, { armedAt }, NOW)).toBe(needs);
  });
});

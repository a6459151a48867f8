/** Reports in parts: what each part says. */
import { describe, expect, it } from 'vitest';
import { splitReport, TRADES_PER_REPORT } from '../../../shared/domain/split-report.ts';
import { d, newFill, newReport } from './builders.ts';

const COUNT = 2 * TRADES_PER_REPORT + 1;
const fills = Array.from({ length: COUNT }, (_, n) => newFill('100', '1', { tradeId: String(n) }));

describe('a report of many trades', () => {
  const whole = newReport({ status: 'expired', cumulativeQuantity: d(COUNT), quantity: d(60), fills });
  const parts = splitReport(whole);

  it('counts up, and only its last part has the status', () => {
    expect(parts.map(({ status, cumulativeQuantity }) => [status, cumulativeQuantity.toNumber()])).toEqual([
      ['partially_filled', TRADES_PER_REPORT],
      ['partially_filled', 2 * TRADES_PER_REPORT],
      ['expired', COUNT],
    ]);
    expect(parts.flatMap((part) => part.fills)).toEqual(fills);
  });

  it('says what the order was set to only with all that had filled by then', () => {
    // Less than had filled means something else than less than what a part has told (order-notes.ts, `resized`).
    expect(parts.map(({ quantity }) => quantity?.toNumber() ?? null)).toEqual([null, null, 60]);
  });

  it('of few trades stays whole', () => {
    const few = newReport({ fills: fills.slice(0, TRADES_PER_REPORT) });
    expect(splitReport(few)).toEqual([few]);
  });
});

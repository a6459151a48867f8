/**
 * Each minute: how many dead letters lie in each queue, told to health (views/health-view.ts). Their alarms look at SQS's own metric
 * and do not hang on this.
 */
import type { DeadLetterCount, DeadLetterCounts } from '../ports/dead-letters.ts';
import type { Clock } from '../ports/runtime.ts';
import type { Counters } from '../ports/trigger-index.ts';

/** The cache's name for it: JSON of `CountedDeadLetters`. */
export const DEAD_LETTERS = 'dead_letters:counted';

/** What was counted stands until the next two minutes have not come. */
const TOLD_MS = 180_000;

export interface CountedDeadLetters {
  /** Epoch ms. */
  readonly at: number;
  readonly queues: readonly DeadLetterCount[];
}

interface Needs {
  readonly deadLetters: DeadLetterCounts;
  readonly counters: Pick<Counters, 'set'>;
  readonly clock: Clock;
}

/** Throws when queues or cache cannot be asked: health then says that nothing is known, once what it knew is old. */
export function makeCountDeadLetters({ deadLetters, counters, clock }: Needs) {
  return async (): Promise<CountedDeadLetters> => {
    const queues = await deadLetters.read();
    const counted = { at: clock.now(), queues };
    await counters.set({ [DEAD_LETTERS]: JSON.stringify(counted) }, TOLD_MS);
    return counted;
  };
}

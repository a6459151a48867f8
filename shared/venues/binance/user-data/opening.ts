/** When a session may be opened: within the budget, and not one after the other where each is used up at once. */
import type { ConnectionHandlers } from '../../../ports/connection.ts';
import { MOST_DOUBLINGS, messageOf, type UserDataParts } from './parts.ts';

const CONNECT_WEIGHT = 2;

/** Connecting costs weight too; where the address is blocked nobody knocks. */
export function guardOpening({
  budget,
  clock,
  log,
}: Pick<UserDataParts, 'budget' | 'clock' | 'log'>): Required<
  Pick<ConnectionHandlers, 'beforeOpen' | 'onRefused'>
> {
  return {
    beforeOpen: async () => {
      const ask = { account: null, rank: 'exit', weight: CONNECT_WEIGHT, orders: 0 } as const;
      const grant = await budget.ask(ask);
      return grant.granted ? 0 : Math.max(1, grant.retryAfterMs);
    },
    onRefused: (status, retryAfterMs) => {
      const until = clock.now() + retryAfterMs;
      budget
        .block({ account: null, until, reason: status === 418 ? '418' : '429' })
        .catch((error: unknown) => log.warn('budget_not_blocked', { error: messageOf(error) }));
    },
  };
}

/** Sessions that replace one that is used up: the first at once, others that soon follow with doubling waits. */
export class Replacements {
  readonly #parts: Pick<UserDataParts, 'clock' | 'settings'>;
  #inARow = 0;
  /** None is due before, epoch ms. */
  notBefore = Number.NEGATIVE_INFINITY;

  constructor(parts: Pick<UserDataParts, 'clock' | 'settings'>) {
    this.#parts = parts;
  }

  /** Is one due now? If so, the next has to wait. */
  begin(): boolean {
    const { clock, settings } = this.#parts;
    const now = clock.now();
    if (now < this.notBefore) return false;
    if (now - this.notBefore > settings.longestRetryMs) this.#inARow = 0;
    const wait = settings.retryMs * 2 ** Math.min(this.#inARow, MOST_DOUBLINGS);
    this.notBefore = now + Math.min(settings.longestRetryMs, wait);
    this.#inARow += 1;
    return true;
  }
}

/** The rate budget in memory is held to the contract of the real one. */
import { describeBudget } from '../../contracts/budget.ts';
import { MemoryBudget } from '../../support/fakes/memory-budget.ts';

describeBudget(
  'the rate budget in memory',
  async () => {
    const clock = { now: 0 };
    const budgets = new Map<string, MemoryBudget>();
    const at = (address: string): MemoryBudget => {
      const budget = budgets.get(address) ?? new MemoryBudget({ address, now: () => clock.now });
      budgets.set(address, budget);
      return budget;
    };
    return { clock, at };
  },
  { runs: 200 },
);

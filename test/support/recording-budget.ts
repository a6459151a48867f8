/** A rate budget that grants everything (or what the test says) and remembers what it was asked and told. */
import type { BudgetAnswer, BudgetAsk, BudgetFacts, RateBudget } from '../../shared/ports/rate-budget.ts';

export type Block = Parameters<RateBudget['block']>[0];

export class RecordingBudget implements RateBudget {
  readonly asks: BudgetAsk[] = [];
  readonly facts: BudgetFacts[] = [];
  readonly blocks: Block[] = [];
  /** Answers the next asks instead of a grant. */
  readonly refusals: Exclude<BudgetAnswer, { granted: true }>[] = [];
  /** Thrown by `correct` and `block`: the cache is gone. */
  failure: Error | null = null;

  async ask(ask: BudgetAsk): Promise<BudgetAnswer> {
    this.asks.push(ask);
    return this.refusals.shift() ?? { granted: true, grantId: `g${this.asks.length}` };
  }

  async correct(facts: BudgetFacts): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.facts.push(facts);
  }

  async block(block: Block): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.blocks.push(block);
  }

  async learn(): Promise<void> {
    if (this.failure !== null) throw this.failure;
  }

  async figures(): Promise<null> {
    return null;
  }
}

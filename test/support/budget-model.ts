/**
 * The rate budget's rules, said as plainly as possible: one window of weight, all history kept, everything counted
 * anew for each answer. What the scripts must agree with.
 */

interface Call {
  readonly id: string;
  readonly amount: number;
  readonly startedAt: number;
  /** Under way, told of by a header (or free), or counted by us since `at` in the window `start`. */
  state: { kind: 'under_way' } | { kind: 'told' } | { kind: 'own'; start: number };
}

const LIFE = 30_000;
const SLACK = 2_000;
const GUARD = 100;

export class BudgetModel {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #calls: Call[] = [];
  #start = 0;
  #head = { count: 0, at: 0 };
  #ownAt = 0;

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  #windowOf = (time: number): number => time - (time % this.#windowMs);

  #enter(start: number): void {
    if (start <= this.#start) return;
    this.#start = start;
    this.#head = { count: 0, at: 0 };
    this.#ownAt = 0;
  }

  #settleLost(now: number): void {
    this.#enter(this.#windowOf(now - GUARD));
    for (const call of this.#calls) {
      if (call.state.kind !== 'under_way' || call.startedAt > now - LIFE) continue;
      if (call.startedAt + LIFE > this.#start) {
        call.state = { kind: 'own', start: this.#start };
        this.#ownAt = now;
      } else {
        // It is over since before this window began.
        call.state = { kind: 'told' };
      }
    }
  }

  used(): number {
    const counted = this.#calls.filter(
      ({ state }) => state.kind === 'under_way' || (state.kind === 'own' && state.start === this.#start),
    );
    return this.#head.count + counted.reduce((sum, { amount }) => sum + amount, 0);
  }

  ask(id: string, amount: number, share: number, now: number): boolean {
    this.#settleLost(now);
    if (this.used() + amount > Math.floor((this.#limit * share) / 100)) return false;
    this.#calls.push({ id, amount, startedAt: now, state: { kind: 'under_way' } });
    return true;
  }

  correct(id: string | null, free: boolean, count: number | null, at: number, now: number): void {
    // An answer without a header to a call without a grant says nothing.
    if (id === null && count === null) return;
    this.#settleLost(now);
    const call = this.#calls.find((one) => one.id === id && one.state.kind === 'under_way');
    if (call !== undefined) {
      const isTold = count !== null || free;
      call.state = isTold ? { kind: 'told' } : { kind: 'own', start: this.#start };
      if (!isTold) this.#ownAt = now;
    }
    if (count === null) return;
    this.#enter(this.#windowOf(at));
    if (this.#windowOf(at) < this.#start) return;
    if (count >= this.#head.count || at > this.#head.at + SLACK) {
      this.#head = { count, at: Math.max(at, this.#head.at) };
    }
    if (at > this.#ownAt + SLACK) {
      for (const one of this.#calls) {
        if (one.state.kind === 'own' && one.state.start === this.#start) one.state = { kind: 'told' };
      }
    }
  }
}

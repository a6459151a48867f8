/** What a run found wrong, and whom it concerns. */
export interface Violation {
  readonly kind: string;
  readonly text: string;
  /** Ids of orders and positions, for the timeline. */
  readonly about: readonly string[];
  readonly at: number;
}

export class Violations {
  readonly all: Violation[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(kind: string, text: string, about: readonly string[] = []): void {
    if (this.all.some((one) => one.kind === kind && one.text === text)) return;
    this.all.push({ kind, text, about, at: this.#now() });
  }
}

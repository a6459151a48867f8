/** The exchange's clock: the machine's, or one that is told to be wrong. */
export class Clock {
  private readonly base: () => number;
  private skewMs = 0;

  constructor(base: () => number = Date.now) {
    this.base = base;
  }

  readonly now = (): number => this.base() + this.skewMs;

  /** Ahead of the machine's by so many ms; 0: right again. */
  skew(ms: number): void {
    this.skewMs = ms;
  }
}

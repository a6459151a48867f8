/** A count that begins anew with each aligned window. */
export class Window {
  private readonly lengthMs: number;
  private start = 0;
  private used = 0;

  constructor(lengthMs: number) {
    this.lengthMs = lengthMs;
  }

  count(now: number): number {
    const start = now - (now % this.lengthMs);
    if (start !== this.start) {
      this.start = start;
      this.used = 0;
    }
    return this.used;
  }

  /** Never below 0: a credit is not carried over. */
  add(amount: number, now: number): void {
    this.used = Math.max(0, this.count(now) + amount);
  }

  endsAt(now: number): number {
    return now - (now % this.lengthMs) + this.lengthMs;
  }
}

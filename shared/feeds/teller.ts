/** Tells what is left out by rate: each reason at most once a [minute], with how often it came meanwhile. */
const TELL_EVERY_MS = 60_000;

interface Told {
  count: number;
  told: number;
  at: number;
}

export class Teller {
  readonly #tell: (reason: string, times: number) => void;
  readonly #reasons = new Map<string, Told>();

  constructor(tell: (reason: string, times: number) => void) {
    this.#tell = tell;
  }

  /** `now`: running time. Answers whether it was told. */
  count(reason: string, now: number): boolean {
    let told = this.#reasons.get(reason);
    if (told === undefined) {
      told = { count: 0, told: 0, at: Number.NEGATIVE_INFINITY };
      this.#reasons.set(reason, told);
    }
    told.count += 1;
    if (now - told.at < TELL_EVERY_MS) return false;
    const times = told.count - told.told;
    told.told = told.count;
    told.at = now;
    this.#tell(reason, times);
    return true;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#reasons].map(([reason, { count }]) => [reason, count]));
  }

  get total(): number {
    let total = 0;
    for (const { count } of this.#reasons.values()) total += count;
    return total;
  }
}

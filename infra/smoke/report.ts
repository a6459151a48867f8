/** The steps of a smoke test as they are taken, and as they are printed. */

export interface Step {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly ms: number;
}

export interface SmokeDocument {
  readonly smoke: string;
  readonly url: string;
  readonly symbol: string;
  readonly started_at: string;
  readonly steps: readonly Step[];
  readonly passed: boolean;
}

/** A step found something that must not be; the message is for the person who deployed. */
export class SmokeFailure extends Error {
  override readonly name = 'SmokeFailure';
}

export class Steps {
  readonly taken: Step[] = [];
  readonly #told: (step: Step) => void;

  constructor(told: (step: Step) => void) {
    this.#told = told;
  }

  /** `work` answers what it found and says it in words. @throws what it throws, after it was noted */
  async take<T>(name: string, work: () => Promise<readonly [detail: string, found: T]>): Promise<T> {
    const since = performance.now();
    const note = (ok: boolean, detail: string): void => {
      const step = { name, ok, detail, ms: Math.round(performance.now() - since) };
      this.taken.push(step);
      this.#told(step);
    };
    try {
      const [detail, found] = await work();
      note(true, detail);
      return found;
    } catch (error) {
      note(false, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  get passed(): boolean {
    return this.taken.length > 0 && this.taken.every(({ ok }) => ok);
  }
}

export const stepLine = ({ name, ok, detail, ms }: Step): string =>
  `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(14)} ${detail}  (${ms} ms)`;

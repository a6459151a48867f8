/** The life of an order as a line: what it has been, with times, and what may still come. Pure. */

export interface StatusEntry {
  readonly status: string;
  readonly timestamp: string;
  readonly reason: string;
  readonly cause: string;
}

export interface LifeStep {
  readonly status: string;
  /** When it was first taken. */
  readonly at: string;
  /** How long the status before it lasted; null of the first one. */
  readonly afterMs: number | null;
  /** What the last change said, and who made it. */
  readonly reason: string;
  readonly cause: string;
  /** Changes that took the same status one after the other (fills of a part): when the last one was. */
  readonly times: number;
  readonly lastAt: string;
}

export interface Lifecycle {
  readonly steps: readonly LifeStep[];
  /** The way that is usual from here; empty of an order that has ended. */
  readonly ahead: readonly string[];
}

/** From each status that is not final. A fill may beat a cancel: that is not the usual way. */
const AHEAD: Readonly<Record<string, readonly string[]>> = {
  pending: ['submitted', 'open', 'filled'],
  submitted: ['open', 'filled'],
  open: ['filled'],
  partially_filled: ['filled'],
  cancelling: ['cancelled'],
};

/** `history`: oldest first, as the API has it. */
export function lifecycleOf(status: string, history: readonly StatusEntry[]): Lifecycle {
  const steps: LifeStep[] = [];
  for (const entry of history) {
    const before = steps.at(-1);
    const { timestamp: at, reason, cause } = entry;
    if (before?.status === entry.status) {
      steps[steps.length - 1] = { ...before, reason, cause, times: before.times + 1, lastAt: at };
      continue;
    }
    steps.push({
      ...{ status: entry.status, at, reason, cause },
      afterMs: before === undefined ? null : Date.parse(at) - Date.parse(before.at),
      ...{ times: 1, lastAt: at },
    });
  }
  return { steps, ahead: AHEAD[status] ?? [] };
}

/** Whether it can still be cancelled; the API has the last word. */
export const isLive = (status: string): boolean => status in AHEAD;

/** How a full exit goes on after exits of it that ended unfinished (design section 9). Pure. */

/**
 * The escalation ladder: the wait after an exit that ended unfinished, and the part of what is free that the
 * next one takes (a thin book or a price-range rule may take less than all). The last step repeats, alarmed, for as
 * long as it takes: a symbol that is halted for hours must be sold within seconds of its return.
 */
const LADDER = [
  { waitMs: 0, divisor: 1 },
  { waitMs: 1_000, divisor: 1 },
  { waitMs: 2_000, divisor: 2 },
  { waitMs: 4_000, divisor: 4 },
] as const;
export const LAST_STEP = LADDER.length;
const LAST_WAIT_MS = 30_000;
/** `waitMs`: after that many exits in a row have ended unfinished. */
export const ladderStep = (step: number) => LADDER[step] ?? { waitMs: LAST_WAIT_MS, divisor: 1 };

/**
 * Which of several answers under way is taken. Pure.
 *
 * Always true: none that was asked for before one that was taken, and none of what is no longer read. Each is taken as it
 * comes: where reads begin faster than they end, what is shown still moves on, and a failure is told.
 */
export interface Turns {
  begin(): number;
  /** Whether the answer to this read is to be taken; then none of an earlier one will be. */
  take(turn: number): boolean;
  /** No later one has begun. */
  isLast(turn: number): boolean;
  /** What is under way is of nobody any more. */
  drop(): void;
}

export function createTurns(): Turns {
  let begun = 0;
  let taken = 0;
  return {
    begin: () => {
      begun += 1;
      return begun;
    },
    take: (turn) => {
      if (turn <= taken) return false;
      taken = turn;
      return true;
    },
    isLast: (turn) => turn === begun,
    drop: () => {
      taken = begun;
    },
  };
}

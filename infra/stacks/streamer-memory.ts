/** What the streamer's task has of memory, and how much of it JavaScript may take: told, because Node takes no heed of 512 MiB. */

export const TASK_MIB = 512;

/** Objects that live: bars of [10 min] of 500 symbols are about 170 MB of it, a whole standby's hand-over 110. */
const OLD_MIB = 352;
/** Objects that are made and gone; three times this. */
const YOUNG_MIB = 16;

/**
 * Only beyond this is the old space collected whole. Left to itself Node does so at some 40 MiB, twice a second at 20,000
 * messages/s: it costs a fifth of the process's time, and pauses that a stop waits for (docs/benchmarks.md).
 */
const FIRST_OLD_MIB = 160;

/** The rest, 112 MiB, is for Node itself, its code, sockets and what is kept outside of the heap (kept-ticks.ts). */
export const NODE_FLAGS = [
  `--max-old-space-size=${OLD_MIB}`,
  `--max-semi-space-size=${YOUNG_MIB}`,
  `--initial-old-space-size=${FIRST_OLD_MIB}`,
];

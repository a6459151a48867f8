/** What goes on beside a use case until it is over. */
import type { Ports, Repeat } from './ports.ts';

/** One beat after another, each `everyMs` after the last one's end; while the process is frozen there is none. */
export const repeatBy =
  (sleep: Ports['sleep']): Repeat =>
  (everyMs, beat) => {
    let isOver = false;
    const run = async (): Promise<void> => {
      for (;;) {
        await sleep(everyMs);
        if (isOver) return;
        await beat();
      }
    };
    void run();
    return () => {
      isOver = true;
    };
  };

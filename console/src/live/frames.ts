/** Updates of one frame are applied together: however many messages come, the page is drawn once. */
import { batch } from '@preact/signals';

export interface FrameOptions {
  /** Calls before the next frame; while the page is hidden there are none, so a timer stands in. */
  readonly schedule: (run: () => void) => void;
}

export type InFrame = (update: () => void) => void;

export function createFrames({ schedule }: FrameOptions): InFrame {
  let waiting: (() => void)[] = [];
  return (update) => {
    waiting.push(update);
    if (waiting.length > 1) return;
    schedule(() => {
      const updates = waiting;
      waiting = [];
      batch(() => {
        for (const one of updates) one();
      });
    });
  };
}

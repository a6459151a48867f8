/** In place of `node:timers/promises` (see virtual-globals.ts). */
import { setTimeout as later } from './virtual-globals.ts';

export const setTimeout = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    later(resolve, ms);
  });

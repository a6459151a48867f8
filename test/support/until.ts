/** Looks again until it is so; what never comes fails with what was seen last. */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EACH_MS = 40;

export async function until<T>(
  what: string,
  read: () => Promise<T> | T,
  isSo: (seen: T) => boolean,
  withinMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await read();
    if (isSo(seen)) return seen;
    if (Date.now() > deadline) {
      throw new Error(`${what}: not within ${withinMs} ms; last seen: ${JSON.stringify(seen, null, 1)}`);
    }
    await sleep(LOOK_EACH_MS);
  }
}

/** A standby's memory, with the heap that its task has. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { NODE_FLAGS } from '../../../infra/stacks/streamer-memory.ts';
import { STREAM_DEFAULTS } from '../../../shared/usecases/stream-prices/settings.ts';

const CHILD = fileURLToPath(new URL('./standby-memory-child.ts', import.meta.url));
const MOST_KEPT_MB = 30;
const MOST_HANDED_OVER_MB = 140;

interface Told {
  readonly kept: number;
  readonly sent: number;
  /** What lives, above what lived before the first tick. */
  readonly mb: { readonly kept: number; readonly handedOver: number };
}

it('keeps all ticks that it may in little memory, and takes over from there within its heap', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', ...NODE_FLAGS, CHILD]);
  const told = JSON.parse(stdout) as Told;
  expect(told).toMatchObject({ kept: STREAM_DEFAULTS.standbyTicks, sent: STREAM_DEFAULTS.standbyTicks });
  expect(told.mb.kept).toBeLessThan(MOST_KEPT_MB);
  expect(told.mb.handedOver).toBeLessThan(MOST_HANDED_OVER_MB);
}, 120_000);

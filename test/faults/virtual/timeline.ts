/** What a reader is shown of a failed run: the last notes that concern whom the violation is about. */
import type { SeedResult } from './run-seed.ts';
import type { Note } from './trace.ts';
import type { Violation } from './violations.ts';

const SHOWN = 60;
const WIDTH = 420;

const time = (at: number): string => new Date(at).toISOString().slice(11, 23);
const line = ({ at, what, detail }: Note): string => `  ${time(at)} ${what} ${detail}`.slice(0, WIDTH);

/** Notes about these ids, or all of them where there are none; the last `most`. */
export function timeline(notes: readonly Note[], about: readonly string[], most: number = SHOWN): string[] {
  const concern = ({ detail, what }: Note): boolean =>
    about.length === 0
      ? what !== 'tick'
      : about.some((id) => id !== 'undefined' && detail.includes(id)) ||
        what === 'calm' ||
        what.startsWith('trouble');
  return notes.filter(concern).slice(-most).map(line);
}

export const explain = (result: SeedResult, { kind, text, about, at }: Violation): string =>
  [
    `seed ${result.seed}: ${kind}: ${text}`,
    `  found at ${time(at)}; what concerns it:`,
    ...timeline(result.notes, about),
    `  run it again: npm run faults -- --seed ${result.seed}`,
  ].join('\n');

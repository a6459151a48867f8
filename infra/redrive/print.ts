/** What `npm run redrive` says: a table for people, or one JSON document. */
import { table } from '../local/demo/table.ts';
import type { Letter } from './letters.ts';
import type { RedriveOptions } from './options.ts';
import type { Outcome } from './redrive.ts';

const ERROR_WIDTH = 90;

const secondsSince = (letter: Letter, now: number): number =>
  Math.max(0, Math.round((now - letter.since) / 1000));

function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** Whatever a message says, the terminal is not moved by it. */
const shown = (text: string): string => text.replace(/\p{C}/gu, '?');

function short(text: string): string {
  const line = shown(text.split('\n')[0] ?? '');
  return line.length > ERROR_WIDTH ? `${line.slice(0, ERROR_WIDTH - 3)}...` : line;
}

function lettersTable(letters: readonly Letter[], now: number): string {
  const rows = letters.map((letter) => [
    letter.id,
    letter.reason,
    age(secondsSince(letter, now)),
    String(letter.note?.receives ?? '-'),
    shown(letter.about),
    short(letter.note?.error ?? 'the function died or ran out of time; see its log'),
  ]);
  return table(['message', 'reason', 'age', 'receives', 'about', 'error'], rows, ['age', 'receives']);
}

const plural = (n: number): string => (n === 1 ? '1 dead letter' : `${n} dead letters`);

/** `title`: where it was looked. `now`: epoch ms. */
export function redriveText(options: RedriveOptions, title: string, outcome: Outcome, now: number): string {
  const { queue, go } = options;
  const { letters, moved, cameBack, others, troubles } = outcome;
  const lines = [`${queue}, ${title}: ${go ? `moved ${moved.length} of ` : ''}${plural(letters.length)}`];
  if (letters.length > 0) lines.push('', lettersTable(letters, now));
  if (cameBack > 0) lines.push('', `${cameBack} came back at once: look at their reason before the next try`);
  if (others > 0)
    lines.push('', `about ${others} more: not meant, beyond the limit, or behind others of their order`);
  if (!go && letters.length > 0)
    lines.push('', `Move them back with --go; what to check first: docs/operations.md`);
  return `${[...lines, ...troubles.map((trouble) => `\n${trouble}`)].join('\n')}\n`;
}

export function redriveJson(options: RedriveOptions, title: string, outcome: Outcome, now: number): string {
  const moved = new Set(outcome.moved);
  const document = {
    queue: options.queue,
    where: title,
    dead_letters: outcome.letters.map((letter) => ({
      message: letter.id,
      reason: letter.reason,
      error: letter.note?.error ?? null,
      function: letter.note?.worker ?? null,
      original_message: letter.note?.messageId ?? null,
      receives: letter.note?.receives ?? null,
      since: new Date(letter.since).toISOString(),
      age_seconds: secondsSince(letter, now),
      order_id: letter.orderId,
      about: letter.about,
      group: letter.group,
      body: letter.body,
      moved: moved.has(letter),
    })),
    moved: outcome.moved.length,
    came_back: outcome.cameBack,
    others: outcome.others,
    troubles: outcome.troubles,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

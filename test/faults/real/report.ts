/** What a run answers: one document, and the same as a table. */
import type { Sweeps } from './sweeps.ts';
import type { Protection } from './watch.ts';

type Figures = Readonly<Record<string, number>>;

export interface RealDocument {
  readonly seed: number;
  readonly minutes: number;
  readonly trading_seconds: number;
  readonly settle_seconds: number;
  /** Messages of killed processes come again after their visibility timeout, up to 90 s. */
  readonly queues_empty_seconds: number;
  readonly close_seconds: number;
  /** Until the product's own comparison said so of every account. */
  readonly agreement_seconds: number;
  readonly orders: Figures;
  readonly positions: number;
  readonly fills: number;
  readonly intents: Figures;
  readonly requests: Figures;
  readonly refusals: Figures;
  readonly kills: Figures;
  readonly restarts: Figures;
  readonly venue_faults: Figures;
  readonly messages: Figures;
  readonly in_the_app: Figures;
  readonly errors_told: Figures;
  readonly protection: {
    readonly checked_after_settling: number;
    readonly unarmed_position_seconds: number;
    readonly longest_unarmed_seconds: number;
  };
  /** Null: it was not looked for, because whoever sweeps was killed at random. */
  readonly sweeps: Sweeps | null;
  readonly streamer_memory_mb: { readonly start: number | null; readonly end: number | null };
  readonly dead_letters: readonly string[];
  readonly violations: readonly string[];
}

export const protectionFigures = (seen: Protection, checked: number): RealDocument['protection'] => ({
  checked_after_settling: checked,
  unarmed_position_seconds: seen.unarmedSeconds,
  longest_unarmed_seconds: seen.longestSeconds,
});

const NAME_WIDTH = 22;
const line = (name: string, value: string): string => `  ${name.padEnd(NAME_WIDTH)}${value}`;
const list = (figures: Figures): string =>
  Object.entries(figures)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** A readable page of the figures and of what is wrong. */
export function textOf(document: RealDocument): string {
  const { protection, streamer_memory_mb: memory, violations } = document;
  return [
    line('seed', String(document.seed)),
    line('trading', `${document.trading_seconds} s`),
    line(
      'settled after',
      `${document.settle_seconds} s (queues empty after ${document.queues_empty_seconds} s); then closed in ${document.close_seconds} s, in agreement after ${document.agreement_seconds} s`,
    ),
    line('orders', list(document.orders)),
    line('fills', `${document.fills}, positions ${document.positions}`),
    line('intents', list(document.intents)),
    line('requests', list(document.requests)),
    line('refusals', list(document.refusals)),
    line('kills', list(document.kills)),
    line('restarts', list(document.restarts)),
    line('faults at the venue', list(document.venue_faults)),
    line('messages', list(document.messages)),
    line('in the app', list(document.in_the_app)),
    line('errors told', list(document.errors_told)),
    line(
      'protection',
      `${protection.checked_after_settling} positions looked for in the index; seen without levels there ` +
        `${protection.unarmed_position_seconds} position-seconds, one at most ${protection.longest_unarmed_seconds} s`,
    ),
    ...(document.sweeps === null
      ? []
      : [
          line(
            'sweeps',
            `${document.sweeps.holes} of ${document.sweeps.seconds} seconds without one, at most ${document.sweeps.longest} in a row`,
          ),
        ]),
    line('memory of streamer', `${memory.start ?? '-'} MB at the start, ${memory.end ?? '-'} MB at the end`),
    line('dead letters', document.dead_letters.length === 0 ? 'none' : document.dead_letters.join('; ')),
    '',
    violations.length === 0
      ? '  Ledger and exchange are the same; nothing is wrong.'
      : [`  ${violations.length} violations:`, ...violations.map((one) => `  - ${one}`)].join('\n'),
  ].join('\n');
}

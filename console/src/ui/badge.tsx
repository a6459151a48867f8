/** A word with a colour: a status, a level of risk. The word says all; the colour only helps. */
import type { ReadonlySignal } from '@preact/signals';
import { useComputed } from '@preact/signals';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain';

/** Words of the API that say how something stands; one that is not here is plain. */
const TONES: Readonly<Record<string, Tone>> = {
  ...{
    open: 'good',
    active: 'good',
    healthy: 'good',
    low: 'good',
    filled: 'good',
    agree: 'good',
    ok: 'good',
  },
  ...{ opening: 'info', closing: 'info', pending: 'info', submitted: 'info', partially_filled: 'info' },
  ...{ cancelling: 'info', checking: 'info' },
  ...{
    medium: 'warn',
    paused: 'warn',
    degraded: 'warn',
    cancelled: 'plain',
    closed: 'plain',
    expired: 'plain',
  },
  ...{ high: 'bad', critical: 'bad', rejected: 'bad', failed: 'bad', liquidated: 'bad', refused: 'bad' },
};

export const toneOfWord = (word: string): Tone => TONES[word] ?? 'plain';

/** `stop_loss` as `stop loss`. */
export const wordsOf = (name: string): string => name.replaceAll('_', ' ');

export interface BadgeProps {
  /** As the API says it. */
  readonly word: string;
  /** Default: by the word. */
  readonly tone?: Tone;
  readonly title?: string;
}

export function Badge({ word, tone = toneOfWord(word), title }: BadgeProps) {
  return (
    <span class={`badge badge-${tone}`} title={title}>
      {wordsOf(word)}
    </span>
  );
}

/** Of a signal: only the word and the colour change. */
export function LiveBadge({ of }: { readonly of: ReadonlySignal<string> }) {
  const tone = useComputed(() => `badge badge-${toneOfWord(of.value)}`);
  const words = useComputed(() => wordsOf(of.value));
  return <span class={tone}>{words}</span>;
}

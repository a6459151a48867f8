/** Times: local ones with UTC in the title, and ages that go on. */
import { useComputed } from '@preact/signals';
import { NOTHING } from '../format/decimal-text.ts';
import { ageText, timeText, utcText } from '../format/time-text.ts';
import { useLive } from '../live/context.ts';

export interface TimeProps {
  /** ISO 8601 UTC, as the API tells times; null = a dash. */
  readonly at: string | null;
}

export function Time({ at }: TimeProps) {
  if (at === null) return <span class="muted">{NOTHING}</span>;
  return (
    <time dateTime={at} title={utcText(at)}>
      {timeText(at, Date.now())}
    </time>
  );
}

/** How long ago, each second anew. */
export function Age({ at }: TimeProps) {
  const { now } = useLive();
  const text = useComputed(() => ageText(at, now.value) ?? NOTHING);
  return at === null ? (
    <span class="muted">{NOTHING}</span>
  ) : (
    <time dateTime={at} title={utcText(at)} class="figure">
      {text}
    </time>
  );
}

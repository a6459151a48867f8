/** The life of an order as a line of statuses. */
import { spanText } from '../../format/time-text.ts';
import { Badge } from '../../ui/badge.tsx';
import { Time } from '../../ui/time.tsx';
import { type Lifecycle, type LifeStep, lifecycleOf, type StatusEntry } from './lifecycle.ts';

export interface LifecycleLineProps {
  readonly status: string;
  readonly history: readonly StatusEntry[];
}

export function LifecycleLine({ status, history }: LifecycleLineProps) {
  const life: Lifecycle = lifecycleOf(status, history);
  return (
    <ol class="orders-life" aria-label="Life of the order">
      {life.steps.map((step) => (
        <li key={`${step.status} ${step.at}`}>
          <Step step={step} />
        </li>
      ))}
      {life.ahead.map((word) => (
        <li key={word} class="orders-ahead">
          <span class="visually-hidden">May come: </span>
          <Badge word={word} tone="plain" />
        </li>
      ))}
    </ol>
  );
}

function Step({ step }: { readonly step: LifeStep }) {
  const { status, at, afterMs, times, lastAt, reason, cause } = step;
  return (
    <>
      <Badge word={status} /> {times > 1 && <span class="muted">×{times}</span>}
      <div>
        <Time at={at} />
        {afterMs !== null && <span class="muted figure"> +{lasted(afterMs)}</span>}
      </div>
      {lastAt !== at && (
        <div class="muted">
          last <Time at={lastAt} />
        </div>
      )}
      <div>{reason}</div>
      <div class="muted">by {cause.replaceAll('_', ' ')}</div>
    </>
  );
}

/** Short ones in milliseconds: what is quick here is the point. */
const lasted = (ms: number): string => (ms < 10_000 ? `${ms} ms` : spanText(ms));

/** What became of the requests: latencies by kind, from the time at which each was due, and problems by code. */
import { percentile } from '../report.ts';
import type { Kind } from './plan.ts';

export interface Sample {
  readonly kind: Kind;
  /** From when it was due to its whole answer: a stall counts for everybody who had to wait for it. */
  readonly latencyMs: number;
  /** From when it was due until it was sent: what of it was the sender's own delay. */
  readonly lateMs: number;
  /** The code of a refusal or of what else came instead of an answer; null = it was answered. */
  readonly problem: string | null;
  /** An answer that says what it must not; null = none. */
  readonly wrong: string | null;
}

export interface KindFigures {
  readonly kind: Kind | 'all';
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const hundredths = (n: number): number => Math.round(n * 100) / 100;

/** @throws for no samples */
export function figuresOf(kind: KindFigures['kind'], latencies: readonly number[]): KindFigures {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => hundredths(percentile(sorted, share));
  return { kind, count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Of all requests first, then by kind; whatever came of them. */
export function byKind(samples: readonly Sample[]): readonly KindFigures[] {
  const groups = Map.groupBy(samples, ({ kind }) => kind);
  const latencies = (of: readonly Sample[]): readonly number[] => of.map(({ latencyMs }) => latencyMs);
  return [
    figuresOf('all', latencies(samples)),
    ...[...groups].map(([kind, own]) => figuresOf(kind, latencies(own))),
  ];
}

/** How many of each code. */
export function problemsByCode(samples: readonly Sample[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { problem } of samples) if (problem !== null) counts[problem] = (counts[problem] ?? 0) + 1;
  return counts;
}

/** Figures of a benchmark: percentiles, targets, and how they are printed (design section 22). */

export interface Target {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  /** `most`: the value must not be above the limit; `least`: not below. */
  readonly kind: 'most' | 'least';
  readonly met: boolean;
}

export const atMost = (name: string, value: number, limit: number, unit: string): Target => ({
  name,
  value,
  limit,
  unit,
  kind: 'most',
  met: value <= limit,
});

export const atLeast = (name: string, value: number, limit: number, unit: string): Target => ({
  name,
  value,
  limit,
  unit,
  kind: 'least',
  met: value >= limit,
});

export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Nearest rank, of values in order. @throws for no values */
export function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/** @throws for no values */
export function distribution(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => percentile(sorted, share);
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

export function targetLine({ name, value, limit, unit, kind, met }: Target): string {
  const sign = kind === 'most' ? '<=' : '>=';
  const shown = (n: number): string => n.toLocaleString('en-US', { maximumFractionDigits: 2 });
  return `${met ? 'met    ' : 'NOT met'}  ${name}: ${shown(value)} ${unit} (target ${sign} ${shown(limit)} ${unit})`;
}

/** What a bench answers. `wrong` makes the command fail; a missed target does not: a machine may be slow. */
export interface BenchResult {
  readonly document: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly wrong: readonly string[];
}

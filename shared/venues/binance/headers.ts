/** What the answer's headers say about the venue's counters and time. */
import type { IncomingHttpHeaders } from 'node:http';

export interface Usage {
  readonly intervalMs: number;
  readonly count: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `x-mbx-used-weight-1m`: interval number and letter at the end. */
const COUNTER = /^(x-mbx-(?:used-weight|order-count))-(\d{1,4})([smhd])$/;

function counters(headers: IncomingHttpHeaders, prefix: string): readonly Usage[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const [, found, times, letter] = COUNTER.exec(name) ?? [];
    if (found !== prefix || times === undefined || letter === undefined) return [];
    const count = wholeNumber(value);
    const unit = UNIT_MS[letter];
    if (count === null || unit === undefined) return [];
    return [{ intervalMs: Number.parseInt(times, 10) * unit, count }]; // not money: ms
  });
}

function wholeNumber(value: string | string[] | undefined): number | null {
  return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number.parseInt(value, 10) : null; // not money: a count
}

export const usedWeight = (headers: IncomingHttpHeaders) => counters(headers, 'x-mbx-used-weight');
export const orderCounts = (headers: IncomingHttpHeaders) => counters(headers, 'x-mbx-order-count');

/** `Retry-After` in ms (the venue sends seconds); null where there is none. */
export function retryAfterMs(headers: IncomingHttpHeaders): number | null {
  const seconds = wholeNumber(headers['retry-after']);
  return seconds === null ? null : seconds * 1_000;
}

/** When the answer was made, epoch ms, to the second; null where it does not say. */
export function answeredAt(headers: IncomingHttpHeaders): number | null {
  const at = headers.date === undefined ? Number.NaN : Date.parse(headers.date);
  return Number.isFinite(at) ? at : null;
}

/**
 * Recursion detection as Lambda does it: each invocation adds itself to the lineage in the trace header, the
 * SDK passes the header on with what it sends, and a function that finds itself in the lineage for the 16th
 * time is not invoked again unless it declares RecursiveLoop ALLOW.
 *
 * The lineage's text is ours (`name:count` joined by `|`); Lambda's own is not documented.
 */
import { randomBytes } from 'node:crypto';

/** Carries the trace header through the queue emulator, which knows no system attributes for it. */
export const TRACE_ATTRIBUTE = 'LocalAwsTraceHeader';

export const RECURSION_LIMIT = 16;

/** How often each function is in the lineage of a trace header. */
export function lineageOf(header: string | undefined): ReadonlyMap<string, number> {
  const [, lineage] = /(?:^|;)Lineage=([^;]*)/.exec(header ?? '') ?? [];
  const counts = new Map<string, number>();
  for (const part of (lineage ?? '').split('|')) {
    const at = part.lastIndexOf(':');
    const count = Number(part.slice(at + 1));
    if (at > 0 && Number.isInteger(count)) counts.set(part.slice(0, at), count);
  }
  return counts;
}

/** The header for an invocation of `functionName` caused by `causes`: per function the longest chain counts. */
export function traceFor(functionName: string, causes: readonly (string | undefined)[]): string {
  const merged = new Map<string, number>();
  for (const cause of causes) {
    for (const [name, count] of lineageOf(cause)) merged.set(name, Math.max(count, merged.get(name) ?? 0));
  }
  merged.set(functionName, (merged.get(functionName) ?? 0) + 1);
  const lineage = [...merged].map(([name, count]) => `${name}:${count}`).join('|');
  return `${rootOf(causes)};Parent=${randomBytes(8).toString('hex')};Sampled=0;Lineage=${lineage}`;
}

function rootOf(causes: readonly (string | undefined)[]): string {
  for (const cause of causes) {
    const [root] = /Root=[^;]+/.exec(cause ?? '') ?? [];
    if (root) return root;
  }
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')}`;
}

/** Whether another invocation would go over the limit. */
export const isRecursive = (functionName: string, cause: string | undefined): boolean =>
  (lineageOf(cause).get(functionName) ?? 0) >= RECURSION_LIMIT;

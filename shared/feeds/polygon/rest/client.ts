/**
 * Polygon's (Massive's) REST API, as far as history needs it: one-minute bars (facts/polygon.md section 5).
 *
 * Always true:
 * - the key travels in the Authorization header only, never in a URL, and is in no error text;
 * - it goes to the configured host alone: redirects are not followed, and a next page elsewhere is not asked for;
 * - no call waits for ever: each request has a time limit, tries and pages are bounded;
 * - numbers are taken from the answer's own text, never through a binary fraction.
 */
import * as z from 'zod';
import { err, ok, type Result } from '../../../domain/result.ts';
import { type Envelope, failureOf, isPassing, notJson, type PolygonFailure } from './failures.ts';
import { createPace } from './pace.ts';

export interface PolygonRestOptions {
  /** For instance `https://api.massive.com`. */
  readonly url: string;
  readonly key: string;
  /** [5] What the free plan allows. */
  readonly requestsPerMinute?: number;
  /** [10 s] From the request to the last byte of its answer. */
  readonly timeoutMs?: number;
  /** [4] Of one page, the first one included. */
  readonly tries?: number;
  /** [1 s] Before the second try; then doubling, with jitter. */
  readonly firstWaitMs?: number;
  /** [60 s] After a refusal for too many requests, where the answer names no time. */
  readonly tooManyWaitMs?: number;
  readonly now: () => number;
  /** 0 <= n < 1. */
  readonly random: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Numbers as they were written. */
export interface AggregateBar {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly trades: string | null;
  /** Start of the minute, epoch ms. */
  readonly at: string;
}

export type PolygonAnswer<T> = Result<T, PolygonFailure>;

export interface PolygonRest {
  /** Bars of one minute, oldest first, that begin in [fromMs, toMs]; the running one may be among them. */
  minuteBars(
    ticker: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): Promise<PolygonAnswer<readonly AggregateBar[]>>;
}

const MOST_PAGES = 20;
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_WAIT_MS = 120_000;
/** One vendor under two names: a cursor of the one is good at the other. */
const BRANDS: readonly string[] = ['api.massive.com', 'api.polygon.io'];

const number = z.string().regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/);
const aggregates = z.object({
  results: z
    .array(z.object({ o: number, h: number, l: number, c: number, n: number.nullish(), t: number }))
    // Left out, not empty, where there is nothing.
    .default([]),
  next_url: z.string().nullish(),
});
const envelope = z.object({
  status: z.string().optional(),
  error: z.string().optional(),
  message: z.string().optional(),
});

/** Numbers come as the text they were written in. */
const exactJson = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value,
  );

interface RawAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

export function createPolygonRest(options: PolygonRestOptions): PolygonRest {
  const { key, now, random, pause } = options;
  const { timeoutMs = 10_000, tries = 4, firstWaitMs = 1_000, tooManyWaitMs = 60_000 } = options;
  const base = new URL(options.url);
  const pace = createPace({ perMinute: options.requestsPerMinute ?? 5, now, pause });
  const stopped: PolygonFailure = { code: 'stopped', message: 'no longer needed' };
  const clean = (text: string): string => text.replaceAll(key, '***');

  async function send(target: URL, signal: AbortSignal): Promise<RawAnswer> {
    const response = await fetch(target, {
      headers: { Authorization: `Bearer ${key}`, Accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MOST_BYTES) throw new Error('the answer is too large');
      chunks.push(chunk);
    }
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      text: Buffer.concat(chunks).toString('utf8'),
    };
  }

  function read({ status, text }: RawAnswer): PolygonAnswer<z.output<typeof aggregates>> {
    let body: unknown;
    try {
      body = exactJson(text);
    } catch {
      return err(notJson(status));
    }
    const known = envelope.safeParse(body);
    const failure = failureOf(status, known.success ? (known.data as Envelope) : {});
    if (failure !== null) return err({ ...failure, message: clean(failure.message) });
    const parsed = aggregates.safeParse(body);
    if (parsed.success) return ok(parsed.data);
    const [issue] = parsed.error.issues;
    return err({ code: 'unreadable', message: `${issue?.path.join('.')}: ${issue?.message}` });
  }

  /** Between two tries; half of it is chance, so that many who failed together do not come back together. */
  function waitMs(attempt: number, failure: PolygonFailure, retryAfter: string | null): number {
    const told = /^\d{1,6}$/.test(retryAfter ?? '') ? Number.parseInt(retryAfter ?? '', 10) * 1000 : null; // not money: seconds
    const least =
      failure.code === 'too_many_requests' ? (told ?? tooManyWaitMs) : firstWaitMs * 2 ** (attempt - 1);
    return Math.min(MOST_WAIT_MS, least * (1 + random() / 2));
  }

  async function page(target: URL, signal: AbortSignal): Promise<PolygonAnswer<z.output<typeof aggregates>>> {
    for (let attempt = 1; ; attempt++) {
      await pace.turn(signal);
      if (signal.aborted) return err(stopped);
      let retryAfter: string | null = null;
      let answer: PolygonAnswer<z.output<typeof aggregates>>;
      try {
        const raw = await send(target, signal);
        retryAfter = raw.retryAfter;
        answer = read(raw);
      } catch (error) {
        if (signal.aborted) return err(stopped);
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        answer = err({ code: 'unavailable', message: clean(reason) });
      }
      if (answer.ok || !isPassing(answer.error) || attempt >= tries) return answer;
      await pause(waitMs(attempt, answer.error, retryAfter), signal);
    }
  }

  /** Where the next page is asked for; null = not at a host that may have the key. */
  function nextOf(text: string): URL | null {
    const next = URL.parse(text);
    if (next === null) return null;
    const isOurs = next.host === base.host && next.protocol === base.protocol;
    const isOurVendor = BRANDS.includes(next.host) && BRANDS.includes(base.host);
    if (!isOurs && !isOurVendor) return null;
    return new URL(`${next.pathname}${next.search}`, base);
  }

  return {
    async minuteBars(ticker, fromMs, toMs, signal) {
      const name = encodeURIComponent(ticker).replaceAll('%3A', ':');
      const path = `/v2/aggs/ticker/${name}/range/1/minute/${fromMs}/${toMs}?adjusted=true&sort=asc&limit=50000`;
      const bars: AggregateBar[] = [];
      let target = new URL(path, base);
      for (let pages = 1; ; pages++) {
        const answer = await page(target, signal);
        if (!answer.ok) return answer;
        const { results, next_url: more } = answer.value;
        for (const { o, h, l, c, n, t } of results) {
          bars.push({ open: o, high: h, low: l, close: c, trades: n ?? null, at: t });
        }
        if (more === undefined || more === null || more === '') return ok(bars);
        const next = nextOf(more);
        if (next === null) return err({ code: 'foreign_page', message: 'the next page is at another host' });
        if (next.href === target.href || pages >= MOST_PAGES) {
          return err({ code: 'unreadable', message: `the pages do not end after ${pages}` });
        }
        target = next;
      }
    },
  };
}

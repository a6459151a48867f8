/**
 * How many requests a user, and each machine client of theirs, may send (docs/authorization.md).
 *
 * Reads, changes and what gets out have budgets of their own: no amount of reading or ordering keeps a cancel waiting. When
 * the cache cannot tell, everything passes: what it protects is our capacity, which the gateway's throttle bounds besides,
 * and a stop that was refused because a cache was away would cost its user money.
 */
import { httpError, ProblemError } from '../../shared/http/errors.ts';
import type { Admit } from '../../shared/http/handler.ts';
import type { RateBucket, RateLimits, RateStand } from '../../shared/ports/rate-limit.ts';
import type { Clock, Log } from '../../shared/ports/runtime.ts';
import type { Counters } from '../../shared/ports/trigger-index.ts';
import type { OperationName } from './routes.ts';
import { inTime } from './wait.ts';

export const REQUEST_KINDS = ['read', 'change', 'close'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];
export type RequestsPerMinute = Readonly<Record<RequestKind, number>>;

/** A quarter of a minute's requests may come at once. */
const BURST = 4;
/** One program leaves as much to the others and to its user; what gets out is not divided. */
const CLIENT_SHARE = 2;
/** The cache answers in a few ms; a request does not wait longer for it to say that it may go on. */
const PATIENCE_MS = 250;
/** So long nobody asks again after it did not answer. */
const QUIET_MS = 1_000;

const READS: ReadonlySet<string> = new Set<OperationName>(['previewOrder']);
const CLOSES: ReadonlySet<string> = new Set<OperationName>([
  'cancelAll',
  'cancelOrder',
  'closePosition',
  'pauseWallet',
]);

/** What a request is; of an order and a signal their bodies say it. */
export function kindOf(
  { method, name }: { readonly method: string; readonly name: string },
  body: unknown,
): RequestKind {
  if (method === 'GET' || READS.has(name)) return 'read';
  if (CLOSES.has(name)) return 'close';
  const said = typeof body === 'object' && body !== null ? body : {};
  const adds = 'position_effect' in said && said.position_effect === 'open';
  const isExit = name === 'createOrder' && 'position_id' in said && said.position_id != null && !adds;
  const isClose = name === 'takeSignal' && 'signal' in said && said.signal === 'close';
  return isExit || isClose ? 'close' : 'change';
}

const bucket = (name: string, perMinute: number): RateBucket => ({
  name,
  perMinute,
  burst: Math.max(1, Math.floor(perMinute / BURST)),
});

export function bucketsOf(perMinute: RequestsPerMinute, kind: RequestKind, clientId: string | null) {
  const share = kind === 'close' ? 1 : CLIENT_SHARE;
  const own = bucket(kind, perMinute[kind]);
  if (clientId === null) return [own];
  return [own, bucket(`${kind}:${clientId}`, Math.max(1, Math.floor(perMinute[kind] / share)))];
}

interface Needs {
  readonly limits: RateLimits;
  readonly counters: Pick<Counters, 'add'>;
  readonly perMinute: RequestsPerMinute;
  readonly clock: Clock;
  readonly log: Log;
}

const seconds = (ms: number): string => String(Math.ceil(ms / 1_000));

/** The bucket that has least: its figures are the ones to go by. */
function tightest(buckets: readonly RateBucket[], stands: readonly RateStand[]) {
  const pairs = buckets.flatMap((one, n) => {
    const stand = stands[n];
    return stand === undefined ? [] : [{ one, stand }];
  });
  return pairs.toSorted(
    (a, b) => a.stand.remaining - b.stand.remaining || b.stand.nextInMs - a.stand.nextInMs,
  )[0];
}

function headersOf(buckets: readonly RateBucket[], stands: readonly RateStand[]): Record<string, string> {
  const found = tightest(buckets, stands);
  if (found === undefined) throw new Error('limits without a stand');
  const { one, stand } = found;
  const figures = [
    ['limit', String(one.burst)],
    ['remaining', String(stand.remaining)],
    ['reset', seconds(stand.fullInMs)],
  ] as const;
  return Object.fromEntries([
    ...figures.map(([name, value]) => [`ratelimit-${name}`, value]),
    ...figures.map(([name, value]) => [`x-ratelimit-${name}`, value]),
    ['ratelimit-policy', `${one.burst};w=${seconds((60_000 * one.burst) / one.perMinute)}`],
  ]);
}

export function requestLimits({ limits, counters, perMinute, clock, log }: Needs): Admit {
  let quietUntil = 0;

  const unknown = (error: unknown): void => {
    quietUntil = clock.now() + QUIET_MS;
    log.warn('RATE_LIMIT_UNKNOWN', { error: error instanceof Error ? error.message : String(error) });
    // The metric goes out with the call; the counter of the same name lies in the cache that is away.
    counters.add({ 'api:rate_limit_unknown_total': 1 }).catch((failure: unknown) => {
      log.debug('COUNTER_NOT_ADDED', { error: String(failure) });
    });
  };

  return async ({ bearer, route, body }) => {
    const now = clock.now();
    if (now < quietUntil) return {};
    const kind = kindOf(route, body);
    const buckets = bucketsOf(perMinute, kind, bearer.clientId);
    const asked = limits.take(bearer.userId, buckets, now);
    const found = await inTime(asked, PATIENCE_MS).catch((error: unknown) => {
      unknown(error);
      return null;
    });
    if (found === null) return {};
    const headers = headersOf(buckets, found.stands);
    if (found.taken) return headers;
    const waitMs = Math.max(...found.stands.map(({ nextInMs }) => nextInMs));
    const refusal = httpError(
      'rate_limited',
      `Too many requests of kind ${kind}: the next one is taken in ${seconds(waitMs)} s.`,
    );
    throw new ProblemError(
      refusal.entry,
      refusal.complaints,
      { kind, retry_after: Math.ceil(waitMs / 1_000) },
      {
        ...headers,
        'retry-after': seconds(waitMs),
      },
    );
  };
}

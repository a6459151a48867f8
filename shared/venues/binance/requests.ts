/**
 * Calls with their rules of repetition (design section 6).
 *
 * Always true:
 * - an action (placement, cancel, amend) leaves at most once; a timestamp that the venue found wrong settles it and has
 *   the clock measured anew, it is never signed again;
 * - a query is repeated a few times after a network failure or a 5xx, never after 4xx, 429 or 418; only a wrong
 *   timestamp is signed anew, once.
 */
import type { BudgetRank } from '../../ports/rate-budget.ts';
import { NoRoomError, VenueUnavailableError } from '../../ports/venue.ts';
import type { Call, CallResult, SendCall, Signature } from './calls.ts';
import type { ServerClock } from './clock.ts';
import type { Asked, Done } from './outcomes.ts';
import { problemText } from './outcomes.ts';
import { ParseError, parseJson } from './parse/fields.ts';
import type { Params, Signer } from './signing.ts';

export interface RequestPorts {
  readonly call: SendCall;
  readonly clock: Pick<ServerClock, 'venueTime' | 'distrust'>;
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 <= x < 1. */
  readonly random: () => number;
}

/** Whose call it is; null signer = a public call. */
export interface Identity {
  readonly signer: Signer | null;
  readonly account: string | null;
}

export interface Query<T> {
  readonly path: string;
  readonly params: Params;
  readonly weight: number;
  readonly rank: BudgetRank;
  readonly parse: (value: unknown) => T;
  readonly isSigned: boolean;
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
}

export interface Action<T> {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly params: Params;
  readonly weight: number;
  readonly isFree: boolean;
  readonly orders: number;
  readonly rank: BudgetRank;
  readonly parse: (value: unknown) => T;
  /** Venue time to be signed; null = taken now. */
  readonly signedAt: number | null;
  readonly recvWindowMs: number;
}

export const DEFAULT_RECV_WINDOW_MS = 5_000;
const TRIES = 3;
const FIRST_PAUSE_MS = 100;
/** A query answers sooner than a function has time for; one that took this long already is not asked again. */
const QUERY_TIMEOUT_MS = 4_000;
const NO_REPEAT_AFTER_MS = 3_000;

type Unavailable = Extract<Asked<never>, { kind: 'unavailable' }>;

const unavailable = (reason: string, retryAfterMs: number | null = null): Unavailable => ({
  kind: 'unavailable',
  reason,
  retryAfterMs,
});

function read<T>(body: string, what: string, parse: (value: unknown) => T): Asked<T> {
  try {
    return { kind: 'ok', value: parse(parseJson(body, what)) };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return unavailable(`${what} has an answer of another shape: ${error.message}`);
  }
}

/** A network failure or the venue's own trouble: the query may be asked again. */
const mayRepeat = (result: CallResult): boolean =>
  result.kind === 'lost' ||
  (result.kind === 'not_sent' && result.code === 'network') ||
  (result.kind === 'refused' && result.problem.status >= 500);

export class Requests {
  private readonly ports: RequestPorts;
  private readonly identity: Identity;

  constructor(ports: RequestPorts, identity: Identity) {
    this.ports = ports;
    this.identity = identity;
  }

  async query<T>(query: Query<T>): Promise<Asked<T>> {
    let isResigned = false;
    const started = performance.now();
    for (let tries = 1; ; ) {
      const result = await this.sendQuery(query);
      if (result.kind === 'unavailable') return result;
      if (result.kind === 'ok') return read(result.body, query.path, query.parse);
      if (result.kind === 'refused' && result.problem.meaning.kind === 'clock') {
        this.ports.clock.distrust();
        if (isResigned) return { kind: 'refused', problem: result.problem };
        isResigned = true;
        continue;
      }
      const isLate = performance.now() - started > NO_REPEAT_AFTER_MS;
      if (!mayRepeat(result) || tries >= TRIES || isLate) return settled(result);
      tries += 1;
      const pause = FIRST_PAUSE_MS * 2 ** (tries - 2);
      await this.ports.sleep(pause / 2 + this.ports.random() * pause);
    }
  }

  private async sendQuery<T>(query: Query<T>): Promise<CallResult | Unavailable> {
    let signature: Signature | null = null;
    if (query.isSigned) {
      try {
        signature = await this.sign(null, DEFAULT_RECV_WINDOW_MS);
      } catch (error) {
        if (!(error instanceof VenueUnavailableError)) throw error;
        return unavailable(error.message, error instanceof NoRoomError ? error.retryAfterMs : null);
      }
    }
    const { path, params, weight, rank, timeoutMs = QUERY_TIMEOUT_MS, maxBodyBytes } = query;
    return this.ports.call({
      method: 'GET',
      path,
      params,
      signature,
      account: query.isSigned ? this.identity.account : null,
      rank,
      weight,
      orders: 0,
      isFree: false,
      timeoutMs,
      ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    });
  }

  /** Sends once. Whatever is not the venue's clear word is `unknown`. */
  async act<T>(action: Action<T>): Promise<Done<T>> {
    let signature: Signature;
    try {
      signature = await this.sign(action.signedAt, action.recvWindowMs);
    } catch (error) {
      if (!(error instanceof VenueUnavailableError)) throw error;
      return { kind: 'not_sent', code: 'clock_unknown', retryAfterMs: 1_000 };
    }
    const { method, path, params, weight, isFree, orders, rank } = action;
    const { account } = this.identity;
    const call: Call = { method, path, params, signature, account, rank, weight, orders, isFree };
    const result = await this.ports.call(call);
    switch (result.kind) {
      case 'ok': {
        const answer = read(result.body, path, action.parse);
        if (answer.kind === 'ok') return answer;
        return { kind: 'unknown', message: answer.kind === 'unavailable' ? answer.reason : 'no answer' };
      }
      case 'lost':
        return { kind: 'unknown', message: `no answer: ${result.reason}` };
      case 'not_sent':
        return result;
      case 'refused':
        return this.refused(result);
    }
  }

  private refused({ problem, retryAfterMs }: Extract<CallResult, { kind: 'refused' }>): Done<never> {
    const { meaning } = problem;
    const message = problemText(problem);
    switch (meaning.kind) {
      case 'unknown':
        return { kind: 'unknown', message };
      case 'clock':
        this.ports.clock.distrust();
        return { kind: 'not_executed', message };
      case 'not_executed':
        return { kind: 'not_executed', message };
      case 'busy':
        return { kind: 'not_sent', code: 'venue_busy', retryAfterMs: retryAfterMs ?? meaning.retryAfterMs };
      case 'rate':
        return { kind: 'not_sent', code: 'rate_limited', retryAfterMs: retryAfterMs ?? 10_000 };
      case 'firewall':
        return { kind: 'not_sent', code: 'venue_firewall', retryAfterMs: 60_000 };
      case 'refused':
      case 'unknown_order':
      case 'archived':
        return { kind: 'refused', problem };
    }
  }

  private async sign(signedAt: number | null, recvWindowMs: number): Promise<Signature> {
    const { signer } = this.identity;
    if (signer === null) throw new Error('a signed call needs keys');
    return { signer, timestamp: signedAt ?? (await this.ports.clock.venueTime()), recvWindowMs };
  }
}

function settled<T>(result: Exclude<CallResult, { kind: 'ok' }>): Asked<T> {
  switch (result.kind) {
    case 'lost':
      return unavailable(`no answer: ${result.reason}`);
    case 'not_sent':
      return unavailable(result.code, result.code === 'network' ? null : result.retryAfterMs);
    case 'refused': {
      const { problem, retryAfterMs } = result;
      const { meaning } = problem;
      // Where nothing is to be executed, a path that does not exist is a clear answer.
      const isNoSuchPath = problem.status === 404;
      const isDefinite =
        isNoSuchPath ||
        meaning.kind === 'refused' ||
        meaning.kind === 'unknown_order' ||
        meaning.kind === 'archived';
      return isDefinite ? { kind: 'refused', problem } : unavailable(problemText(problem), retryAfterMs);
    }
  }
}

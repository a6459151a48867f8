/**
 * One call of the exchange: the budget is asked, the request signed and sent once, the budget corrected by what the
 * answer says, blocks obeyed (design section 13). Nothing is repeated here.
 *
 * The budget can neither delay nor undo what has been sent: its failures after that are logged.
 */
import type { BudgetRank, RateBudget } from '../../ports/rate-budget.ts';
import type { Log } from '../../ports/runtime.ts';
import { bannedUntil, type Problem, problemOf } from './errors.ts';
import { answeredAt, orderCounts, retryAfterMs, usedWeight } from './headers.ts';
import type { HttpResult, HttpTransport } from './http.ts';
import { encodeParams, type Params, type Signer, signRest } from './signing.ts';

export interface Signature {
  readonly signer: Signer;
  /** Venue time in epoch ms: exactly this is signed. */
  readonly timestamp: number;
  readonly recvWindowMs: number;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** POST and PUT carry them in the body. */
  readonly params: Params;
  readonly signature: Signature | null;
  readonly account: string | null;
  readonly rank: BudgetRank;
  readonly weight: number;
  /** Orders that count as unfilled when it is accepted. */
  readonly orders: number;
  /** Costs no weight when it succeeds. */
  readonly isFree: boolean;
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
}

export type CallResult =
  | { readonly kind: 'ok'; readonly body: string }
  | { readonly kind: 'refused'; readonly problem: Problem; readonly retryAfterMs: number | null }
  /** Nothing has left this machine. `network`: no connection; else the budget's own code. */
  | { readonly kind: 'not_sent'; readonly code: string; readonly retryAfterMs: number }
  /** It may have been executed. */
  | { readonly kind: 'lost'; readonly reason: string };

export type SendCall = (call: Call) => Promise<CallResult>;

export interface CallPorts {
  readonly transport: HttpTransport;
  readonly budget: RateBudget;
  /** Venue time as well as it is known, epoch ms. */
  readonly venueNow: () => number;
  readonly log: Log;
}

const NETWORK_RETRY_MS = 1_000;
const BUDGET_RETRY_MS = 1_000;
/** Where the venue does not say how long. */
const DEFAULT_BLOCK_MS = { '429': 60_000, '418': 120_000, orders: 10_000 } as const;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function createCalls(ports: CallPorts): SendCall {
  const { transport, budget, venueNow, log } = ports;

  /** After a request has left, the budget's troubles must not change its outcome. */
  async function tell(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      log.warn('BUDGET_NOT_CORRECTED', { error: message(error) });
    }
  }

  async function correct(call: Call, grantId: string, result: HttpResult): Promise<void> {
    // A lost call stays charged: it may have cost its weight.
    if (result.kind === 'lost') return;
    const { account } = call;
    if (result.kind === 'not_sent') {
      const nothing = { usedWeight: [], orderCounts: [] };
      return tell(() =>
        budget.correct({ account, grantId, at: venueNow(), freed: true, unsent: true, ...nothing }),
      );
    }
    const { headers, status } = result;
    await tell(() =>
      budget.correct({
        account,
        grantId,
        at: answeredAt(headers) ?? venueNow(),
        freed: call.isFree && isSuccess(status),
        usedWeight: usedWeight(headers),
        orderCounts: account === null ? [] : orderCounts(headers),
      }),
    );
  }

  /** Too many requests: nobody calls until then. Answers how long that is, ms. */
  async function obey(call: Call, problem: Problem, waitMs: number | null): Promise<number | null> {
    const { meaning, status } = problem;
    if (meaning.kind !== 'rate') return waitMs;
    const ban = bannedUntil(problem.message);
    const isBan = status === 418 || ban !== null;
    const reason = meaning.of === 'orders' && call.account !== null ? 'orders' : isBan ? '418' : '429';
    const account = reason === 'orders' ? call.account : null;
    const now = venueNow();
    const until = Math.max(now + (waitMs ?? (ban === null ? DEFAULT_BLOCK_MS[reason] : 0)), ban ?? 0);
    log.warn('VENUE_BLOCKS', { reason, account, waitMs: until - now, status, venueCode: problem.venueCode });
    await tell(() => budget.block({ account, until, reason }));
    return until - now;
  }

  async function send(call: Call): Promise<HttpResult> {
    const { method, params, signature } = call;
    const inBody = method === 'POST' || method === 'PUT';
    let query = inBody ? '' : encodeParams(params);
    let body = inBody ? encodeParams(params) : '';
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (signature !== null) {
      const { signer, timestamp, recvWindowMs } = signature;
      const all = { ...params, recvWindow: String(recvWindowMs), timestamp: String(timestamp) };
      ({ query, body } = inBody ? signRest(signer, {}, all) : signRest(signer, all));
      headers['X-MBX-APIKEY'] = signer.apiKey;
    }
    return transport.send({
      method,
      path: query === '' ? call.path : `${call.path}?${query}`,
      headers,
      body,
      ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
      ...(call.maxBodyBytes === undefined ? {} : { maxBodyBytes: call.maxBodyBytes }),
    });
  }

  return async (call) => {
    const { account, rank, weight, orders } = call;
    let grantId: string;
    try {
      const answer = await budget.ask({ account, rank, weight, orders });
      if (!answer.granted) return { kind: 'not_sent', code: answer.code, retryAfterMs: answer.retryAfterMs };
      grantId = answer.grantId;
    } catch (error) {
      log.error('BUDGET_FAILED', { error: message(error) });
      return { kind: 'not_sent', code: 'budget_unavailable', retryAfterMs: BUDGET_RETRY_MS };
    }
    const result = await send(call);
    await correct(call, grantId, result);
    if (result.kind === 'not_sent') {
      log.warn('VENUE_NOT_REACHED', { method: call.method, path: call.path, why: result.reason });
      return { kind: 'not_sent', code: 'network', retryAfterMs: NETWORK_RETRY_MS };
    }
    if (result.kind === 'lost') return result;
    if (isSuccess(result.status)) return { kind: 'ok', body: result.body };
    const problem = problemOf(result.status, result.body);
    if (problem.meaning.kind === 'firewall') log.error('VENUE_FIREWALL', { path: call.path });
    return {
      kind: 'refused',
      problem,
      retryAfterMs: await obey(call, problem, retryAfterMs(result.headers)),
    };
  };
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

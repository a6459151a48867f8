/**
 * One process's way to the exchange: the product's own HTTP client speaks into this instead of a socket.
 *
 * What may happen to a request: it never leaves, gets lost on the way, is carried out and its answer is lost, is
 * answered with a 5xx although it was carried out, or is carried out later than the answer says; and all of it slowly.
 */
import {
  type JsonObject,
  type OperationName,
  VenueError,
} from '../../../infra/local/venues/binance/contract.ts';
import type { Outcome } from '../../../infra/local/venues/binance/server/core.ts';
import { RetryLater } from '../../../infra/local/venues/binance/server/errors.ts';
import { operationAt } from '../../../infra/local/venues/binance/server/operations.ts';
import { readRest } from '../../../infra/local/venues/binance/server/parameters.ts';
import type { HttpRequest, HttpResult, HttpTransport } from '../../../shared/venues/binance/http.ts';
import type { Weather } from './chaos.ts';
import type { Venue } from './exchange.ts';
import type { Gate, Proc } from './proc.ts';
import type { Chance } from './random.ts';
import { joined } from './trace.ts';

const TIMEOUT_MS = 8_000;
const IP = '10.0.0.1';
/** The venue executes what it took in time at most so much later. */
const LATEST_EXECUTION_MS = 10_000;

type Fate =
  | 'none'
  | 'refused'
  | 'lost_before'
  | 'lost_after'
  | 'error_before'
  | 'error_after'
  | 'executed_late'
  | 'rate_limited'
  | 'slow';

interface Fates {
  readonly ofQuery: readonly (readonly [Fate, number])[];
  readonly ofAction: readonly (readonly [Fate, number])[];
}

/** Of each weather, made once. */
const fates = new WeakMap<Weather, Fates>();

function fatesIn(weather: Weather): Fates {
  const known = fates.get(weather);
  if (known !== undefined) return known;
  const w = weather.request;
  const before: readonly (readonly [Fate, number])[] = [
    ['refused', w.refused],
    ['lost_before', w.lostBefore],
    ['lost_after', w.lostAfter],
    ['error_before', w.errorBefore],
    ['error_after', w.errorAfter],
  ];
  const after: readonly (readonly [Fate, number])[] = [
    ['rate_limited', w.rateLimited],
    ['slow', w.slow],
  ];
  const made = {
    ofQuery: [...before, ...after],
    ofAction: [...before, ['executed_late', w.executedLate] as const, ...after],
  };
  fates.set(weather, made);
  return made;
}

export class Wire implements HttpTransport {
  readonly #venue: Venue;
  readonly #gate: Gate;
  readonly #proc: Proc;
  readonly #chance: Chance;
  readonly #fates: Fates;

  constructor(venue: Venue, gate: Gate, proc: Proc, chance: Chance) {
    this.#venue = venue;
    this.#gate = gate;
    this.#proc = proc;
    this.#chance = chance;
    this.#fates = fatesIn(gate.chaos.weather);
  }

  close(): void {
    // Nothing is held.
  }

  send(request: HttpRequest): Promise<HttpResult> {
    const { promise, resolve } = Promise.withResolvers<HttpResult>();
    const { kernel, trace } = this.#gate;
    this.#gate.tell(this.#proc, () => {
      const [path = '', query = ''] = request.path.split('?');
      const isAction = request.method !== 'GET';
      const fate = this.#fate(isAction);
      if (fate !== 'none') this.#proc.wasStruck = true;
      const what = joined('http', '.', `${request.method}${path}`);
      trace.note(fate === 'none' ? what : joined(what.name, '!', fate), () =>
        `${this.#proc.name} ${query} ${request.body}`.replaceAll(/&?signature=[^&\s]*/g, ''),
      );
      let isDone = false;
      const finish = (result: HttpResult): void => {
        if (isDone) return;
        isDone = true;
        timer.fire = null;
        trace.note(joined('http', '.', result.kind), () =>
          result.kind === 'answer'
            ? `${this.#proc.name} ${result.status} ${result.body.slice(0, 400)}`
            : `${this.#proc.name} ${result.reason}`,
        );
        resolve(result);
      };
      const tell = (ms: number, result: HttpResult): void => {
        kernel.after(ms, () => this.#gate.tell(this.#proc, () => finish(result)));
      };
      const timer = kernel.after(request.timeoutMs ?? TIMEOUT_MS, () =>
        this.#gate.tell(this.#proc, () => finish({ kind: 'lost', reason: 'timeout' })),
      );
      if (fate === 'refused') return tell(1, { kind: 'not_sent', reason: 'ECONNREFUSED' });
      const up = this.#travelMs(fate === 'slow' && this.#chance.happens(0.5));
      // A broken connection is noticed at once, or only by the timeout.
      const breaks = (ms: number): void => {
        if (this.#chance.happens(0.5)) tell(ms, { kind: 'lost', reason: 'ECONNRESET' });
      };
      if (fate === 'lost_before') return breaks(up);
      kernel.after(up, () => {
        this.#arrive(request, path, query, fate, (answer) => {
          if (fate === 'lost_after') return breaks(5);
          tell(this.#travelMs(fate === 'slow'), answer);
        });
      });
    });
    return promise;
  }

  #fate(isAction: boolean): Fate {
    const { chaos } = this.#gate;
    if (chaos.isOver) return 'none';
    let x = this.#chance.unit();
    for (const [fate, probability] of isAction ? this.#fates.ofAction : this.#fates.ofQuery) {
      x -= probability;
      if (x >= 0) continue;
      chaos.count(`request_${fate}`);
      return fate;
    }
    return 'none';
  }

  #travelMs(isSlow: boolean): number {
    const { chaos } = this.#gate;
    if (chaos.isOver) return 1;
    return isSlow ? this.#chance.between(500, chaos.weather.request.slowMs) : this.#chance.between(1, 60);
  }

  #arrive(
    request: HttpRequest,
    path: string,
    query: string,
    fate: Fate,
    answer: (result: HttpResult) => void,
  ): void {
    const venue = this.#venue;
    if (fate === 'error_before') {
      answer(this.#trouble());
    } else if (fate === 'rate_limited') {
      const headers = { 'retry-after': String(this.#chance.between(1, 3)) };
      answer({ kind: 'answer', status: 429, headers, body: '{"code":-1003,"msg":"Too many requests."}' });
    } else if (fate === 'executed_late') {
      const arrived = venue.now();
      const late = this.#chance.between(100, LATEST_EXECUTION_MS);
      this.#gate.kernel.after(late, () => {
        this.#perform(
          venue.coreAt(() => arrived),
          request,
          path,
          query,
          () => undefined,
        );
      });
      answer({
        kind: 'answer',
        status: 503,
        headers: {},
        body: '{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown; execution status unknown."}',
      });
    } else {
      this.#perform(venue.core, request, path, query, (result) => {
        answer(fate === 'error_after' ? this.#trouble() : result);
      });
    }
  }

  /** A 5xx, which says nothing of what was done. */
  #trouble(): HttpResult {
    const [status, body] = this.#chance.pick([
      [500, '{"code":-1000,"msg":"An unknown error occurred while processing the request."}'],
      [502, '<html><body>Bad Gateway</body></html>'],
      [
        503,
        '{"code":-1006,"msg":"An unexpected response was received from the message bus. Execution status unknown."}',
      ],
      [504, ''],
    ] as const);
    return { kind: 'answer', status, headers: {}, body };
  }

  #perform(
    core: Venue['core'],
    request: HttpRequest,
    path: string,
    query: string,
    answer: (result: HttpResult) => void,
  ): void {
    const venue = this.#venue;
    const operation = operationAt(request.method, path);
    if (operation === null) throw new Error(`the exchange has no ${request.method} ${path}`);
    const apiKey = request.headers['X-MBX-APIKEY'] ?? null;
    const sent = readRest(query, request.body);
    core
      .perform({ transport: 'rest', ip: IP, operation, sent, apiKey, session: null })
      .then((outcome) => {
        const result = this.#resultOf(outcome, operation.name as OperationName);
        answer(result);
      })
      .catch((error: unknown) => venue.onBug(error));
  }

  #resultOf(outcome: Outcome, operation: OperationName): HttpResult {
    if (outcome.kind !== 'reply') throw new Error(`the exchange itself ended a request: ${outcome.kind}`);
    const { reply } = outcome;
    const { limits } = this.#venue;
    const weight = String(limits.usedWeight(IP));
    const headers: Record<string, string> = { 'x-mbx-used-weight-1m': weight };
    if ('result' in reply) {
      if (reply.placed && reply.uid !== null) {
        this.#venue.note(reply.uid, reply.result as JsonObject);
        const { short, day } = limits.orderCounts(reply.uid);
        headers['x-mbx-order-count-10s'] = String(short);
        headers['x-mbx-order-count-1d'] = String(day);
      }
      return { kind: 'answer', status: 200, headers, body: JSON.stringify(reply.result) };
    }
    const { error } = reply;
    if (!(error instanceof VenueError)) throw new Error(`${operation}: no venue error`);
    if (error instanceof RetryLater) {
      headers['retry-after'] = String(Math.max(0, Math.ceil((error.retryAt - this.#venue.now()) / 1000)));
    }
    const { code, message, data } = error;
    const body = JSON.stringify({ code, msg: message, ...(data === undefined ? {} : { data }) });
    return { kind: 'answer', status: error.status, headers, body };
  }
}

/** Requests and answers of the WebSocket API on one session. */
import type { Session } from '../../../ports/connection.ts';
import type { BudgetFacts } from '../../../ports/rate-budget.ts';
import { Fields, type JsonObject } from '../parse/fields.ts';

export type WsParams = Readonly<Record<string, string | number>>;

export type WsAnswer = { readonly usedWeight: BudgetFacts['usedWeight'] } & (
  | { readonly ok: true; readonly result: unknown }
  | {
      readonly ok: false;
      /** As an HTTP status. */
      readonly status: number;
      /** The venue's code, for instance -2015. */
      readonly code: number;
      readonly message: string;
      /** 429 and 418: not before this venue time, epoch ms. */
      readonly retryAt: number | null;
    }
);

/** No answer came, and none will. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

interface Waiting {
  readonly resolve: (answer: WsAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  SECOND: 1_000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
};

export class WsApi {
  readonly #session: Session;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(session: Session, timeoutMs: number) {
    this.#session = session;
    this.#timeoutMs = timeoutMs;
  }

  /** Throws NoAnswerError; after a timeout the session is dropped, because nothing tells what the venue did. */
  async request(method: string, params: WsParams): Promise<WsAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new NoAnswerError(`${method}: no answer within ${this.#timeoutMs} ms`));
        this.#session.drop(`no answer to ${method}`);
      }, this.#timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      try {
        this.#session.send(JSON.stringify({ id, method, params }));
      } catch (error) {
        this.#take(id)?.reject(new NoAnswerError(error instanceof Error ? error.message : String(error)));
      }
    });
  }

  /** An answer: given to who asked. Answers whether somebody did. */
  answer(message: JsonObject): boolean {
    const id = message['id'];
    const waiting = typeof id === 'number' ? this.#take(id) : undefined;
    if (waiting === undefined) return false;
    try {
      waiting.resolve(readAnswer(message));
    } catch (error) {
      waiting.reject(new NoAnswerError(error instanceof Error ? error.message : String(error)));
    }
    return true;
  }

  /** The session is gone. */
  close(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(new NoAnswerError(reason));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    return waiting;
  }
}

function readAnswer(message: JsonObject): WsAnswer {
  const f = new Fields(message, 'answer');
  const usedWeight = f.has('rateLimits') ? f.objects('rateLimits').flatMap(usedWeightOf) : [];
  const status = f.integer('status');
  if (status === 200) return { ok: true, result: message['result'], usedWeight };
  const error = new Fields(message['error'], 'error');
  const data = error.has('data') ? new Fields(error.raw['data'], 'error data') : null;
  return {
    ok: false,
    status,
    code: error.integer('code'),
    message: error.text('msg'),
    retryAt: data === null ? null : data.optional('retryAfter', data.integer),
    usedWeight,
  };
}

function usedWeightOf(limit: Fields): BudgetFacts['usedWeight'][number][] {
  const unitMs = UNIT_MS[limit.text('interval')];
  if (limit.text('rateLimitType') !== 'REQUEST_WEIGHT' || unitMs === undefined) return [];
  return [{ intervalMs: unitMs * limit.integer('intervalNum'), count: limit.integer('count') }];
}

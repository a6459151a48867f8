/**
 * A client that does not give up: every change has a key, and is repeated with the same key and body until it is
 * answered, in parallel with itself now and then, and with connections that it cuts.
 *
 * Always true: whatever is answered to one key is about one order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from './draw.ts';
import type { Tally } from './tally.ts';

const CALL_TIMEOUT_MS = 20_000;
const GIVE_UP_AFTER_MS = 90_000;
const PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 2_000;
const PARALLEL_PERCENT = 12;
const CUT_PERCENT = 8;

/** Refusals that say the client made a mistake, which this one never does. */
const MISTAKES = new Set([
  'idempotency_mismatch',
  'idempotency_key_required',
  'invalid_field',
  'unknown_field',
  'invalid_json',
  'internal',
]);

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** What became of one intent of the client's. */
export interface Intent {
  readonly key: string;
  readonly what: string;
  /** Orders that its answers named: one, unless something is wrong. */
  readonly orderIds: Set<string>;
  accepted: boolean;
}

export interface Change {
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly body: unknown;
  /** For the figures and messages. */
  readonly what: string;
  /** The order's id in a good answer; null where the answer names none. */
  readonly orderIdIn: (body: unknown) => string | null;
}

export class StubbornClient {
  readonly intents: Intent[] = [];
  readonly #api: string;
  readonly #token: string;
  readonly #tally: Tally;
  /** Called before each request: somebody may kill who answers it. */
  readonly #before: () => void;

  constructor(api: string, token: string, tally: Tally, before: () => void) {
    this.#api = api;
    this.#token = token;
    this.#tally = tally;
    this.#before = before;
  }

  /** A change under one key. Null when it was refused or never answered. */
  async change(key: string, change: Change, draw: Draw): Promise<unknown> {
    const intent: Intent = { key, what: change.what, orderIds: new Set(), accepted: false };
    this.intents.push(intent);
    this.#tally.count('intents', change.what);
    if (draw.chance(CUT_PERCENT)) {
      this.#tally.count('requests', 'cut');
      await this.#send(change.method, change.path, change.body, key, draw.between(1, 40)).catch(() => null);
    }
    const copies = draw.chance(PARALLEL_PERCENT) ? 2 : 1;
    if (copies > 1) this.#tally.count('requests', 'in parallel');
    const answers = await Promise.all(
      Array.from({ length: copies }, () => this.#until(change.method, change.path, change.body, key)),
    );
    for (const answer of answers) this.#note(intent, change, answer);
    return answers.find((answer) => answer !== null && answer.status < 300)?.body ?? null;
  }

  /** What is there under a path. @throws when it is not answered in time, or refused */
  read<T>(path: string): Promise<T> {
    return this.#good('GET', path, undefined);
  }

  /** A question that changes nothing of ours, however often it is asked. @throws as `read` does */
  async ask<T>(path: string, body: unknown): Promise<T> {
    return this.#good('POST', path, body);
  }

  /** Null while there is none. */
  async tryRead<T>(path: string): Promise<T | null> {
    const answer = await this.#until('GET', path, undefined, null);
    return answer !== null && answer.status < 300 ? (answer.body as T) : null;
  }

  /** All pages of a list. */
  async all<T>(path: string): Promise<readonly T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: readonly T[]; next_cursor: string | null } = await this.read(
        `${path}${path.includes('?') ? '&' : '?'}limit=200${more}`,
      );
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return items;
  }

  async #good<T>(method: string, path: string, body: unknown): Promise<T> {
    const answer = await this.#until(method, path, body, null);
    const what = `${method} ${path}`;
    if (answer === null) throw new Error(`${what}: no answer within ${GIVE_UP_AFTER_MS / 1000} s`);
    if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  #note(intent: Intent, { what, orderIdIn }: Change, answer: Reply | null): void {
    if (answer === null) {
      this.#tally.violation(`${what} ${intent.key}: no answer within ${GIVE_UP_AFTER_MS / 1000} s`);
      return;
    }
    if (answer.status < 300) {
      intent.accepted = true;
      const orderId = orderIdIn(answer.body);
      if (orderId !== null) intent.orderIds.add(orderId);
      if (intent.orderIds.size > 1) {
        this.#tally.violation(
          `${what} ${intent.key}: its answers name the orders ${[...intent.orderIds].join(', ')}`,
        );
      }
      return;
    }
    const code = codeOf(answer.body) ?? `status ${answer.status}`;
    this.#tally.count('refusals', code);
    if (MISTAKES.has(code)) {
      this.#tally.violation(`${what} ${intent.key}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
  }

  /** Repeats what may be repeated until it is answered; null when the time is over. */
  async #until(method: string, path: string, body: unknown, key: string | null): Promise<Reply | null> {
    const deadline = Date.now() + GIVE_UP_AFTER_MS;
    for (let pauseMs = PAUSE_MS; Date.now() < deadline; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      this.#before();
      this.#tally.count('requests', 'sent');
      try {
        const reply = await this.#send(method, path, body, key, CALL_TIMEOUT_MS);
        const again = reply.status >= 500 || reply.status === 429 || codeOf(reply.body) === 'conflict';
        // A price that is missing for a moment is an answer: the bot thinks of something else.
        if (!again || codeOf(reply.body) === 'no_price') return reply;
        this.#tally.count('requests', `answered ${reply.status}`);
      } catch (error) {
        const name = error instanceof Error ? error.name : 'error';
        this.#tally.count('requests', `broken (${name})`);
      }
      await sleep(pauseMs);
    }
    return null;
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    key: string | null,
    timeoutMs: number,
  ): Promise<Reply> {
    const response = await fetch(`${this.#api}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== null && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text) as unknown };
  }
}

function codeOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('code' in body)) return null;
  return typeof body.code === 'string' ? body.code : null;
}

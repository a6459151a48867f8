/** A user of the API: HTTP and JSON only. The product's types are taken for its answers, none of its code. */
import { randomUUID } from 'node:crypto';
import type { OrderView } from '../../shared/usecases/views/order-view.ts';
import type { PositionView, positionDetail } from '../../shared/usecases/views/position-view.ts';
import { makeAnswerCheck } from '../openapi/answer-check.ts';
import { until } from './until.ts';

export type PositionAnswer = ReturnType<typeof positionDetail>;
export type ExitOrder = PositionAnswer['orders'][number];

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A problem document (RFC 9457), as far as tests look at it. */
export interface Problem {
  readonly code: string;
  readonly field: string | null;
  readonly status: number;
  readonly detail: string;
  readonly next_action: string;
  readonly errors?: readonly { readonly code: string; readonly field: string | null }[];
  readonly facts?: Readonly<Record<string, unknown>>;
}

export interface Send {
  readonly body?: unknown;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

export interface Balance {
  readonly asset: string;
  readonly free: string;
  readonly locked: string;
  readonly total: string;
}

const CALL_TIMEOUT_MS = 20_000;

const check = makeAnswerCheck();

/** Every answer that a test sees is as the API's document says. `path`: the whole of it. @throws Error that says what is not */
export function assertDescribed(
  method: string,
  path: string,
  { status, headers }: Response,
  body: unknown,
): void {
  const [plain = ''] = path.split('?');
  const seen = { method, path: plain, status, headers: Object.fromEntries(headers), body };
  const wrong = check.complaints(seen);
  if (wrong.length > 0) throw new Error(`not as docs/openapi.json says:\n${wrong.join('\n')}`);
}

export class Trader {
  readonly #api: string;
  readonly token: string;

  constructor(api: string, token: string) {
    this.#api = api;
    this.token = token;
  }

  /** Any request, any answer. */
  async send<T = Problem>(
    method: string,
    path: string,
    { body, key, headers }: Send = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.#api}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const answered: unknown = JSON.parse(await response.text());
    assertDescribed(method, `/api/v1${path}`, response, answered);
    return { status: response.status, headers: response.headers, body: answered as T };
  }

  /** A request that has to succeed. */
  async good<T>(method: string, path: string, send: Send = {}): Promise<T> {
    const { status, body } = await this.send<T>(method, path, send);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async wallet(balances: Readonly<Record<string, string>> = { USDT: '100000' }, more = {}): Promise<string> {
    const body = { name: 'test', type: 'demo', starting_balances: balances, ...more };
    return (await this.good<{ wallet_id: string }>('POST', '/wallets', { body, key: randomUUID() }))
      .wallet_id;
  }

  /** Free, locked and total by asset. */
  async balances(walletId: string): Promise<Readonly<Record<string, Balance>>> {
    const path = `/wallets/${walletId}/balances`;
    const { balances } = await this.good<{ balances: readonly Balance[] }>('GET', path);
    return Object.fromEntries(balances.map((balance) => [balance.asset, balance]));
  }

  order(body: Readonly<Record<string, unknown>>, key: string = randomUUID()): Promise<OrderView> {
    return this.good('POST', '/orders', { body, key });
  }

  /** Buys at the market and waits until the position is open and its levels are armed. */
  async buy(
    walletId: string,
    symbol: string,
    quantity: string,
    protection: unknown,
  ): Promise<{ order: OrderView; positionId: string; position: PositionAnswer }> {
    const body = { wallet_id: walletId, symbol, side: 'buy', type: 'market', quantity, protection };
    const order = await this.order(body);
    const positionId = order.position_id;
    if (positionId === null) throw new Error('an entry without a position');
    const position = await this.until(
      positionId,
      'open and armed',
      (p) => p.status === 'open' && p.risk_management.armed,
    );
    return { order, positionId, position };
  }

  getOrder(orderId: string): Promise<OrderView> {
    return this.good('GET', `/orders/${orderId}`);
  }

  async orders(walletId: string): Promise<readonly OrderView[]> {
    return (await this.good<Page<OrderView>>('GET', `/orders?wallet_id=${walletId}&limit=200`)).items;
  }

  async positions(walletId: string): Promise<readonly PositionView[]> {
    return (await this.good<Page<PositionView>>('GET', `/positions?wallet_id=${walletId}&limit=200`)).items;
  }

  position(positionId: string): Promise<PositionAnswer> {
    return this.good('GET', `/positions/${positionId}`);
  }

  until(
    positionId: string,
    what: string,
    isSo: (position: PositionAnswer) => boolean,
    withinMs?: number,
  ): Promise<PositionAnswer> {
    return until(`position ${what}`, () => this.position(positionId), isSo, withinMs);
  }

  closed(positionId: string, withinMs?: number): Promise<PositionAnswer> {
    return this.until(positionId, 'closed', (position) => position.status === 'closed', withinMs);
  }

  untilOrder(orderId: string, what: string, isSo: (order: OrderView) => boolean, withinMs?: number) {
    return until(`order ${what}`, () => this.getOrder(orderId), isSo, withinMs);
  }

  price(symbol: string): Promise<Answer<{ last: string; tick_id: number } & Problem>> {
    return this.send('GET', `/prices/${symbol.replace('/', '-')}`);
  }
}

/** A position's exit orders. */
export const exitsOf = (position: PositionAnswer): readonly ExitOrder[] =>
  position.orders.filter((order) => order.role === 'exit');

/** The one exit order of a position; fails when there are more or none. */
export function soleExit(position: PositionAnswer): ExitOrder {
  const [exit, ...more] = exitsOf(position);
  if (exit === undefined || more.length > 0) throw new Error(`${more.length + (exit ? 1 : 0)} exit orders`);
  return exit;
}

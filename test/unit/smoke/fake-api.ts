/** The API as a smoke test sees it: one wallet, one order, one position; each answer can be another one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenEvents } from '../../../infra/smoke/events.ts';
import { type Step, Steps } from '../../../infra/smoke/report.ts';
import { runScenario, type SmokeTask } from '../../../infra/smoke/scenario.ts';
import { type ApiClient, ApiProblem } from '../../../shared/client/client.ts';
import type { OperationName } from '../../../shared/client/contract.ts';
import type { EventView } from '../../../shared/client/push.ts';

interface Asked {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly key?: string;
}
type Answer = (asked: Asked) => unknown;

export const unreachable = (name: string): ApiProblem =>
  new ApiProblem(name, 0, 'unreachable', 'it took too long', null);
export const refusal = (name: string, status: number, code: string): ApiProblem =>
  new ApiProblem(name, status, code, 'no', null);

const FILL = { amount: '0.001', price: '50000', fee: '0.05', fee_currency: 'USDT', fee_quote_value: '0.05' };
const PROFIT = '-0.1';

export class FakeApi {
  readonly venue: SmokeTask['venue'];
  readonly calls: string[] = [];
  readonly changed: Partial<Record<OperationName, Answer>> = {};
  position: 'none' | 'open' | 'closed' = 'none';
  /** Of the wallet, while there is one. */
  walletName: string | null = null;
  orderKey: string | null = null;
  heard: ((event: EventView) => void) | null = null;
  statement: Readonly<Record<string, unknown>> = {};
  trades = 2;
  userData: Readonly<Record<string, number>> = {};
  budget: Readonly<Record<string, unknown>> | null = {};

  constructor(venue: SmokeTask['venue'] = 'demo') {
    this.venue = venue;
  }

  get isLive(): boolean {
    return this.position === 'open';
  }

  /** As a system without trouble answers. */
  readonly #usual: Partial<Record<OperationName, Answer>> = {
    healthServices: () => ({
      overall_status: 'healthy',
      order_monitor: { last_check: 'now', orders_monitored: 1 },
      websocket_manager: { source: 'binance' },
      ...(this.venue !== 'demo' && {
        binance: {
          environment: this.venue,
          budget: this.budget && { assumed: false, blocked: false, blocked_until: null, ...this.budget },
          user_data: {
            connections: 1,
            connected: 1,
            healthy: 1,
            wallets: 1,
            subscribed: 1,
            ...this.userData,
          },
        },
      }),
    }),
    listPrices: () => ({ items: [{ last: '50000', source: 'binance', age_ms: 1 }] }),
    createWallet: ({ body }) => {
      this.walletName = String(body?.['name']);
      return { wallet_id: 'w' };
    },
    listWallets: () => ({
      items: this.walletName === null ? [] : [{ wallet_id: 'w', name: this.walletName }],
    }),
    getWallet: () => ({
      ...{ wallet_id: 'w', name: 'mine', environment: this.venue, paused: false },
      ...{ status: 'active', key_hint: 'abcd' },
    }),
    deleteWallet: () => {
      if (this.isLive) throw refusal('deleteWallet', 409, 'wallet_in_use');
      this.walletName = null;
      return {};
    },
    getBalances: () => ({
      as_of: 'now',
      balances: [{ asset: 'USDT', free: this.position === 'closed' ? `${10_000 - 0.1}` : '10000' }],
    }),
    previewOrder: () => ({
      accepted: true,
      sent: { quantity: '0.001', quote_quantity: null },
      market_price: '50000',
    }),
    createOrder: ({ body }) => this.place(body),
    listOrders: ({ query }) => ({
      items: query?.['client_order_id'] === this.orderKey && this.orderKey !== null ? [this.order()] : [],
    }),
    getOrder: () => this.order(),
    getPosition: () => this.read(),
    closePosition: () => {
      this.position = 'closed';
      this.tell('position', { position_id: 'p', change: 'closed' });
      return {};
    },
    reconcileWallet: () => ({ wallet_id: 'w', done: true, statement: this.stated() }),
    listReconciliations: () => ({ items: [this.stated()], next_cursor: null }),
  };

  place(body: Asked['body']): unknown {
    this.orderKey = String(body?.['client_order_id']);
    this.position = 'open';
    this.tell('order', { order_id: 'o', status: 'filled' });
    return this.order();
  }

  order() {
    return {
      ...{
        order_id: 'o',
        position_id: 'p',
        status: 'filled',
        filled_amount: '0.001',
        created_at: '2026-01-01T00:00:00Z',
      },
      ...{ average_fill_price: '50000', fills: [FILL] },
    };
  }

  read() {
    const isClosed = this.position === 'closed';
    return {
      ...{ position_id: 'p', status: this.position, created_at: '2026-01-01T00:00:00Z' },
      current: { amount: '0.001', unrealized_pnl: '0' },
      risk_management: { armed: true, current_stop_loss: '45000' },
      exit: isClosed
        ? {
            amount: '0.001',
            price: '50000',
            reason: 'manual',
            dust: null,
            realized_pnl: PROFIT,
            realized_pnl_percent: '0',
          }
        : null,
      fills: [{ ...FILL, role: 'entry' }, ...(isClosed ? [{ ...FILL, role: 'exit' }] : [])],
      fees: { fees_by_asset: { USDT: '0.1' } },
    };
  }

  stated() {
    const now = new Date().toISOString();
    const counts = {
      orders: 0,
      trades: this.venue === 'demo' ? 0 : this.trades,
      differences: 0,
      corrections: 0,
    };
    const usual = {
      status: 'in_agreement',
      in_agreement: true,
      started_at: now,
      as_of: now,
      differences: [],
      counts,
    };
    return { ...usual, ...this.statement };
  }

  tell(type: EventView['type'], data: EventView['data']): void {
    this.heard?.({ id: '1', type, at: 'now', data });
  }

  async #call(name: OperationName, asked: Asked): Promise<unknown> {
    this.calls.push(name);
    const answer = this.changed[name] ?? this.#usual[name];
    if (answer === undefined) throw new Error(`nobody answers ${name}`);
    return answer(asked);
  }

  async *#items(name: OperationName, asked: Asked) {
    const { items } = (await this.#call(name, asked)) as { readonly items: readonly unknown[] };
    yield* items;
  }

  readonly client = {
    call: (name: OperationName, asked: Asked) => this.#call(name, asked),
    items: (name: OperationName, asked: Asked) => this.#items(name, asked),
  } as unknown as ApiClient;

  readonly events: OpenEvents = async (heard) => {
    this.heard = heard;
    return { close: () => undefined };
  };
}

const PATIENCE = { priceMs: 60, orderMs: 60, statementMs: 60, pollMs: 2 };

/** The steps that were taken; `stop` as Ctrl-C gives it. */
export async function walk(
  api: FakeApi,
  change: Partial<SmokeTask> = {},
  stop: AbortSignal = new AbortController().signal,
): Promise<readonly Step[]> {
  const steps = new Steps(() => undefined);
  const keys = api.venue === 'demo' ? null : { api_key: 'k', secret_key: 's' };
  const task = { venue: api.venue, symbol: 'BTC/USDT', spend: '50', walletId: null, keys, events: null };
  await runScenario(api.client, { ...task, ...change }, steps, stop, PATIENCE).catch(() => sleep(0));
  return steps.taken;
}

export const failedOf = (steps: readonly Step[]): readonly string[] =>
  steps.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
export const detailOf = (steps: readonly Step[], name: string): string =>
  steps
    .filter((step) => step.name === name)
    .map(({ detail }) => detail)
    .join('; ');

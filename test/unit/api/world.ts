/**
 * The API over the real use cases and fakes of the outside: requests go in as API Gateway sends them. Time is
 * set: while the API waits, the queues are worked.
 */
import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { recordCalls } from '../../../functions/api/audit.ts';
import type { ClientOf } from '../../../functions/api/client-proof.ts';
import { apiOperations } from '../../../functions/api/operations.ts';
import { ROUTES } from '../../../functions/api/routes.ts';
import { translateError } from '../../../functions/api/translate.ts';
import { apiDeps } from '../../../functions/api/wire.ts';
import { builtInDirectory } from '../../../shared/adapters/symbols/built-in.ts';
import { checkTarget } from '../../../shared/adapters/webhooks/targets.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { httpHandler } from '../../../shared/http/handler.ts';
import { fullScope, SCOPES } from '../../../shared/http/scopes.ts';
import type { HttpEvent, HttpResponse } from '../../../shared/http/types.ts';
import type { Log, LogFields } from '../../../shared/ports/runtime.ts';
import type { CachedPrice } from '../../../shared/ports/trigger-index.ts';
import type { Ports } from '../../../shared/usecases/ports.ts';
import { makeWebhooks } from '../../../shared/usecases/push/webhooks.ts';
import { type AnswerCheck, makeAnswerCheck } from '../../openapi/answer-check.ts';
import { FakeVenues } from '../../support/fakes/fake-venue.ts';
import { MemoryAudit } from '../../support/fakes/memory-audit.ts';
import { MemoryCounters, MemoryLeases, MemoryPrices, MemoryTape } from '../../support/fakes/memory-cache.ts';
import { MemoryClients } from '../../support/fakes/memory-clients.ts';
import { MemoryIndex } from '../../support/fakes/memory-index.ts';
import { MemoryLedger, MemoryWallets } from '../../support/fakes/memory-ledger.ts';
import { MemoryOutbox } from '../../support/fakes/memory-outbox.ts';
import { MemoryReconcile } from '../../support/fakes/memory-reconcile.ts';
import { MemoryWebhookQueue, MemoryWebhooks } from '../../support/fakes/memory-webhooks.ts';
import { makeUseCases } from '../../support/use-cases.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came
  readonly body: any;
}

interface Call {
  readonly user?: string | null;
  /** Scopes of the token; all unless told otherwise. */
  readonly scope?: string;
  /** The token is a machine client's. */
  readonly client?: string;
  readonly body?: unknown;
  /** The body as it travels, instead of `body`. */
  readonly raw?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ALL_SCOPES = SCOPES.map(fullScope).join(' ');
const DAY = Date.UTC(2026, 0, 5, 12);

/** Read once. */
let read: AnswerCheck | undefined;
function theCheck(): AnswerCheck {
  read ??= makeAnswerCheck();
  return read;
}

export class ApiWorld {
  now = DAY;
  /** False: nobody works the queues while the API waits. */
  isWorked = true;
  readonly told: { readonly level: string; readonly code: string; readonly fields: LogFields }[] = [];
  readonly clock = { now: (): number => this.now };
  readonly wallets = new MemoryWallets();
  readonly clients = new MemoryClients();
  readonly audit = new MemoryAudit();
  readonly ledger = new MemoryLedger({ wallets: this.wallets, clients: this.clients });
  readonly prices = new MemoryPrices(this.clock);
  readonly tape = new MemoryTape();
  readonly outbox = new MemoryOutbox();
  readonly reconciles = new MemoryReconcile();
  readonly webhooks = new MemoryWebhooks();
  readonly webhookQueue = new MemoryWebhookQueue();
  readonly counters = new MemoryCounters();
  readonly index = new MemoryIndex();
  readonly venues = new FakeVenues({ clock: this.clock, prices: this.prices, outbox: this.outbox });
  readonly ports: Ports;
  readonly #handler: ReturnType<typeof httpHandler>;
  #calls = 0;
  /** A token says whose it is. */
  clientOf: ClientOf = async (token) => /^token-of-(.+)$/.exec(token)?.[1] ?? null;
  readonly #work: () => Promise<void>;
  readonly #check: AnswerCheck | null;

  /** `check`: holds each answer to the API's document; null while that is being made. */
  constructor({ check = theCheck() }: { readonly check?: AnswerCheck | null } = {}) {
    this.#check = check;
    const tell =
      (level: string) =>
      (code: string, fields: LogFields = {}): void => {
        this.told.push({ level, code, fields });
      };
    const log: Log = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
    this.ports = {
      ledger: this.ledger,
      wallets: this.wallets,
      clients: this.clients,
      index: this.index,
      prices: this.prices,
      tape: this.tape,
      leases: new MemoryLeases(this.clock),
      counters: this.counters,
      metrics: () => undefined,
      outbox: this.outbox,
      venues: this.venues,
      accounts: { forAccount: async () => Promise.reject(new Error('no exchange is served here')) },
      reconciles: this.reconciles,
      symbols: builtInDirectory(symbolRegistry()),
      symbolRefresh: { ask: async () => undefined },
      served: ['demo'],
      clock: this.clock,
      ids: { token: () => randomUUID() },
      log,
      // No time passes within a call.
      repeat: () => () => undefined,
      sleep: async (ms) => {
        this.now += ms;
        if (this.isWorked) await this.#work();
      },
    };
    const useCases = makeUseCases(this.ports, { monitorEnabled: true });
    this.#handler = httpHandler({
      routes: ROUTES,
      operations: apiOperations({
        ...apiDeps(this.ports, useCases, this.#webhooks()),
        audit: this.audit,
        clientOf: (token) => this.clientOf(token),
      }),
      record: recordCalls({ audit: this.audit, counters: this.counters, clock: this.clock, log }),
      log,
      clock: this.clock,
      translate: translateError,
      findClient: (clientId) => this.clients.get(clientId),
    });
    this.#work = async () => {
      for (const sent of this.outbox.take()) {
        if (sent.queue === 'executions') await useCases.applyExecution(sent.report);
        else if (sent.queue === 'reconcile')
          await useCases.reconcile.wallet(sent.message.walletId, sent.message.reason);
        else if (sent.queue !== 'triggers') await useCases.advance(sent.message);
      }
    };
    this.index.build('BTC/USDT');
    this.price('50000');
  }

  #webhooks() {
    return makeWebhooks({
      webhooks: this.webhooks,
      queue: this.webhookQueue,
      checkUrl: (url) => checkTarget(url, 'public'),
      newSecret: () => `whsec_${randomUUID()}`,
      ids: { token: () => randomUUID() },
      clock: this.clock,
    });
  }

  /** Works the queues until they are empty. */
  async settle(): Promise<void> {
    while (this.outbox.queue.length > 0) await this.#work();
  }

  price(last: string, change: Partial<CachedPrice> = {}): void {
    this.prices.shown.set('BTC/USDT', {
      symbol: 'BTC/USDT',
      bid: last,
      ask: last,
      last,
      bidSize: '',
      askSize: '',
      source: 'replay',
      quoted: false,
      tickId: 1,
      at: this.now,
      recordedAt: 0,
      ...change,
    });
  }

  /** Calls an operation as `alice`, unless told otherwise. */
  async call(method: string, path: string, call: Call = {}): Promise<Answer> {
    const [plain = '', search = ''] = path.split('?');
    const { key, params } = route(method, plain);
    const user = call.user === undefined ? 'alice' : call.user;
    const body = call.raw ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const event: HttpEvent = {
      routeKey: key,
      rawPath: plain,
      headers: { ...(call.key !== undefined && { 'Idempotency-Key': call.key }), ...call.headers },
      pathParameters: params,
      queryStringParameters: Object.fromEntries(new URLSearchParams(search)),
      isBase64Encoded: false,
      requestContext: {
        requestId: `req-${++this.#calls}`,
        ...(user !== null && {
          authorizer: {
            jwt: {
              claims: {
                sub: user,
                scope: call.scope ?? ALL_SCOPES,
                ...(call.client !== undefined && { sub: call.client, client_id: call.client }),
              },
            },
          },
        }),
      },
      ...(body !== undefined && { body }),
    };
    const response = await this.handle(event);
    const answered: unknown = JSON.parse(response.body);
    const { statusCode: status, headers } = response;
    const seen = { method, path: plain, status, headers, body: answered };
    const wrong = this.#check?.complaints(seen) ?? [];
    if (wrong.length > 0) throw new Error(`not as docs/openapi.json says:\n${wrong.join('\n')}`);
    return { status, headers, body: answered };
  }

  /** As API Gateway would call the function. */
  handle(event: HttpEvent): Promise<HttpResponse> {
    return this.#handler(event, {} as Context);
  }

  async wallet(user = 'alice'): Promise<string> {
    const body = { name: 'demo', type: 'demo', starting_balances: { USDT: '1000000' } };
    const made = await this.call('POST', '/api/v1/wallets', { user, body });
    return String(made.body.wallet_id);
  }
}

/** Finds the route as the gateway does; a path that none has gets a key that none has. */
function route(method: string, path: string): { key: string; params: Record<string, string> } {
  for (const candidate of ROUTES) {
    const names = [...candidate.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
    const pattern = new RegExp(`^${candidate.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`);
    const match = pattern.exec(path);
    if (match !== null && candidate.method === method) {
      const params = Object.fromEntries(names.map((name, i) => [name, match[i + 1] ?? '']));
      return { key: `${method} ${candidate.path}`, params };
    }
  }
  return { key: `${method} ${path}`, params: {} };
}

/** REST around the routes: key, limits, faults, request ids, status codes (facts section 5). */
import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from '../faults/faults.ts';
import type { RestFault } from '../faults/rules.ts';
import type { KeyTable, PolygonKey } from '../keys.ts';
import type { Market } from '../market/market.ts';
import { grouped, openClose, previousDay, range } from './aggregates.ts';
import { type Body, type Call, notFound, RestError } from './answer.ts';
import { conditions, cryptoExchanges, exchanges, statusNow, statusUpcoming, tickers } from './reference.ts';
import { manySnapshots, oneSnapshot, universal } from './snapshots.ts';
import { conversion, lastCrypto, lastCurrency, listQuotes, listTrades, withNs } from './ticks.ts';

interface Route {
  readonly operation: string;
  readonly pattern: RegExp;
  readonly answer: (call: Call) => Body;
}

const P = '([^/]+)';
const route = (operation: string, path: string, answer: Route['answer']): Route => ({
  operation,
  pattern: new RegExp(`^${path}$`),
  answer,
});

const ROUTES: readonly Route[] = [
  route('aggs', `/v2/aggs/ticker/${P}/range/${P}/${P}/${P}/${P}`, range),
  route('previous_day', `/v2/aggs/ticker/${P}/prev`, previousDay),
  route('grouped', `/v2/aggs/grouped/locale/(?:global|us)/market/(crypto|fx|stocks)/${P}`, grouped),
  route('last_trade', `/v1/last/crypto/${P}/${P}`, lastCrypto),
  route('last_quote', `/v1/last_quote/currencies/${P}/${P}`, lastCurrency),
  route('conversion', `/v1/conversion/${P}/${P}`, conversion),
  route(
    'snapshots',
    '/v2/snapshot/locale/(?:global|us)/markets/(crypto|forex|stocks)/tickers',
    manySnapshots,
  ),
  route(
    'snapshot',
    `/v2/snapshot/locale/(?:global|us)/markets/(crypto|forex|stocks)/tickers/${P}`,
    oneSnapshot,
  ),
  route('universal_snapshot', '/v3/snapshot', universal),
  route('trades', `/v3/trades/${P}`, listTrades),
  route('quotes', `/v3/quotes/${P}`, listQuotes),
  route('open_close', `/v1/open-close/crypto/${P}/${P}/${P}`, openClose),
  route('tickers', '/v3/reference/tickers', tickers),
  route('exchanges', '/v3/reference/exchanges', exchanges),
  route('crypto_exchanges', '/crypto/v1/exchanges', cryptoExchanges),
  route('conditions', '/v3/reference/conditions', conditions),
  route('market_status', '/v1/marketstatus/now', statusNow),
  route('market_upcoming', '/v1/marketstatus/upcoming', statusUpcoming),
];

export const REST_OPERATIONS: readonly string[] = ROUTES.map(({ operation }) => operation);

const NOT_ENTITLED =
  'You are not entitled to this data. Please upgrade your plan at https://massive.com/pricing';
const TOO_MANY =
  "You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. https://massive.com/pricing";
const MINUTE_MS = 60_000;

export interface RestOptions {
  readonly market: Market;
  readonly keys: KeyTable;
  readonly faults: Faults;
  /** Of `next_url`. */
  readonly scheme: 'http' | 'https';
  readonly onBug: (error: unknown) => void;
}

export class Rest {
  private readonly options: RestOptions;
  private readonly used = new Map<string, { minute: number; count: number }>();
  private requests = 0;

  constructor(options: RestOptions) {
    this.options = options;
  }

  readonly onRequest: RequestListener = (request, response) => {
    this.respond(request, response).catch((error: unknown) => {
      this.options.onBug(error);
      response.destroy();
    });
  };

  private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const requestId = createHash('md5').update(String(this.requests)).digest('hex');
    const base = `${this.options.scheme}://${request.headers.host ?? '127.0.0.1'}`;
    const url = new URL(request.url ?? '/', base);
    const path = decodeURIComponent(url.pathname);
    const found = ROUTES.find(({ pattern }) => pattern.test(path));
    const captured = found?.pattern.exec(path)?.slice(1) ?? [];
    const symbol = captured.find((part) => /^[A-Z]:|^[A-Z.]+$/.test(part));
    const faults = this.options.faults.strike('rest', {
      operation: found?.operation ?? 'unknown',
      ...(symbol === undefined ? {} : { symbol }),
    });
    for (const fault of faults) if (fault.kind === 'rest_slow') await sleep(fault.ms);
    let status = 200;
    let body: Body;
    try {
      this.admit(request, url);
      if (request.method !== 'GET' || found === undefined) throw notFound('page not found');
      const { market } = this.options;
      const answer = found.answer({ market, path: captured, query: url.searchParams, base, requestId });
      body = Array.isArray(answer) ? answer : { ...answer, request_id: requestId };
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      status = error.status;
      body = { ...error.body, request_id: requestId };
    }
    send(response, { status, body, requestId, asked: url.href }, faults);
  }

  /** @throws RestError for keys, plans and limits */
  private admit({ headers }: IncomingMessage, { searchParams }: URL): void {
    const text = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? searchParams.get('apiKey');
    if (text === null) throw new RestError(401, { status: 'ERROR', error: 'API Key was not provided' });
    const key = this.options.keys.find(text);
    if (key === null) throw new RestError(401, { status: 'ERROR', error: 'Unknown API Key' });
    this.count(key);
    if (!key.rest) throw new RestError(403, { status: 'NOT_AUTHORIZED', message: NOT_ENTITLED });
  }

  private count({ account, restPerMinute }: PolygonKey): void {
    if (restPerMinute === null) return;
    const minute = Math.floor(Date.now() / MINUTE_MS);
    const used = this.used.get(account);
    const count = used?.minute === minute ? used.count + 1 : 1;
    this.used.set(account, { minute, count });
    if (count > restPerMinute) throw new RestError(429, { status: 'ERROR', error: TOO_MANY });
  }
}

interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly requestId: string;
  /** The request's own address: what a repeated next_url repeats. */
  readonly asked: string;
}

const page = (status: number): string =>
  `<html>\r\n<head><title>${status}</title></head>\r\n<body>\r\n<center><h1>${status}</h1></center>\r\n</body>\r\n</html>\r\n`;

function send(response: ServerResponse, answer: Answer, faults: readonly RestFault[]): void {
  let { status } = answer;
  let body: Body = answer.body;
  let text: string | null = null;
  let type = 'application/json';
  for (const fault of faults) {
    switch (fault.kind) {
      case 'rest_break':
        response.destroy();
        return;
      case 'rest_status':
        status = fault.status;
        if (fault.page) {
          type = 'text/html';
          text = page(status);
        } else body = errorBody(status, answer.requestId);
        break;
      case 'rest_ok_error':
        status = 200;
        body = {
          status: fault.status,
          request_id: answer.requestId,
          error: 'the request could not be served',
        };
        break;
      case 'rest_no_results':
        body = without(body, 'results', 'tickers', 'next_url');
        break;
      case 'rest_repeat_next':
        body = { ...body, next_url: withoutKey(answer.asked) };
        break;
      case 'rest_foreign_next':
        body = { ...body, next_url: `https://${fault.host}/v2/more?cursor=abc` };
        break;
      case 'rest_malformed':
        text = JSON.stringify(body).slice(0, -Math.ceil(JSON.stringify(body).length / 2));
        break;
      case 'rest_slow':
    }
  }
  response.writeHead(status, { 'Content-Type': type, 'X-Request-ID': answer.requestId });
  response.end(text ?? withNs(JSON.stringify(body)));
}

function errorBody(status: number, requestId: string): Body {
  if (status === 403) return { status: 'NOT_AUTHORIZED', request_id: requestId, message: NOT_ENTITLED };
  if (status === 404) return { status: 'NOT_FOUND', request_id: requestId };
  const error = { 401: 'Unknown API Key', 429: TOO_MANY }[status] ?? 'internal error';
  return { status: 'ERROR', request_id: requestId, error };
}

const without = (body: Body, ...names: readonly string[]): Body =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));

function withoutKey(asked: string): string {
  const url = new URL(asked);
  url.searchParams.delete('apiKey');
  return url.href;
}

/**
 * A wallet at the exchange, behind the wallet port (design sections 6, 13).
 *
 * Always true:
 * - a placement is signed with the claim's time and leaves at most once;
 * - only the venue's clear word is `accepted` or `refused`: a lost reply, a 5xx, a 2xx that cannot be read is `unknown`;
 * - a refusal before the matching engine (budget, 429, 418, firewall, no connection) is `not_sent`.
 */
import { type Decimal, ZERO } from '../../domain/money/decimal.ts';
import type { SymbolSpec } from '../../domain/symbols.ts';
import type { BinanceEnvironment, ExecutionReport, OrderType } from '../../domain/types.ts';
import type { BudgetRank } from '../../ports/rate-budget.ts';
import type { Log } from '../../ports/runtime.ts';
import type { SymbolDirectory } from '../../ports/symbols.ts';
import {
  type AccountOrder,
  type AccountOrders,
  type AccountRank,
  type AccountTrade,
  type AmendOutcome,
  type AmendRequest,
  type Balance,
  type CancelOutcome,
  type ExchangeWallet,
  type OrderSought,
  type PlaceOutcome,
  type PlaceRequest,
  type QueryOutcome,
  VenueUnavailableError,
} from '../../ports/venue.ts';
import { checkKey } from './check-key.ts';
import { type BinanceClient, type ById, openOrdersWeight, PAGE, type TradesQuery } from './client.ts';
import { cancelIdOf } from './client-ids.ts';
import type { ServerClock } from './clock.ts';
import type { Problem } from './errors.ts';
import type { ReportContext } from './execution-reports.ts';
import { type LookupContext, lookUpList, lookUpOrder, nextId } from './order-lookup.ts';
import { toVenueRequest } from './order-params.ts';
import { type Done, problemText, requireAnswer } from './outcomes.ts';
import type { Cancelled, VenueOrder, VenueOrderList } from './parse/orders.ts';
import { fillOfTrade, fillsOfAnswer, reportOf, reportOfList } from './reports.ts';
import { responseText } from './response-text.ts';
import { secondLook, wasKnownAs } from './second-look.ts';

export interface BinanceWalletParts {
  readonly walletId: string;
  /** Of the keys that the client signs with; null = of keys that are not in use. */
  readonly keyVersion: number | null;
  readonly environment: BinanceEnvironment;
  readonly client: BinanceClient;
  readonly clock: ServerClock;
  /** By the venue's name of the symbol (day-volume.ts). */
  readonly dayVolume: (venueSymbol: string) => Promise<Decimal | null>;
  /** Of what is for comparisons. */
  readonly accountRank: AccountRank;
  readonly symbols: Pick<SymbolDirectory, 'find'>;
  /** Null = the account's own default. */
  readonly selfTradePreventionMode: string | null;
  readonly log: Log;
}

/** How a refused placement reads; the client has told all other meanings apart before. */
function refusedPlacement(problem: Problem): PlaceOutcome {
  const { meaning, venueCode } = problem;
  const refusal = meaning.kind === 'refused' ? meaning : { code: 'other' as const };
  return {
    kind: 'refused',
    code: refusal.code,
    message: problem.message,
    ...('filter' in refusal && refusal.filter !== undefined ? { filter: refusal.filter } : {}),
    ...('scope' in refusal && refusal.scope !== undefined ? { scope: refusal.scope } : {}),
    ...(venueCode === null
      ? {}
      : { venueCode, response: responseText({ code: venueCode, msg: problem.message }) }),
  };
}

function placed<T>(done: Done<T>, report: (value: T) => ExecutionReport): PlaceOutcome {
  switch (done.kind) {
    case 'ok':
      return { kind: 'accepted', report: report(done.value) };
    case 'refused':
      return refusedPlacement(done.problem);
    case 'not_sent':
    case 'not_executed':
    case 'unknown':
      return done;
  }
}

const isNoLiveOrder = (done: Done<unknown>): boolean =>
  done.kind === 'refused' &&
  (done.problem.meaning.kind === 'unknown_order' || done.problem.meaning.kind === 'archived');

export function createBinanceWallet(parts: BinanceWalletParts): ExchangeWallet {
  const { walletId, environment, client, clock, symbols } = parts;

  const specOf = (symbol: string): Promise<SymbolSpec | null> => symbols.find(environment, symbol);

  async function needSpec(symbol: string): Promise<SymbolSpec> {
    const spec = await specOf(symbol);
    if (spec === null) throw new VenueUnavailableError(`the rules of ${symbol} are not known`);
    return spec;
  }

  const contextOf = (symbol: SymbolSpec): ReportContext => ({ walletId, environment, symbol });

  const lookupOf = (symbol: SymbolSpec): LookupContext => ({
    ...contextOf(symbol),
    venueSymbol: symbol.venueSymbol,
    client,
    readTime: () => clock.read(),
  });

  async function placeOrder(request: PlaceRequest): Promise<PlaceOutcome> {
    // Spot would trade coins of the account's own instead: nothing is asked of the exchange.
    if (request.margin !== null) {
      return { kind: 'refused', code: 'invalid', message: 'spot takes no orders on margin' };
    }
    let spec: SymbolSpec | null;
    try {
      spec = await specOf(request.symbol);
    } catch (error) {
      // The claim is taken: nothing has left, and that is what has to be said.
      parts.log.error('SYMBOL_RULES_UNREAD', { symbol: request.symbol, error: String(error) });
      return { kind: 'not_sent', code: 'symbols_unavailable', retryAfterMs: 1_000 };
    }
    if (spec === null) {
      return { kind: 'refused', code: 'unknown_symbol', message: `${request.symbol} is not known` };
    }
    const venueRequest = toVenueRequest(request, spec, parts.selfTradePreventionMode);
    const context = contextOf(spec);
    const { clientId, signedAt, recvWindowMs, rank } = request;
    const options = { signedAt, recvWindowMs, rank };
    switch (venueRequest.kind) {
      case 'refused':
        return { kind: 'refused', code: 'invalid', message: venueRequest.message };
      case 'order': {
        const done = await client.placeOrder(venueRequest.params, options);
        const report = (order: VenueOrder): ExecutionReport =>
          reportOf(order, context, { fills: fillsOfAnswer(order, spec), source: 'answer', clientId });
        return placed(done, report);
      }
      case 'list': {
        const done = await client.placeList(venueRequest.list, venueRequest.params, options);
        return placed(done, (list: VenueOrderList) => reportOfList(list, context, clientId));
      }
    }
  }

  /** What a cancel tells: the final state without its trades, which a query brings where there are any. */
  function cancelReport(cancelled: Cancelled, spec: SymbolSpec, clientId: string): ExecutionReport {
    const context = contextOf(spec);
    return cancelled.kind === 'list'
      ? reportOfList(cancelled.list, context, clientId)
      : reportOf(cancelled.order, context, { fills: [], source: 'answer', clientId });
  }

  const sendCancel = (
    spec: SymbolSpec,
    by: ById,
    clientId: string,
    type: OrderType,
  ): Promise<Done<Cancelled>> =>
    type === 'oco'
      ? client.cancelList(spec.venueSymbol, { listClientId: clientId }, cancelIdOf(clientId))
      : client.cancelOrder(spec.venueSymbol, by, cancelIdOf(clientId));

  async function cancelOrder(
    symbol: string,
    clientId: string,
    type: OrderType,
    venueOrderId: string | null = null,
  ): Promise<CancelOutcome> {
    const spec = await specOf(symbol);
    if (spec === null) return { kind: 'unknown', message: `the rules of ${symbol} are not known` };
    let done = await sendCancel(spec, { clientId }, clientId, type);
    if (isNoLiveOrder(done) && venueOrderId !== null && type !== 'oco') {
      // An amend from elsewhere takes our id away; its history proves that the number is still our order's.
      const amended = await wasKnownAs(lookupOf(spec), venueOrderId, clientId, 'exit');
      if (amended) done = await sendCancel(spec, { orderId: venueOrderId }, clientId, type);
    }
    switch (done.kind) {
      case 'ok':
        return { kind: 'cancelled', report: cancelReport(done.value, spec, clientId) };
      case 'refused':
        return isNoLiveOrder(done)
          ? { kind: 'not_live' }
          : { kind: 'unknown', message: problemText(done.problem) };
      case 'not_sent':
        return { kind: 'unknown', message: `not sent: ${done.code}` };
      case 'not_executed':
      case 'unknown':
        return { kind: 'unknown', message: done.message };
    }
  }

  /** Less of it, under its own id: an amendment without one would take the id away. */
  async function amendOrder(request: AmendRequest): Promise<AmendOutcome> {
    const { symbol, clientId, quantity, venueOrderId, type } = request;
    const spec = await specOf(symbol);
    if (spec === null) return { kind: 'unknown', message: `the rules of ${symbol} are not known` };
    if (type === 'oco') return { kind: 'refused', message: 'the legs of a list are placed anew' };
    const amend = (by: ById) => client.amendKeepPriority(spec.venueSymbol, by, quantity, clientId);
    let done = await amend({ clientId });
    if (isNoLiveOrder(done) && venueOrderId !== null) {
      const isOurs = await wasKnownAs(lookupOf(spec), venueOrderId, clientId, 'exit');
      if (isOurs) done = await amend({ orderId: venueOrderId });
    }
    switch (done.kind) {
      case 'ok': {
        const parts = { fills: [], source: 'answer', clientId } as const;
        return { kind: 'amended', report: reportOf(done.value.order, contextOf(spec), parts) };
      }
      case 'refused':
        return isNoLiveOrder(done)
          ? { kind: 'not_live' }
          : { kind: 'refused', message: problemText(done.problem) };
      case 'not_sent':
        return { kind: 'unknown', message: `not sent: ${done.code}` };
      case 'not_executed':
      case 'unknown':
        return { kind: 'unknown', message: done.message };
    }
  }

  const looked = async (
    sought: OrderSought,
    look: (context: LookupContext, sought: OrderSought) => Promise<QueryOutcome>,
  ): Promise<QueryOutcome> => {
    const spec = await specOf(sought.symbol);
    if (spec === null) return { kind: 'unknown', message: `the rules of ${sought.symbol} are not known` };
    return look(lookupOf(spec), sought);
  };

  async function openOrders(symbol: string | null): Promise<readonly ExecutionReport[]> {
    const one = symbol === null ? null : await needSpec(symbol);
    const orders = requireAnswer(await client.openOrders(one?.venueSymbol ?? null, 'query'));
    return Promise.all(
      orders.map(async (order) => {
        const spec = one ?? (await needSpec(order.symbol));
        return reportOf(order, contextOf(spec), { fills: [], source: 'query' });
      }),
    );
  }

  /** Every page from there on, oldest first. */
  async function trades(
    symbol: string,
    since: { readonly fromTradeId: string } | { readonly from: number } | null,
  ): Promise<readonly AccountTrade[]> {
    const spec = await needSpec(symbol);
    const found: AccountTrade[] = [];
    // From the first trade of all where nothing is said: without it the venue gives the newest only.
    let query: TradesQuery =
      since === null
        ? { fromId: '0' }
        : 'from' in since
          ? { startTime: since.from }
          : { fromId: since.fromTradeId };
    for (;;) {
      const page = requireAnswer(await client.trades(spec.venueSymbol, query, parts.accountRank));
      for (const trade of page) {
        found.push({
          venueOrderId: trade.orderId,
          side: trade.isBuyer ? 'buy' : 'sell',
          fill: fillOfTrade(trade, spec),
        });
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return found;
      query = { fromId: nextId(last.tradeId) };
    }
  }

  async function accountOrder(order: VenueOrder): Promise<AccountOrder> {
    const spec = await specOf(order.symbol);
    const { side, quantity, executedQuantity } = order;
    if ((side !== 'BUY' && side !== 'SELL') || quantity === null || executedQuantity === null) {
      throw new VenueUnavailableError(`order ${order.orderId} of ${order.symbol} was answered in part`);
    }
    return {
      symbol: spec?.symbol ?? order.symbol,
      venueOrderId: order.orderId,
      clientId: order.clientOrderId,
      side: side === 'BUY' ? 'buy' : 'sell',
      type: order.type ?? 'UNKNOWN',
      quantity,
      executedQuantity,
      price: order.price,
      stopPrice: order.stopPrice,
      createdAt: order.createdAt,
    };
  }

  async function accountOrders(symbols: ReadonlySet<string> | null): Promise<AccountOrders> {
    const found = async (venueSymbol: string | null): Promise<readonly AccountOrder[]> =>
      Promise.all(requireAnswer(await client.openOrders(venueSymbol, parts.accountRank)).map(accountOrder));
    if (symbols === null || symbols.size * openOrdersWeight('one') >= openOrdersWeight('all')) {
      return { orders: await found(null), of: null };
    }
    const orders: AccountOrder[] = [];
    for (const symbol of symbols) orders.push(...(await found((await needSpec(symbol)).venueSymbol)));
    return { orders, of: symbols };
  }

  const balances = async (rank: BudgetRank): Promise<readonly Balance[]> =>
    requireAnswer(await client.account(rank)).balances;

  async function ordersFrom(symbol: string, venueOrderId: string): Promise<readonly AccountOrder[]> {
    const { venueSymbol } = await needSpec(symbol);
    const found: VenueOrder[] = [];
    for (let orderId = venueOrderId; ; ) {
      const page = requireAnswer(await client.allOrders(venueSymbol, { orderId }, parts.accountRank));
      found.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return Promise.all(found.map(accountOrder));
      orderId = nextId(last.orderId);
    }
  }

  return {
    keyVersion: parts.keyVersion,
    async initialize() {
      await clock.venueTime();
    },
    async testConnection() {
      const account = await client.account('query');
      if (account.kind === 'ok') return { ok: true };
      const reason = account.kind === 'refused' ? problemText(account.problem) : account.reason;
      return { ok: false, reason };
    },
    balances: (rank = 'query') => balances(rank),
    accountBalances: () => balances(parts.accountRank),
    async marketPrice(symbol) {
      const spec = await specOf(symbol);
      if (spec === null) return null;
      const ticker = await client.ticker24h(spec.venueSymbol);
      if (ticker.kind === 'refused' && ticker.problem.venueCode === -1121) return null;
      const { bidPrice, askPrice, lastPrice, closeTime } = requireAnswer(ticker);
      const isQuoted = [bidPrice, askPrice, lastPrice].every((price) => price.greaterThan(ZERO));
      if (!isQuoted) return null;
      return { symbol: spec.symbol, bid: bidPrice, ask: askPrice, last: lastPrice, at: closeTime };
    },
    venueTime: () => clock.venueTime(),
    async dayVolume(symbol) {
      try {
        const spec = await specOf(symbol);
        return spec === null ? null : await parts.dayVolume(spec.venueSymbol);
      } catch (error) {
        // Where it matters, placing says so again.
        parts.log.warn('SYMBOL_RULES_UNREAD', { symbol, error: String(error) });
        return null;
      }
    },
    placeOrder,
    cancelOrder,
    amendOrder,
    orderStatus: (sought) => looked(sought, sought.type === 'oco' ? lookUpList : lookUpOrder),
    secondLook: (sought) => looked(sought, secondLook),
    openOrders,
    trades,
    accountOrders,
    ordersFrom,
    checkKey: () => checkKey(client, environment),
    // Connections belong to the process and are shared by all wallets.
    close: () => Promise.resolve(),
  };
}

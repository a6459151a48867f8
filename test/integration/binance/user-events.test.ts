/** What the simulated exchange tells on the user-data stream says the same as its answers and its queries. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport, Fill } from '../../../shared/domain/types.ts';
import type { PlaceRequest } from '../../../shared/ports/venue.ts';
import { ownClientId } from '../../../shared/venues/binance/client-ids.ts';
import { toExecutionReport } from '../../../shared/venues/binance/execution-reports.ts';
import { parseUserEvent } from '../../../shared/venues/binance/parse/user-events.ts';
import { type Bench, startBench, UID } from './bench.ts';

let bench: Bench;
let told: ExecutionReport[];
let kinds: string[];
beforeEach(async () => {
  bench = await startBench({
    accounts: [{ uid: UID, balances: { USDT: '1000000', BTC: '20', BNB: '100' }, payFeesInBnb: true }],
  });
  told = [];
  kinds = [];
  bench.simulator.exchange.onUserEvent(({ event }) => {
    const parsed = parseUserEvent(event);
    if (parsed.type !== 'executionReport') return void kinds.push(parsed.type);
    const symbol = bench.specs.get(parsed.symbol);
    if (symbol === undefined) throw new Error(`unknown ${parsed.symbol}`);
    const news = toExecutionReport(parsed, { walletId: 'w1', environment: 'binance_simulator', symbol });
    kinds.push(news.kind);
    if (news.kind === 'report') told.push(news.report);
  });
});
afterEach(async () => {
  await bench.stop();
});

const d = (text: string): Decimal => new Decimal(text);
const text = (fill: Fill) =>
  [fill.tradeId, fill.price, fill.quantity, fill.fee.amount, fill.fee.asset, fill.maker]
    .map(String)
    .join(' ');
const texts = (fills: readonly Fill[]) => fills.map(text).sort();

const CASES: readonly (readonly [
  string,
  Partial<PlaceRequest>,
  readonly { last: string; size?: string }[],
  'cancel' | null,
])[] = [
  ['market', {}, [], null],
  ['market through the book', { quantity: d('9') }, [], null],
  ['by quote amount', { quantity: d('0'), quoteQuantity: d('5000') }, [], null],
  [
    'immediate or cancel',
    { type: 'limit', timeInForce: 'IOC', limitPrice: d('50000.02'), quantity: d('15') },
    [],
    null,
  ],
  [
    'resting, filled in parts',
    { type: 'limit', limitPrice: d('49000'), quantity: d('1') },
    [
      { last: '48999', size: '0.3' },
      { last: '48998', size: '5' },
    ],
    null,
  ],
  [
    'resting, filled in part, cancelled',
    { type: 'limit', limitPrice: d('49000'), quantity: d('1') },
    [{ last: '48999', size: '0.3' }],
    'cancel',
  ],
  [
    'stop',
    { type: 'stop_loss', side: 'sell', stopPrice: d('49000'), quantity: d('0.5') },
    [{ last: '48900' }],
    null,
  ],
  [
    'trailing stop',
    { type: 'trailing_stop', side: 'sell', trailingDelta: 100, quantity: d('0.5') },
    [{ last: '52000' }, { last: '51000' }],
    null,
  ],
  [
    'oco, limit leg',
    { type: 'oco', side: 'sell', quantity: d('0.5'), limitPrice: d('51000'), stopPrice: d('49000') },
    [{ last: '51001', size: '0.2' }, { last: '51002' }],
    null,
  ],
  [
    'oco, stop leg',
    { type: 'oco', side: 'sell', quantity: d('0.5'), limitPrice: d('51000'), stopPrice: d('49000') },
    [{ last: '48900' }],
    null,
  ],
  [
    'oco, cancelled',
    { type: 'oco', side: 'sell', quantity: d('0.5'), limitPrice: d('51000'), stopPrice: d('49000') },
    [],
    'cancel',
  ],
  [
    'oco, partly filled, cancelled',
    { type: 'oco', side: 'sell', quantity: d('0.5'), limitPrice: d('51000'), stopPrice: d('49000') },
    [{ last: '51001', size: '0.2' }],
    'cancel',
  ],
];

it.each(CASES)('%s', async (name, change, prices, end) => {
  const request = await bench.request(change);
  const outcome = await bench.wallet.placeOrder(request);
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
  for (const price of prices) bench.simulator.exchange.feedPrice('BTCUSDT', price);
  if (end === 'cancel') await bench.wallet.cancelOrder('BTC/USDT', request.clientId, request.type);
  const query = await bench.wallet.orderStatus(bench.sought(request, outcome.report.venueOrderId));
  if (query.kind !== 'found') throw new Error(JSON.stringify(query));
  // One order, under one number, whoever tells of it.
  expect(new Set(told.map((r) => ownClientId(r.clientId)?.orderClientId))).toEqual(
    new Set([request.clientId]),
  );
  expect(new Set([...told, query.report].map((r) => r.venueOrderId))).toEqual(
    new Set([outcome.report.venueOrderId]),
  );
  expect(query.report.fills.length > 0).toBe(name !== 'oco, cancelled');
  // The same trades with the same fees; what the answer had is among them.
  const streamed = texts(told.flatMap((r) => r.fills));
  expect(streamed).toEqual(texts(query.report.fills));
  expect(streamed).toEqual(expect.arrayContaining(texts(outcome.report.fills)));
  const greatest = told.reduce((most, r) => Decimal.max(most, r.cumulativeQuantity), d('0'));
  expect(greatest.toFixed()).toBe(query.report.cumulativeQuantity.toFixed());
  // The last word of the stream is the state that the query finds.
  expect(told.at(-1)?.status).toBe(query.report.status);
  expect(kinds).not.toContain('foreign');
  expect(kinds).not.toContain('unknown');
});

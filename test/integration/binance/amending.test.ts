/** Lessening an order at its place in the queue, against the simulated exchange. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport } from '../../../shared/domain/types.ts';
import type { AmendOutcome, PlaceRequest } from '../../../shared/ports/venue.ts';
import { MOST_KEPT, responseText } from '../../../shared/venues/binance/response-text.ts';
import { type Bench, startBench } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(async () => {
  await bench.stop();
});

const d = (text: string): Decimal => new Decimal(text);

async function rest(change: Partial<PlaceRequest> = {}): Promise<PlaceRequest & { venueOrderId: string }> {
  const request = await bench.request({ type: 'limit', limitPrice: d('49000'), ...change });
  const placed = await bench.wallet.placeOrder(request);
  if (placed.kind !== 'accepted') throw new Error(JSON.stringify(placed));
  return { ...request, venueOrderId: placed.report.venueOrderId };
}
const amend = (request: PlaceRequest, quantity: string, venueOrderId: string | null = null) =>
  bench.wallet.amendOrder({
    symbol: request.symbol,
    clientId: request.clientId,
    type: request.type,
    venueOrderId,
    quantity: d(quantity),
  });
const amended = (outcome: AmendOutcome): ExecutionReport => {
  if (outcome.kind !== 'amended') throw new Error(JSON.stringify(outcome));
  return outcome.report;
};
const queried = async (request: PlaceRequest): Promise<ExecutionReport> => {
  const outcome = await bench.wallet.orderStatus(bench.sought(request));
  if (outcome.kind !== 'found') throw new Error(JSON.stringify(outcome));
  return outcome.report;
};
const quantityOf = (report: ExecutionReport): string => report.quantity?.toFixed() ?? 'not told';

describe('less of a resting order', () => {
  it('is answered with its quantity, under the same ids, and so it is by query', async () => {
    const request = await rest();
    const report = amended(await amend(request, '0.004'));
    expect(report).toMatchObject({
      clientId: request.clientId,
      venueOrderId: request.venueOrderId,
      status: 'new',
      source: 'answer',
    });
    expect(quantityOf(report)).toBe('0.004');
    const found = await queried(request);
    expect(found).toMatchObject({ clientId: request.clientId, status: 'new' });
    expect(quantityOf(found)).toBe('0.004');
    expect(await bench.wallet.cancelOrder('BTC/USDT', request.clientId, 'limit')).toMatchObject({
      kind: 'cancelled',
    });
  });

  it('is refused where it would be more, or the same: the order stays as it is', async () => {
    const request = await rest();
    for (const quantity of ['0.02', '0.01']) {
      expect(await amend(request, quantity)).toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('-2038'),
      });
    }
    expect(quantityOf(await queried(request))).toBe('0.01');
  });

  it('of what is no longer there is told apart', async () => {
    const request = await rest();
    await bench.wallet.cancelOrder('BTC/USDT', request.clientId, 'limit');
    expect(await amend(request, '0.004', request.venueOrderId)).toEqual({ kind: 'not_live' });
  });

  it('whose answer is lost is unknown, and the query tells what it has', async () => {
    for (const [kind, has] of [
      ['lose_request', '0.01'],
      ['lose_reply', '0.004'],
    ] as const) {
      const request = await rest();
      const rule = { when: { operation: 'order.amend.keepPriority' }, times: 1, do: { kind } };
      bench.simulator.addFaults([rule]);
      expect(await amend(request, '0.004')).toMatchObject({ kind: 'unknown' });
      expect([kind, quantityOf(await queried(request))]).toEqual([kind, has]);
    }
  });

  it('of a list is none of its: it is placed anew', async () => {
    const request = await rest({ type: 'oco', side: 'sell', limitPrice: d('51000'), stopPrice: d('48000') });
    expect(await amend(request, '0.004')).toMatchObject({ kind: 'refused' });
  });
});

describe('what the exchange said', () => {
  it('is kept of answers, queries and refusals', async () => {
    const request = await rest();
    const found = await queried(request);
    expect(JSON.parse(found.response?.text ?? '')).toMatchObject({
      clientOrderId: request.clientId,
      status: 'NEW',
    });
    expect(found.response?.length).toBe(found.response?.text.length);
    const poor = await bench.wallet.placeOrder(await bench.request({ quantity: d('100') }));
    expect(poor.kind === 'refused' && JSON.parse(poor.response?.text ?? '')).toMatchObject({ code: -2010 });
  });

  it('is cut where it is long, and says so; what opens accounts is not kept', () => {
    const long = responseText({ fills: 'x'.repeat(10_000) });
    expect([long.text.length, long.length]).toEqual([MOST_KEPT, 10_012]);
    const { text } = responseText({ a: { apiKey: 'abc', signature: 'def' }, orderId: 7 });
    expect(text).toBe('{"a":{"apiKey":"[not kept]","signature":"[not kept]"},"orderId":7}');
  });
});

/**
 * Every metric of ours that an alarm or a dashboard looks at is really told by a running system, under that name and by those
 * dimensions; and none is told, and paid for, that nobody looks at (docs/monitoring.md). What only failures tell is told by
 * failures: an exchange that does not answer, keys of the cache that hold something else, a table that is gone.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { dynamoClient } from '../../infra/local/services/dynamodb.ts';
import type { METRICS } from '../../shared/adapters/metrics/catalogue.ts';
import { METRIC_NAMESPACE } from '../../shared/adapters/metrics/emf.ts';
import { ExchangeTrader, PATIENCE_MS } from '../support/exchange-trader.ts';
import { metricsLookedAt, metricsTold, nameOf } from '../support/metric-names.ts';
import { until } from '../support/until.ts';

let trader: ExchangeTrader;
beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());

const lookedAt = (): readonly string[] => {
  const file = join(inject('assembly'), 'Moniqo-sandbox-monitoring.template.json');
  const own = metricsLookedAt(JSON.parse(readFileSync(file, 'utf8'))).filter(
    ({ namespace }) => namespace === METRIC_NAMESPACE,
  );
  return [...new Set(own.map(nameOf))].sort();
};

const told = (): ReadonlySet<string> => metricsTold(trader.system.logs());

const untilTold = (name: keyof typeof METRICS) =>
  until(
    name,
    () => [...told()].some((one) => one.startsWith(`${METRIC_NAMESPACE} ${name} `)),
    (isTold) => isTold,
    PATIENCE_MS,
  );

async function inCache(command: readonly string[]): Promise<void> {
  const client = createClient({ url: trader.system.running.valkeyUrl });
  await client.connect();
  await client.sendCommand([...command]);
  await client.close();
}

/** One that is opened by a market order and protected; one more that is taken back, and one that cannot be paid. */
async function trade(wallet: string): Promise<void> {
  const { system } = trader;
  const order = (more: object) =>
    trader.order({ wallet_id: wallet, symbol: 'ETH/USDT', side: 'buy', ...more });
  const { positionId } = await trader.buy(wallet, 'ETH/USDT', '1', { stop_loss: '1980' });
  const resting = await order({ type: 'limit', quantity: '1', limit_price: '1500' });
  await trader.good('POST', `/orders/${resting.order_id}/cancel`, { body: {} });
  await trader.untilOrder(resting.order_id, 'cancelled', ({ status }) => status === 'cancelled');
  const dear = await order({ type: 'market', quantity: '1000' });
  await trader.untilOrder(dear.order_id, 'rejected', ({ status }) => status === 'rejected');
  system.tape.push('ETH/USDT', '1979');
  await trader.closed(positionId);
  // For how long it was held is told once the tape has gone on.
  await system.trade('ETH/USDT', '1985');
}

const ROUND_DOWN = 1;

/** A wallet that loses more than it may. */
async function breakLimit(): Promise<void> {
  const { system } = trader;
  await system.trade('LTC/USDT', '100');
  const wallet = await trader.wallet();
  await trader.good('PATCH', `/wallets/${wallet}/limits`, { body: { max_daily_loss: '50' } });
  await trader.buy(wallet, 'LTC/USDT', '10', { stop_loss: '50' });
  await system.trade('LTC/USDT', '94');
}

/** A wallet whose losses cannot be looked at, since longer than a minute. */
async function hideLosses(): Promise<void> {
  const { system } = trader;
  await system.trade('DOT/USDT', '10');
  const wallet = await trader.wallet();
  await trader.good('PATCH', `/wallets/${wallet}/limits`, { body: { max_daily_loss: '50' } });
  await trader.buy(wallet, 'DOT/USDT', '10', { stop_loss: '5' });
  await inCache(['SET', `risk:unseen:${wallet}`, String(Date.now() - 61_000)]);
  await inCache(['HSET', 'price:{DOT/USDT}', 'last', 'no price']);
}

/** A position whose coins somebody has put up for sale in the exchange's app. */
async function lockCoins(): Promise<void> {
  const { positionId } = await trader.buy(trader.walletId, 'BTC/USDT', '0.02', { stop_loss: '30000' });
  const quantity = (await trader.held('BTC')).minus('0.001').toFixed(4, ROUND_DOWN);
  await trader.control.inTheApp(trader.uid, 'order.place', {
    ...{ symbol: 'BTCUSDT', side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', quantity, price: '70000' },
  });
  await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
}

it('what alarms and dashboards look at is told, and what is told is looked at', {
  timeout: 180_000,
}, async () => {
  const { system } = trader;
  const { running } = system;
  // It never came, and the exchange proves it after a quarter of a minute; everything else happens meanwhile.
  await trader.control.faults([
    {
      when: { operation: 'order.place' },
      times: 1,
      do: { kind: 'server_error', status: 503, executed: false },
    },
  ]);
  const lost = await trader.order({
    ...{ wallet_id: trader.walletId, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.01' },
  });
  const wallet = await trader.wallet();
  await system.trade('ETH/USDT', '2000');
  running.fireRules();
  await Promise.all([trade(wallet), breakLimit()]);
  await hideLosses();
  await untilTold('risk_unseen_total');
  await inCache(['DEL', 'price:{DOT/USDT}', 'requests:{demo-user}:read']);
  // No bucket any more.
  await inCache(['RPUSH', 'requests:{demo-user}:read', 'nothing']);
  await trader.positions(wallet);
  await untilTold('api_rate_limit_unknown_total');
  await inCache(['DEL', 'requests:{demo-user}:read']);
  await trader.untilOrder(lost.order_id, 'given up', ({ status }) => status === 'failed', PATIENCE_MS);
  await lockCoins();
  await untilTold('exits_stuck_total');
  running.fireRules();
  // What it has measured since it last told it tells when it ends.
  await system.replaceStreamer();
  // Last, since it is not made again.
  const client = dynamoClient(running.dynamoEndpoint);
  await client.send(new DeleteTableCommand({ TableName: running.tableNames['audit'] }));
  client.destroy();
  await trader.wallet();
  await untilTold('api_audit_failed_total');

  const looked = lookedAt();
  expect(looked.length).toBeGreaterThan(30);
  const missing = await until(
    'every metric that is looked at',
    () => looked.filter((name) => !told().has(name)),
    (names) => names.length === 0,
    PATIENCE_MS,
  ).catch(() => looked.filter((name) => !told().has(name)));
  expect(missing).toEqual([]);
  const unseen = [...told()].filter(
    (name) => name.startsWith(`${METRIC_NAMESPACE} `) && !looked.includes(name),
  );
  expect(unseen).toEqual([]);
});

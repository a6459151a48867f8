/** The laptop system with Polygon as a source, at its simulator: what is watched, what is traded, what two sources say. */
import { afterEach, describe, expect, it } from 'vitest';
import { metricsTold } from '../support/metric-names.ts';
import { SimulatorControl } from '../support/simulator.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

interface Price {
  readonly source: string;
  readonly last: string;
}
interface Health {
  readonly websocket_manager: {
    readonly polygon_authenticated: boolean;
    readonly sources: readonly {
      readonly name: string;
      readonly authenticated: boolean;
      readonly triggers: number;
    }[];
  };
}

let system: TestSystem;
afterEach(() => system?.stop());

/** The first price of a symbol comes a moment after it was asked for. */
const priceOf = (name: string): Promise<Price> =>
  until(
    `a price of ${name}`,
    async () => {
      const { status, body } = await system.trader.send<Price>('GET', `/prices/${name}`);
      return status === 200 ? body : null;
    },
    (price) => price !== null,
  ) as Promise<Price>;

const healthy = (holds: (manager: Health['websocket_manager']) => boolean) =>
  until(
    'health',
    async () => (await system.trader.good<Health>('GET', '/health/services')).websocket_manager,
    holds,
  );

describe('Polygon alone', () => {
  it('shows coins, stocks, currencies and metals, with bars; what is only watched cannot be ordered', async () => {
    system = await startTestSystem({ feed: 'polygon', polygon: 'simulator' });
    const { trader } = system;
    for (const name of ['BTC-USDT', 'AAPL', 'EUR-USD', 'XAU-USD']) {
      expect((await priceOf(name)).source).toBe('polygon');
    }
    await healthy((manager) => manager.polygon_authenticated);
    const bars = await until(
      'bars of AAPL',
      () => trader.good<{ items: { close: string }[] }>('GET', '/prices/AAPL/bars?interval=1s'),
      ({ items }) => items.length > 0,
    );
    expect(bars.items[0]?.close).toMatch(/^\d+(\.\d+)?$/);
    const wallet = await trader.wallet();
    const body = { wallet_id: wallet, symbol: 'AAPL', side: 'buy', type: 'market', quantity: '1' };
    expect(await trader.send('POST', '/orders', { body, key: 'one' })).toMatchObject({
      status: 422,
      body: { code: 'symbol_watch_only', field: 'symbol' },
    });
    expect(system.logs()).not.toContain(system.running.polygon?.key ?? 'none');
  });
});

describe('Binance and Polygon, both simulated', () => {
  it('have one price level, which Binance makes', async () => {
    system = await startTestSystem({ feed: 'binance+polygon', polygon: 'simulator', simulator: true });
    expect((await priceOf('BTC-USDT')).source).toBe('binance');
    await healthy(({ sources }) => sources.every(({ authenticated }) => authenticated));
    const { controlUrl = '' } = system.running.polygon ?? {};
    const atPolygon = async (): Promise<number> => {
      const response = await fetch(`${controlUrl}/control/prices`, { signal: AbortSignal.timeout(5_000) });
      return ((await response.json()) as Record<string, number>)['BTC-USD'] ?? 0;
    };
    // By itself neither of them comes near it.
    await new SimulatorControl(system.running.simulator?.controlUrl ?? '').price('BTCUSDT', {
      last: '75000.00',
    });
    await until('the same level', atPolygon, (price) => price === 75_000);
    await healthy(({ sources }) => sources[0]?.triggers === 1 && sources[0].name === 'binance');
    // What the alarms and widgets of two sources look at (monitoring.test.ts has the rest).
    const told = metricsTold(system.logs());
    for (const venue of ['binance', 'polygon'])
      for (const name of ['ws_connected', 'ws_messages_total'])
        expect(told).toContain(`Moniqo ${name} stage=sandbox venue=${venue}`);
  });
});

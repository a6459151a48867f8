/** The use cases with the real client at a simulator in this process, all on one clock. */
import type { SimulatorOptions } from '../../../infra/local/venues/binance/start.ts';
import type { Ports } from '../../../shared/usecases/ports.ts';
import { WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases, type UseCases } from '../../support/use-cases.ts';
import { type Bench, startBench, UID } from './bench.ts';

export interface WorldBench {
  readonly world: World;
  readonly bench: Bench;
  readonly useCases: UseCases;
  /** A price, at the exchange and for the levels. */
  price(last: string): void;
}

export async function startWorldBench(options: SimulatorOptions = {}): Promise<WorldBench> {
  const world = new World({ exchange: { accountUid: String(UID) } });
  const now = () => world.now;
  const accounts = [{ uid: UID, balances: { USDT: '100000' } }];
  const bench = await startBench({ accounts, ...options, now }, { now, walletId: WALLET });
  const { wallet, specs } = bench;
  const find: Ports['symbols']['find'] = async (_, text) =>
    [...specs.values()].find((spec) => spec.symbol === text || spec.venueSymbol === text) ?? null;
  const ports: Ports = {
    ...world.ports,
    symbols: { ...world.ports.symbols, find, hasRules: async () => true },
    venues: {
      forWallet: async () => wallet,
      forKeyCheck: async () => wallet,
      demoBook: async () => Promise.reject(new Error('no demo wallet here')),
    },
    accounts: { forAccount: async () => wallet },
  };
  const useCases = makeUseCases(ports, { monitorEnabled: true });
  world.workers = useCases;
  const price = (last: string): void => {
    bench.simulator.exchange.feedPrice('BTCUSDT', { last });
    world.tick(last);
  };
  price('50000');
  return { world, bench, useCases, price };
}

/** What the API's operations need, over the ports. */
import type { Ports } from '../../shared/usecases/ports.ts';
import { type HealthPorts, makeReadHealth } from '../../shared/usecases/views/health-view.ts';
import { makeReadOrders } from '../../shared/usecases/views/read-orders.ts';
import { makeReadPositions } from '../../shared/usecases/views/read-positions.ts';
import { makeReadWallets } from '../../shared/usecases/views/read-wallets.ts';
import type { ApiDeps, Commands } from './deps.ts';

export const apiDeps = (
  ports: Ports,
  commands: Commands,
  readBinance: HealthPorts['readBinance'] = null,
): ApiDeps => ({
  commands,
  reads: {
    orders: makeReadOrders(ports),
    positions: makeReadPositions(ports),
    wallets: makeReadWallets(ports),
    health: makeReadHealth({ ...ports, readBinance }),
  },
  ledger: ports.ledger,
  prices: ports.prices,
  symbols: ports.symbols,
  wallets: ports.wallets,
  served: ports.served,
  clock: ports.clock,
  sleep: ports.sleep,
});

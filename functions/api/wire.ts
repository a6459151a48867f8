/** What the API's operations need, over the ports. */

import type { UserDataBoard } from '../../shared/ports/user-data.ts';
import type { Ports } from '../../shared/usecases/ports.ts';
import type { Webhooks } from '../../shared/usecases/push/webhooks.ts';
import { type HealthPorts, makeReadHealth } from '../../shared/usecases/views/health-view.ts';
import { makeReadBars } from '../../shared/usecases/views/read-bars.ts';
import { makeReadOrders } from '../../shared/usecases/views/read-orders.ts';
import { makeReadPositions } from '../../shared/usecases/views/read-positions.ts';
import { makeReadTimeline } from '../../shared/usecases/views/read-timeline.ts';
import { makeReadUpdates } from '../../shared/usecases/views/read-updates.ts';
import { makeReadWallets } from '../../shared/usecases/views/read-wallets.ts';
import { makeReadReconciles } from '../../shared/usecases/views/reconcile-view.ts';
import type { ApiDeps, Commands } from './deps.ts';

/** What is read of the served exchange beside the ledger. */
export interface ExchangeReads {
  readonly readBinance: NonNullable<HealthPorts['readBinance']>;
  readonly userData: Pick<UserDataBoard, 'readWallet'>;
}

/** `exchange`: null = none is served. */
export const apiDeps = (
  ports: Ports,
  commands: Commands,
  webhooks: Webhooks,
  exchange: ExchangeReads | null = null,
): Omit<ApiDeps, 'audit' | 'clientOf'> => ({
  commands,
  reads: {
    orders: makeReadOrders(ports),
    positions: makeReadPositions(ports),
    reconciles: makeReadReconciles(ports),
    wallets: makeReadWallets({ ...ports, userData: exchange?.userData ?? null }),
    bars: makeReadBars(ports),
    timeline: makeReadTimeline(ports),
    updates: makeReadUpdates(ports),
    health: makeReadHealth({ ...ports, readBinance: exchange?.readBinance ?? null }),
  },
  ledger: ports.ledger,
  prices: ports.prices,
  symbols: ports.symbols,
  wallets: ports.wallets,
  webhooks,
  served: ports.served,
  clock: ports.clock,
  sleep: ports.sleep,
});

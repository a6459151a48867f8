/** What the API's operations are given: commands, reads, and the little they need beside. */

import type { Environment } from '../../shared/domain/types.ts';
import type { AuditStore } from '../../shared/ports/audit.ts';
import type { Ledger, WalletStore } from '../../shared/ports/ledger.ts';
import type { Clock } from '../../shared/ports/runtime.ts';
import type { SymbolDirectory } from '../../shared/ports/symbols.ts';
import type { PriceCache } from '../../shared/ports/trigger-index.ts';
import type { AmendOrder } from '../../shared/usecases/amend-order.ts';
import type { CancelAll } from '../../shared/usecases/cancel-all.ts';
import type { CancelOrder } from '../../shared/usecases/cancel-order.ts';
import type { ChangeProtection } from '../../shared/usecases/change-protection.ts';
import type { ClientCommands } from '../../shared/usecases/client-commands.ts';
import type { ClosePosition } from '../../shared/usecases/close-position.ts';
import type { CreateWallet } from '../../shared/usecases/create-wallet.ts';
import type { PlaceOrder } from '../../shared/usecases/place-order.ts';
import type { PreviewOrder } from '../../shared/usecases/preview-order.ts';
import type { Webhooks } from '../../shared/usecases/push/webhooks.ts';
import type { AskReconcile } from '../../shared/usecases/reconcile/ask-reconcile.ts';
import type { TakeSignal } from '../../shared/usecases/take-signal.ts';
import type { makeReadHealth } from '../../shared/usecases/views/health-view.ts';
import type { ReadBars } from '../../shared/usecases/views/read-bars.ts';
import type { ReadOrders } from '../../shared/usecases/views/read-orders.ts';
import type { ReadPositions } from '../../shared/usecases/views/read-positions.ts';
import type { ReadTimeline } from '../../shared/usecases/views/read-timeline.ts';
import type { ReadUpdates } from '../../shared/usecases/views/read-updates.ts';
import type { ReadWallets } from '../../shared/usecases/views/read-wallets.ts';
import type { ReadReconciles } from '../../shared/usecases/views/reconcile-view.ts';
import type { WalletCommands } from '../../shared/usecases/wallet-commands.ts';
import type { ClientOf } from './client-proof.ts';

export interface Commands {
  readonly placeOrder: PlaceOrder;
  readonly previewOrder: PreviewOrder;
  readonly amendOrder: AmendOrder;
  readonly cancelOrder: CancelOrder;
  readonly cancelAll: CancelAll;
  readonly closePosition: ClosePosition;
  readonly changeProtection: ChangeProtection;
  readonly takeSignal: TakeSignal;
  readonly createWallet: CreateWallet;
  readonly clients: ClientCommands;
  readonly wallets: WalletCommands;
  readonly reconcile: { readonly ask: AskReconcile };
}

export interface Reads {
  readonly orders: ReadOrders;
  readonly positions: ReadPositions;
  readonly wallets: ReadWallets;
  readonly reconciles: ReadReconciles;
  readonly bars: ReadBars;
  readonly timeline: ReadTimeline;
  readonly updates: ReadUpdates;
  readonly health: ReturnType<typeof makeReadHealth>;
}

/** What the wallets' operations take of it. */
export interface WalletDeps extends Pick<ApiDeps, 'wallets' | 'clock' | 'sleep'> {
  readonly commands: Pick<Commands, 'createWallet' | 'wallets'>;
  readonly reads: Pick<Reads, 'wallets'>;
}

export interface ApiDeps {
  readonly commands: Commands;
  readonly reads: Reads;
  readonly audit: Pick<AuditStore, 'ofUser'>;
  readonly ledger: Pick<Ledger, 'order' | 'orders'>;
  readonly wallets: Pick<WalletStore, 'get' | 'balances'>;
  readonly prices: PriceCache;
  readonly symbols: SymbolDirectory;
  readonly webhooks: Webhooks;
  readonly clientOf: ClientOf;
  readonly served: readonly Environment[];
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
}

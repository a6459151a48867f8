/** All operations of the API by name; complete by the compiler against the routes. */
import type { Operations } from '../../shared/http/handler.ts';
import { auditOperations } from './audit.ts';
import { clientOperations } from './clients.ts';
import type { ApiDeps } from './deps.ts';
import { limitOperations } from './limits.ts';
import { marketOperations } from './market.ts';
import { orderOperations } from './orders.ts';
import { positionHistoryOperations } from './position-history.ts';
import { positionOperations } from './positions.ts';
import { reconcileOperations } from './reconcile.ts';
import type { ROUTES } from './routes.ts';
import { signalOperations } from './signals.ts';
import { symbolOperations } from './symbols.ts';
import { walletKeyOperations } from './wallet-keys.ts';
import { walletOperations } from './wallets.ts';
import { webhookOperations } from './webhooks.ts';

export const apiOperations = (deps: ApiDeps): Operations<(typeof ROUTES)[number]> => ({
  ...auditOperations(deps),
  ...clientOperations(deps),
  ...walletOperations(deps),
  ...walletKeyOperations(deps),
  ...limitOperations(deps),
  ...orderOperations(deps),
  ...positionOperations(deps),
  ...positionHistoryOperations(deps),
  ...signalOperations(deps),
  ...marketOperations(deps),
  ...symbolOperations(deps),
  ...reconcileOperations(deps),
  ...webhookOperations(deps),
});

/** All operations of the API by name; complete by the compiler against the routes. */
import { httpError } from '../../shared/http/errors.ts';
import type { Operations } from '../../shared/http/handler.ts';
import type { ApiRequest, UserRequest } from '../../shared/http/types.ts';
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

type ApiOperations = Operations<(typeof ROUTES)[number]>;

const ID = /^[0-9A-Za-z_-]{1,64}$/;
const IDS = ['wallet_id', 'order_id', 'position_id', 'webhook_id'] as const;

/** What cannot be an id is nobody's; the tables refuse keys of any length. @throws ProblemError `not_found` */
function assertIds({ params }: ApiRequest): void {
  for (const name of IDS) {
    const id = params[name];
    if (id === undefined || ID.test(id)) continue;
    throw httpError('not_found', `There is no such ${name.slice(0, -'_id'.length)}.`, { field: name });
  }
}

/** Each operation, asked only about what can be an id. */
function withIds(operations: ApiOperations): ApiOperations {
  const guarded = Object.entries(operations).map(([name, operation]) => [
    name,
    async (request: UserRequest) => {
      assertIds(request);
      return operation(request);
    },
  ]);
  return Object.fromEntries(guarded) as ApiOperations;
}

export const apiOperations = (deps: ApiDeps): ApiOperations =>
  withIds({
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

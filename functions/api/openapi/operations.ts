/**
 * What the document says of each operation: complete by the compiler, so that a route without a description does not
 * compile. Paths, methods and scopes come from routes.ts, schemas from schemas/ (requests) and answers/.
 */
import type { OperationName } from '../routes.ts';
import { ACCESS_OPERATIONS } from './operations/access.ts';
import type { DescribedOperation } from './operations/described.ts';
import { MARKET_OPERATIONS } from './operations/market.ts';
import { ORDER_OPERATIONS } from './operations/orders.ts';
import { POSITION_OPERATIONS } from './operations/positions.ts';
import { SERVICE_OPERATIONS } from './operations/service.ts';
import { WALLET_OPERATIONS } from './operations/wallets.ts';
import { WEBHOOK_OPERATIONS } from './operations/webhooks.ts';

export { type DescribedAnswer, type DescribedOperation, TAGS } from './operations/described.ts';

export const OPERATIONS = {
  ...ORDER_OPERATIONS,
  ...POSITION_OPERATIONS,
  ...WALLET_OPERATIONS,
  ...MARKET_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...SERVICE_OPERATIONS,
} as const satisfies Record<OperationName, DescribedOperation>;

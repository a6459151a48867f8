/** What the store holds, in the API's own types, and which of it. */
import type { AnswerTo, ItemOf } from '../../../shared/client/contract.ts';

export type Position = ItemOf<'listPositions'>;
export type Order = ItemOf<'listOrders'>;
export type Wallet = ItemOf<'listWallets'>;
export type Health = AnswerTo<'healthServices'>;

/** Of a position that is not over. */
export const OPEN_STATUSES = ['opening', 'open', 'closing'] as const;
/** Of an order that can still fill. */
export const LIVE_ORDER_STATUSES = [
  'pending',
  'submitted',
  'open',
  'partially_filled',
  'cancelling',
] as const;

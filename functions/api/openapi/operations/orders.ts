/** What the document says of orders. */
import { EmptyBody } from '../../schemas/fields.ts';
import { AmendOrderBody, CancelAllBody, CreateOrderBody, ListOrdersQuery } from '../../schemas/orders.ts';
import { AMOUNTS, BODY, KEYED, PROTECTION, SYMBOL_STATE, TARGET, WALLET_STATE } from '../errors.ts';
import { CHANGES, type DescribedOperation, ok, page, WAITS } from './described.ts';

export const ORDER_OPERATIONS = {
  createOrder: {
    tag: 'Orders',
    summary: 'Place an order',
    description: `Opens a position, or reduces the one that \`position_id\` names. Needs an \`Idempotency-Key\` or a \`client_order_id\`: a repeat with the same key and body answers the order as it stands and sends nothing. With both, \`client_order_id\` alone is the key: another one makes another order. Exactly one of \`quantity\` and (market buys) \`quote_quantity\`. ${WAITS}`,
    body: { schema: CreateOrderBody(), required: true },
    headers: ['Idempotency-Key', 'Prefer'],
    answers: [
      { status: 201, description: 'The order as it stands.', schema: 'Order' },
      ok('Order', 'A repeat: the order that the first call made, as it stands.'),
    ],
    errors: [
      ...BODY,
      ...KEYED,
      ...TARGET,
      ...SYMBOL_STATE,
      ...WALLET_STATE,
      ...AMOUNTS,
      ...PROTECTION,
      'conflict',
    ],
  },
  previewOrder: {
    tag: 'Orders',
    summary: 'Check an order without placing it',
    description:
      'The body of an order; answers what would be sent, every rule with its figures, what it would tie up, and why it would be refused. Nothing is stored or sent.',
    body: { schema: CreateOrderBody(), required: true },
    answers: [ok('Preview', 'What would become of the order.')],
    errors: [...BODY, ...TARGET, ...SYMBOL_STATE, ...WALLET_STATE, ...AMOUNTS, ...PROTECTION],
  },
  listOrders: {
    tag: 'Orders',
    summary: 'List orders',
    description:
      'Newest first, without single fills. `from` and `to` bound the time of creation. `client_order_id` with `wallet_id` finds one order, and goes with no other filter.',
    query: ListOrdersQuery(),
    answers: [page('Order', 'A page of orders.')],
    errors: ['unknown_symbol', 'invalid_cursor'],
  },
  getOrder: {
    tag: 'Orders',
    summary: 'Get an order',
    description: 'With its fills and the last answer of the venue.',
    answers: [ok('Order', 'The order.')],
    errors: ['not_found'],
  },
  amendOrder: {
    tag: 'Orders',
    summary: 'Amend an order',
    description: `What is named becomes as it says; the rest stays. Where the venue can, the order keeps its place in the queue; else a new order takes its place (\`replaced_by\`, \`replacement\`). ${WAITS}`,
    body: { schema: AmendOrderBody(), required: true },
    headers: ['Idempotency-Key', 'Prefer'],
    answers: [
      ok('AmendedOrder', 'The amendment has ended; `amendment.outcome` says how.'),
      { status: 202, description: 'The amendment is under way.', schema: 'AmendedOrder' },
    ],
    errors: [
      ...BODY,
      ...CHANGES,
      ...SYMBOL_STATE,
      ...WALLET_STATE,
      ...AMOUNTS,
      ...(['already_final', 'not_amendable', 'amend_under_way', 'idempotency_mismatch'] as const),
      ...([
        'risk_limit',
        'client_limit',
        'not_enough_free',
        'below_minimum',
        'already_closing',
        'not_open',
        'no_price',
      ] as const),
    ],
  },
  cancelOrder: {
    tag: 'Orders',
    summary: 'Cancel an order',
    description: `The wish is stored and carried out whatever becomes of this call. ${WAITS}`,
    body: { schema: EmptyBody(), required: false },
    headers: ['Idempotency-Key', 'Prefer'],
    answers: [
      ok('Order', 'The order has ended.'),
      { status: 202, description: 'The cancel is on its way.', schema: 'Order' },
    ],
    errors: [...BODY, ...CHANGES, 'already_final', 'idempotency_mismatch'],
  },
  cancelAll: {
    tag: 'Orders',
    summary: 'Cancel all orders of a wallet',
    description: `Of a symbol or a side, where one is named. Only what a client has placed: exits that a position needs stay. ${WAITS}`,
    body: { schema: CancelAllBody(), required: true },
    headers: ['Idempotency-Key', 'Prefer'],
    answers: [
      ok('CancelledAll', 'All of them have ended.'),
      { status: 202, description: 'Some cancels are on their way.', schema: 'CancelledAll' },
    ],
    errors: [...BODY, ...CHANGES, 'unknown_symbol', 'idempotency_mismatch'],
  },
} as const satisfies Record<string, DescribedOperation>;

/**
 * What the document says of each operation: complete by the compiler, so that a route without a description does not
 * compile. Paths, methods and scopes come from routes.ts, schemas from schemas.ts (requests) and answers/.
 */
import type * as z from 'zod';
import { ChangeClientBody, ListClientsQuery, RegisterClientBody } from '../client-schemas.ts';
import type { ApiErrorCode } from '../errors.ts';
import type { OperationName } from '../routes.ts';
import * as bodies from '../schemas.ts';
import { CreateWebhookBody, ListDeliveriesQuery } from '../webhook-schemas.ts';
import type { AnswerName } from './components.ts';
import { AMOUNTS, BODY, KEYED, PROTECTION, SYMBOL_STATE, TARGET, WALLET_STATE } from './errors.ts';

/** The document's order. */
export const TAGS = {
  Orders: 'Placing, following, changing and cancelling orders.',
  Positions: 'What orders have opened: figures, protection, closing, history, AI signals.',
  Wallets:
    'Demo wallets and accounts at an exchange: keys, balances, limits, pauses, comparison with the venue.',
  'Market data': 'Prices, bars, symbols and their trading rules.',
  Access: 'Machine clients that act for a user with limits of their own, and the record of what was done.',
  Webhooks: 'Events sent to an address of yours: signed, repeated, and listed.',
  Service: 'How the service itself stands.',
} as const;

type RequestHeader = 'Idempotency-Key' | 'Prefer';

export interface DescribedAnswer {
  readonly status: 200 | 201 | 202;
  readonly description: string;
  readonly schema: AnswerName;
  /** `page`: items of the schema with a cursor. */
  readonly form?: 'page';
}

export interface DescribedOperation {
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description: string;
  readonly query?: z.ZodType;
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean };
  readonly headers?: readonly RequestHeader[];
  readonly keyRequired?: true;
  readonly answers: readonly [DescribedAnswer, ...DescribedAnswer[]];
  /** Beside those that every operation has (document.ts). */
  readonly errors: readonly ApiErrorCode[];
}

const CHANGES = ['conflict', 'not_found'] as const satisfies readonly ApiErrorCode[];
const WAITS = 'Waits for the outcome for up to 2 s, or as `Prefer: wait=N` says (at most 10 s).';
const ok = <const S extends AnswerName>(schema: S, description: string) =>
  ({ status: 200, description, schema }) as const;
const page = <const S extends AnswerName>(schema: S, description: string) =>
  ({ status: 200, description, schema, form: 'page' }) as const;

export const OPERATIONS = {
  createOrder: {
    tag: 'Orders',
    summary: 'Place an order',
    description: `Opens a position, or reduces the one that \`position_id\` names. Needs an \`Idempotency-Key\` or a \`client_order_id\`: a repeat with the same key and body answers the order as it stands and sends nothing. Exactly one of \`quantity\` and (market buys) \`quote_quantity\`. ${WAITS}`,
    body: { schema: bodies.CreateOrderBody(), required: true },
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
    body: { schema: bodies.CreateOrderBody(), required: true },
    answers: [ok('Preview', 'What would become of the order.')],
    errors: [...BODY, ...TARGET, ...SYMBOL_STATE, ...WALLET_STATE, ...AMOUNTS, ...PROTECTION],
  },
  listOrders: {
    tag: 'Orders',
    summary: 'List orders',
    description:
      'Newest first, without single fills. `from` and `to` bound the time of creation. `client_order_id` with `wallet_id` finds one order, and goes with no other filter.',
    query: bodies.ListOrdersQuery(),
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
    body: { schema: bodies.AmendOrderBody(), required: true },
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
    body: { schema: bodies.EmptyBody(), required: false },
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
    body: { schema: bodies.CancelAllBody(), required: true },
    headers: ['Idempotency-Key', 'Prefer'],
    answers: [
      ok('CancelledAll', 'All of them have ended.'),
      { status: 202, description: 'Some cancels are on their way.', schema: 'CancelledAll' },
    ],
    errors: [...BODY, ...CHANGES, 'unknown_symbol', 'idempotency_mismatch'],
  },
  listPositions: {
    tag: 'Positions',
    summary: 'List positions',
    description:
      'Newest first, at the price of now, without what needs fills and the price tape. `from` and `to` bound the time of creation.',
    query: bodies.ListPositionsQuery(),
    answers: [page('PositionSummary', 'A page of positions.')],
    errors: ['unknown_symbol', 'invalid_cursor'],
  },
  getPosition: {
    tag: 'Positions',
    summary: 'Get a position',
    description:
      'The whole of it: figures, protection, orders, fills, actions, statistics from the price tape.',
    answers: [ok('Position', 'The position.')],
    errors: ['not_found'],
  },
  closePosition: {
    tag: 'Positions',
    summary: 'Close a position, or a part of it',
    description:
      'Without `quantity` all of it: the first cause wins, a repeat is harmless. A part needs an `Idempotency-Key`. Exits never wait behind entries and are taken while the wallet is paused.',
    body: { schema: bodies.ClosePositionBody(), required: false },
    headers: ['Idempotency-Key'],
    answers: [{ status: 202, description: 'The close is claimed and on its way.', schema: 'ClosedPosition' }],
    errors: [
      ...BODY,
      ...CHANGES,
      ...KEYED,
      ...(['already_closing', 'not_open', 'not_enough_free', 'below_minimum'] as const),
      ...(['below_min_quantity', 'above_max_quantity', 'below_min_notional', 'above_max_notional'] as const),
      ...(['not_on_step', 'out_of_range', 'no_price', 'wallet_not_ready', 'environment_not_served'] as const),
    ],
  },
  changeProtection: {
    tag: 'Positions',
    summary: 'Change the protection of a position',
    description:
      'What is named is set, null takes a level away, the rest stays. New levels count from now on.',
    body: { schema: bodies.ChangeProtectionBody(), required: true },
    headers: ['Idempotency-Key'],
    answers: [ok('Position', 'The position with its new protection.')],
    errors: [
      ...BODY,
      ...CHANGES,
      ...PROTECTION,
      'already_closing',
      'not_open',
      'no_price',
      'idempotency_mismatch',
    ],
  },
  takeSignal: {
    tag: 'Positions',
    summary: 'Tell a signal of an AI agent',
    description:
      "What the agent thinks of the position. It acts where the wallet's `signal_policy` allows: `close` closes it, `adjust` changes its levels. Always kept, with what became of it.",
    body: { schema: bodies.SignalBody(), required: true },
    headers: ['Idempotency-Key'],
    keyRequired: true,
    answers: [
      { status: 201, description: 'The signal, what it made, and the position.', schema: 'TakenSignal' },
      ok('TakenSignal', 'A repeat: what the first call made.'),
    ],
    errors: [
      ...BODY,
      ...CHANGES,
      ...KEYED,
      ...PROTECTION,
      ...(['stop_would_loosen', 'already_closing', 'not_open', 'no_price', 'wallet_not_ready'] as const),
    ],
  },
  listSignals: {
    tag: 'Positions',
    summary: 'List the signals of a position',
    description: 'Newest first.',
    query: bodies.ListSignalsQuery(),
    answers: [page('Signal', 'A page of signals.')],
    errors: ['not_found', 'invalid_cursor'],
  },
  getTimeline: {
    tag: 'Positions',
    summary: 'Tell why a position did, or did not, act',
    description:
      'Oldest first: actions, changes of orders, signals, refusals, each with rule, level, price, source and tick. `from` and `to` around a moment (at most an hour) add the extremes of the market in between.',
    query: bodies.TimelineQuery(),
    answers: [ok('Timeline', 'A page of the timeline, and the levels that are watched now.')],
    errors: ['not_found', 'invalid_cursor'],
  },
  listUpdates: {
    tag: 'Positions',
    summary: 'List the figures of a position over time',
    description:
      'Newest first; by the second for the last 2 hours, by the minute for 7 days. Where the tape has nothing, the gap is told.',
    query: bodies.ListUpdatesQuery(),
    answers: [ok('Updates', 'A page of updates.')],
    errors: ['not_found', 'invalid_cursor'],
  },
  createWallet: {
    tag: 'Wallets',
    summary: 'Create a demo wallet, or connect an exchange account',
    description: `\`type\` tells the two apart. Keys are checked at once and sealed before they are stored; they are in no answer. A key that may withdraw is refused. ${WAITS}`,
    body: { schema: bodies.CreateWalletBody(), required: true },
    headers: ['Idempotency-Key', 'Prefer'],
    answers: [
      { status: 201, description: 'The wallet.', schema: 'Wallet' },
      ok('Wallet', 'A repeat: the wallet that the first call made.'),
    ],
    errors: [
      ...BODY,
      ...KEYED,
      ...(['environment_not_served', 'key_format', 'wallet_refused', 'wallet_deleted'] as const),
      ...(['out_of_range', 'keys_unavailable', 'conflict'] as const),
      ...(['margin_not_allowed', 'leverage_too_high'] as const),
    ],
  },
  listWallets: {
    tag: 'Wallets',
    summary: 'List wallets',
    description: 'Newest first, without deleted ones.',
    query: bodies.ListWalletsQuery(),
    answers: [page('Wallet', 'A page of wallets.')],
    errors: ['invalid_cursor'],
  },
  getWallet: {
    tag: 'Wallets',
    summary: 'Get a wallet',
    description: "At an exchange also whether its orders' news arrive (`stream`).",
    answers: [ok('WalletDetail', 'The wallet.')],
    errors: ['not_found'],
  },
  changeWallet: {
    tag: 'Wallets',
    summary: 'Change the settings of a wallet',
    description: 'What AI signals may do by themselves, and the resident protection of new positions.',
    body: { schema: bodies.ChangeWalletBody(), required: true },
    answers: [ok('Wallet', 'The wallet.')],
    errors: [...BODY, ...CHANGES, 'wallet_deleted'],
  },
  deleteWallet: {
    tag: 'Wallets',
    summary: 'Delete a wallet',
    description:
      'Its keys are gone, its orders and positions stay as history. Only without open positions and orders.',
    body: { schema: bodies.EmptyBody(), required: false },
    answers: [ok('Wallet', 'The deleted wallet.')],
    errors: [...BODY, ...CHANGES, 'wallet_in_use', 'wallet_deleted', 'not_for_demo_wallets'],
  },
  getLimits: {
    tag: 'Wallets',
    summary: 'Get the limits of a wallet',
    description: 'With what is used of each.',
    answers: [ok('WalletLimits', 'Limits and use.')],
    errors: ['not_found', 'wallet_deleted', 'conflict'],
  },
  setLimits: {
    tag: 'Wallets',
    summary: 'Set limits of a wallet',
    description: 'What is named is set, null takes a limit away, the rest stays. Worth is in US dollars.',
    body: { schema: bodies.LimitsBody(), required: true },
    answers: [ok('WalletLimits', 'Limits and use.')],
    errors: [
      ...BODY,
      ...CHANGES,
      'wallet_deleted',
      'unknown_symbol',
      'out_of_range',
      'environment_not_served',
    ],
  },
  getBalances: {
    tag: 'Wallets',
    summary: 'Get the balances of a wallet',
    description:
      'Of an exchange account the venue is asked; where it does not answer in time, as it last said (`as_of`).',
    headers: ['Prefer'],
    answers: [ok('Balances', 'The balances.')],
    errors: [
      ...CHANGES,
      ...([
        'balances_unavailable',
        'environment_not_served',
        'wallet_not_ready',
        'wallet_deleted',
        'keys_missing',
      ] as const),
    ],
  },
  testWallet: {
    tag: 'Wallets',
    summary: 'Test the keys of a wallet',
    description: `Asks the exchange again. ${WAITS}`,
    body: { schema: bodies.EmptyBody(), required: false },
    headers: ['Prefer'],
    answers: [
      ok('Wallet', 'The wallet after the check; `check_under_way` where it has not come to its end.'),
    ],
    errors: [
      ...BODY,
      ...CHANGES,
      ...([
        'not_for_demo_wallets',
        'environment_not_served',
        'wallet_deleted',
        'wallet_refused',
        'keys_missing',
      ] as const),
    ],
  },
  rotateKeys: {
    tag: 'Wallets',
    summary: 'Give a wallet new keys',
    description: `They are taken over once the exchange has accepted them; until then the old ones are in use. ${WAITS}`,
    body: { schema: bodies.KeysBody(), required: true },
    headers: ['Prefer'],
    answers: [
      ok('Wallet', 'The new keys are in use.'),
      { status: 202, description: 'The new keys are not checked yet.', schema: 'Wallet' },
    ],
    errors: [
      ...BODY,
      ...CHANGES,
      ...([
        'not_for_demo_wallets',
        'environment_not_served',
        'wallet_deleted',
        'key_format',
        'wallet_refused',
      ] as const),
      ...(['keys_refused', 'keys_replaced', 'keys_unavailable', 'idempotency_mismatch'] as const),
    ],
  },
  pauseWallet: {
    tag: 'Wallets',
    summary: 'Pause a wallet',
    description:
      'New entries are refused; exits, protection, closes and cancels go on. `cancel_entries` cancels entries that rest, `flatten` closes all positions besides.',
    body: { schema: bodies.PauseWalletBody(), required: false },
    answers: [ok('PausedWallet', 'The wallet, with what stops, what goes on and what was begun.')],
    errors: [...BODY, ...CHANGES, 'wallet_deleted'],
  },
  resumeWallet: {
    tag: 'Wallets',
    summary: 'Resume a wallet',
    description: 'Entries are taken again.',
    body: { schema: bodies.EmptyBody(), required: false },
    answers: [ok('Wallet', 'The wallet.')],
    errors: [...BODY, ...CHANGES, 'wallet_deleted'],
  },
  reconcileWallet: {
    tag: 'Wallets',
    summary: 'Compare the ledger with the venue',
    description: `Asks for a comparison now. ${WAITS}`,
    body: { schema: bodies.EmptyBody(), required: false },
    headers: ['Prefer'],
    answers: [
      ok('AskedReconciliation', 'The comparison is done.'),
      { status: 202, description: 'It is under way; the last statement.', schema: 'AskedReconciliation' },
    ],
    errors: [
      ...BODY,
      ...CHANGES,
      ...(['environment_not_served', 'wallet_not_ready', 'wallet_deleted', 'keys_missing'] as const),
    ],
  },
  getReconciliation: {
    tag: 'Wallets',
    summary: 'Get the last comparison with the venue',
    description: '`statement` is null before the first one.',
    answers: [ok('LatestReconciliation', 'The last statement.')],
    errors: ['not_found'],
  },
  listReconciliations: {
    tag: 'Wallets',
    summary: 'List comparisons with the venue',
    description:
      'Newest first; kept for 90 days, for 7 where nothing was found. `to`: those that began before it.',
    query: bodies.ListStatementsQuery(),
    answers: [page('Statement', 'A page of statements.')],
    errors: ['not_found', 'invalid_cursor'],
  },
  listPrices: {
    tag: 'Market data',
    summary: 'List prices',
    description:
      'Of the symbols that are named (they are followed from then on), else of all that are followed. `without_price`: those that have none yet.',
    query: bodies.ListPricesQuery(),
    answers: [ok('Prices', 'Prices of now.')],
    errors: ['unknown_symbol'],
  },
  getPrice: {
    tag: 'Market data',
    summary: 'Get a price',
    description: 'A symbol without a price is followed from then on; try again in a few seconds.',
    answers: [ok('Price', 'The price of now.')],
    errors: ['unknown_symbol', 'no_price'],
  },
  listBars: {
    tag: 'Market data',
    summary: 'List bars',
    description:
      'Whole intervals that touch [from, to), newest first, from our own tape. 1 s for 2 hours, up to 5 min for 7 days, above for 90 days.',
    query: bodies.ListBarsQuery(),
    answers: [ok('Bars', 'A page of bars, and the gaps in between.')],
    errors: ['unknown_symbol', 'invalid_cursor'],
  },
  listSymbols: {
    tag: 'Market data',
    summary: 'List symbols',
    description: "Of an environment, or of a wallet's; of demo wallets where neither is named.",
    query: bodies.ListSymbolsQuery(),
    answers: [page('SymbolSummary', 'A page of symbols.')],
    errors: ['environment_not_served', 'not_found', 'invalid_cursor'],
  },
  getSymbol: {
    tag: 'Market data',
    summary: 'Get a symbol',
    description: 'With all trading rules of its venue.',
    query: bodies.GetSymbolQuery(),
    answers: [ok('SymbolDetail', 'The symbol.')],
    errors: ['environment_not_served', 'not_found'],
  },
  registerClient: {
    tag: 'Access',
    summary: 'Register a machine client',
    description:
      'An app client of the token issuer acts for you from then on, with at most these scopes and within these limits. A repeat of the same answers what is there.',
    body: { schema: RegisterClientBody(), required: true },
    answers: [
      { status: 201, description: 'The client.', schema: 'Client' },
      ok('Client', 'It was registered before, as it is asked for.'),
    ],
    errors: [...BODY, ...CHANGES, 'client_exists', 'unknown_symbol', 'out_of_range', 'idempotency_mismatch'],
  },
  listClients: {
    tag: 'Access',
    summary: 'List machine clients',
    description: 'Newest first, revoked ones too.',
    query: ListClientsQuery(),
    answers: [page('Client', 'A page of clients.')],
    errors: ['invalid_cursor'],
  },
  getClient: {
    tag: 'Access',
    summary: 'Get a machine client',
    description: 'With what it has used of its limits.',
    answers: [ok('Client', 'The client.')],
    errors: ['not_found'],
  },
  changeClient: {
    tag: 'Access',
    summary: 'Change a machine client',
    description: 'What is named is set, null takes a limit away, the rest stays.',
    body: { schema: ChangeClientBody(), required: true },
    answers: [ok('Client', 'The client.')],
    errors: [...BODY, ...CHANGES, 'unknown_symbol', 'out_of_range'],
  },
  revokeClient: {
    tag: 'Access',
    summary: 'Revoke a machine client',
    description: 'Its tokens are refused at once; it never comes back.',
    body: { schema: bodies.EmptyBody(), required: false },
    answers: [ok('Client', 'The revoked client.')],
    errors: [...BODY, ...CHANGES],
  },
  listAudit: {
    tag: 'Access',
    summary: 'List what was done',
    description:
      'Every call that could change something, newest first: who, what, when, and what came of it.',
    query: ListClientsQuery(),
    answers: [page('AuditRecord', 'A page of the record.')],
    errors: ['invalid_cursor'],
  },
  createWebhook: {
    tag: 'Webhooks',
    summary: 'Create a webhook',
    description: 'Its secret signs what is sent, and is answered this once.',
    body: { schema: CreateWebhookBody(), required: true },
    answers: [{ status: 201, description: 'The webhook, with its secret.', schema: 'CreatedWebhook' }],
    errors: [...BODY, 'webhook_url', 'webhook_limit', 'conflict'],
  },
  listWebhooks: {
    tag: 'Webhooks',
    summary: 'List webhooks',
    description: 'All of them, without their secrets.',
    answers: [page('Webhook', 'The webhooks.')],
    errors: [],
  },
  deleteWebhook: {
    tag: 'Webhooks',
    summary: 'Delete a webhook',
    description: 'Nothing is sent to it any more.',
    body: { schema: bodies.EmptyBody(), required: false },
    answers: [ok('DeletedWebhook', 'It is gone.')],
    errors: [...BODY, ...CHANGES],
  },
  testWebhook: {
    tag: 'Webhooks',
    summary: 'Send a test event to a webhook',
    description: 'What became of it is among its deliveries.',
    body: { schema: bodies.EmptyBody(), required: false },
    answers: [{ status: 202, description: 'The event is on its way.', schema: 'TestedWebhook' }],
    errors: [...BODY, ...CHANGES],
  },
  listDeliveries: {
    tag: 'Webhooks',
    summary: 'List the deliveries of a webhook',
    description: 'Newest first.',
    query: ListDeliveriesQuery(),
    answers: [page('Delivery', 'A page of deliveries.')],
    errors: ['not_found', 'invalid_cursor'],
  },
  healthServices: {
    tag: 'Service',
    summary: 'Get the health of the background services',
    description: 'What streamer and order monitor last said of themselves. Open: no token is needed.',
    answers: [ok('ServiceHealth', 'The services.')],
    errors: [],
  },
} as const satisfies Record<OperationName, DescribedOperation>;

/** What the document says of wallets: keys, balances, limits, pauses, comparison with the venue. */
import { EmptyBody } from '../../schemas/fields.ts';
import { ListStatementsQuery } from '../../schemas/reading.ts';
import {
  ChangeWalletBody,
  CreateWalletBody,
  KeysBody,
  LimitsBody,
  ListWalletsQuery,
  PauseWalletBody,
} from '../../schemas/wallets.ts';
import { BODY, KEYED } from '../errors.ts';
import { CHANGES, type DescribedOperation, ok, page, WAITS } from './described.ts';

export const WALLET_OPERATIONS = {
  createWallet: {
    tag: 'Wallets',
    summary: 'Create a demo wallet, or connect an exchange account',
    description: `\`type\` tells the two apart. Keys are checked at once and sealed before they are stored; they are in no answer. A key that may withdraw is refused. ${WAITS}`,
    body: { schema: CreateWalletBody(), required: true },
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
    query: ListWalletsQuery(),
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
    body: { schema: ChangeWalletBody(), required: true },
    answers: [ok('Wallet', 'The wallet.')],
    errors: [...BODY, ...CHANGES, 'wallet_deleted'],
  },
  deleteWallet: {
    tag: 'Wallets',
    summary: 'Delete a wallet',
    description:
      'Its keys are gone, its orders and positions stay as history. Only without open positions and orders.',
    body: { schema: EmptyBody(), required: false },
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
    body: { schema: LimitsBody(), required: true },
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
    body: { schema: EmptyBody(), required: false },
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
    body: { schema: KeysBody(), required: true },
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
    body: { schema: PauseWalletBody(), required: false },
    answers: [ok('PausedWallet', 'The wallet, with what stops, what goes on and what was begun.')],
    errors: [...BODY, ...CHANGES, 'wallet_deleted'],
  },
  resumeWallet: {
    tag: 'Wallets',
    summary: 'Resume a wallet',
    description: 'Entries are taken again.',
    body: { schema: EmptyBody(), required: false },
    answers: [ok('Wallet', 'The wallet.')],
    errors: [...BODY, ...CHANGES, 'wallet_deleted'],
  },
  reconcileWallet: {
    tag: 'Wallets',
    summary: 'Compare the ledger with the venue',
    description: `Asks for a comparison now. ${WAITS}`,
    body: { schema: EmptyBody(), required: false },
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
    query: ListStatementsQuery(),
    answers: [page('Statement', 'A page of statements.')],
    errors: ['not_found', 'invalid_cursor'],
  },
} as const satisfies Record<string, DescribedOperation>;

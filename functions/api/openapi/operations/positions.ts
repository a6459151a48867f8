/** What the document says of positions, their protection, their history, AI signals. */
import { ChangeProtectionBody, ClosePositionBody, SignalBody } from '../../schemas/protection.ts';
import {
  ListPositionsQuery,
  ListSignalsQuery,
  ListUpdatesQuery,
  TimelineQuery,
} from '../../schemas/reading.ts';
import { BODY, KEYED, PROTECTION } from '../errors.ts';
import { CHANGES, type DescribedOperation, ok, page } from './described.ts';

export const POSITION_OPERATIONS = {
  listPositions: {
    tag: 'Positions',
    summary: 'List positions',
    description:
      'Newest first, at the price of now, without what needs fills and the price tape. `from` and `to` bound the time of creation.',
    query: ListPositionsQuery(),
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
      'Without `quantity` all of it: the first cause wins, a repeat is harmless. A part needs an `Idempotency-Key`. Exits never wait behind entries and are taken while the wallet is paused. Answers at once, or waits for its exit order as `Prefer: wait=N` says (at most 10 s).',
    body: { schema: ClosePositionBody(), required: false },
    headers: ['Idempotency-Key', 'Prefer'],
    answers: [
      ok('ClosedPosition', 'Its exit order has its outcome.'),
      { status: 202, description: 'The close is claimed and on its way.', schema: 'ClosedPosition' },
    ],
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
    body: { schema: ChangeProtectionBody(), required: true },
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
    body: { schema: SignalBody(), required: true },
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
    description: 'Newest first. `from` and `to` bound the time at which they were said.',
    query: ListSignalsQuery(),
    answers: [page('Signal', 'A page of signals.')],
    errors: ['not_found', 'invalid_cursor'],
  },
  getTimeline: {
    tag: 'Positions',
    summary: 'Tell why a position did, or did not, act',
    description:
      'Oldest first: actions, changes of orders, signals, refusals, each with rule, level, price, source and tick. `from` and `to` around a moment (at most an hour) add the extremes of the market in between.',
    query: TimelineQuery(),
    answers: [ok('Timeline', 'A page of the timeline, and the levels that are watched now.')],
    errors: ['not_found', 'invalid_cursor'],
  },
  listUpdates: {
    tag: 'Positions',
    summary: 'List the figures of a position over time',
    description:
      'Newest first; by the second for the last 2 hours, by the minute for 7 days. Where the tape has nothing, the gap is told.',
    query: ListUpdatesQuery(),
    answers: [ok('Updates', 'A page of updates.')],
    errors: ['not_found', 'invalid_cursor'],
  },
} as const satisfies Record<string, DescribedOperation>;

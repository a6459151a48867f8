/** What the API answers of a position, as far as its page's pure parts look at it. */
import type { AnswerTo, ItemOf } from '../../../shared/client/contract.ts';

export type Detail = AnswerTo<'getPosition'>;
export type Entry = ItemOf<'getTimeline'>;
export type Update = ItemOf<'listUpdates'>;
export type Bar = AnswerTo<'listBars'>['items'][number];
type Risk = Detail['risk_management'];

export const T0 = Date.parse('2026-01-05T12:00:00.000Z');
export const iso = (seconds: number): string => new Date(T0 + seconds * 1_000).toISOString();

const NO_TRAILING: Risk['trailing_stop'] = {
  ...{ enabled: false, distance_percent: null, distance_amount: null, activation_price: null },
  ...{ current_trigger: null, peak: null, adjusted_count: null, last_adjusted: null },
};

const NO_BREAK_EVEN: Risk['break_even'] = {
  ...{ enabled: false, activation_profit_percent: null, offset_percent: null },
  ...{ activated: false, activated_at: null, stop_price: null },
};

export interface About {
  readonly side?: 'long' | 'short';
  readonly closedAt?: string;
  readonly risk?: Partial<Risk>;
  readonly trailing?: Partial<Risk['trailing_stop']>;
  readonly fills?: readonly Partial<Detail['fills'][number]>[];
  readonly orders?: readonly { readonly order_id: string; readonly cause: string }[];
}

/** 0.5 BTC at 50000 for a fee of 25, opened at T0 with a stop at 49000; the price is 50000. */
export function aPosition({
  side = 'long',
  closedAt,
  risk = {},
  trailing = {},
  fills = [],
  orders = [],
}: About = {}): Detail {
  const status = closedAt === undefined ? 'open' : 'closed';
  const known = {
    ...{ position_id: 'p1', user_wallet_id: 'w1', symbol: 'BTC/USDT', side, status },
    ...{ created_at: iso(0), opened_at: iso(0), closed_at: closedAt ?? null, closing: null, exit: null },
    entry: { price: '50000', amount: '0.5' },
    current: {
      ...{ price: '50000', amount: '0.5', cost: '25000', value: '25000' },
      ...{ unrealized_pnl: '-25', unrealized_pnl_percent: '-0.1', realized_pnl: '0' },
    },
    risk_management: {
      ...{ initial_stop_loss: '49000', current_stop_loss: '49000', current_stop_level: 'stop_loss' },
      ...{ take_profits: [], liquidation_price: null, trigger_price: 'bid_ask' },
      ...{ break_even: NO_BREAK_EVEN, trailing_stop: { ...NO_TRAILING, ...trailing } },
      ...risk,
    },
    orders: orders.map(({ order_id, cause }) => ({ order_id, exit: { cause } })),
    fills,
  };
  // What else the API answers nobody looks at here.
  return known as unknown as Detail;
}

type Action = Extract<Entry, { kind: 'action' }>;

export const anAction = (seconds: number, action: string, more: Partial<Action> = {}): Action => ({
  ...{
    timestamp: iso(seconds),
    kind: 'action',
    action,
    refused: false,
    reason: null,
    rule: null,
    cause: null,
  },
  ...{ reached_by: null, level: null, price: null, source: null, price_source: null, price_age_ms: null },
  ...{ peak: null, tick_id: null, armed_tick_id: null, tick_at: null, recorded_at: null, order_id: null },
  details: {},
  ...more,
});

export const aMove = (seconds: number, from: string, to: string): Update => ({
  ...{ update_id: `p1-${seconds}`, position_id: 'p1', timestamp: iso(seconds), seconds: 1, price: to },
  ...{ amount: '0.5', unrealized_pnl: null, unrealized_pnl_percent: null },
  actions_triggered: [{ action: 'trailing_stop_adjusted', from, to }],
});

export const aBar = (seconds: number, close: string, more: Partial<Bar> = {}): Bar => ({
  ...{
    time: iso(seconds),
    end_time: iso(seconds + 1),
    open: close,
    high: close,
    low: close,
    close,
    count: 1,
  },
  ...{ first_time: iso(seconds), last_time: iso(seconds + 1), first_tick: 1, last_tick: 1 },
  ...{ running: false, complete: true, source: 'own' },
  ...more,
});

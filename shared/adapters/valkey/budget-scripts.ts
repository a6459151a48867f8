/** The budget's Lua steps as typed functions; keys of one address lie in one slot (docs/rate-budget.md). */
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import type { VenueRateLimit } from '../../ports/symbols.ts';
import fragment from './budget.lua';
import ask from './budget-ask.lua';
import block from './budget-block.lua';
import correct from './budget-correct.lua';
import figures from './budget-figures.lua';
import learn from './budget-learn.lua';
import { defineScript } from './script.ts';

/** Names the shared buckets: `binance:default`. */
export type Scope = string;

const keyOf = (scope: Scope, rest: string): string => `budget:{${scope}}:${rest}`;
const bucketKeys = (scope: Scope, name: string): readonly [string, string] => [
  keyOf(scope, name),
  keyOf(scope, `${name}:flying`),
];
const ordersKeys = (scope: Scope, account: string): readonly [string, string] => [
  keyOf(scope, `orders:${account}`),
  keyOf(scope, `flying:${account}`),
];
const limitsKey = (scope: Scope): string => keyOf(scope, 'limits');
const blocksKey = (scope: Scope): string => keyOf(scope, 'block');

/** Those that the budget knows; CONNECTIONS are the streamer's own matter. */
const KINDS = ['REQUEST_WEIGHT', 'RAW_REQUESTS', 'ORDERS'];

export const limitArgs = (limits: readonly VenueRateLimit[]): readonly string[] =>
  limits
    .filter(({ type }) => KINDS.includes(type))
    .flatMap(({ type, intervalMs, limit }) => [`${type}:${intervalMs}`, String(limit)]);

const whole = z.coerce.number().int();

export interface AskInput {
  readonly scope: Scope;
  readonly token: string;
  readonly now: number;
  readonly weight: number;
  readonly orders: number;
  /** Only where `orders` > 0. */
  readonly account: string | null;
  /** Percent of each limit that this rank may use. */
  readonly share: number;
  readonly assumed: readonly string[];
}

export type AskReply =
  | { readonly kind: 'granted' }
  | { readonly kind: 'blocked'; readonly until: number; readonly reason: '429' | '418' }
  | { readonly kind: 'orders_blocked' | 'weight' | 'orders'; readonly until: number };

export const askScript = defineScript<AskInput, AskReply>({
  name: 'budget-ask',
  source: [fragment, ask],
  keys: ({ scope, orders, account }) => [
    limitsKey(scope),
    blocksKey(scope),
    ...bucketKeys(scope, 'weight'),
    ...bucketKeys(scope, 'raw'),
    ...(orders > 0 && account !== null ? ordersKeys(scope, account) : []),
  ],
  args: ({ token, now, weight, orders, share, assumed }) => [
    token,
    ...[now, weight, orders, share].map(String),
    ...assumed,
  ],
  reply: () =>
    z.union([
      z.tuple([z.literal('granted')]).transform(([kind]) => ({ kind })),
      z
        .tuple([z.literal('blocked'), whole, z.enum(['429', '418'])])
        .transform(([kind, until, reason]) => ({ kind, until, reason })),
      z
        .tuple([z.enum(['orders_blocked', 'weight', 'orders']), whole])
        .transform(([kind, until]) => ({ kind, until })),
    ]),
});

export interface CorrectInput {
  readonly scope: Scope;
  readonly account: string | null;
  readonly token: string;
  readonly weight: number;
  readonly orders: number;
  readonly cost: 'unsent' | 'free' | 'charged';
  readonly at: number;
  readonly now: number;
  readonly assumed: readonly string[];
  readonly heads: readonly {
    readonly bucket: 'weight' | 'orders';
    readonly intervalMs: number;
    readonly count: number;
  }[];
}

export const correctScript = defineScript<CorrectInput, string>({
  name: 'budget-correct',
  source: [fragment, correct],
  keys: ({ scope, account }) => [
    limitsKey(scope),
    ...bucketKeys(scope, 'weight'),
    ...bucketKeys(scope, 'raw'),
    ...(account === null ? [] : ordersKeys(scope, account)),
  ],
  args: ({ token, weight, orders, cost, at, now, assumed, heads }) => [
    token,
    ...[weight, orders].map(String),
    cost,
    ...[at, now, assumed.length / 2].map(String),
    ...assumed,
    ...heads.flatMap(({ bucket, intervalMs, count }) => [bucket, String(intervalMs), String(count)]),
  ],
  reply: () => z.tuple([z.literal('corrected')]).transform(([word]) => word),
});

export const blockScript = defineScript<
  {
    readonly scope: Scope;
    readonly account: string | null;
    readonly until: number;
    readonly reason: string;
    readonly now: number;
  },
  number
>({
  name: 'budget-block',
  source: [fragment, block],
  keys: ({ scope, account }) => [account === null ? blocksKey(scope) : ordersKeys(scope, account)[0]],
  args: ({ account, until, reason, now }) => [
    account === null ? 'until' : 'blocked_until',
    String(until),
    reason,
    String(now),
  ],
  reply: () => z.tuple([z.literal('blocked'), whole]).transform(([, until]) => until),
});

export const learnScript = defineScript<
  { readonly scope: Scope; readonly limits: readonly string[] },
  string
>({
  name: 'budget-learn',
  source: [learn],
  keys: ({ scope }) => [limitsKey(scope)],
  args: ({ limits }) => limits,
  reply: () => z.tuple([z.literal('learnt')]).transform(([word]) => word),
});

export interface FiguresReply {
  readonly blockedUntil: number;
  readonly reason: '429' | '418' | '';
  readonly assumed: boolean;
  readonly windows: readonly {
    readonly intervalMs: number;
    readonly limit: number;
    readonly used: number;
    readonly resetsAt: number;
  }[];
}

const four = lazily(() => z.tuple([whole, whole, whole, whole]));

export const figuresScript = defineScript<
  { readonly scope: Scope; readonly now: number; readonly assumed: readonly string[] },
  FiguresReply
>({
  name: 'budget-figures',
  source: [fragment, figures],
  keys: ({ scope }) => [limitsKey(scope), blocksKey(scope), bucketKeys(scope, 'weight')[0]],
  args: ({ now, assumed }) => [String(now), ...assumed],
  reply: () =>
    z
      .tuple([whole, z.enum(['429', '418', '']), z.enum(['assumed', 'learnt'])], z.string())
      .transform(([blockedUntil, reason, source, ...rest]) => ({
        blockedUntil,
        reason,
        assumed: source === 'assumed',
        windows: Array.from({ length: Math.floor(rest.length / 4) }, (_, i) => {
          const [intervalMs, limit, used, resetsAt] = four().parse(rest.slice(4 * i, 4 * i + 4));
          return { intervalMs, limit, used, resetsAt };
        }).sort((a, b) => a.intervalMs - b.intervalMs),
      })),
});

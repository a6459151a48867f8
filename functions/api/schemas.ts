/**
 * The requests that the API takes (design section 17): names as in the specification, decimals as strings, no
 * field that is not known. Schemas check shape; what needs symbol rules or prices is checked by the use cases.
 */

import * as z from 'zod';
import { lazily } from '../../shared/domain/lazily.ts';
import { MOST_LEVERAGE } from '../../shared/domain/margin.ts';
import { type GivenConditions, VOLATILITIES } from '../../shared/domain/market-conditions.ts';
import { decimal } from '../../shared/domain/money/decimal.ts';
import { NO_LIMITS, ON_BREACH, type RiskLimits } from '../../shared/domain/risk/limits.ts';
import { type Adjustment, SIGNAL_ACTIONS, SIGNAL_URGENCIES } from '../../shared/domain/signal-facts.ts';
import { INTERVALS } from '../../shared/domain/tape/intervals.ts';
import {
  BINANCE_ENVIRONMENTS,
  ORDER_STATUSES,
  ORDER_TYPES,
  POSITION_STATUSES,
  type Protection,
  RESIDENT_MODES,
  TIMES_IN_FORCE,
} from '../../shared/domain/types.ts';
import { countField, notNegativeField, positiveField, wordsField } from '../../shared/http/validate.ts';
import { POSITION_EFFECTS } from '../../shared/usecases/place-command.ts';

const idField = lazily(() => z.string().regex(/^[0-9A-Za-z_-]{1,64}$/, 'must be an id'));
const nameField = lazily(() => z.string().trim().min(1).max(100));
const labelField = lazily(() => z.string().min(1).max(100));
const symbolField = lazily(() => z.string().min(1).max(40));

const pageFields = lazily(() => ({
  limit: countField(1, 200).default(50),
  cursor: z.string().min(1).max(2_000).nullable().default(null),
}));

/** A caller's own key: printable ASCII, so that it travels in a header as well. */
export const keyField = lazily(() =>
  z.string().regex(/^[\x21-\x7e]{1,100}$/, 'must have 1 to 100 printable ASCII characters without spaces'),
);

const takeProfitRung = lazily(() => z.strictObject({ price: positiveField, share: positiveField }));

const trailingStopField = lazily(() =>
  z
    .strictObject({
      distance_percent: positiveField.optional(),
      distance_amount: positiveField.optional(),
      activation_price: positiveField.nullish(),
    })
    .transform((trailing, context) => {
      const { distance_percent: percent, distance_amount: amount } = trailing;
      const activationPrice = trailing.activation_price ?? null;
      if (percent !== undefined && amount === undefined) return { distance: { percent }, activationPrice };
      if (amount !== undefined && percent === undefined) return { distance: { amount }, activationPrice };
      context.addIssue({ code: 'custom', message: 'needs either distance_percent or distance_amount' });
      return z.NEVER;
    }),
);

const breakEvenField = lazily(() =>
  z
    .strictObject({
      activation_profit_percent: positiveField.default(decimal('1')),
      offset_percent: notNegativeField.default(decimal('0')),
    })
    .transform((rule) => ({
      activationProfitPercent: rule.activation_profit_percent,
      offsetPercent: rule.offset_percent,
    })),
);

const timeField = lazily(() =>
  z.iso.datetime('must be a time like 2026-01-05T12:00:00Z').transform((text) => Date.parse(text)),
);

const timeStopField = lazily(() =>
  z
    .strictObject({ max_seconds: z.int().optional(), until: timeField().optional() })
    .transform(({ max_seconds: maxSeconds, until }, context) => {
      if (maxSeconds !== undefined && until === undefined) return { maxSeconds };
      if (until !== undefined && maxSeconds === undefined) return { until };
      context.addIssue({ code: 'custom', message: 'needs either max_seconds or until' });
      return z.NEVER;
    }),
);

const levelFields = lazily(() =>
  z.strictObject({
    stop_loss: positiveField.nullable().optional(),
    take_profit: positiveField.nullable().optional(),
    take_profits: z.array(takeProfitRung()).max(20).nullable().optional(),
    trailing_stop: trailingStopField().nullable().optional(),
    break_even: breakEvenField().nullable().optional(),
  }),
);

/** The levels that are named, in the domain's words. */
function levelsAsked(asked: z.output<ReturnType<typeof levelFields>>, context: z.RefinementCtx): Adjustment {
  if (asked.take_profit !== undefined && asked.take_profits !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['take_profit'],
      message: 'and take_profits exclude each other',
    });
    return z.NEVER;
  }
  const takeProfits =
    asked.take_profit === undefined
      ? asked.take_profits
      : asked.take_profit && [{ price: asked.take_profit, share: decimal('1') }];
  return {
    ...(asked.stop_loss !== undefined && { stopLoss: asked.stop_loss && { price: asked.stop_loss } }),
    ...(takeProfits !== undefined && { takeProfits: takeProfits ?? [] }),
    ...(asked.trailing_stop !== undefined && { trailingStop: asked.trailing_stop }),
    ...(asked.break_even !== undefined && { breakEven: asked.break_even }),
  };
}

export const protectionField = lazily(() =>
  levelFields()
    .extend({
      time_stop: timeStopField().nullable().optional(),
      confirm_seconds: z.int().optional(),
      confirm_max_percent: positiveField.optional(),
      stop_limit: z.strictObject({ percent: notNegativeField, seconds: z.int() }).nullable().optional(),
      trigger_price: z.enum(['bid_ask', 'last', 'mid']).optional(),
      /** What of it rests at the exchange besides. */
      resident: z.enum(RESIDENT_MODES).optional(),
    })
    .transform(
      (asked, context): Partial<Protection> => ({
        ...levelsAsked(asked, context),
        ...(asked.time_stop !== undefined && { timeStop: asked.time_stop }),
        ...(asked.confirm_seconds !== undefined && { confirmSeconds: asked.confirm_seconds }),
        ...(asked.confirm_max_percent !== undefined && { confirmMaxPercent: asked.confirm_max_percent }),
        ...(asked.stop_limit !== undefined && { stopLimit: asked.stop_limit }),
        ...(asked.trigger_price !== undefined && { triggerPrice: asked.trigger_price }),
        ...(asked.resident !== undefined && { resident: asked.resident }),
      }),
    ),
);

const OWN_METADATA = ['client_order_id', 'tags', 'notes'] as const;
const fractionField = lazily(() =>
  notNegativeField.refine((value) => value.lte(1), 'must be a fraction from 0 to 1'),
);

/** What an agent says; `adjust` goes with the signal of that name alone, and names at least one level. */
export const SignalBody = lazily(() =>
  z
    .strictObject({
      signal: z.enum(SIGNAL_ACTIONS),
      confidence: fractionField(),
      urgency: z.enum(SIGNAL_URGENCIES).default('low'),
      reasoning: z.string().max(4_000).nullish(),
      agent: labelField().nullish(),
      adjust: levelFields().transform(levelsAsked).nullish(),
    })
    .superRefine(({ signal, adjust }, context) => {
      const path = ['adjust'];
      const isAsked = signal === 'adjust';
      if (isAsked && adjust == null) {
        context.addIssue({ code: 'invalid_type', expected: 'object', input: undefined, path });
      } else if (!isAsked && adjust != null) {
        context.addIssue({ code: 'custom', path, message: 'goes with the signal adjust only' });
      } else if (isAsked && Object.keys(adjust ?? {}).length === 0) {
        context.addIssue({ code: 'custom', path, message: 'must name at least one level' });
      }
    }),
);

/** What is named is set; the rest stays. */
export const ChangeWalletBody = lazily(() =>
  z
    .strictObject({
      signal_policy: z
        .strictObject({
          act: z.boolean().optional(),
          min_confidence: fractionField().optional(),
          allow_loosen: z.boolean().optional(),
        })
        .refine((policy) => Object.keys(policy).length > 0, 'must name at least one setting')
        .optional(),
      /** Resident protection of new positions that say nothing of it. */
      resident: z.enum(RESIDENT_MODES).optional(),
    })
    .superRefine((settings, context) => {
      if (Object.values(settings).some((value) => value !== undefined)) return;
      context.addIssue({
        code: 'invalid_type',
        expected: 'object',
        input: undefined,
        path: ['signal_policy'],
      });
    }),
);

/** What is named is set, null takes a limit away; the rest stays. */
export const LimitsBody = lazily(() =>
  z
    .strictObject({
      max_position_notional: positiveField.nullable().optional(),
      max_total_exposure: positiveField.nullable().optional(),
      max_open_positions: z.int().min(0).max(100_000).nullable().optional(),
      max_orders_per_minute: z.int().min(0).max(100_000).nullable().optional(),
      allowed_symbols: z.array(symbolField()).max(200).nullable().optional(),
      max_daily_loss: positiveField.nullable().optional(),
      max_drawdown: positiveField.nullable().optional(),
      cooldown_after_losses: z.int().min(1).max(1_000).nullable().optional(),
      cooldown_minutes: z.int().min(1).max(10_080).nullable().optional(),
      on_breach: z.enum(ON_BREACH).nullable().optional(),
    })
    .refine((limits) => Object.keys(limits).length > 0, 'must name at least one limit')
    .transform(
      (asked): Partial<RiskLimits> => ({
        ...(asked.max_position_notional !== undefined && {
          maxPositionNotional: asked.max_position_notional,
        }),
        ...(asked.max_total_exposure !== undefined && { maxTotalExposure: asked.max_total_exposure }),
        ...(asked.max_open_positions !== undefined && { maxOpenPositions: asked.max_open_positions }),
        ...(asked.max_orders_per_minute !== undefined && { maxOrdersPerMinute: asked.max_orders_per_minute }),
        ...(asked.allowed_symbols !== undefined && { allowedSymbols: asked.allowed_symbols }),
        ...(asked.max_daily_loss !== undefined && { maxDailyLoss: asked.max_daily_loss }),
        ...(asked.max_drawdown !== undefined && { maxDrawdown: asked.max_drawdown }),
        ...(asked.cooldown_after_losses !== undefined && {
          cooldownAfterLosses: asked.cooldown_after_losses,
        }),
        // These two are never without a value: null is what they are by default.
        ...(asked.cooldown_minutes !== undefined && {
          cooldownMinutes: asked.cooldown_minutes ?? NO_LIMITS.cooldownMinutes,
        }),
        ...(asked.on_breach !== undefined && { onBreach: asked.on_breach ?? NO_LIMITS.onBreach }),
      }),
    ),
);

const SingleTarget = lazily(() => z.object({ take_profit: z.string() }));

/** The rules speak of take_profits; a caller who sent the single take_profit finds their own field named. */
export const ownFieldName =
  (protection: unknown) =>
  (field: string): string =>
    SingleTarget().safeParse(protection).success
      ? field.replace('take_profits.0.price', 'take_profit')
      : field;

/** So that it can be kept exactly: 38 digits are the store's most. */
const keptField = lazily(() =>
  notNegativeField.refine((value) => value.lt('1e18'), 'must be below 1000000000000000000'),
);

const marketConditionsField = lazily(() =>
  z
    .strictObject({
      price: positiveField.refine((value) => value.lt('1e18'), 'must be below 1000000000000000000').nullish(),
      rsi_14: notNegativeField.refine((value) => value.lte(100), 'must be from 0 to 100').nullish(),
      volume_24h: keptField().nullish(),
      volatility: z.enum(VOLATILITIES).nullish(),
    })
    .refine((given) => Object.values(given).some((value) => value != null), 'must name at least one figure')
    .transform(
      (given): GivenConditions => ({
        price: given.price ?? null,
        rsi14: given.rsi_14 ?? null,
        volume24h: given.volume_24h ?? null,
        volatility: given.volatility ?? null,
      }),
    ),
);

const leverageField = lazily(() => z.int().min(1).max(MOST_LEVERAGE));

export const CreateOrderBody = lazily(() =>
  z
    .strictObject({
      wallet_id: idField(),
      symbol: symbolField(),
      side: z.enum(['buy', 'sell']),
      type: z.enum(ORDER_TYPES),
      /** In base asset; or a market buy's `quote_quantity` in quote asset. Exactly one of the two. */
      quantity: positiveField.nullish(),
      quote_quantity: positiveField.nullish(),
      limit_price: positiveField.nullish(),
      stop_price: positiveField.nullish(),
      /** Of an oco's stop leg; without it the leg sells at market. */
      stop_limit_price: positiveField.nullish(),
      /** Basis points: 100 is 1 %. */
      trailing_delta: z.int().min(1).max(10_000).nullish(),
      time_in_force: z.enum(TIMES_IN_FORCE).default('GTC'),
      client_order_id: keyField().nullish(),
      protection: protectionField().nullish(),
      position_id: idField().nullish(),
      /** With a position_id: `open` adds to that position. Without it an order with a position_id is an exit. */
      position_effect: z.enum(POSITION_EFFECTS).nullish(),
      /** Of an entry: `short` opens one by a sell. Without it a buy opens a long. */
      position_side: z.enum(['long', 'short']).nullish(),
      /** Of an entry on margin: its worth over its collateral. */
      leverage: leverageField().nullish(),
      flow_id: labelField().nullish(),
      execution_id: labelField().nullish(),
      /** The market as the caller saw it at the entry. */
      market_conditions: marketConditionsField().nullish(),
      ai_reasoning: z.string().max(4_000).nullish(),
      ai_confidence: z.number().min(0).max(100).nullish(),
      ai_agent: labelField().nullish(),
      metadata: z
        .record(z.string().min(1).max(64), z.string().max(500))
        .refine((pairs) => Object.keys(pairs).length <= 30, 'has more than 30 members')
        // The answer shows these three among the caller's own members: they would hide them.
        .refine(
          (pairs) => !OWN_METADATA.some((name) => Object.hasOwn(pairs, name)),
          `must not name ${OWN_METADATA.join(', ')}: they are fields of the order`,
        )
        .default({}),
      tags: z.array(z.string().min(1).max(64)).max(30).default([]),
      notes: z.string().max(2_000).nullish(),
    })
    .superRefine((order, context) => {
      const [base, quote] = [order.quantity ?? null, order.quote_quantity ?? null];
      if (base === null && quote === null) {
        context.addIssue({ code: 'invalid_type', expected: 'string', input: undefined, path: ['quantity'] });
      }
      if (order.position_id != null && order.market_conditions != null) {
        const message = 'are those of the order that opens a position, and this one names a position';
        context.addIssue({ code: 'custom', path: ['market_conditions'], message });
      }
      if (order.position_id == null && order.position_effect === 'close') {
        const message = 'is close, and no position_id says which position';
        context.addIssue({ code: 'custom', path: ['position_effect'], message });
      }
      if (base !== null && quote !== null) {
        const message = 'and quantity exclude each other';
        context.addIssue({ code: 'custom', path: ['quote_quantity'], message });
      }
    }),
);

/** What is to be other than it is; `quantity` is the order's whole, with what has filled. */
export const AmendOrderBody = lazily(() =>
  z
    .strictObject({
      quantity: positiveField.optional(),
      limit_price: positiveField.optional(),
      stop_price: positiveField.optional(),
      stop_limit_price: positiveField.optional(),
      trailing_delta: z.int().min(1).max(10_000).optional(),
    })
    .superRefine((body, context) => {
      if (Object.values(body).some((value) => value !== undefined)) return;
      context.addIssue({ code: 'invalid_type', expected: 'string', input: undefined, path: ['quantity'] });
    }),
);

export const CancelAllBody = lazily(() =>
  z.strictObject({
    wallet_id: idField(),
    symbol: symbolField().nullish(),
    side: z.enum(['buy', 'sell']).nullish(),
  }),
);

export const ClosePositionBody = lazily(() => z.strictObject({ quantity: positiveField.nullish() }));

/** The body is the protection; left out = as it is, null = taken away. */
export const ChangeProtectionBody = lazily(() => protectionField());

export const EmptyBody = lazily(() => z.strictObject({}));

const assetField = lazily(() => z.string().regex(/^[A-Z0-9]{1,20}$/, 'must be an asset like USDT'));

const demoWallet = lazily(() =>
  z.strictObject({
    name: nameField(),
    type: z.literal('demo'),
    starting_balances: z
      .record(assetField(), notNegativeField)
      .refine((balances) => Object.keys(balances).length >= 1, 'must name at least one asset')
      .refine((balances) => Object.keys(balances).length <= 50, 'names more than 50 assets'),
    fee_rate: notNegativeField
      .refine((rate) => rate.lt('0.1'), 'must be a fraction below 0.1, for instance "0.001" for 0.1 %')
      .optional(),
    buy_fee_in: z.enum(['quote', 'base']).default('quote'),
    /** Lets positions be on margin: shorts, and leverage up to this. Without it nothing is lent. */
    max_leverage: leverageField().optional(),
  }),
);

/** Longer than any key the exchange takes; what it is exactly is checked by the use case. */
const secretField = lazily(() => z.string().min(1).max(8_000));

const keyFields = lazily(() => ({
  api_key: secretField(),
  /** Of an HMAC key. */
  secret_key: secretField().nullish(),
  /** PEM (PKCS#8) of an Ed25519 or RSA key. */
  private_key: secretField().nullish(),
}));

const exchangeWallet = lazily(() =>
  z.strictObject({
    name: nameField(),
    type: z.literal('binance'),
    /** What the deployment serves anyway; sent to be sure. */
    environment: z.enum(BINANCE_ENVIRONMENTS).nullish(),
    ...keyFields(),
  }),
);

export const CreateWalletBody = lazily(() => z.discriminatedUnion('type', [demoWallet(), exchangeWallet()]));
export type DemoWalletBody = z.output<ReturnType<typeof demoWallet>>;
export type ConnectWalletBody = z.output<ReturnType<typeof exchangeWallet>>;

export const KeysBody = lazily(() => z.strictObject(keyFields()));
export type KeysBody = z.output<ReturnType<typeof KeysBody>>;

export const PauseWalletBody = lazily(() =>
  z.strictObject({
    reason: z.string().trim().min(1).max(500).nullish(),
    cancel_entries: z.boolean().default(false),
    flatten: z.boolean().default(false),
  }),
);

function isSpan(
  { from, to }: { readonly from: number | null; readonly to: number | null },
  context: z.RefinementCtx,
): void {
  if (from === null || to === null || from < to) return;
  context.addIssue({ code: 'custom', path: ['from'], message: 'must be before to' });
}

const spanFields = lazily(() => ({
  from: timeField().nullable().default(null),
  to: timeField().nullable().default(null),
}));

/** A client order id is one of its wallet: the two name one order, and go with nothing else. */
const ALONE = ['status', 'symbol', 'position_id', 'flow_id', 'cursor', 'from', 'to'] as const;

/** Made in [from, to), newest first. */
export const ListOrdersQuery = lazily(() =>
  z
    .strictObject({
      ...pageFields(),
      status: wordsField(ORDER_STATUSES).optional(),
      symbol: symbolField().optional(),
      wallet_id: idField().optional(),
      position_id: idField().optional(),
      flow_id: labelField().optional(),
      client_order_id: keyField().optional(),
      ...spanFields(),
    })
    .superRefine(isSpan)
    .superRefine((query, context) => {
      if (query.client_order_id === undefined) return;
      if (query.wallet_id === undefined) {
        context.addIssue({ code: 'invalid_type', expected: 'string', input: undefined, path: ['wallet_id'] });
      }
      for (const name of ALONE.filter((one) => query[one] != null)) {
        context.addIssue({ code: 'custom', path: [name], message: 'and client_order_id exclude each other' });
      }
    }),
);

/** Made in [from, to), newest first. */
export const ListPositionsQuery = lazily(() =>
  z
    .strictObject({
      ...pageFields(),
      status: wordsField(POSITION_STATUSES).optional(),
      symbol: symbolField().optional(),
      wallet_id: idField().optional(),
      flow_id: labelField().optional(),
      ...spanFields(),
    })
    .superRefine(isSpan),
);

export const ListSymbolsQuery = lazily(() =>
  z.strictObject({
    ...pageFields(),
    environment: z.string().min(1).max(40).optional(),
    wallet_id: idField().optional(),
  }),
);

export const GetSymbolQuery = lazily(() =>
  z.strictObject({
    environment: z.string().min(1).max(40).optional(),
    wallet_id: idField().optional(),
  }),
);

export const ListWalletsQuery = lazily(() => z.strictObject(pageFields()));

/** Statements of comparisons that began before `to`, newest first. */
export const ListStatementsQuery = lazily(() =>
  z.strictObject({ ...pageFields(), to: timeField().nullable().default(null) }),
);

export const ListPricesQuery = lazily(() =>
  z.strictObject({
    symbols: z
      .string()
      .max(4_000)
      .transform((text) => text.split(',').map((symbol) => symbol.trim()))
      .meta({ type: 'array', items: { type: 'string' } })
      .optional(),
  }),
);

/** What was told in [from, to), oldest first. */
export const TimelineQuery = lazily(() =>
  z.strictObject({ ...pageFields(), ...spanFields() }).superRefine(isSpan),
);

/** Said in [from, to), newest first. */
export const ListSignalsQuery = lazily(() =>
  z.strictObject({ ...pageFields(), ...spanFields() }).superRefine(isSpan),
);

/** Updates in [from, to), newest first. */
export const ListUpdatesQuery = lazily(() =>
  z
    .strictObject({ ...spanFields(), limit: countField(1, 1000).default(200), cursor: pageFields().cursor })
    .superRefine(isSpan),
);

/** Whole intervals that touch [from, to), newest first. */
export const ListBarsQuery = lazily(() =>
  z
    .strictObject({
      interval: z.enum(INTERVALS),
      price: z.enum(['last', 'bid', 'ask', 'mid']).default('last'),
      ...spanFields(),
      limit: countField(1, 1000).default(200),
      cursor: pageFields().cursor,
    })
    .superRefine(isSpan),
);

export const NoQuery = lazily(() => z.strictObject({}));

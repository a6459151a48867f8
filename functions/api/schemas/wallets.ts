/** Requests about wallets, their keys and their limits. */

import * as z from 'zod';
import { lazily } from '../../../shared/domain/lazily.ts';
import { NO_LIMITS, ON_BREACH, type RiskLimits } from '../../../shared/domain/risk/limits.ts';
import { BINANCE_ENVIRONMENTS, RESIDENT_MODES } from '../../../shared/domain/types.ts';
import { notNegativeField, positiveField } from '../../../shared/http/validate.ts';
import { assetField, nameField, pageFields, symbolField } from './fields.ts';
import { leverageField } from './orders.ts';
import { fractionField } from './protection.ts';

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

export const ListWalletsQuery = lazily(() => z.strictObject(pageFields()));

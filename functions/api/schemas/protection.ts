/** What protects a position, as it is asked for; what an agent says of one; its close. */

import * as z from 'zod';
import { lazily } from '../../../shared/domain/lazily.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import { type Adjustment, SIGNAL_ACTIONS, SIGNAL_URGENCIES } from '../../../shared/domain/signal-facts.ts';
import { type Protection, RESIDENT_MODES } from '../../../shared/domain/types.ts';
import { notNegativeField, positiveField } from '../../../shared/http/validate.ts';
import { labelField, timeField } from './fields.ts';

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

export const fractionField = lazily(() =>
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

const SingleTarget = lazily(() => z.object({ take_profit: z.string() }));

/** The rules speak of take_profits; a caller who sent the single take_profit finds their own field named. */
export const ownFieldName =
  (protection: unknown) =>
  (field: string): string =>
    SingleTarget().safeParse(protection).success
      ? field.replace('take_profits.0.price', 'take_profit')
      : field;

export const ClosePositionBody = lazily(() => z.strictObject({ quantity: positiveField.nullish() }));

/** The body is the protection; left out = as it is, null = taken away. */
export const ChangeProtectionBody = lazily(() => protectionField());

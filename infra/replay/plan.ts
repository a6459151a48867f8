/** What a replay opens: the positions of a plan file, or one every so often with a standard protection. */
import * as z from 'zod';
import { DEFAULT_CONFIRM_MAX_PERCENT, MOST_CONFIRM_SECONDS } from '../../shared/domain/confirmation.ts';
import { isLeverageTooHigh, MAINTENANCE_RATE, MOST_LEVERAGE } from '../../shared/domain/margin.ts';
import type { MarginTerms } from '../../shared/domain/margin-facts.ts';
import { type Decimal, decimal, parseDecimal } from '../../shared/domain/money/decimal.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import { MOST_SECONDS } from '../../shared/domain/time-stop.ts';
import type { PositionSide } from '../../shared/domain/types.ts';
import { DEFAULT_FEE_RATE } from '../../shared/usecases/create-wallet.ts';
import { OptionError } from '../command-line.ts';
import type { WalletTerms } from './account.ts';
import type { ProtectionRequest } from './protection-request.ts';

/** A time of the recording, epoch ms; or so many ms after its first tick. */
export type When = { readonly at: number } | { readonly after: number };

export interface PlannedPosition {
  /** Unique within the plan. */
  readonly name: string;
  readonly spec: SymbolSpec;
  readonly side: PositionSide;
  /** On what terms it is on margin: every short is, and a long with leverage; null = with coins of the account's own. */
  readonly margin: MarginTerms | null;
  /** Opened at the first tick of its symbol at or after this. */
  readonly openAt: When;
  /** In base; or in quote, as many whole steps as that buys at the opening price. */
  readonly amount: { readonly quantity: Decimal } | { readonly quote: Decimal };
  readonly request: ProtectionRequest;
  /** Closed by hand at the first tick at or after this; null = left to its protection. */
  readonly closeAt: When | null;
}

export interface Plan {
  readonly wallet: WalletTerms;
  readonly positions: readonly PlannedPosition[];
}

const DEFAULT_WALLET: WalletTerms = { feeRate: DEFAULT_FEE_RATE, buyFeeIn: 'quote' };

const amountOf = (text: string, context: z.RefinementCtx, expected: string): Decimal => {
  const value = parseDecimal(text);
  if (value?.greaterThan(0) === true) return value;
  context.addIssue({ code: 'custom', message: `${expected} is expected, as text` });
  return z.NEVER;
};

const positive = z.string().transform((text, context) => amountOf(text, context, 'a decimal above 0'));
const placed = z
  .string()
  .transform((text, context) =>
    text.endsWith('%')
      ? { percent: amountOf(text.slice(0, -1), context, 'percent such as 1.5%') }
      : { price: amountOf(text, context, 'a price, or a distance such as 1.5%,') },
  );
const fraction = z.string().transform((text, context) => {
  const value = parseDecimal(text);
  if (value !== null && !value.isNegative() && value.lessThan('0.5')) return value;
  context.addIssue({ code: 'custom', message: 'a fraction from 0 to below 0.5 is expected, as text' });
  return z.NEVER;
});

const OFFSET = /^\+(\d{1,9})(ms|s|m|h)$/;
const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const when = z.string().transform((text, context): When => {
  const offset = OFFSET.exec(text);
  if (offset !== null) return { after: Number(offset[1]) * MS[offset[2] as keyof typeof MS] };
  const at = z.iso.datetime().safeParse(text).success ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return { at };
  context.addIssue({
    code: 'custom',
    message: 'a UTC time such as 2026-01-05T14:03:07Z, or +15m, is expected',
  });
  return z.NEVER;
});

const trailing = z
  .strictObject({
    distance_percent: positive.optional(),
    distance_amount: positive.optional(),
    activation_price: placed.nullish(),
  })
  .transform(({ distance_percent: percent, distance_amount: amount, activation_price }, context) => {
    const activation = activation_price ?? null;
    if (percent !== undefined && amount === undefined) return { distance: { percent }, activation };
    if (amount !== undefined && percent === undefined) return { distance: { amount }, activation };
    context.addIssue({ code: 'custom', message: 'needs either distance_percent or distance_amount' });
    return z.NEVER;
  });

const protection = z
  .strictObject({
    stop_loss: placed.nullish(),
    take_profit: placed.nullish(),
    take_profits: z
      .array(z.strictObject({ price: placed, share: positive }))
      .max(20)
      .nullish(),
    trailing_stop: trailing.nullish(),
    break_even: z
      .strictObject({ activation_profit_percent: positive, offset_percent: positive.nullish() })
      .nullish(),
    time_stop: z.strictObject({ max_seconds: z.int().min(1).max(MOST_SECONDS) }).nullish(),
    confirm_seconds: z.int().min(0).max(MOST_CONFIRM_SECONDS).default(0),
    confirm_max_percent: positive.optional(),
    trigger_price: z.enum(['bid_ask', 'last', 'mid']).default('bid_ask'),
  })
  .transform((asked, context): ProtectionRequest => {
    if (asked.take_profit != null && asked.take_profits != null) {
      context.addIssue({ code: 'custom', message: 'take_profit and take_profits exclude each other' });
      return z.NEVER;
    }
    const one = asked.take_profit == null ? [] : [{ at: asked.take_profit, share: decimal('1') }];
    return {
      stopLoss: asked.stop_loss ?? null,
      takeProfits: asked.take_profits?.map(({ price, share }) => ({ at: price, share })) ?? one,
      trailingStop: asked.trailing_stop ?? null,
      breakEven: asked.break_even
        ? {
            activationProfitPercent: asked.break_even.activation_profit_percent,
            offsetPercent: asked.break_even.offset_percent ?? decimal('0'),
          }
        : null,
      timeStopSeconds: asked.time_stop?.max_seconds ?? null,
      confirmSeconds: asked.confirm_seconds,
      confirmMaxPercent: asked.confirm_max_percent ?? DEFAULT_CONFIRM_MAX_PERCENT,
      triggerPrice: asked.trigger_price,
    };
  });

const registry = symbolRegistry();
const symbol = z.string().transform((text, context): SymbolSpec => {
  const spec = registry.find(text);
  if (spec !== null) return spec;
  context.addIssue({ code: 'custom', message: `${text.slice(0, 40)} is not a symbol of the demo venue` });
  return z.NEVER;
});

const PlanFile = z.strictObject({
  fee_rate: fraction.optional(),
  buy_fee_in: z.enum(['quote', 'base']).optional(),
  positions: z
    .array(
      z
        .strictObject({
          name: z.string().min(1).max(40).optional(),
          symbol,
          side: z.enum(['long', 'short']).default('long'),
          leverage: z.int().min(1).max(MOST_LEVERAGE).default(1),
          open_at: when,
          close_at: when.nullish(),
          quantity: positive.optional(),
          quote_amount: positive.optional(),
          protection: protection.prefault({}),
        })
        .refine((p) => (p.quantity === undefined) !== (p.quote_amount === undefined), {
          message: 'needs either quantity or quote_amount',
        }),
    )
    .min(1)
    .max(100_000),
});

/** Reads a plan's document. @throws OptionError naming every field that is wrong */
export function parsePlan(document: unknown, file: string): Plan {
  const parsed = PlanFile.safeParse(document);
  if (!parsed.success) throw new OptionError(`--plan ${file}:\n${z.prettifyError(parsed.error)}`);
  const { fee_rate, buy_fee_in, positions } = parsed.data;
  const wallet: WalletTerms = {
    feeRate: fee_rate ?? DEFAULT_WALLET.feeRate,
    buyFeeIn: buy_fee_in ?? DEFAULT_WALLET.buyFeeIn,
  };
  const planned = positions.map((p, at): PlannedPosition => {
    const { quantity, quote_amount: quote, side } = p;
    const name = p.name ?? `#${at + 1}`;
    return {
      ...{ name, spec: p.symbol, side },
      margin: marginTerms(`--plan ${file}: ${name}`, { side, leverage: p.leverage }, wallet),
      openAt: p.open_at,
      amount: quantity === undefined ? { quote: quote ?? decimal('0') } : { quantity },
      request: p.protection,
      closeAt: p.close_at ?? null,
    };
  });
  const names = new Set<string>();
  for (const { name, openAt, closeAt } of planned) {
    if (names.has(name)) throw new OptionError(`--plan ${file}: two positions are named ${name}`);
    names.add(name);
    if (closeAt !== null && isAfter(openAt, closeAt)) {
      throw new OptionError(`--plan ${file}: ${name} closes before it opens`);
    }
  }
  return { wallet, positions: planned };
}

/** How a position is opened: `leverage` is whole, 1 to MOST_LEVERAGE. */
export interface Opened {
  readonly side: PositionSide;
  readonly leverage: number;
}

/**
 * What a demo wallet that lends would lend on, by its own rules. `whose`: named in the error.
 * @throws OptionError where such a wallet could not be made
 */
export function marginTerms(
  whose: string,
  { side, leverage }: Opened,
  wallet: WalletTerms,
): MarginTerms | null {
  if (side === 'long' && leverage === 1) return null;
  const { feeRate, buyFeeIn } = wallet;
  if (buyFeeIn === 'base') {
    throw new OptionError(
      `${whose}: a position on margin pays its fees in quote, so without buy_fee_in base`,
    );
  }
  if (isLeverageTooHigh(leverage, feeRate)) {
    const rate = feeRate.toFixed();
    throw new OptionError(
      `${whose}: with a fee rate of ${rate} a leverage of ${leverage} leaves too little collateral`,
    );
  }
  return { leverage, maintenanceRate: MAINTENANCE_RATE, feeRate };
}

/** Told by two times of one kind; of others only the recording tells. */
const isAfter = (a: When, b: When): boolean =>
  'at' in a ? 'at' in b && a.at >= b.at : 'after' in b && a.after >= b.after;

/** A position is worth so many times what the venue takes at least: 1,000 USDT of BTC/USDT. */
const LEAST_NOTIONALS = 200;

/** A position of every symbol each `everyMs` from the first tick on, `spanMs` long. */
export function standardPlan(
  specs: readonly SymbolSpec[],
  request: ProtectionRequest,
  { everyMs, spanMs, opened }: { readonly everyMs: number; readonly spanMs: number; readonly opened: Opened },
): Plan {
  const { side } = opened;
  const margin = marginTerms('--leverage', opened, DEFAULT_WALLET);
  const positions: PlannedPosition[] = [];
  for (let after = 0; after < Math.max(spanMs, 1); after += everyMs) {
    for (const spec of specs) {
      const amount = { quote: spec.minNotional.times(LEAST_NOTIONALS) };
      const name = `#${positions.length + 1}`;
      positions.push({ name, spec, side, margin, openAt: { after }, amount, request, closeAt: null });
    }
  }
  return { wallet: DEFAULT_WALLET, positions };
}

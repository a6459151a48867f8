/** What lists and prices are asked by. */

import * as z from 'zod';
import { lazily } from '../../../shared/domain/lazily.ts';
import { INTERVALS } from '../../../shared/domain/tape/intervals.ts';
import { POSITION_STATUSES } from '../../../shared/domain/types.ts';
import { countField, wordsField } from '../../../shared/http/validate.ts';
import { idField, isSpan, labelField, pageFields, spanFields, symbolField, timeField } from './fields.ts';

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

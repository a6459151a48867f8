/** Parts that the API's requests share (design section 17): ids, times, pages. Schemas check shape; what needs symbol rules or prices is checked by the use cases. */

import * as z from 'zod';
import { lazily } from '../../../shared/domain/lazily.ts';
import { countField, notNegativeField } from '../../../shared/http/validate.ts';

export const idField = lazily(() => z.string().regex(/^[0-9A-Za-z_-]{1,64}$/, 'must be an id'));
export const nameField = lazily(() => z.string().trim().min(1).max(100));
export const labelField = lazily(() => z.string().min(1).max(100));
export const symbolField = lazily(() => z.string().min(1).max(40));

export const pageFields = lazily(() => ({
  limit: countField(1, 200).default(50),
  cursor: z.string().min(1).max(2_000).nullable().default(null),
}));

/** A caller's own key: printable ASCII, so that it travels in a header as well. */
export const keyField = lazily(() =>
  z.string().regex(/^[\x21-\x7e]{1,100}$/, 'must have 1 to 100 printable ASCII characters without spaces'),
);

export const timeField = lazily(() =>
  z.iso.datetime('must be a time like 2026-01-05T12:00:00Z').transform((text) => Date.parse(text)),
);

/** So that it can be kept exactly: 38 digits are the store's most. */
export const keptField = lazily(() =>
  notNegativeField.refine((value) => value.lt('1e18'), 'must be below 1000000000000000000'),
);

export const assetField = lazily(() => z.string().regex(/^[A-Z0-9]{1,20}$/, 'must be an asset like USDT'));

export function isSpan(
  { from, to }: { readonly from: number | null; readonly to: number | null },
  context: z.RefinementCtx,
): void {
  if (from === null || to === null || from < to) return;
  context.addIssue({ code: 'custom', path: ['from'], message: 'must be before to' });
}

export const spanFields = lazily(() => ({
  from: timeField().nullable().default(null),
  to: timeField().nullable().default(null),
}));

export const EmptyBody = lazily(() => z.strictObject({}));

export const NoQuery = lazily(() => z.strictObject({}));

/** How an operation is described, and what several of them say alike. */
import type * as z from 'zod';
import type { ApiErrorCode } from '../../errors.ts';
import type { AnswerName } from '../components.ts';

/** The document's order. */
export const TAGS = {
  Orders: 'Placing, following, changing and cancelling orders.',
  Positions: 'What orders have opened: figures, protection, closing, history, AI signals.',
  Wallets:
    'Demo wallets and accounts at an exchange: keys, balances, limits, pauses, comparison with the venue.',
  'Market data': 'Prices, bars, symbols and their trading rules.',
  Access: 'Machine clients that act for a user with limits of their own, and the record of what was done.',
  Webhooks: 'Events sent to an address of yours: signed, repeated, and listed.',
  Service: 'How the service itself stands.',
} as const;

export type RequestHeader = 'Idempotency-Key' | 'Prefer';

export interface DescribedAnswer {
  readonly status: 200 | 201 | 202;
  readonly description: string;
  readonly schema: AnswerName;
  /** `page`: items of the schema with a cursor. */
  readonly form?: 'page';
}

export interface DescribedOperation {
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description: string;
  readonly query?: z.ZodType;
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean };
  readonly headers?: readonly RequestHeader[];
  readonly keyRequired?: true;
  readonly answers: readonly [DescribedAnswer, ...DescribedAnswer[]];
  /** Beside those that every operation has (document.ts). */
  readonly errors: readonly ApiErrorCode[];
}

export const CHANGES = ['conflict', 'not_found'] as const satisfies readonly ApiErrorCode[];
export const WAITS = 'Waits for the outcome for up to 2 s, or as `Prefer: wait=N` says (at most 10 s).';
export const ok = <const S extends AnswerName>(schema: S, description: string) =>
  ({ status: 200, description, schema }) as const;
export const page = <const S extends AnswerName>(schema: S, description: string) =>
  ({ status: 200, description, schema, form: 'page' }) as const;

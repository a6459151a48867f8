/** What each operation of the API takes and answers, from the schemas that the API validates with. Types only. */
import type * as z from 'zod';
import type { Plain } from '../../functions/api/answers/agreement.ts';
import type { ANSWERS } from '../../functions/api/openapi/components.ts';
import type { OPERATIONS } from '../../functions/api/openapi/operations.ts';
import type { OperationName, ROUTES } from '../../functions/api/routes.ts';

export type { OperationName };

type Described = typeof OPERATIONS;

/** Names in braces of a path. */
type NamesIn<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

export type ParamsOf<N extends OperationName> = {
  readonly [K in NamesIn<Extract<(typeof ROUTES)[number], { name: N }>['path']>]: string;
};

/** As text; numbers and lists are written as the API reads them. */
export type QueryOf<N extends OperationName> = Described[N] extends { query: infer S extends z.ZodType }
  ? { readonly [K in keyof z.input<S>]: z.input<S>[K] | number | readonly string[] }
  : Readonly<Record<never, never>>;

export type BodyOf<N extends OperationName> = Described[N] extends {
  body: { schema: infer S extends z.ZodType };
}
  ? z.input<S>
  : undefined;

type AnswerNamed<Name extends keyof typeof ANSWERS> = Plain<z.output<(typeof ANSWERS)[Name]>>;

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

type OneAnswer<A> = A extends { schema: infer Name extends keyof typeof ANSWERS; form: 'page' }
  ? PageOf<AnswerNamed<Name>>
  : A extends { schema: infer Name extends keyof typeof ANSWERS }
    ? AnswerNamed<Name>
    : never;

export type AnswerTo<N extends OperationName> = OneAnswer<Described[N]['answers'][number]>;

/** Operations that answer pages. */
export type PagedName = {
  [N in OperationName]: AnswerTo<N> extends {
    readonly items: readonly unknown[];
    readonly next_cursor: string | null;
  }
    ? N
    : never;
}[OperationName];

export type ItemOf<N extends PagedName> =
  AnswerTo<N> extends { readonly items: readonly (infer Item)[] } ? Item : never;

/** Operations that take an Idempotency-Key. */
export type KeyedName = {
  [N in OperationName]: Described[N] extends { headers: readonly (infer H)[] }
    ? 'Idempotency-Key' extends H
      ? N
      : never
    : never;
}[OperationName];

export type Problem = AnswerNamed<'Problem'>;

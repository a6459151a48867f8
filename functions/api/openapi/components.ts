/** The named schemas of the document: every answer of answers/, and the bodies of requests. */
import * as z from 'zod';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import * as access from '../answers/access.ts';
import * as events from '../answers/events.ts';
import * as health from '../answers/health.ts';
import * as history from '../answers/history.ts';
import * as market from '../answers/market.ts';
import * as orders from '../answers/orders.ts';
import * as positions from '../answers/positions.ts';
import * as problem from '../answers/problem.ts';
import * as reconcile from '../answers/reconcile.ts';
import * as signals from '../answers/signals.ts';
import * as wallets from '../answers/wallets.ts';
import { ChangeClientBody, RegisterClientBody } from '../client-schemas.ts';
import { EmptyBody } from '../schemas/fields.ts';
import { AmendOrderBody, CancelAllBody, CreateOrderBody } from '../schemas/orders.ts';
import { ChangeProtectionBody, ClosePositionBody, SignalBody } from '../schemas/protection.ts';
import {
  ChangeWalletBody,
  CreateWalletBody,
  KeysBody,
  LimitsBody,
  PauseWalletBody,
} from '../schemas/wallets.ts';
import { CreateWebhookBody } from '../webhook-schemas.ts';

export const ANSWERS = {
  ...access,
  ...orders,
  ...positions,
  ...signals,
  ...wallets,
  ...reconcile,
  ...market,
  ...history,
  ...health,
  ...events,
  ...problem,
};
export type AnswerName = keyof typeof ANSWERS;

export const REQUESTS = {
  CreateOrder: CreateOrderBody(),
  AmendOrder: AmendOrderBody(),
  CancelAll: CancelAllBody(),
  ClosePosition: ClosePositionBody(),
  ChangeProtection: ChangeProtectionBody(),
  TellSignal: SignalBody(),
  CreateWallet: CreateWalletBody(),
  ChangeWallet: ChangeWalletBody(),
  ChangeLimits: LimitsBody(),
  Keys: KeysBody(),
  PauseWallet: PauseWalletBody(),
  RegisterClient: RegisterClientBody(),
  ChangeClient: ChangeClientBody(),
  CreateWebhook: CreateWebhookBody(),
  NoFields: EmptyBody(),
} as const satisfies Record<string, z.ZodType>;

/** A JSON Schema as the document holds it. */
export type JsonSchema = { [keyword: string]: unknown };

const uri = (id: string): string => `#/components/schemas/${id}`;

interface Made {
  readonly zodSchema: z.core.$ZodType;
  readonly jsonSchema: JsonSchema;
}

/** What zod leaves out of fields whose text is read, or says too much of. */
function tidy({ zodSchema, jsonSchema }: Made): void {
  const { def } = (zodSchema as z.core.$ZodTypes)._zod;
  if (def.type === 'default' && jsonSchema['default'] === undefined) {
    // A decimal is written as the caller would write it.
    const preset: unknown = def.defaultValue;
    jsonSchema['default'] = Decimal.isDecimal(preset) ? new Decimal(preset).toFixed() : preset;
  }
  if (jsonSchema['format'] === 'date-time' || jsonSchema['type'] === 'integer') delete jsonSchema['pattern'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  // `meta` tells the text as the caller writes it; what it is made into says nothing more.
  if (jsonSchema['type'] === 'array') delete jsonSchema['maxLength'];
}

/** Schemas that refer to each other by name. */
function named(
  schemas: Readonly<Record<string, z.ZodType>>,
  io: 'input' | 'output',
): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, { uri, io, unrepresentable: 'any', override: tidy });
  return Object.fromEntries(
    Object.entries(made.schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [
      id,
      schema as JsonSchema,
    ]),
  );
}

/** All named schemas. @throws Error when two have one name */
export function componentSchemas(): Record<string, JsonSchema> {
  const twice = Object.keys(REQUESTS).filter((name) => name in ANSWERS);
  if (twice.length > 0) throw new Error(`a request and an answer are called ${twice.join(', ')}`);
  const all = { ...named(REQUESTS, 'input'), ...named(ANSWERS, 'output') };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** One schema by itself, as a caller writes it. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: tidy,
  });
  return made as JsonSchema;
}

/** The name of a request's schema. */
export function requestName(schema: z.ZodType): string {
  const found = Object.entries(REQUESTS).find(([, one]) => one === schema);
  if (found === undefined) throw new Error('a body has no name in REQUESTS');
  return found[0];
}

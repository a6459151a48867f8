/**
 * Requests made of the API's document: mostly well-formed, about things that are there, and in every respect sometimes
 * not. Ids are places (`@wallet`), filled in by whoever sends the request.
 */
import * as fc from 'fast-check';
import type { Document } from './json-schema.ts';
import { resolve } from './json-schema.ts';

type Schema = Readonly<Record<string, unknown>>;

export interface FuzzedRequest {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it travels; null = none. */
  readonly body: string | null;
}

const anyText = fc.oneof(
  fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }),
  fc.constantFrom(
    '..',
    '%',
    '%00',
    'null',
    '-1',
    '\u0000',
    "' OR 1=1",
    '__proto__',
    'constructor',
    'x'.repeat(300),
  ),
);
const decimals = fc.oneof(
  fc.constantFrom(
    '0.5',
    '0.1',
    '1',
    '49000',
    '49500',
    '50000',
    '50500',
    '51000',
    '0.00001',
    '100',
    '1.5',
    '2',
  ),
  fc.constantFrom(
    '0',
    '-1',
    '1e3',
    '0.1234567890123456789',
    '999999999999999999999999999999',
    '1000000000',
    '00.50',
  ),
  fc
    .bigInt(0n, 10n ** 12n)
    .map((whole) => `${whole / 10n ** 6n}.${String(whole % 10n ** 6n).padStart(6, '0')}`),
);
const times = fc.oneof(
  fc
    .integer({ min: -7_200, max: 7_200 })
    .map((offset) => new Date(Date.UTC(2026, 0, 5, 12) + offset * 1000).toISOString()),
  fc.constantFrom(
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '2026-01-05',
    'now',
  ),
);
const wild = fc.oneof(fc.jsonValue({ maxDepth: 2 }), anyText) as fc.Arbitrary<unknown>;

/** Mostly one of the caller's own; now and then somebody else's, or nobody's. */
const own = (first: string, ...more: readonly string[]) => {
  const places = [first, ...more];
  const theirs = first === '@resting' ? '@other_order' : `@other_${first.slice(1)}`;
  return fc.oneof(
    { arbitrary: fc.constantFrom(...places), weight: 12 },
    { arbitrary: fc.constantFrom(theirs, 'nobodys'), weight: 1 },
  );
};

/** What is there in the world that the requests go to. */
const PLACES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  wallet_id: own('@wallet'),
  position_id: own('@position', '@second_position', '@third_position'),
  order_id: own(
    '@resting',
    '@second_resting',
    '@third_resting',
    '@fourth_resting',
    '@fifth_resting',
    '@order',
  ),
  client_id: own('@client'),
  webhook_id: own('@webhook'),
  symbol: fc.constantFrom('BTC/USDT', 'BTC-USDT', 'BTCUSDT', 'btc/usdt', 'ETH/USDT', 'AAPL', 'XXX/YYY', ''),
  symbols: fc.constantFrom('BTC-USDT', 'BTC-USDT,ETH-USDT', 'XXX', ',', ''),
  environment: fc.constantFrom('demo', 'binance', 'mars'),
  client_order_id: fc.constantFrom('mine', 'mine-2', 'other'),
};

/** What most orders say, so that some are taken. */
const USUAL: readonly unknown[] = ['buy', 'market', 'limit'];

/** One in so many. */
const rarely = <T>(often: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>, one: number): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: often, weight: one - 1 }, { arbitrary: seldom, weight: 1 });

/** How wild requests are. */
interface Mood {
  readonly document: Document;
  /** One value in so many is anything at all. */
  readonly wildOne: number;
  /** One field that may be left out in so many is there. */
  readonly thereOne: number;
  /** Bodies are the document's examples, in which now and then a field is another. */
  readonly isNearExample: boolean;
}

function anyOf(mood: Mood, schema: Schema, name = ''): fc.Arbitrary<unknown> {
  const place = PLACES[name];
  if (place !== undefined && schema['type'] !== 'array')
    return rarely(place as fc.Arbitrary<unknown>, wild, mood.wildOne);
  return rarely(wellFormed(mood, schema, name), wild, mood.wildOne);
}

function wellFormed(mood: Mood, schema: Schema, name: string): fc.Arbitrary<unknown> {
  if (typeof schema['$ref'] === 'string')
    return wellFormed(mood, resolve(mood.document, schema['$ref']) as Schema, name);
  const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined;
  if (choices !== undefined) {
    const all = choices.map((choice, index) => ({
      arbitrary: anyOf(mood, choice, name),
      weight: index === 0 ? 4 : 1,
    }));
    return fc.oneof(...all);
  }
  if (Array.isArray(schema['enum'])) {
    const words = schema['enum'] as readonly unknown[];
    const usual = words.filter((word) => USUAL.includes(word));
    const any = fc.constantFrom(...words);
    return usual.length === 0 ? any : fc.oneof(fc.constantFrom(...usual), any);
  }
  if (schema['const'] !== undefined) return fc.constant(schema['const']);
  const { type, format } = schema;
  if (format === 'decimal') return decimals;
  if (format === 'date-time') return times;
  if (type === 'null') return fc.constant(null);
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer' || type === 'number') {
    const { minimum = 0, maximum = 1_000 } = schema as { minimum?: number; maximum?: number };
    return rarely(fc.integer({ min: minimum, max: Math.max(minimum, maximum) }), fc.integer(), 10);
  }
  if (type === 'array') {
    return fc.array(anyOf(mood, schema['items'] as Schema), { maxLength: 4 });
  }
  if (type === 'object') return objectOf(mood, schema);
  return rarely(fc.string({ minLength: 1, maxLength: 20 }), anyText, 6);
}

function objectOf(mood: Mood, schema: Schema): fc.Arbitrary<unknown> {
  const properties = schema['properties'] as Readonly<Record<string, Schema>> | undefined;
  if (properties === undefined) {
    const values = schema['additionalProperties'] as Schema;
    const names = rarely(fc.constantFrom('USDT', 'BTC', 'note', 'tags'), anyText, 5);
    return fc.dictionary(names, anyOf(mood, values), { maxKeys: 4 });
  }
  const required = new Set((schema['required'] as readonly string[] | undefined) ?? []);
  const members = Object.entries(properties).map(([name, field]) => {
    const value = anyOf(mood, field, name);
    const usual = required.has(name) || name === 'quantity';
    const isThere = rarely(fc.constant(usual), fc.constant(!usual), usual ? mood.wildOne : mood.thereOne);
    return fc.tuple(fc.constant(name), value, isThere);
  });
  const strange = fc.tuple(
    fc.constant('strange'),
    wild,
    rarely(fc.constant(false), fc.constant(true), mood.wildOne),
  );
  return fc
    .tuple(...members, strange)
    .map((all) =>
      Object.fromEntries(all.flatMap(([name, value, isThere]) => (isThere ? [[name, value]] : []))),
    );
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The example of an operation about what is there in the world; one field in some is another, or one more is there. */
function nearExample(mood: Mood, schema: Schema, example: unknown): fc.Arbitrary<unknown> {
  const { properties } = (
    typeof schema['$ref'] === 'string' ? resolve(mood.document, schema['$ref']) : schema
  ) as { readonly properties?: Readonly<Record<string, Schema>> };
  if (!isFields(example)) return wellFormed(mood, schema, '');
  const like = (name: string, value: unknown): fc.Arbitrary<unknown> => {
    if (name === 'allowed_wallets') return fc.constant(['@wallet']);
    // One that is not registered yet; the prices of the example are those of its symbol.
    if (name === 'client_id') return fc.constant('@new_client');
    if (name === 'client_token') return fc.constant('@token_of_new');
    if (name === 'symbol') return fc.constant(value);
    return PLACES[name] ?? fc.constant(value);
  };
  const members = Object.entries(example).map(([name, value]) => {
    const field = properties?.[name];
    const given = like(name, value);
    const changed = field === undefined ? given : rarely(given, anyOf(mood, field, name), 12);
    return fc.tuple(fc.constant(name), changed);
  });
  const more = Object.entries(properties ?? {})
    .filter(([name]) => !Object.hasOwn(example, name))
    .map(([name, field]) => fc.tuple(fc.constant(name), anyOf(mood, field, name)));
  const others = more.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...more), { maxLength: 2 });
  const another = rarely<readonly [string, unknown][]>(fc.constant([]), others, 5);
  return fc.tuple(fc.tuple(...members), another).map(([own_, one]) => Object.fromEntries([...own_, ...one]));
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Schema;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: {
      readonly 'application/json': { readonly schema: Schema; readonly example?: unknown };
    };
  };
}

const asText = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(String).join(',')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

const HEADERS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'Idempotency-Key': rarely(
    fc.oneof(
      { arbitrary: fc.uuid(), weight: 3 },
      { arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), weight: 1 },
    ),
    anyText,
    12,
  ),
  Prefer: fc.constantFrom('wait=0', 'wait=1', 'wait=99999999999', 'respond-async', '', 'wait=-1'),
};

const HOW_OFTEN = {
  path: () => fc.constant(true),
  header: () => rarely(fc.constant(true), fc.constant(false), 12),
  query: (required: boolean) => rarely(fc.constant(required), fc.boolean(), 3),
} as const satisfies Record<string, (required: boolean) => fc.Arbitrary<boolean>>;

/** What moves money, and of which a good share has to succeed. */
export const CHANGES: ReadonlySet<string> = new Set([
  ...['createOrder', 'amendOrder', 'cancelOrder', 'closePosition', 'changeProtection', 'takeSignal'],
]);

/** Requests to every operation of the document but those that answer the document itself. */
export function requestsOf(document: Document): fc.Arbitrary<FuzzedRequest> {
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { operationId }]) => !['getDocument', 'readDocument'].includes(operationId))
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const inMood = (mood: Mood) =>
    fc.oneof(
      ...all.map((one) => ({
        arbitrary: requestTo(mood, one),
        weight: CHANGES.has(one.operation.operationId) ? 3 : 1,
      })),
    );
  return fc.oneof(
    { arbitrary: inMood({ document, wildOne: 400, thereOne: 12, isNearExample: true }), weight: 6 },
    { arbitrary: inMood({ document, wildOne: 400, thereOne: 12, isNearExample: false }), weight: 2 },
    { arbitrary: inMood({ document, wildOne: 25, thereOne: 3, isNearExample: false }), weight: 2 },
  );
}

interface Target {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

function requestTo(mood: Mood, { path, method, operation }: Target): fc.Arbitrary<FuzzedRequest> {
  const { operationId, parameters = [], requestBody } = operation;
  const given = (where: keyof typeof HOW_OFTEN, ofOne: (one: Parameter) => fc.Arbitrary<string>) =>
    fc
      .tuple(
        ...parameters
          .filter((one) => one.in === where)
          .map((one) => {
            const isThere = HOW_OFTEN[where](one.required);
            return fc.tuple(fc.constant(one.name), ofOne(one), isThere);
          }),
      )
      .map((those) =>
        Object.fromEntries(those.flatMap(([name, value, isThere]) => (isThere ? [[name, value]] : []))),
      );
  const { schema, example } = requestBody?.content['application/json'] ?? {};
  const body =
    schema === undefined
      ? fc.constant(null)
      : rarely<string | null>(
          (mood.isNearExample ? nearExample(mood, schema, example) : anyOf(mood, schema)).map((value) =>
            JSON.stringify(value),
          ),
          fc.constantFrom(null, '', '{', '[]', 'null', '1', '{"a":'.repeat(50)),
          mood.wildOne,
        );
  return fc.record({
    operation: fc.constant(operationId),
    method: fc.constant(method),
    path: fc.constant(path),
    params: given('path', ({ name }) =>
      rarely(PLACES[name] ?? anyText, anyText, 10).filter((text) => text !== ''),
    ),
    query: rarely(
      given('query', ({ name, schema: one }) => anyOf(mood, one, name).map(asText)),
      fc.constant<Record<string, string>>({ strange: '1' }),
      30,
    ),
    headers: given('header', ({ name }) => HEADERS[name] ?? anyText),
    body,
  });
}

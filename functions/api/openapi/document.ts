/**
 * The API's OpenAPI 3.1 document: paths from routes.ts, what they mean from operations.ts, schemas from those that
 * validate and those of the answers, errors from the catalogue. Pure: the same sources give the same document.
 */
import type * as z from 'zod';
import { fullScope } from '../../../shared/http/scopes.ts';
import { DOCS_ROUTES } from '../../docs/routes.ts';
import { API_ERRORS, type ApiErrorCode } from '../errors.ts';
import { type OperationName, ROUTES, type Route } from '../routes.ts';
import {
  type AnswerName,
  componentSchemas,
  inputSchema,
  type JsonSchema,
  requestName,
} from './components.ts';
import { BODY, QUERY, TOKEN } from './errors.ts';
import { DELIVERY_HEADERS, HEADERS, type HeaderName, headerRefs, LIMIT_HEADERS } from './headers.ts';
import { type DescribedAnswer, type DescribedOperation, OPERATIONS, TAGS } from './operations.ts';
import { withTexts } from './texts.ts';

/** One call as it went: the body that was sent, and what was answered, by status. */
export interface Example {
  readonly request?: unknown;
  readonly answers: Readonly<Record<number, unknown>>;
}
export type Examples = Readonly<Record<OperationName, Example>>;

type Node = { [member: string]: unknown };

const PATH_PARAMETERS: Readonly<
  Record<string, { description: string; schema: JsonSchema; example: string }>
> = {
  wallet_id: idParameter('The wallet.', '3kM9vYq2hTnB5sLxW8cRdE'),
  order_id: idParameter('The order.', '0Hc7YxU2mKp4QeRtZbVnLs'),
  position_id: idParameter('The position.', '5fGdS1aWqZ8xCvBnM2kLpO'),
  client_id: idParameter('The machine client.', '4tq8k2v9n0example'),
  webhook_id: idParameter('The webhook.', '9bXkT3mQw7RzYcVn2LpSdE'),
  symbol: {
    description: 'The symbol in any format: `BTC-USDT`, `BTCUSDT`, `BTC%2FUSDT`.',
    schema: { type: 'string', minLength: 1, maxLength: 40 },
    example: 'BTC-USDT',
  },
};

function idParameter(description: string, example: string) {
  return { description, schema: { type: 'string', pattern: '^[0-9A-Za-z_-]{1,64}$' }, example };
}

const HEADER_PARAMETERS = {
  'Idempotency-Key': {
    description: 'Your own key for this call: a repeat with the same key and body makes nothing twice.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,100}$' },
    example: 'my-first-order',
  },
  Prefer: {
    description: '`wait=N`: wait up to N seconds (at most 10) for the outcome. RFC 7240.',
    schema: { type: 'string' },
    example: 'wait=5',
  },
} as const;

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: 'The request is not well-formed.',
  401: 'No valid token.',
  403: 'Not allowed.',
  404: 'Not found, or not yours.',
  409: 'The thing is not in a state for it.',
  413: 'The body is too large.',
  422: 'Well-formed, but against a rule.',
  429: 'Too many requests.',
  500: 'A mistake of ours.',
  503: 'Not now; try again in a moment.',
};

type Described = Route;

/** The whole document. `examples` are calls as they went. */
export function openApiDocument(examples: Examples): Node {
  const paths: Record<string, Node> = {};
  for (const route of ROUTES as readonly Described[]) {
    const name = route.name as OperationName;
    const described = operation(route, name, OPERATIONS[name], examples[name]);
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: described };
  }
  for (const { method, path, name } of DOCS_ROUTES) {
    paths[path] = { [method.toLowerCase()]: documentOperation(name) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Moniqo API',
      version: '1.0.0',
      description:
        'Orders and positions with protection, for bots, AI agents and small trading teams. Decimals are text, times ISO 8601 in UTC, names snake_case. Lists are paged by `cursor`. Errors are RFC 9457 problem documents with a stable `code` and what to do next; docs/errors.md lists all of them. What changes something takes an `Idempotency-Key`: the same key and body make nothing twice.',
    },
    servers: [{ url: '/', description: 'Where this document was read.' }],
    tags: Object.entries({ ...TAGS }).map(([name, description]) => ({ name, description })),
    security: [{ token: [] }],
    paths,
    webhooks: { event: { post: deliveredEvent() } },
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A JWT whose subject is the user: of Cognito, or of the issuer on the laptop.',
        },
      },
      schemas: withTexts(componentSchemas()),
      headers: HEADERS,
      examples: Object.fromEntries(usedCodes().map((code) => [code, { value: exampleProblem(code) }])),
    },
  };
}

function operation(
  route: Described,
  name: OperationName,
  described: DescribedOperation,
  example: Example,
): Node {
  const { tag, summary, description, body, answers } = described;
  const { scopes } = route;
  const parameters = parametersOf(route, described);
  return {
    operationId: name,
    tags: [tag],
    summary,
    description:
      scopes === undefined
        ? description
        : `${description}\n\nScope: ${scopes.map((one) => `\`${one}\``).join(' or ')}.`,
    // One of them is enough.
    security: scopes === undefined ? [] : scopes.map((scope) => ({ token: [fullScope(scope)] })),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: body.required,
        content: {
          'application/json': {
            schema: { $ref: `#/components/schemas/${requestName(body.schema)}` },
            ...(example.request !== undefined && { example: example.request }),
          },
        },
      },
    }),
    responses: {
      ...Object.fromEntries(
        answers.map((answer) => [answer.status, response(answer, described, example, route)]),
      ),
      ...problems(codesOf(route, described), route),
      default: {
        description: 'What API Gateway answers by itself, before the API is asked or where it cannot be.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/GatewayMessage' } } },
      },
    },
  };
}

/** Every code that an operation may answer. */
export function codesOf(
  route: Pick<Route, 'open' | 'name'>,
  { body, errors }: DescribedOperation,
): readonly ApiErrorCode[] {
  const all: readonly ApiErrorCode[] = [
    ...errors,
    // What takes no query says so to whoever sends one; the health of services is answered whatever comes.
    ...(route.name === 'healthServices' ? [] : QUERY),
    ...(body === undefined ? [] : BODY),
    ...(route.open === true ? [] : TOKEN),
    'internal',
    'temporarily_unavailable',
  ];
  return [...new Set(all)].sort();
}

const usedCodes = (): readonly ApiErrorCode[] =>
  [
    ...new Set(
      (ROUTES as readonly Route[]).flatMap((route) =>
        codesOf(route, OPERATIONS[route.name as OperationName]),
      ),
    ),
  ].sort();

function parametersOf(
  { path }: Route,
  { query, headers = [], keyRequired }: DescribedOperation,
): readonly Node[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    const known = PATH_PARAMETERS[name];
    if (known === undefined) throw new Error(`the path parameter ${name} is not described`);
    return { name, in: 'path', required: true, ...known };
  });
  const inHeader = headers.map((name) => ({
    name,
    in: 'header',
    required: name === 'Idempotency-Key' && keyRequired === true,
    ...HEADER_PARAMETERS[name],
  }));
  return [...inPath, ...(query === undefined ? [] : queryParameters(query)), ...inHeader];
}

const QUERY_TEXTS: Readonly<Record<string, string>> = {
  limit: 'How many at most.',
  cursor: '`next_cursor` of the page before; everything else as it was sent for that page.',
  from: 'From this time on.',
  to: 'Before this time.',
  status: 'Only these, separated by commas.',
  symbols: 'Only these, separated by commas; in any format.',
  environment: 'Of this environment.',
  interval: 'Length of a bar.',
  price: 'Bars of which price.',
  wallet_id: 'Of this wallet.',
  position_id: 'Of this position.',
  flow_id: 'Of this flow.',
  symbol: 'Of this symbol, in any format.',
  client_order_id: 'The one that was placed under this id; goes with `wallet_id` alone.',
};

function queryParameters(query: z.ZodType): readonly Node[] {
  const { properties = {}, required = [] } = inputSchema(query) as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    const description = QUERY_TEXTS[name];
    if (description === undefined) throw new Error(`the query parameter ${name} is not described`);
    const isList = schema['type'] === 'array';
    return {
      ...{ name, in: 'query', description, required: required.includes(name), schema: notNull(schema) },
      ...(isList && { style: 'form', explode: false }),
    };
  });
}

/** A query has no null: what is left out is. */
function notNull({ default: preset, anyOf, ...schema }: JsonSchema): JsonSchema {
  const [only] = Array.isArray(anyOf)
    ? (anyOf as readonly JsonSchema[]).filter(({ type }) => type !== 'null')
    : [];
  return { ...schema, ...only, ...(preset != null && { default: preset }) };
}

function response(
  { status, description, schema, form }: DescribedAnswer,
  { headers = [] }: DescribedOperation,
  example: Example,
  route: Described,
): Node {
  const ref = { $ref: `#/components/schemas/${schema}` };
  const shown = example.answers[status];
  return {
    description,
    headers: headerRefs([
      ...everywhere(route),
      ...(route.method !== 'GET' && LOCATED.has(schema) ? (['Location'] as const) : []),
      ...(headers.includes('Prefer') ? (['Preference-Applied'] as const) : []),
    ]),
    content: {
      'application/json': {
        schema: form === 'page' ? pageOf(ref) : ref,
        ...(shown !== undefined && { example: shown }),
      },
    },
  };
}

const pageOf = (items: Node): Node => ({
  type: 'object',
  properties: {
    items: { type: 'array', items, description: 'The page.' },
    next_cursor: {
      type: ['string', 'null'],
      description: 'Send it as `cursor` for the next page; null = that was all.',
    },
  },
  required: ['items', 'next_cursor'],
  additionalProperties: false,
});

/** What is made or changed by itself, and read at an address of its own. */
const LOCATED: ReadonlySet<string> = new Set<AnswerName>(['Order', 'AmendedOrder', 'Wallet', 'Client']);

/** What an open route answers is in no budget. */
const everywhere = ({ open }: Described): readonly HeaderName[] => [
  'X-Request-Id',
  ...(open === true ? [] : LIMIT_HEADERS),
];

const RETRIED: readonly number[] = [429, 503];

/** The refusals by status, each with the codes that it may have. */
function problems(codes: readonly ApiErrorCode[], route: Described): Node {
  const byStatus = Map.groupBy(codes, (code) => API_ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: `${STATUS_WORDS[status] ?? 'Refused.'} Codes: ${those.map((code) => `\`${code}\``).join(', ')}.`,
        headers: headerRefs([
          ...everywhere(route),
          ...(RETRIED.includes(status) ? (['Retry-After'] as const) : []),
          ...(status === 401 || status === 403 ? (['WWW-Authenticate'] as const) : []),
        ]),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [
                { $ref: '#/components/schemas/Problem' },
                { type: 'object', properties: { code: { enum: those } } },
              ],
            },
            examples: Object.fromEntries(
              those.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
            ),
          },
          // API Gateway looks at the token before the API does.
          ...(status === 401 && {
            'application/json': { schema: { $ref: '#/components/schemas/GatewayMessage' } },
          }),
        },
      },
    ]),
  );
}

const exampleProblem = (code: ApiErrorCode): Node => {
  const { status, title, nextAction } = API_ERRORS[code];
  return {
    ...{ type: `urn:moniqo:error:${code}`, title, status, code, detail: `${title}.`, field: null },
    ...{ next_action: nextAction, request_id: '7f9c2ba4-e88f-4f5b-8a0d-2f6f3c1f9e10' },
  };
};

/** What the address of a webhook is sent: not a call of the API, so it has no security of it. */
function deliveredEvent(): Node {
  const types = ['OrderEvent', 'FillEvent', 'PositionEvent', 'AlarmEvent', 'TestEvent'] as const;
  return {
    operationId: 'deliverEvent',
    tags: ['Webhooks'],
    summary: 'An event, sent to your address',
    description:
      'At least once, in no order: drop an `id` that you know, and compare ids for the order of writing. Not a 2xx within 8 seconds: it comes again after 1 s, 5 s, 30 s, 2 min and 10 min, then it is given up.',
    security: [],
    parameters: DELIVERY_HEADERS.map((header) => ({ ...header, in: 'header', required: true })),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { oneOf: types.map((type) => ({ $ref: `#/components/schemas/${type}` })) },
        },
      },
    },
    responses: {
      '2XX': { description: 'It was taken. The body is not read.' },
      default: { description: 'It was not taken: it comes again.' },
    },
  };
}

function documentOperation(name: (typeof DOCS_ROUTES)[number]['name']): Node {
  const isPage = name === 'readDocument';
  return {
    operationId: name,
    tags: ['Service'],
    summary: isPage ? 'Read this documentation' : 'Get this document',
    description: isPage ? 'A page made of this document.' : 'OpenAPI 3.1.',
    security: [],
    responses: {
      200: {
        description: isPage ? 'The page.' : 'The document.',
        content: isPage
          ? { 'text/html': { schema: { type: 'string' } } }
          : { 'application/json': { schema: { type: 'object' } } },
      },
      default: {
        description: 'What API Gateway answers by itself.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/GatewayMessage' } } },
      },
    },
  };
}

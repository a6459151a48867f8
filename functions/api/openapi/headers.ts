/** Headers of the document: of answers, by name, and of what webhooks are sent. */

interface Header {
  readonly description: string;
  readonly required?: true;
  readonly schema: { readonly type: 'string' | 'integer'; readonly pattern?: string };
  readonly example: string | number;
}

const text = (description: string, example: string): Header => ({
  description,
  schema: { type: 'string' },
  example,
});
const whole = (description: string, example: number): Header => ({
  description,
  schema: { type: 'integer' },
  example,
});

const BUDGET =
  'Of the budget that has least left; sent as `X-RateLimit-...` too. Absent where the cache does not tell.';

/** Components of the document, as answers refer to them. */
export const HEADERS = {
  'X-Request-Id': {
    ...text('The id of this request: it finds it in our logs.', '7f9c2ba4-e88f-4f5b-8a0d-2f6f3c1f9e10'),
    required: true,
  },
  'RateLimit-Limit': whole(`Requests that may come at once. ${BUDGET}`, 750),
  'RateLimit-Remaining': whole(`Requests that are left now. ${BUDGET}`, 749),
  'RateLimit-Reset': whole(`Seconds until all of them are there again. ${BUDGET}`, 1),
  'RateLimit-Policy': text(
    `How many may come at once, and in how many seconds they grow back. ${BUDGET}`,
    '750;w=15',
  ),
  'Retry-After': { ...whole('Seconds to wait before the same request is sent again.', 1), required: true },
  'WWW-Authenticate': text(
    'RFC 6750: which token is needed, and of which scope.',
    'Bearer error="insufficient_scope", scope="moniqo/trade"',
  ),
  Location: text('Where it is read.', '/api/v1/orders/0Hc7YxU2mKp4QeRtZbVnLs'),
  'Preference-Applied': text('What of `Prefer` was applied.', 'wait=5'),
} as const satisfies Record<string, Header>;

export type HeaderName = keyof typeof HEADERS;

/** Of every request whose bearer is known. */
export const LIMIT_HEADERS = [
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'RateLimit-Policy',
] as const satisfies readonly HeaderName[];

export const headerRefs = (names: readonly HeaderName[]): Record<string, { $ref: string }> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** What the address of a webhook is sent with each event. */
export const DELIVERY_HEADERS = [
  {
    name: 'moniqo-event-id',
    description: 'The id of the event: a repeat of one that you know is dropped.',
    schema: { type: 'string' },
    example: '0000000000000042',
  },
  {
    name: 'moniqo-attempt',
    description: 'Which attempt this is, from 1.',
    schema: { type: 'string', pattern: '^[1-9][0-9]*$' },
    example: '1',
  },
  {
    name: 'moniqo-signature',
    description:
      '`t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY` with the secret of the webhook. Check it before anything reads the body.',
    schema: { type: 'string', pattern: '^t=[0-9]+,v1=[0-9a-f]{64}$' },
    example: `t=1764417600,v1=${'0'.repeat(64)}`,
  },
] as const;

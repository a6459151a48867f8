/**
 * Checks a value against a schema of the API's document: exactly the keywords that the document uses, and an error for
 * any other, so that nothing in it goes unchecked.
 */

type Schema = Readonly<Record<string, unknown>>;
export type Document = Readonly<Record<string, unknown>>;

/** Say nothing about values. */
const NOTES = new Set(['description', 'default', 'example', 'examples', 'title', 'format', 'readOnly']);
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;

/** What a reference points to. @throws Error when it points nowhere */
export function resolve(document: Document, ref: string): unknown {
  if (!ref.startsWith('#/')) throw new Error(`${ref} points outside of the document`);
  let found: unknown = document;
  for (const part of ref.slice(2).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    found = typeof found === 'object' && found !== null ? (found as Schema)[name] : undefined;
  }
  if (found === undefined) throw new Error(`${ref} points nowhere`);
  return found;
}

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
};

const isOfType = (value: unknown, type: string): boolean =>
  type === 'integer' ? Number.isInteger(value) : typeOf(value) === type;

const isObject = (value: unknown): value is Record<string, unknown> => typeOf(value) === 'object';

/** Everything that is wrong, each with its place; none = it fits. */
export function mismatches(document: Document, schema: unknown, value: unknown, at = '$'): readonly string[] {
  if (schema === true || (isObject(schema) && Object.keys(schema).length === 0)) return [];
  if (!isObject(schema)) throw new Error(`${at}: no schema`);
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    if (NOTES.has(keyword) && !(keyword === 'format' && rule === 'date-time')) return [];
    const check = CHECKS[keyword];
    if (check === undefined) throw new Error(`${at}: the keyword ${keyword} is not checked`);
    return check({ document, schema, rule, value, at });
  });
}

interface Given {
  readonly document: Document;
  readonly schema: Schema;
  readonly rule: unknown;
  readonly value: unknown;
  readonly at: string;
}

const must = (holds: boolean, at: string, what: string): readonly string[] =>
  holds ? [] : [`${at} ${what}`];
const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? 'undefined';

const fitting = ({ document, rule, value, at }: Given): readonly (readonly string[])[] =>
  (rule as readonly unknown[]).map((one) => mismatches(document, one, value, at));

const CHECKS: Readonly<Record<string, (given: Given) => readonly string[]>> = {
  $ref: ({ document, rule, value, at }) => mismatches(document, resolve(document, String(rule)), value, at),
  type: ({ rule, value, at }) => {
    const types = Array.isArray(rule) ? rule.map(String) : [String(rule)];
    return must(
      types.some((type) => isOfType(value, type)),
      at,
      `is ${shown(value)}, not ${types.join(' or ')}`,
    );
  },
  enum: ({ rule, value, at }) =>
    must((rule as readonly unknown[]).includes(value), at, `is ${shown(value)}, none of ${shown(rule)}`),
  const: ({ rule, value, at }) => must(rule === value, at, `is ${shown(value)}, not ${shown(rule)}`),
  format: ({ value, at }) =>
    must(typeof value !== 'string' || DATE_TIME.test(value), at, `is ${shown(value)}, no time`),
  pattern: ({ rule, value, at }) =>
    must(typeof value !== 'string' || new RegExp(String(rule), 'u').test(value), at, `is ${shown(value)}`),
  minLength: ({ rule, value, at }) =>
    must(typeof value !== 'string' || value.length >= (rule as number), at, 'is too short'),
  maxLength: ({ rule, value, at }) =>
    must(typeof value !== 'string' || value.length <= (rule as number), at, 'is too long'),
  minimum: ({ rule, value, at }) =>
    must(typeof value !== 'number' || value >= (rule as number), at, `is ${shown(value)}, too small`),
  maximum: ({ rule, value, at }) =>
    must(typeof value !== 'number' || value <= (rule as number), at, `is ${shown(value)}, too large`),
  minItems: ({ rule, value, at }) =>
    must(!Array.isArray(value) || value.length >= (rule as number), at, 'has too few items'),
  maxItems: ({ rule, value, at }) =>
    must(!Array.isArray(value) || value.length <= (rule as number), at, 'has too many items'),
  items: ({ document, rule, value, at }) =>
    Array.isArray(value)
      ? value.flatMap((item, index) => mismatches(document, rule, item, `${at}[${index}]`))
      : [],
  required: ({ rule, value, at }) =>
    isObject(value)
      ? (rule as readonly string[]).flatMap((name) => must(Object.hasOwn(value, name), at, `has no ${name}`))
      : [],
  properties: ({ document, rule, value, at }) =>
    isObject(value)
      ? Object.entries(rule as Schema).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? mismatches(document, schema, value[name], `${at}.${name}`) : [],
        )
      : [],
  additionalProperties: ({ document, schema, rule, value, at }) => {
    if (!isObject(value)) return [];
    const known = new Set(Object.keys((schema['properties'] as Schema | undefined) ?? {}));
    const others = Object.entries(value).filter(([name]) => !known.has(name));
    return others.flatMap(([name, member]) =>
      rule === false
        ? [`${at} has ${name}, which nobody described`]
        : mismatches(document, rule, member, `${at}.${name}`),
    );
  },
  propertyNames: ({ document, rule, value, at }) =>
    isObject(value)
      ? Object.keys(value).flatMap((name) => mismatches(document, rule, name, `${at} (name)`))
      : [],
  allOf: (given) => fitting(given).flat(),
  anyOf: (given) => fewest(fitting(given)),
  oneOf: (given) => {
    const all = fitting(given);
    const fits = all.filter((wrong) => wrong.length === 0).length;
    return fits > 1 ? [`${given.at} fits ${fits} of the alternatives`] : fewest(all);
  },
};

/** Of alternatives the one that is nearest. */
const fewest = (all: readonly (readonly string[])[]): readonly string[] =>
  all.reduce((a, b) => (b.length < a.length ? b : a));

/** A schema of the document as rows: name, kind, meaning; what has a name of its own is linked. */
import { escaped, markdown } from './text.ts';

export type Json = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const schemasOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isSchema) : []);

const nameOf = ({ $ref }: Json): string => String($ref).replace('#/components/schemas/', '');

const link = (name: string): string => `<a href="#schema-${escaped(name)}">${escaped(name)}</a>`;

/** Patterns of decimals say less than the word. */
const isDecimal = ({ format, pattern }: Json): boolean =>
  format === 'decimal' || pattern === String.raw`^-?\d+(\.\d+)?$`;

/** In one line, for instance `decimal or null`. */
export function kindOf(schema: Json): string {
  if (schema['$ref'] !== undefined) return link(nameOf(schema));
  const choices = schemasOf(schema['anyOf'] ?? schema['oneOf']);
  if (choices.length > 0) return choices.map(kindOf).join(' or ');
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((word) => `<code>${escaped(String(word))}</code>`).join(' ');
  if (schema['const'] !== undefined) return `<code>${escaped(String(schema['const']))}</code>`;
  if (isDecimal(schema)) return 'decimal';
  if (schema['format'] === 'date-time') return 'time';
  if (schema['type'] === 'array')
    return `list of ${isSchema(schema['items']) ? kindOf(schema['items']) : 'anything'}`;
  if (schema['type'] === 'object' && schema['properties'] === undefined) {
    return isSchema(schema['additionalProperties'])
      ? `${kindOf(schema['additionalProperties'])} by name`
      : 'object';
  }
  const { type } = schema;
  return Array.isArray(type) ? type.map(String).join(' or ') : escaped(String(type ?? 'anything'));
}

const BOUNDS = [
  ['minimum', 'at least N'],
  ['maximum', 'at most N'],
  ['maxLength', 'up to N characters'],
  ['maxItems', 'up to N items'],
  ['default', 'default N'],
] as const;

const boundsOf = (schema: Json): string => {
  const own = [schema, ...schemasOf(schema['anyOf'])];
  return BOUNDS.flatMap(([keyword, words]) => {
    const found = own.map((one) => one[keyword]).find((value) => value !== undefined && value !== null);
    if (found === undefined) return [];
    return [words.replace('N', typeof found === 'object' ? JSON.stringify(found) : String(found))];
  }).join(', ');
};

/** Where fields lie within this schema itself: not behind a name. */
function inner(schema: Json): Json | null {
  if (isSchema(schema['properties'])) return schema;
  if (isSchema(schema['items'])) return inner(schema['items']);
  const found = schemasOf(schema['anyOf'])
    .map(inner)
    .find((one) => one !== null);
  return found ?? null;
}

export function schemaRows(schema: Json): string {
  const choices = schemasOf(schema['oneOf']);
  if (choices.some((choice) => inner(choice) !== null))
    return choices.map(schemaRows).join('<p class="or">or</p>');
  const object = inner(schema);
  if (object === null) return `<p class="kind">${kindOf(schema)} ${bounded(schema)}</p>`;
  const required = new Set(Array.isArray(object['required']) ? object['required'] : []);
  const rows = Object.entries(object['properties'] as Readonly<Record<string, Json>>);
  if (rows.length === 0) return '<p class="kind">no fields</p>';
  return `<table>${rows.map(([name, field]) => row(name, field, required.has(name))).join('')}</table>`;
}

const bounded = (schema: Json): string => {
  const bounds = boundsOf(schema);
  return bounds === '' ? '' : `<small>${escaped(bounds)}</small>`;
};

function row(name: string, field: Json, isRequired: boolean): string {
  const { description, ...schema } = field;
  const more = schema['$ref'] === undefined ? inner(schema) : null;
  const kind = more === null ? kindOf(schema) : schema['type'] === 'array' ? 'list of objects' : 'object';
  return `<tr><th><code>${escaped(name)}</code>${isRequired ? '' : '<i>optional</i>'}</th><td class="kind">${kind} ${bounded(schema)}</td><td>${typeof description === 'string' ? markdown(description) : ''}${more === null ? '' : schemaRows(more)}</td></tr>`;
}

/** The API's document: made of the sources, whole, and true to its own schemas. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { API_ERRORS } from '../../../functions/api/errors.ts';
import { componentSchemas } from '../../../functions/api/openapi/components.ts';
import { idleTexts } from '../../../functions/api/openapi/texts.ts';
import { ROUTES } from '../../../functions/api/routes.ts';
import { DOCS_ROUTES } from '../../../functions/docs/routes.ts';
import { DOCUMENT_FILE, documentText, ERRORS_FILE, errorsText } from '../../openapi/files.ts';
import { mismatches, resolve } from '../../openapi/json-schema.ts';

interface Media {
  readonly schema: unknown;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly $ref: string }>>;
}
interface Response {
  readonly description: string;
  readonly content: Readonly<Record<string, Media>>;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly description: string;
    readonly schema: unknown;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': Media } };
  readonly responses: Readonly<Record<string, Response>>;
}
interface Document extends Readonly<Record<string, unknown>> {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>;
    readonly schemas: object;
  };
}

let text: string;
let document: Document;
let operations: readonly (readonly [string, Operation])[];
beforeAll(async () => {
  text = await documentText();
  document = JSON.parse(text) as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
});

describe('what is checked in', () => {
  it('is what the sources give: npm run openapi', () => {
    expect(readFileSync(DOCUMENT_FILE, 'utf8') === text).toBe(true);
  });

  it('lists every error of the catalogue', () => {
    expect(readFileSync(ERRORS_FILE, 'utf8')).toBe(errorsText());
    for (const code of Object.keys(API_ERRORS)) expect(errorsText()).toContain(`\`${code}\``);
  });
});

describe('the document', () => {
  it('has exactly the routes of the API', () => {
    const routes = [...ROUTES, ...DOCS_ROUTES].map(({ method, path }) => `${method} ${path}`);
    expect(operations.map(([key]) => key).sort()).toEqual(routes.sort());
    expect(document.openapi).toBe('3.1.1');
  });

  it('points nowhere but to what is there', () => {
    const refs = [...text.matchAll(/"\$ref": "([^"]+)"/g)].map(([, ref = '']) => ref);
    expect(refs.length).toBeGreaterThan(100);
    for (const ref of new Set(refs)) expect(() => resolve(document, ref)).not.toThrow();
  });

  it('names each operation once, and says what it and its parts are', () => {
    const names = operations.map(([, { operationId }]) => operationId);
    expect(new Set(names).size).toBe(names.length);
    const tags = document.tags.map(({ name }) => name);
    for (const [key, { summary, description, tags: own, responses, parameters = [] }] of operations) {
      expect([key, summary.length > 5, description.length > 5]).toEqual([key, true, true]);
      expect(own.every((tag) => tags.includes(tag))).toBe(true);
      expect(Object.keys(responses)).toContain('default');
      for (const response of Object.values(responses)) {
        expect(response.description).not.toBe('');
        expect(Object.keys(response.content)).not.toEqual([]);
      }
      for (const parameter of parameters) expect(parameter).toMatchObject({ description: /./, schema: {} });
      const inPath = [...key.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(inPath));
    }
  });

  it('shows for each operation how it is called and answered, and its examples fit', () => {
    for (const [key, { responses, requestBody, parameters = [] }] of operations) {
      const body = requestBody?.content['application/json'];
      if (body !== undefined) {
        expect([key, body.example !== undefined]).toEqual([key, true]);
        expect([key, mismatches(document, body.schema, body.example)]).toEqual([key, []]);
      }
      for (const { schema, example } of parameters) {
        if (example !== undefined) expect([key, mismatches(document, schema, example)]).toEqual([key, []]);
      }
      const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      const media = good
        .map(([, { content }]) => content['application/json'])
        .filter((one) => one !== undefined);
      for (const { schema, example } of media) {
        if (example !== undefined) expect([key, mismatches(document, schema, example)]).toEqual([key, []]);
      }
      const isDocs = DOCS_ROUTES.some(({ method, path }) => key === `${method} ${path}`);
      expect([key, isDocs || media.some(({ example }) => example !== undefined)]).toEqual([key, true]);
    }
  });

  it('tells of each operation its errors, each with an example that fits', () => {
    const told = new Set<string>();
    for (const [key, { responses }] of operations) {
      for (const [status, { content }] of Object.entries(responses)) {
        const problem = content['application/problem+json'];
        for (const [code, { $ref }] of Object.entries(problem?.examples ?? {})) {
          told.add(code);
          const { value } = resolve(document, $ref) as { value: { status: number; code: string } };
          expect([key, value.code, String(value.status)]).toEqual([key, code, status]);
          expect([key, mismatches(document, problem?.schema, value)]).toEqual([key, []]);
        }
      }
    }
    // API Gateway answers an unknown path before the API is asked.
    const expected = Object.keys(API_ERRORS).filter((code) => code !== 'no_such_route');
    expect([...told].sort()).toEqual(expected.sort());
  });

  it('says what every field means, and nothing of fields that are not there', () => {
    expect(idleTexts(componentSchemas())).toEqual([]);
  });
});

describe('the check of a value against a schema', () => {
  const check = (schema: unknown, value: unknown) =>
    mismatches({ a: { type: 'string' } }, schema, value).length > 0;

  it.each([
    [{ type: 'string' }, 'x', 1],
    [{ type: ['string', 'null'] }, null, 1],
    [{ type: 'integer' }, 3, 3.5],
    [{ type: 'object' }, {}, []],
    [{ enum: ['a', 'b'] }, 'a', 'c'],
    [{ const: 'a' }, 'a', 'b'],
    [{ type: 'string', format: 'date-time' }, '2026-01-05T12:00:00.000Z', 'noon'],
    [{ pattern: '^a+$' }, 'aa', 'ab'],
    [{ minLength: 2, maxLength: 3 }, 'ab', 'a'],
    [{ minLength: 2, maxLength: 3 }, 'ab', 'abcd'],
    [{ minimum: 1, maximum: 3 }, 1, 0],
    [{ minimum: 1, maximum: 3 }, 1, 4],
    [{ items: { type: 'string' }, minItems: 1, maxItems: 2 }, ['a'], [1]],
    [{ items: {}, minItems: 1, maxItems: 2 }, ['a'], []],
    [{ items: {}, minItems: 1, maxItems: 2 }, ['a'], [1, 2, 3]],
    [{ required: ['a'] }, { a: 1 }, { b: 1 }],
    [{ properties: { a: { type: 'string' } } }, { a: 'x' }, { a: 1 }],
    [{ properties: { a: {} }, additionalProperties: false }, { a: 'x' }, { b: 1 }],
    [{ additionalProperties: { type: 'string' } }, { a: 'x' }, { a: 1 }],
    [{ propertyNames: { pattern: '^[A-Z]$' } }, { A: 1 }, { a: 1 }],
    [{ allOf: [{ type: 'string' }, { minLength: 2 }] }, 'ab', 'a'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, null, 1],
    [{ oneOf: [{ type: 'string' }, { type: 'null' }] }, 'a', 1],
    [{ oneOf: [{ type: 'string' }, { minLength: 1 }] }, '', 'a'],
    [{ $ref: '#/a' }, 'x', 1],
  ])('%j takes %j and not %j', (schema, good, bad) => {
    expect([check(schema, good), check(schema, bad)]).toEqual([false, true]);
  });

  it('refuses a keyword that it does not know, and a reference to nothing', () => {
    expect(() => check({ not: {} }, 1)).toThrow('not is not checked');
    expect(() => check({ $ref: '#/b' }, 1)).toThrow('points nowhere');
  });
});

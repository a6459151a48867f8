/** Holds answers of the API to its document: status, content type, code of a refusal, and every field. */
import { readFileSync } from 'node:fs';
import { type Document, mismatches } from './json-schema.ts';

interface Described {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: unknown }>> }>
  >;
}

const DOCUMENT_FILE = new URL('../../docs/openapi.json', import.meta.url);

export interface Seen {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

export interface AnswerCheck {
  /** What of an answer is not as the document says; none = all of it is. */
  readonly complaints: (seen: Seen) => readonly string[];
}

interface Compiled {
  readonly method: string;
  readonly pattern: RegExp;
  /** Named segments come before parameters. */
  readonly parameters: number;
  readonly described: Described;
}

/** @param document the one that is checked in, unless another is given */
export function makeAnswerCheck(document = readDocument()): AnswerCheck {
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Described>>>>;
  const routes = Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, described]): Compiled => ({
          method: method.toUpperCase(),
          pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
          parameters: path.split('{').length - 1,
          described,
        }),
      ),
    )
    .sort((a, b) => a.parameters - b.parameters);

  return {
    complaints: ({ method, path, status, contentType, body }) => {
      const route = routes.find((one) => one.method === method && one.pattern.test(path));
      const call = `${method} ${path}`;
      // A path that the document does not have is one that nobody answers.
      if (route === undefined)
        return status === 404 ? [] : [`${call}: ${status}, and the document has no such path`];
      const { responses } = route.described;
      const type = contentType.split(';')[0]?.trim() ?? '';
      const own = responses[String(status)];
      const byGateway = type === 'application/json' && status >= 400 && own?.content[type] === undefined;
      const response = byGateway ? responses['default'] : own;
      const media = response?.content[type];
      if (media === undefined) return [`${call}: ${status} ${type} is not in the document`];
      if (type === 'text/html') return [];
      return mismatches(document, media.schema, body).map((what) => `${call} ${status}: ${what}`);
    },
  };
}

export const readDocument = (): Document => JSON.parse(readFileSync(DOCUMENT_FILE, 'utf8')) as Document;

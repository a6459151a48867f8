/** Holds answers of the API to its document: status, content type, headers, code of a refusal, and every field. */
import { readFileSync } from 'node:fs';
import { type Document, mismatches, resolve } from './json-schema.ts';

interface DescribedResponse {
  readonly headers?: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content: Readonly<Record<string, { readonly schema: unknown }>>;
}
interface Described {
  readonly responses: Readonly<Record<string, DescribedResponse>>;
}
interface DescribedDelivery {
  readonly parameters: readonly { readonly name: string; readonly schema: unknown }[];
  readonly requestBody: DescribedResponse;
}
interface DescribedHeader {
  readonly required?: boolean;
  readonly schema: { readonly type: string };
}

const DOCUMENT_FILE = new URL('../../docs/openapi.json', import.meta.url);

export interface Seen {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Of HTTP itself, of the transport, and of browsers: no part of what the document describes; and limits in their older names. */
const NOT_DESCRIBED =
  /^(content-(type|length|security-policy)|connection|keep-alive|date|transfer-encoding|vary|cache-control|x-content-type-options|x-frame-options|referrer-policy|strict-transport-security|access-control-.*|x-ratelimit-(limit|remaining|reset)|apigw-requestid)$/;

/** A call to the address of a webhook. */
export interface Delivered {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface AnswerCheck {
  /** The same of what a webhook was sent. */
  readonly deliveryComplaints: (delivered: Delivered) => readonly string[];
  /** Of an event alone, as a WebSocket is told of it. */
  readonly eventComplaints: (event: unknown) => readonly string[];
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

  const headerComplaints = (
    call: string,
    { headers: described = {} }: DescribedResponse,
    headers: Readonly<Record<string, string>>,
  ): readonly string[] => {
    const known = new Map(
      Object.entries(described).map(([name, { $ref }]) => [
        name.toLowerCase(),
        resolve(document, $ref) as DescribedHeader,
      ]),
    );
    const missing = [...known].flatMap(([name, { required }]) =>
      required === true && headers[name] === undefined ? [`${call}: no header ${name}`] : [],
    );
    const given = Object.entries(headers).flatMap(([name, value]) => {
      const header = known.get(name);
      if (header === undefined)
        return NOT_DESCRIBED.test(name) ? [] : [`${call}: nobody described the header ${name}`];
      return header.schema.type === 'integer' && !/^\d+$/.test(value) ? [`${call}: ${name} is ${value}`] : [];
    });
    return [...missing, ...given];
  };

  const { event } = document['webhooks'] as { readonly event: { readonly post: DescribedDelivery } };
  const { parameters, requestBody } = event.post;
  const eventComplaints: AnswerCheck['eventComplaints'] = (body) =>
    mismatches(document, requestBody.content['application/json']?.schema, body);

  return {
    eventComplaints,
    deliveryComplaints: ({ headers, body }) => [
      ...parameters.flatMap(({ name, schema }) => mismatches(document, schema, headers[name], name)),
      ...eventComplaints(body),
    ],
    complaints: ({ method, path, status, headers, body }) => {
      const route = routes.find((one) => one.method === method && one.pattern.test(path));
      const call = `${method} ${path}`;
      // A path that the document does not have is one that nobody answers.
      if (route === undefined)
        return status === 404 ? [] : [`${call}: ${status}, and the document has no such path`];
      const { responses } = route.described;
      const type = (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
      const own = responses[String(status)];
      // A refusal of the API's own is a problem document.
      const isGateways = type === 'application/json' && status >= 400;
      const byGateway = isGateways && own?.content[type] === undefined;
      const response = byGateway ? responses['default'] : own;
      const media = response?.content[type];
      if (media === undefined) return [`${call}: ${status} ${type} is not in the document`];
      if (type === 'text/html') return [];
      const of = `${call} ${status}`;
      return [
        // What API Gateway answers by itself has its own headers.
        ...(isGateways || response === undefined ? [] : headerComplaints(of, response, headers)),
        ...mismatches(document, media.schema, body).map((what) => `${of}: ${what}`),
      ];
    },
  };
}

export const readDocument = (): Document => JSON.parse(readFileSync(DOCUMENT_FILE, 'utf8')) as Document;

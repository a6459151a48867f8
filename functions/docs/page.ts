/**
 * The API's document as a page that stands by itself: no request to anywhere, readable without its script, which
 * searches and nothing else. Pure.
 */
import { type Json, schemaRows } from './schema.ts';
import { PAGE_STYLE } from './style.ts';
import { code, escaped, markdown } from './text.ts';

interface Media {
  readonly schema: Json;
  readonly example?: unknown;
}
interface Response {
  readonly description: string;
  /** None: the body is not read. */
  readonly content?: Readonly<Record<string, Media>>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description: string;
  readonly required: boolean;
  readonly schema: Json;
  readonly example?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
}

/** As much of the document as the page shows. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  /** What we send to the caller's own address. */
  readonly webhooks?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

interface Shown {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  /** Ours to send, so there is nothing to call. */
  readonly isWebhook: boolean;
}

const shownOf = (paths: ApiDocument['paths'], isWebhook: boolean): readonly Shown[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: isWebhook ? 'an address of yours' : path,
      operation,
      isWebhook,
    })),
  );

/** Hides what does not hold all words that are looked for; `/` goes to the field. */
export const PAGE_SCRIPT = `
const field = document.getElementById('search');
const parts = [...document.querySelectorAll('[data-text]')];
const none = document.getElementById('none');
const search = () => {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const part of parts) part.hidden = !words.every((word) => part.dataset.text.includes(word));
  for (const group of document.querySelectorAll('[data-group]')) {
    group.hidden = ![...group.querySelectorAll('[data-text]')].some((part) => !part.hidden);
  }
  none.hidden = parts.some((part) => !part.hidden);
};
field.addEventListener('input', search);
addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== field) { event.preventDefault(); field.focus(); }
  if (event.key === 'Escape' && document.activeElement === field) { field.value = ''; search(); field.blur(); }
});
const open = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === 'DETAILS') { target.open = true; target.scrollIntoView(); }
};
addEventListener('hashchange', open);
open();
`;

/** The whole page. */
export function docsPage(document: ApiDocument): string {
  const shown = [...shownOf(document.paths, false), ...shownOf(document.webhooks ?? {}, true)];
  const groups = document.tags.map((tag) => ({
    tag,
    shown: shown.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const schemas = Object.entries(document.components.schemas);
  const { title, version, description } = document.info;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header class="top">
<a class="name" href="#begin">${escaped(title)}</a>
<input id="search" type="search" placeholder="Search ( / )" aria-label="Search operations and schemas" autocomplete="off">
<a class="raw" href="/api/v1/openapi.json">openapi.json</a>
</header>
<div class="frame">
<nav aria-label="Operations">
${groups.map(({ tag, shown: those }) => navGroup(tag.name, those)).join('\n')}
<section data-group><h2>Schemas</h2><ul>${schemas.map(([name]) => `<li data-text="${escaped(name.toLowerCase())}"><a href="#schema-${name}">${escaped(name)}</a></li>`).join('')}</ul></section>
</nav>
<main>
<section class="intro" id="begin">
<h1>${escaped(title)} <small>${escaped(version)}</small></h1>
${markdown(description)}
${code('TOKEN=...   # as npm start prints it, or from Cognito\ncurl -s http://127.0.0.1:8787/api/v1/positions -H "authorization: Bearer $TOKEN"')}
</section>
<p id="none" hidden>Nothing has all of these words.</p>
${groups.map(({ tag, shown: those }) => `<section data-group><h2 class="tag">${escaped(tag.name)}</h2><p class="about">${escaped(tag.description)}</p>${those.map((one) => operationPart(one, document)).join('\n')}</section>`).join('\n')}
<section data-group><h2 class="tag">Schemas</h2>${schemas.map(schemaPart).join('\n')}</section>
</main>
</div>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

const methodMark = (method: string): string => `<b class="method ${method.toLowerCase()}">${method}</b>`;

const wordsOf = ({ method, path, operation }: Shown): string =>
  escaped(
    `${method} ${path} ${operation.operationId} ${operation.summary} ${operation.tags.join(' ')}`.toLowerCase(),
  );

const navGroup = (name: string, shown: readonly Shown[]): string =>
  `<section data-group><h2>${escaped(name)}</h2><ul>${shown
    .map(
      (one) =>
        `<li data-text="${wordsOf(one)}"><a href="#${one.operation.operationId}">${methodMark(one.method)}<span>${escaped(one.operation.summary)}</span></a></li>`,
    )
    .join('')}</ul></section>`;

/** A path may be cut at its slashes. */
const pathText = (path: string): string => escaped(path).replaceAll('/', '/<wbr>');

function operationPart(shown: Shown, { components }: ApiDocument): string {
  const { method, path, operation, isWebhook } = shown;
  const { operationId, summary, description, parameters = [], requestBody, responses, security } = operation;
  const body = requestBody?.content['application/json'];
  const answers = Object.entries(responses);
  const good = answers.filter(([status]) => status.startsWith('2'));
  return `<details class="operation" id="${operationId}" data-text="${wordsOf(shown)}">
<summary>${methodMark(method)}<code class="path">${pathText(path)}</code><span class="summary">${escaped(summary)}</span></summary>
<div class="inside">
${markdown(description)}
${security.length === 0 && !isWebhook ? '<p class="open">Open: no token is needed.</p>' : ''}
${parameters.length === 0 ? '' : `<h4>${isWebhook ? 'Headers' : 'Parameters'}</h4>${parameterTable(parameters)}`}
${body === undefined ? '' : `<h4>Body${requestBody?.required === true ? '' : ' <small>may be left out</small>'}</h4>${schemaRows(named(body.schema, components))}`}
${
  isWebhook
    ? `<h4>Your answer</h4>${answerTable(answers)}`
    : `<h4>Example</h4>${code(curl(shown))}
${good.map(([status, { description: text, content }]) => answerPart(status, text, content)).join('\n')}
<h4>Errors</h4>${answerTable(answers.filter(([status]) => !status.startsWith('2')))}`
}
</div>
</details>`;
}

/** A body's fields stand where it is sent, not behind its name. */
function named(schema: Json, { schemas }: ApiDocument['components']): Json {
  const name = String(schema['$ref']).replace('#/components/schemas/', '');
  return schemas[name] ?? schema;
}

const parameterTable = (parameters: readonly Parameter[]): string =>
  `<table>${parameters
    .map(
      ({ name, in: where, required, description, schema }) =>
        `<tr><th><code>${escaped(name)}</code>${required ? '<i>required</i>' : ''}</th><td class="kind">${where}</td><td>${markdown(description)}${schemaRows(schema)}</td></tr>`,
    )
    .join('')}</table>`;

function answerPart(status: string, description: string, content: Response['content'] = {}): string {
  const [type, media] = Object.entries(content)[0] ?? [];
  if (media === undefined) return '';
  const example =
    media.example === undefined
      ? ''
      : `<details class="example"><summary>Example</summary>${code(JSON.stringify(media.example, null, 2))}</details>`;
  return `<h4><span class="status">${status}</span> ${escaped(description)} ${type === 'application/json' ? '' : `<small>${escaped(String(type))}</small>`}</h4>${schemaRows(media.schema)}${example}`;
}

const answerTable = (answers: readonly (readonly [string, Response])[]): string =>
  `<table class="errors">${answers
    .map(
      ([status, { description }]) =>
        `<tr><th><span class="status">${status}</span></th><td>${markdown(description)}</td></tr>`,
    )
    .join('')}</table>`;

const schemaPart = ([name, schema]: readonly [string, Json]): string =>
  `<details class="operation schema" id="schema-${name}" data-text="${escaped(name.toLowerCase())}"><summary><code class="path">${escaped(name)}</code></summary><div class="inside">${schemaRows(schema)}</div></details>`;

/** The call as a line of curl. */
function curl({ method, path, operation }: Shown): string {
  const { parameters = [], requestBody, security } = operation;
  const filled = parameters
    .filter((one) => one.in === 'path')
    .reduce((text, { name, example }) => text.replace(`{${name}}`, String(example)), path);
  const query = parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(
      ({ name, schema }) =>
        `${name}=${String((schema['enum'] as readonly unknown[] | undefined)?.[1] ?? '')}`,
    );
  const target = `http://127.0.0.1:8787${filled}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  const example = requestBody?.content['application/json']?.example;
  const key = parameters.some(({ name }) => name === 'Idempotency-Key');
  const lines = [
    `curl -s ${method === 'GET' || (method === 'POST' && example !== undefined) ? '' : `-X ${method} `}"${target}"`,
    ...(security.length === 0 ? [] : ['-H "authorization: Bearer $TOKEN"']),
    ...(key ? ["-H 'idempotency-key: a-key-of-yours'"] : []),
    ...(example === undefined
      ? []
      : [
          "-H 'content-type: application/json'",
          `-d '${JSON.stringify(example, null, 2).replaceAll("'", String.raw`'\''`)}'`,
        ]),
  ];
  return lines.join(' \\\n  ');
}

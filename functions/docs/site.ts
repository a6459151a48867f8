/** Answers the API's document and its page; each is made when it is first asked for, and kept. */
import { createHash } from 'node:crypto';
import { lazily } from '../../shared/domain/lazily.ts';
import type { HttpResponse } from '../../shared/http/types.ts';
import { type ApiDocument, docsPage, PAGE_SCRIPT } from './page.ts';
import { DOCS_ROUTES } from './routes.ts';

type Name = (typeof DOCS_ROUTES)[number]['name'];

/** Nothing is loaded from elsewhere, and no script but the page's own runs. */
const policy = (): string =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${createHash('sha256').update(PAGE_SCRIPT).digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const headersOf = (contentType: string): Record<string, string> => ({
  'content-type': contentType,
  'cache-control': 'public, max-age=300',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
});

export type Site = (event: { readonly routeKey: string }) => HttpResponse;

/** @throws Error for a document that cannot be read */
export function makeSite(documentText: string): Site {
  const document = JSON.parse(documentText) as ApiDocument;
  const answers: Readonly<Record<Name, () => HttpResponse>> = {
    getDocument: lazily(() => ({
      statusCode: 200,
      headers: { ...headersOf('application/json'), 'access-control-allow-origin': '*' },
      body: JSON.stringify(document),
    })),
    readDocument: lazily(() => ({
      statusCode: 200,
      headers: { ...headersOf('text/html; charset=utf-8'), 'content-security-policy': policy() },
      body: docsPage(document),
    })),
  };
  return ({ routeKey }) => {
    const route = DOCS_ROUTES.find(({ method, path }) => routeKey === `${method} ${path}`);
    if (route === undefined) {
      const body = JSON.stringify({ message: 'Not Found' });
      return { statusCode: 404, headers: headersOf('application/json'), body };
    }
    return answers[route.name]();
  };
}

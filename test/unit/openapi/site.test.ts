import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../../../functions/api/routes.ts';
import { makeSite } from '../../../functions/docs/site.ts';

const text = readFileSync('docs/openapi.json', 'utf8');
const site = makeSite(text);
const page = site({ routeKey: 'GET /docs' });

describe('the document', () => {
  it('is answered as it is checked in', () => {
    const answer = site({ routeKey: 'GET /api/v1/openapi.json' });
    expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(answer.body)).toEqual(JSON.parse(text));
  });

  it('is not answered elsewhere', () => {
    expect(site({ routeKey: 'GET /api/v1/orders' }).statusCode).toBe(404);
  });
});

describe('the page', () => {
  it('shows each operation with its path, and a link to its schemas', () => {
    for (const { name, path } of ROUTES) {
      expect(page.body).toContain(`id="${name}"`);
      expect(page.body).toContain(path.replaceAll('/', '/<wbr>'));
    }
    const links = [...page.body.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    const ids = new Set([...page.body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    expect(links.length).toBeGreaterThan(200);
    expect(links.filter((id) => !ids.has(id ?? ''))).toEqual([]);
  });

  it('shows what is sent to an address of the caller: its headers, its body, and what an answer means', () => {
    const [, part = ''] =
      /<details class="operation" id="deliverEvent"([\s\S]*?)<h2 class="tag">/.exec(page.body) ?? [];
    for (const shown of [
      'moniqo-signature',
      '#schema-OrderEvent',
      'Your answer',
      'It was not taken: it comes again.',
    ])
      expect(part).toContain(shown);
    // Nobody can call it.
    expect(part).not.toContain('curl -s');
    expect(part).not.toContain('no token is needed');
  });

  it('asks nothing of anybody, and runs its own script alone', () => {
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
    const [, script = ''] = /<script>([\s\S]*)<\/script>/.exec(page.body) ?? [];
    const hash = createHash('sha256').update(script).digest('base64');
    expect(page.headers['content-security-policy']).toContain(`script-src 'sha256-${hash}'`);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('shows text as text', () => {
    const document = JSON.parse(text);
    document.info.description = '<img src=x onerror=alert(1)> & `a<b`';
    const shown = makeSite(JSON.stringify(document))({ routeKey: 'GET /docs' }).body;
    expect(shown).toContain('&lt;img src=x onerror=alert(1)&gt; &amp; <code>a&lt;b</code>');
    expect(shown).not.toContain('<img');
  });
});

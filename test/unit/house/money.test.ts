/**
 * A price or amount never passes through a JavaScript number (house rule; design sections 10, 11): no parseFloat,
 * no Number(), no unary plus, no toNumber() where money lives. The doors are named one by one, each with what
 * passes through it.
 */
import { describe, expect, it } from 'vitest';
import { importsOf, lineOf, parse, type SyntaxNode, sourceFiles, walk } from './source.ts';

const FOLDERS = [
  'shared/domain',
  'shared/usecases',
  'shared/venues',
  'shared/adapters',
  'shared/feeds',
  'shared/http',
  'console/src',
];

/** file -> why a number may be made there. Everything in here is Units, a count, a time or an id. */
const DOORS: Readonly<Record<string, string>> = {
  'shared/domain/triggers/units.ts': 'the door between decimal text and Units (design section 10)',
  'console/src/chart/numbers.ts':
    'the door to the chart library, which draws with numbers: what comes back is text on the tick before it is shown or sent',
};

/**
 * A venue's or a source's JSON may hold prices as numbers, and whoever parses it holds them without any of the calls
 * above: file -> why no price or amount becomes a number there.
 */
const JSON_DOORS: Readonly<Record<string, string>> = {
  'shared/domain/money/json-number.ts':
    'the door for money in JSON numbers: exact text, by the rule of 15 digits (design section 11)',
  'shared/feeds/binance/market-message.ts': 'prices and sizes come as text and are refused otherwise',
  'shared/venues/binance/parse/fields.ts': 'prices and sizes come as text and are refused otherwise',
  'shared/feeds/polygon/rest/client.ts': 'every number stays the text that it was written in',
  'shared/venues/binance/errors.ts': 'codes and texts of errors',
};
const WIRE_FOLDERS = ['shared/domain', 'shared/usecases/stream-prices', 'shared/venues', 'shared/feeds'];

const nameOf = (node: unknown): string => {
  const n = node as SyntaxNode;
  if (n?.type === 'Identifier') return String(n['name']);
  if (n?.type === 'MemberExpression') return `${nameOf(n['object'])}.${nameOf(n['property'])}`;
  return '';
};

/** What turns text or a Decimal into a JavaScript number; null = nothing of the kind. */
function conversion(node: SyntaxNode): string | null {
  if (node.type === 'UnaryExpression' && node['operator'] === '+') return 'unary plus';
  if (node.type !== 'CallExpression') return null;
  const callee = nameOf(node['callee']);
  if (/^(parseFloat|parseInt|Number|Number\.parseFloat|Number\.parseInt)$/.test(callee)) return `${callee}()`;
  if (/\.toNumber$/.test(callee)) return '.toNumber()';
  return null;
}

/** A line may say `// not money: <what it is>` when the number is a time, a count or an id. */
const isExplained = (line: string): boolean => /\/\/ not money: \S+/.test(line);

describe('money never passes through a JavaScript number', () => {
  it('holds in domain, use cases, venues, adapters, feeds, http and the console', async () => {
    const { readFileSync } = await import('node:fs');
    const broken: string[] = [];
    for (const file of FOLDERS.flatMap((folder) => sourceFiles(folder))) {
      if (file in DOORS || file.endsWith('.d.ts')) continue;
      const text = readFileSync(file, 'utf8');
      const lines = text.split('\n');
      walk(parse(file, text), (node) => {
        const what = conversion(node);
        if (what === null) return;
        const line = lineOf(file, node.start);
        if (!isExplained(lines[line - 1] ?? '')) broken.push(`${file}:${line}: ${what}`);
      });
    }
    expect(broken).toEqual([]);
  });

  it('holds where messages of venues and sources are parsed: JSON has its doors too', () => {
    const parsing = new Set<string>();
    for (const file of WIRE_FOLDERS.flatMap((folder) => sourceFiles(folder))) {
      walk(parse(file), (node) => {
        if (nameOf(node) === 'JSON.parse') parsing.add(file);
      });
    }
    expect([...parsing].sort()).toEqual(Object.keys(JSON_DOORS).sort());
  });

  it('what is drawn stays in the chart: nothing but the chart and its grip uses the door', () => {
    const users = sourceFiles('console/src').filter((file) =>
      importsOf(file).some((name) => /(^|\/)numbers\.ts$/.test(name)),
    );
    expect([...users].sort()).toEqual(['console/src/chart/chart.ts', 'console/src/chart/stop-handle.tsx']);
  });

  it.each([
    ['+text', 'unary plus'],
    ['Number(price)', 'Number()'],
    ['parseFloat(price)', 'parseFloat()'],
    ['Number.parseFloat(price)', 'Number.parseFloat()'],
    ['price.toNumber()', '.toNumber()'],
  ])('finds %s', (text, what) => {
    const found: (string | null)[] = [];
    walk(parse('x.ts', `const y = ${text};`), (node) => found.push(conversion(node)));
    expect(found).toContain(what);
  });
});

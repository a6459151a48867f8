/** Reads the project's own sources as syntax trees, for the checks of the house's rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';

export const ROOT = resolve(import.meta.dirname, '../../..');

export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** Every .ts and .tsx file below a folder of the project, as paths relative to its root. */
export function sourceFiles(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

export function parse(file: string, text = readFileSync(join(ROOT, file), 'utf8')): SyntaxNode {
  const parsed = parseSync(file, text, { sourceType: 'module', lang: file.endsWith('.tsx') ? 'tsx' : 'ts' });
  const [error] = parsed.errors;
  if (error !== undefined) throw new Error(`${file}: ${error.message}`);
  return parsed.program as unknown as SyntaxNode;
}

/** Visits every node, parents first. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const child of value) isNode(child) && walk(child, visit);
    else if (isNode(value)) walk(value, visit);
  }
}

/** What a file imports (also `export ... from` and `import()`), as written. */
export function importsOf(file: string, text?: string): readonly string[] {
  const found: string[] = [];
  walk(parse(file, text), (node) => {
    const source = node['source'];
    if (
      ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression'].includes(
        node.type,
      ) &&
      isNode(source) &&
      typeof source['value'] === 'string'
    ) {
      found.push(source['value']);
    }
  });
  return found;
}

export const lineOf = (file: string, offset: number): number =>
  readFileSync(join(ROOT, file), 'utf8').slice(0, offset).split('\n').length;

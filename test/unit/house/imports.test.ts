/**
 * Imports point downwards only (design section 2): functions -> usecases -> domain; adapters, venues and feeds
 * implement ports; domain knows nobody; infra knows functions by path; nothing of the product knows infra or test.
 */
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, parse, sourceFiles } from './source.ts';

/** Layer -> the layers it may import from (itself always). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'shared/domain': [],
  'shared/ports': ['shared/domain'],
  'shared/usecases': ['shared/domain', 'shared/ports'],
  'shared/venues': ['shared/domain', 'shared/ports'],
  'shared/feeds': ['shared/domain', 'shared/ports'],
  'shared/adapters': ['shared/domain', 'shared/ports'],
  'shared/http': ['shared/domain', 'shared/ports'],
  'shared/client': [],
  functions: [
    'shared/domain',
    'shared/ports',
    'shared/usecases',
    'shared/venues',
    'shared/feeds',
    'shared/adapters',
    'shared/http',
  ],
};

/** Packages that a layer may use; a layer that is not named may use any dependency. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  'shared/domain': /^decimal\.js$/,
  'shared/ports': /^$/,
  'shared/usecases': /^(node:crypto|zod)$/,
  // Types of zod: nothing of it is loaded.
  'shared/client': /^zod$/,
};

/** The client stands outside of the API: it knows what is sent and answered, and which routes there are. */
const CLIENT_READS = /^(functions\/api\/(routes\.ts|answers\/|openapi\/)|shared\/ports\/push-messages\.ts$)/;

const layerOf = (path: string): string | null =>
  Object.keys(MAY_IMPORT).find((layer) => path === layer || path.startsWith(`${layer}/`)) ?? null;

/** The rule, given one import; null = allowed. */
function refuse(file: string, specifier: string): string | null {
  const layer = layerOf(file);
  if (layer === null) return `${file} lies in no layer`;
  if (!specifier.startsWith('.')) {
    const allowed = PACKAGES[layer];
    return allowed === undefined || allowed.test(specifier)
      ? null
      : `${file} imports the package ${specifier}`;
  }
  const target = normalize(join(dirname(file), specifier));
  const targetLayer = layerOf(target);
  if (targetLayer === null) return `${file} imports ${target}, outside of the product's layers`;
  if (layer === 'shared/client' && CLIENT_READS.test(target)) return null;
  if (targetLayer === layer || MAY_IMPORT[layer]?.includes(targetLayer)) return null;
  return `${file} (${layer}) imports ${target} (${targetLayer}): imports point downwards only`;
}

describe('imports point downwards', () => {
  const files = [...sourceFiles('shared'), ...sourceFiles('functions')].filter((f) => !f.endsWith('.d.ts'));

  it('reads every file of the product', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it('holds for all of them', () => {
    const broken = files.flatMap((file) => importsOf(file).map((name) => refuse(file, name)));
    expect(broken.filter((text) => text !== null)).toEqual([]);
  });

  it('has no circles', () => {
    const graph = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter((name) => name.startsWith('.'))
          .map((name) => normalize(join(dirname(file), name))),
      ]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      } else if (!done.has(file)) {
        for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
        done.add(file);
      }
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  // package.json says `sideEffects: false`: a bundle leaves out a module of which nothing is used (infra/bundle).
  it('none is only for what a module does when it is loaded', () => {
    const bare = files.filter((file) => {
      const body = parse(file)['body'] as readonly {
        type: string;
        importKind?: string;
        specifiers?: unknown[];
      }[];
      return body.some(
        ({ type, importKind, specifiers }) =>
          type === 'ImportDeclaration' && importKind !== 'type' && specifiers?.length === 0,
      );
    });
    expect(bare).toEqual([]);
  });

  it.each([
    ['shared/domain/a.ts', '../usecases/b.ts'],
    ['shared/domain/a.ts', 'node:fs'],
    ['shared/usecases/a.ts', '../adapters/valkey/b.ts'],
    ['shared/usecases/a.ts', '@aws-sdk/client-sqs'],
    ['shared/venues/demo/a.ts', '../../adapters/sqs/b.ts'],
    ['functions/api/a.ts', '../../infra/local/b.ts'],
    ['shared/http/a.ts', '../../test/support/b.ts'],
  ])('refuses %s importing %s', (file, name) => {
    expect(refuse(file, name)).not.toBeNull();
  });
});

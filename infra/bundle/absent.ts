/** Modules that stand in a bundle by name alone. */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** A filter of files below `node_modules`, by the end of their path. */
export const inPackages = (path: string): RegExp => {
  const parts = path.replaceAll('.', String.raw`\.`).replaceAll('/', String.raw`[\\/]`);
  return new RegExp(String.raw`[\\/]node_modules[\\/]${parts}$`);
};

/** In place of an ES module: each of its exports, as a function that throws, by `new` too. `what` names it in the error. */
export const absent = (name: string, path: string, what: string): Plugin => ({
  name,
  setup({ onLoad }) {
    onLoad({ filter: inPackages(path) }, async (file) => {
      const names = exportsOf(await readFile(file.path, 'utf8'));
      if (names.length === 0) throw new Error(`${file.path} exports nothing: what was left out has moved`);
      const missing = names.map(
        (exported, number) => `const a${number} = absent(${JSON.stringify(exported)});`,
      );
      return {
        contents:
          `const absent = (name) => function () { throw new Error(name + ': ${what} not in this bundle'); };` +
          missing.join('') +
          `export { ${names.map((exported, number) => `a${number} as ${exported}`).join(', ')} };`,
        loader: 'js',
      };
    });
  },
});

/** The names that an ES module exports. An `export *` is refused: what it brings is not written there. */
export function exportsOf(source: string): readonly string[] {
  if (/^export\s+(\*|default\b)/m.test(source))
    throw new Error('export * and default cannot be told by name');
  const declared = source.matchAll(/^export\s+(?:async\s+)?(?:const|let|var|function\*?|class)\s+([\w$]+)/gm);
  const listed = source.matchAll(/^export\s*\{([^}]*)\}/gm);
  return [
    ...[...declared].map(([, name = '']) => name),
    ...[...listed].flatMap(([, list = '']) =>
      list
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '')
        .map((entry) => entry.split(/\s+as\s+/).at(-1) ?? ''),
    ),
  ];
}

/**
 * Node's own modules without an `import` of them. To import one makes Node read each of its properties, those too that stand for
 * something that is loaded when it is first asked for: `node:http` alone brings a whole HTTP client of another kind (for its
 * `WebSocket`), `node:fs` its streams, `node:process` the terminal. That was a fifth of a cold start.
 */
import { builtinModules, createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

const NAMESPACE = 'builtin';
/** Of those that are imported when they are needed. */
const WHEN_NEEDED = 'builtin-when-needed';
const BUILTINS: ReadonlySet<string> = new Set(builtinModules);
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

const require = createRequire(import.meta.url);

const isBuiltin = (path: string): boolean => path.startsWith('node:') || BUILTINS.has(path);

/** CommonJS dependencies inside an ES module still call `require` for Node's own modules. First in each bundle. */
export const REQUIRE_SHIM =
  "const require=process.getBuiltinModule('node:module').createRequire(import.meta.url);";

/** A module with the names of one of Node's, each of which is read only where something uses it. */
export function builtinModule(path: string): string {
  const names = Object.keys(require(path) as object).filter(
    (name) => name !== 'default' && IDENTIFIER.test(name),
  );
  return [
    `const own = process.getBuiltinModule(${JSON.stringify(path)});`,
    'const read = (name) => own[name];',
    'export default own;',
    ...names.map((name, n) => `const b${n} = /* @__PURE__ */ read(${JSON.stringify(name)});`),
    `export { ${names.map((name, n) => `b${n} as ${name}`).join(', ')} };`,
  ].join('\n');
}

/**
 * The same for `import('node:http')`, where nobody can tell what of it is used: a module of the older kind, whose properties
 * are read one by one, when somebody asks for them.
 */
export const builtinWhenNeeded = (path: string): string =>
  `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`;

export const withoutBuiltinImports: Plugin = {
  name: 'without-builtin-imports',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z_/0-9]+$/ }, ({ path, kind }) => {
      if (!isBuiltin(path) || kind === 'require-call') return undefined;
      return { path, namespace: kind === 'dynamic-import' ? WHEN_NEEDED : NAMESPACE, sideEffects: false };
    });
    onLoad({ filter: /.*/, namespace: WHEN_NEEDED }, ({ path }) => ({
      contents: builtinWhenNeeded(path),
      loader: 'js',
    }));
    onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: builtinModule(path),
      loader: 'js',
    }));
  },
};

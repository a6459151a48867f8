/** Lets plain Node import Lua scripts as text, as the bundles and the tests do. Before any import that leads to one. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

export function importLuaAsText(): void {
  registerHooks({
    load: (url, context, next) =>
      url.endsWith('.lua')
        ? {
            format: 'module',
            source: `export default ${JSON.stringify(readFileSync(fileURLToPath(url), 'utf8'))};`,
            shortCircuit: true,
          }
        : next(url, context),
  });
}

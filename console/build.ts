/** Builds the console's page: `npm run build:console`, and from code where it is served or deployed. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { CONSOLE_ROOT, DEFAULT_OUT } from './vite.config.ts';

/**
 * Builds the page into `outDir` (default `dist/console`, emptied first) and answers the folder.
 * `quiet`: says only what is wrong. @throws when the sources do not build
 */
export async function buildConsole(outDir: string = DEFAULT_OUT, quiet = true): Promise<string> {
  await build({
    root: CONSOLE_ROOT,
    configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)),
    configLoader: 'native',
    logLevel: quiet ? 'warn' : 'info',
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
}

if (import.meta.main) await buildConsole(DEFAULT_OUT, false);

/**
 * How the page is built: no inline script or style (the Content-Security-Policy forbids both), no asset as a data URL,
 * each page of the console in a chunk of its own.
 */
import { join } from 'node:path';
import { defineConfig } from 'vite';

export const CONSOLE_ROOT: string = import.meta.dirname;
export const DEFAULT_OUT: string = join(CONSOLE_ROOT, '..', 'dist', 'console');

export default defineConfig({
  root: CONSOLE_ROOT,
  // TypeScript's settings say the same of JSX; the build does not read them for files outside of this folder.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: DEFAULT_OUT,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
});

/**
 * Source maps of our own code alone: half of a map was about packages, whose lines in a stack trace help nobody here, and the
 * streamer's Node reads it with the bundle.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Says of the first place of a file that it is that of the package, and of all others nothing; esbuild ignores a map that is empty. */
const NO_MAP = Buffer.from(JSON.stringify({ version: 3, sources: ['package'], mappings: 'AAAA' })).toString(
  'base64',
);
const COMMENT = `\n//# sourceMappingURL=data:application/json;base64,${NO_MAP}\n`;

/** Has to be the last one that loads files of packages: it takes all that no other has taken. */
export const ownMapsOnly: Plugin = {
  name: 'own-maps-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/^\/\/# sourceMappingURL=.*$/gm, '') + COMMENT,
      loader: 'js',
    }));
  },
};

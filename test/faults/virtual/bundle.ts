/**
 * The product and the harness in one file for the workers: the machine's clock, timers and chance replaced by virtual
 * ones, and, for a mutation, one protection switched off in the source as it is read.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '../../..');
const HERE = import.meta.dirname;

/** One exact text of one file, and what takes its place. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A patch that fits no more, because the source has changed: the mutation has to be written anew. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}

const IN_PLACE_OF: Readonly<Record<string, string>> = {
  'node:timers/promises': join(HERE, 'virtual-timers.ts'),
  '@aws-sdk/client-sqs': join(HERE, 'sqs-commands.ts'),
};

const virtual: Plugin = {
  name: 'virtual',
  setup: ({ onResolve, onLoad }) => {
    for (const [name, path] of Object.entries(IN_PLACE_OF)) {
      onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path }));
    }
    onLoad({ filter: /\.lua$/ }, async ({ path }) => ({
      contents: await readFile(path, 'utf8'),
      loader: 'text',
    }));
  },
};

function patching(patches: readonly Patch[], used: Set<Patch>): Plugin {
  const byPath = Map.groupBy(patches, (patch) => join(ROOT, patch.file));
  return {
    name: 'patching',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const own = byPath.get(path);
        if (own === undefined) return null;
        let contents = await readFile(path, 'utf8');
        for (const patch of own) {
          const times = contents.split(patch.find).length - 1;
          if (times !== 1) throw new PatchError(`${patch.file} has it ${times} times: ${patch.find}`);
          contents = contents.replace(patch.find, () => patch.replace);
          used.add(patch);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** Writes `.moniqo/faults/<name>.mjs` and answers its path. */
export async function bundleWorker(name: string, patches: readonly Patch[] = []): Promise<string> {
  const outfile = join(ROOT, '.moniqo', 'faults', `${name}.mjs`);
  const used = new Set<Patch>();
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(HERE, 'worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    sourcemap: 'inline',
    inject: [join(HERE, 'virtual-globals.ts')],
    define: { 'Math.random': 'virtualRandom', 'Date.now': 'virtualNow' },
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    plugins: [patching(patches, used), virtual],
    logLevel: 'silent',
  });
  const unused = patches.find((patch) => !used.has(patch));
  if (unused !== undefined) throw new PatchError(`${unused.file} is not part of the run`);
  return outfile;
}

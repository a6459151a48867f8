/**
 * The product and the harness in one file for the workers: the machine's clock, timers and chance replaced by virtual
 * ones, and, for a mutation, one protection switched off in the source as it is read.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin, transform } from 'esbuild';

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

/** The file's text with its patches. Throws PatchError where one does not fit. */
async function patched(path: string, patches: readonly Patch[]): Promise<string> {
  let contents = await readFile(path, 'utf8');
  for (const patch of patches) {
    const times = contents.split(patch.find).length - 1;
    if (times !== 1) throw new PatchError(`${patch.file} has it ${times} times: ${patch.find}`);
    contents = contents.replace(patch.find, () => patch.replace);
  }
  return contents;
}

function patching(patches: readonly Patch[], used: Set<Patch>): Plugin {
  const byPath = Map.groupBy(patches, (patch) => join(ROOT, patch.file));
  return {
    name: 'patching',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const own = byPath.get(path);
        if (own === undefined) return null;
        const contents = await patched(path, own);
        for (const patch of own) used.add(patch);
        return { contents, loader: 'ts' };
      });
    },
  };
}

const WORKER = {
  absWorkingDir: ROOT,
  entryPoints: [join(HERE, 'worker.ts')],
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  inject: [join(HERE, 'virtual-globals.ts')],
  define: { 'Math.random': 'virtualRandom', 'Date.now': 'virtualNow' },
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  logLevel: 'silent',
} satisfies BuildOptions;

/** The source files of which something is in the worker, as paths from the project's root. */
export async function partsOfWorker(): Promise<ReadonlySet<string>> {
  const { metafile } = await build({ ...WORKER, plugins: [virtual], write: false, metafile: true });
  const [made] = Object.values(metafile.outputs);
  return new Set(
    Object.entries(made?.inputs ?? {})
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
}

/** Whether patches fit the source as it is, in files that are part of the run, and leave it readable. Throws where not. */
export async function tryPatches(patches: readonly Patch[], parts: ReadonlySet<string>): Promise<void> {
  for (const [file, own] of Map.groupBy(patches, (patch) => patch.file)) {
    if (!parts.has(file)) throw new PatchError(`${file} is not part of the run`);
    await transform(await patched(join(ROOT, file), own), { loader: 'ts', target: 'node24' });
  }
}

/** Writes `.moniqo/faults/<name>.mjs` and answers its path. */
export async function bundleWorker(name: string, patches: readonly Patch[] = []): Promise<string> {
  const outfile = join(ROOT, '.moniqo', 'faults', `${name}.mjs`);
  const used = new Set<Patch>();
  await build({ ...WORKER, outfile, sourcemap: 'inline', plugins: [patching(patches, used), virtual] });
  const unused = patches.find((patch) => !used.has(patch));
  if (unused !== undefined) throw new PatchError(`${unused.file} is not part of the run`);
  return outfile;
}

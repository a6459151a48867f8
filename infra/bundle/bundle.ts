/**
 * Bundles each entry into one ES module for Node 24: what is uploaded to AWS and what the laptop runs.
 *
 * Always true: everything is inside the bundle (the AWS SDK too, so that a deployed version never meets
 * another SDK than the tested one); Lua scripts are text; no bundle is above the limit of where it runs. A module of
 * ours of which a bundle uses nothing is not in it: package.json says `sideEffects: false`, which a house test holds us to.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { build, formatMessages } from 'esbuild';
import { REQUIRE_SHIM, withoutBuiltinImports } from './builtins.ts';
import { BUNDLE_ENTRIES, type BundleEntry, MAX_BUNDLE_BYTES } from './entries.ts';
import { LEAN_PLUGINS } from './lean.ts';
import { ownMapsOnly } from './own-maps.ts';
import { STACK_SHIM } from './stack-maps.ts';

export const PROJECT_ROOT = resolve(import.meta.dirname, '../..');
export const DEFAULT_DIST = join(PROJECT_ROOT, 'dist');

/**
 * Ways to credentials that a Lambda never takes: its own are in the environment, the first link of the SDK's chain,
 * so the files and sign-in services of a developer's machine, and those of containers and instances, are not carried
 * along (about 100 kB). The streamer runs on Fargate, whose chain goes through them, and keeps them.
 */
const NOT_ON_LAMBDA = [
  ...['sso', 'ini', 'process', 'web-identity', 'login', 'http'].map(
    (name) => `@aws-sdk/credential-provider-${name}`,
  ),
  '@smithy/credential-provider-imds',
];

export interface BundleOptions {
  /** Where `<name>/index.mjs` is written; default `dist` in the project. */
  readonly distDir?: string;
  /** Which entries; default all of them. */
  readonly entries?: readonly BundleEntry[];
  /** Largest allowed bundle in bytes; default the limit of where it runs. */
  readonly maxBytes?: number;
}

export interface BundleResult {
  readonly name: string;
  readonly file: string;
  /** Size of index.mjs; the source map is not counted. */
  readonly bytes: number;
  readonly maxBytes: number;
}

export class BundleTooLargeError extends Error {
  constructor(tooLarge: readonly BundleResult[]) {
    const list = tooLarge.map(({ name, bytes, maxBytes }) => `${name} (${bytes} bytes, allowed ${maxBytes})`);
    super(`Bundles too large: ${list.join(', ')}`);
    this.name = 'BundleTooLargeError';
  }
}

/**
 * Bundles the entries and answers their sizes.
 *
 * @throws BundleTooLargeError when one is above the limit, esbuild's BuildFailure when one does not compile.
 */
export async function bundle(options: BundleOptions = {}): Promise<readonly BundleResult[]> {
  const { distDir = DEFAULT_DIST, entries = BUNDLE_ENTRIES, maxBytes } = options;
  // Those that run alike are built together: what they share is read and parsed once.
  const groups = Map.groupBy(entries, ({ runsOn }) => runsOn);
  const built = await Promise.all([...groups].map(([runsOn, alike]) => bundleAlike(alike, runsOn, distDir)));
  const sizes = new Map(built.flatMap((group) => [...group]));
  const results = entries.map(({ name, runsOn }) => {
    const file = join(distDir, name, 'index.mjs');
    const bytes = sizes.get(file);
    if (bytes === undefined) throw new Error(`esbuild wrote no index.mjs for ${name}`);
    return { name, file, bytes, maxBytes: maxBytes ?? MAX_BUNDLE_BYTES[runsOn] };
  });
  const tooLarge = results.filter((result) => result.bytes > result.maxBytes);
  if (tooLarge.length > 0) throw new BundleTooLargeError(tooLarge);
  return results;
}

/** Writes the bundles and answers the size of each file of code, in bytes. */
async function bundleAlike(
  entries: readonly BundleEntry[],
  runsOn: BundleEntry['runsOn'],
  distDir: string,
): Promise<ReadonlyMap<string, number>> {
  const { outputFiles, warnings } = await build({
    absWorkingDir: PROJECT_ROOT,
    entryPoints: entries.map(({ name, entry }) => ({
      in: resolve(PROJECT_ROOT, entry),
      out: `${name}/index`,
    })),
    outdir: distDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [withoutBuiltinImports, ...LEAN_PLUGINS, ownMapsOnly],
    banner: { js: runsOn === 'lambda' ? `${REQUIRE_SHIM}\n${STACK_SHIM}` : REQUIRE_SHIM },
    external: runsOn === 'lambda' ? NOT_ON_LAMBDA : [],
    logLevel: 'silent',
  });
  for (const text of await formatMessages(warnings, { kind: 'warning' })) console.warn(text);
  for (const { name, copy } of entries) {
    const folder = join(distDir, name);
    await mkdir(folder, { recursive: true });
    for (const path of copy) {
      await writeIfChanged(join(folder, basename(path)), await readFile(resolve(PROJECT_ROOT, path)));
    }
  }
  for (const output of outputFiles) await writeIfChanged(output.path, output.contents);
  return new Map(
    outputFiles
      .filter(({ path }) => path.endsWith('.mjs'))
      .map(({ path, contents }) => [path, contents.byteLength]),
  );
}

/**
 * Writes beside and renames over, and only when the content differs: a second system that starts at the
 * same moment, or reads the folder meanwhile, never sees half a file.
 */
async function writeIfChanged(path: string, contents: Uint8Array): Promise<void> {
  if (await isAlready(path, contents)) return;
  const beside = `${path}.${process.pid}.tmp`;
  await writeFile(beside, contents);
  await rename(beside, path);
}

async function isAlready(path: string, contents: Uint8Array): Promise<boolean> {
  try {
    return (await readFile(path)).equals(contents);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

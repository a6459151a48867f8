/** `npx cdk synth` as a user runs it: the real command line, with no AWS credentials and no Docker. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const TIMEOUT_MS = 180_000;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moniqo-synth-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(['sandbox', 'prod'])(
  'synthesises every stack of %s, with no finding of cdk-nag',
  {
    timeout: TIMEOUT_MS,
  },
  async (stage) => {
    const outdir = join(folder, stage);
    // Only what a shell needs: no profile, no keys, no home folder that could hold them, no Docker on the PATH.
    const env = { PATH: `${dirname(process.execPath)}:/bin`, HOME: folder, CI: 'true' };
    // A finding of cdk-nag that is not accepted fails the command.
    const cdk = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
    await promisify(execFile)(
      process.execPath,
      [cdk, 'synth', '--quiet', '-c', `stage=${stage}`, '-c', 'nag=on', '-o', outdir],
      { cwd: ROOT, env, timeout: TIMEOUT_MS, maxBuffer: 32 * 1024 * 1024 },
    );
    const templates = (await readdir(outdir)).filter((name) => name.endsWith('.template.json'));
    const named = [
      'address',
      'network',
      'data',
      'queues',
      'cache',
      'streamer',
      'orders',
      'triggers',
      'symbols',
      'reconcile',
      'console',
      'api',
      'push',
      'console-files',
      'monitoring',
    ];
    expect(templates).toHaveLength(named.length);
    for (const name of named) expect(templates).toContain(`Moniqo-${stage}-${name}.template.json`);
  },
);

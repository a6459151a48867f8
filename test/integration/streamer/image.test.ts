/**
 * The bundled streamer as its image runs it: the template's own command and environment, a folder that it may not write to,
 * no home, no temporary folder, and not as root where this process can choose. What ECS asks is asked the same way.
 */
import { execFile, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STREAMER } from '../../../infra/bundle/entries.ts';
import { nodeBinary } from '../../../infra/local/processes/node-binary.ts';
import { dynamoDbMissing } from '../../support/dynamodb.ts';
import { freePort } from '../../support/free-port.ts';
import { synthesise } from '../../unit/infra/synthesised.ts';
import { type Outside, startOutside, until } from './support.ts';

interface Container {
  readonly Command: readonly string[];
  readonly Environment: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly HealthCheck: { readonly Command: readonly string[] };
}

/** Made-up prices: nothing of the real world is asked. */
function declared(): Container {
  const system = synthesise('sandbox', { binance: 'none' });
  try {
    const { properties } = system.one('AWS::ECS::TaskDefinition', 'Task');
    const [container] = properties['ContainerDefinitions'] as [Container];
    return container;
  } finally {
    system.remove();
  }
}

/** Only the user of the image, if this process may become it. */
const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

describe.skipIf(dynamoDbMissing !== null)('the streamer as its image runs it', () => {
  const container = declared();
  let outside: Outside;
  let app: string;
  beforeAll(async () => {
    outside = await startOutside();
    app = join(outside.folder, 'app');
    mkdirSync(app);
    const dockerfile = readFileSync(join(outside.folder, STREAMER, 'Dockerfile'), 'utf8');
    const files = /^COPY (?!--)(.*) \S+$/m.exec(dockerfile)?.[1]?.split(' ') ?? [];
    for (const file of files) {
      copyFileSync(join(outside.folder, STREAMER, file), join(app, file));
      chmodSync(join(app, file), 0o444);
    }
    chmodSync(app, 0o555);
    chmodSync(outside.folder, 0o755);
  });
  afterAll(async () => {
    await outside.clear();
    chmodSync(app, 0o755);
    await outside.stop();
  });

  it('runs, is found healthy, hangs without being so, and stops in time', { timeout: 60_000 }, async () => {
    const { env: local, cache, evaluator } = await outside.system();
    evaluator.start();
    const port = String(await freePort());
    const given = container.Environment.flatMap(({ Name, Value }) =>
      typeof Value === 'string' ? [[Name, Value] as const] : [],
    );
    const { VALKEY_LOGIN: _login, ...template } = Object.fromEntries(given);
    expect(template).toMatchObject({ FEED: 'synthetic', HEALTH_PORT: '8080', SHARD: '0' });
    const env = {
      ...template,
      ...local,
      PATH: process.env['PATH'] ?? '',
      ...{ AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
      ...{ HOME: '/nonexistent', TMPDIR: '/nonexistent', NODE_ENV: 'production', HEALTH_PORT: port },
      FEED_SYMBOLS: 'BTC/USDT',
    };
    const [node, ...args] = container.Command;
    expect(node).toBe('node');
    const child = spawn(nodeBinary(), args, { cwd: app, env, ...user });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const [, shell = '', script = ''] = container.HealthCheck.Command;
    /** The exit code of what ECS runs in the container. */
    const ask = (): Promise<number> =>
      promisify(execFile)(shell, [script.replace('/app', app)], { env, ...user, timeout: 6_000 }).then(
        () => 0,
        (error: { code?: number }) => error.code ?? -1,
      );
    try {
      await until(
        async () => (await ask()) === 0,
        () => `not healthy:\n${output.slice(-2_000)}`,
      );
      await until(
        async () => (await cache.price('BTC/USDT')) !== null,
        () => `no price:\n${output.slice(-2_000)}`,
      );
      expect(output).toContain('"parts":"prices,user-data"');
      if (user.uid !== undefined)
        expect(readFileSync(`/proc/${child.pid}/status`, 'utf8')).toMatch(/^Uid:\t1000\t/m);
      // A process that hangs answers nobody.
      child.kill('SIGSTOP');
      expect(await ask()).not.toBe(0);
      child.kill('SIGCONT');
      await until(async () => (await ask()) === 0);
      const before = performance.now();
      child.kill('SIGTERM');
      expect([await exited, output.slice(-500)]).toEqual([0, expect.stringContaining('streamer_stopped')]);
      expect(performance.now() - before).toBeLessThan(30_000);
      expect(await ask()).not.toBe(0);
      expect(readdirSync(app).sort()).toEqual(['health.sh', 'index.mjs', 'index.mjs.map']);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

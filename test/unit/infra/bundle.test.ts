/** What a bundle is: one ES module with everything inside, Lua as text, below the size limit. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BundleTooLargeError, bundle, PROJECT_ROOT } from '../../../infra/bundle/bundle.ts';
import { BUNDLE_ENTRIES, MAX_BUNDLE_BYTES } from '../../../infra/bundle/entries.ts';
import { REDIS_OWN_COMMANDS } from '../../../infra/bundle/lean-redis.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moniqo-bundle-test-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const bundleFile = (entry: string, copy: string[] = [], maxBytes = 3_000) =>
  bundle({
    distDir: join(folder, 'dist'),
    entries: [{ name: 'sample', entry, copy, runsOn: 'lambda' }],
    maxBytes,
  });

describe('a bundle', () => {
  it('runs by itself: Lua as text, CommonJS inside, Node modules required', async () => {
    write('script.lua', "-- for readers only\nreturn 'hello'\n");
    write('old.cjs', "const { basename } = require('node:path');\nexports.name = (p) => basename(p);\n");
    const entry = write(
      'entry.ts',
      "import script from './script.lua';\nimport { name } from './old.cjs';\n" +
        'export const handler = async (path: string): Promise<string[]> => [script, name(path)];\n',
    );
    const [result] = await bundleFile(entry, [], 10_000);
    const loaded = (await import(/* @vite-ignore */ pathToFileURL(result?.file ?? '').href)) as {
      handler: (path: string) => Promise<string[]>;
    };
    expect(await loaded.handler('/a/b.txt')).toEqual(["return 'hello'", 'b.txt']);
    expect(result?.bytes).toBe(statSync(result?.file ?? '').size);
    expect(existsSync(`${result?.file}.map`)).toBe(true);
  });

  it("imports none of Node's modules, which would read all that they have, and has what it uses of them", async () => {
    const entry = write(
      'entry.ts',
      "import path, { basename } from 'node:path';\nimport * as os from 'node:os';\n" +
        "import { setTimeout as sleep } from 'timers/promises';\n" +
        'export const handler = async (file: string): Promise<readonly unknown[]> =>\n' +
        '  [basename(file), path.extname(file), os.EOL, await sleep(1, 7)];\n',
    );
    const [result] = await bundleFile(entry, [], 10_000);
    const file = result?.file ?? '';
    expect(readFileSync(file, 'utf8')).not.toMatch(/\bimport\s*[{*"'\w]/);
    const loaded = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      handler: (path: string) => Promise<readonly unknown[]>;
    };
    expect(await loaded.handler('/a/b.txt')).toEqual(['b.txt', '.txt', '\n', 7]);
  });

  it('has source maps of our own files alone', async () => {
    const entry = write(
      'entry.ts',
      `import { Decimal } from '${join(PROJECT_ROOT, 'node_modules/decimal.js/decimal.mjs')}';\n` +
        "export const handler = (): string => {\n  throw new Error(new Decimal('1').toFixed());\n};\n",
    );
    const [result] = await bundleFile(entry, [], 100_000);
    const { mappings } = JSON.parse(readFileSync(`${result?.file}.map`, 'utf8')) as { mappings: string };
    // Of a package's 30 kB there is next to nothing.
    expect(mappings.length).toBeGreaterThan(20);
    expect(mappings.length).toBeLessThan(1_000);
  });

  it('names our own lines in the stack of an error, and what else stands there without a map', async () => {
    const entry = write(
      'entry.ts',
      "import { basename } from 'node:path';\n\n" +
        'export const handler = (name: string): string => {\n' +
        '  const inner = (): string => {\n    throw new RangeError(basename(name));\n  };\n  return inner();\n};\n',
    );
    const [result] = await bundleFile(entry, [], 10_000);
    const file = result?.file ?? '';
    const stackOf = (): string => {
      const program = `const m = await import(${JSON.stringify(pathToFileURL(file).href)});
        try { m.handler('a/b'); } catch (error) { console.log(error.stack); }`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] },
        timeout: 20_000,
      });
      return stdout;
    };
    expect(stackOf()).toMatch(
      /^RangeError: b\n {4}at \S*entry\.ts:5:\d+\n {4}at [^\n]*entry\.ts:\d+:\d+\)\n/,
    );
    rmSync(`${file}.map`);
    expect(stackOf()).toMatch(/^RangeError: b\n {4}at .*\/index\.mjs:\d+:\d+\)?\n/);
  });

  it("has Node's modules that it imports when they are needed, and reads of them only what is asked for", async () => {
    const entry = write(
      'entry.ts',
      'export const handler = async (): Promise<unknown> => {\n' +
        "  const { METHODS } = await import('node:http');\n  return METHODS.includes('GET');\n};\n",
    );
    const [result] = await bundleFile(entry, [], 10_000);
    const program = `const m = await import(${JSON.stringify(pathToFileURL(result?.file ?? '').href)});
      console.log(await m.handler(), process.moduleLoadList.some((name) => name.includes('undici')));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
      timeout: 20_000,
    });
    expect(stdout).toBe('true false\n');
  });

  it('brings what is copied beside it and leaves no half-written file', async () => {
    await bundleFile(write('entry.ts', 'export const one = 1;\n'), [write('Dockerfile', 'FROM scratch\n')]);
    expect(readdirSync(join(folder, 'dist/sample')).sort()).toEqual([
      'Dockerfile',
      'index.mjs',
      'index.mjs.map',
    ]);
  });

  it('is left untouched when nothing changed', async () => {
    const entry = write('entry.ts', 'export const one = 1;\n');
    const [first] = await bundleFile(entry);
    const inode = statSync(first?.file ?? '').ino;
    await bundleFile(entry);
    expect(statSync(first?.file ?? '').ino).toBe(inode);
  });

  it('is refused by name and size when it is too large', async () => {
    const entry = write('entry.ts', `export const text = '${'x'.repeat(2000)}';\n`);
    const refused = bundleFile(entry);
    await expect(refused).rejects.toBeInstanceOf(BundleTooLargeError);
    await expect(refused).rejects.toThrow(/sample \(\d{4} bytes, allowed 3000\)/);
  });

  it('is refused when the entry does not compile', async () => {
    await expect(bundleFile(write('entry.ts', "import './missing.ts';\n"))).rejects.toThrow('missing.ts');
  });
});

describe('what is left out of the Redis client', () => {
  const client = join(PROJECT_ROOT, 'node_modules/@redis/client/dist/lib/client');

  it('is nothing that the client sends by itself', () => {
    const used = new Set<string>();
    for (const file of readdirSync(client).filter((name) => name.endsWith('.js'))) {
      const text = readFileSync(join(client, file), 'utf8');
      for (const [, name = ''] of text.matchAll(/commands_1\.default\.([A-Z_]+)/g)) used.add(name);
    }
    expect([...used].sort()).toEqual([...REDIS_OWN_COMMANDS]);
  });

  it('is nothing that we use: its one door is sendCommand', () => {
    const text = readFileSync(join(PROJECT_ROOT, 'shared/adapters/valkey/client.ts'), 'utf8');
    const called = [...text.matchAll(/\b(?:client|made|connected|silent)\s*\.(\w+)/g)].map(
      ([, name]) => name,
    );
    const allowed = ['close', 'connect', 'destroy', 'isOpen', 'isReady', 'on', 'sendCommand'];
    expect([...new Set(called)].sort()).toEqual(allowed);
  });
});

describe('the table of entries', () => {
  it('allows a function less than the container that is loaded once', () => {
    expect(MAX_BUNDLE_BYTES).toEqual({ lambda: 1_000_000, fargate: 1_500_000 });
    expect(BUNDLE_ENTRIES.filter(({ runsOn }) => runsOn === 'fargate').map(({ name }) => name)).toEqual([
      'streamer',
    ]);
  });

  it('names files that exist, each once', () => {
    for (const { entry, copy } of BUNDLE_ENTRIES) {
      for (const path of [entry, ...copy]) expect(existsSync(join(PROJECT_ROOT, path)), path).toBe(true);
    }
    const names = BUNDLE_ENTRIES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

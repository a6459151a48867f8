/** What a bundle leaves out: that it fails loudly when it is needed after all, and that what is left does its work. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportsOf } from '../../../infra/bundle/absent.ts';
import { bundle, PROJECT_ROOT } from '../../../infra/bundle/bundle.ts';
import { withoutErrorClasses, withoutErrorSchemas } from '../../../infra/bundle/lean-aws.ts';

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moniqo-lean-test-'));
  server = createServer((_, answer) => {
    answer.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    const type = 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException';
    answer.end(JSON.stringify({ __type: type, message: 'no such table' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function bundled(name: string, text: string): Promise<Record<string, (...args: never[]) => unknown>> {
  const entry = join(folder, `${name}.ts`);
  // It lies outside the project, from where no package is found by its name.
  writeFileSync(entry, text.replaceAll("from '", `from '${PROJECT_ROOT}/node_modules/`));
  const [result] = await bundle({
    distDir: join(folder, 'dist'),
    entries: [{ name, entry, copy: [], runsOn: 'lambda' }],
  });
  return import(/* @vite-ignore */ pathToFileURL(result?.file ?? '').href);
}

describe('of zod', () => {
  it('schemas check; asked for JSON Schema they throw', async () => {
    const { check, write } = await bundled(
      'zod',
      "import { z } from 'zod/index.js';\nconst schema = z.object({ a: z.string().min(1), n: z.number().optional() });\n" +
        'export const check = (a: string) => schema.safeParse({ a }).success;\n' +
        'export const write = () => schema.toJSONSchema();\n',
    );
    expect([check?.('x' as never), check?.('' as never)]).toEqual([true, false]);
    expect(() => write?.()).toThrow('JSON Schema is not in this bundle');
  });
});

describe('of the AWS SDK', () => {
  it('an error whose class is left out comes with its name, message and status', async () => {
    const { ask } = await bundled(
      'dynamodb',
      "import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb/dist-es/index.js';\n" +
        'export const ask = (endpoint: string) => new DynamoDBClient({ endpoint, region: "local",\n' +
        '  credentials: { accessKeyId: "local", secretAccessKey: "local" } })\n' +
        '  .send(new GetItemCommand({ TableName: "none", Key: { pk: { S: "x" } } })).catch((error: unknown) => error);\n',
    );
    const { port } = server.address() as AddressInfo;
    expect(await ask?.(`http://127.0.0.1:${port}` as never)).toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'no such table',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('an error class that is left out cannot be asked for: it does not build', async () => {
    const refused = bundled(
      'class',
      "import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb/dist-es/index.js';\n" +
        'export const is = (error: unknown) => error instanceof ResourceNotFoundException;\n',
    );
    await expect(refused).rejects.toThrow('ResourceNotFoundException');
  });
});

describe('cutting', () => {
  const error = (name: string, more = '') =>
    `export class ${name} extends __BaseException {\n    name = "${name}";${more}\n}\n`;

  it('keeps the classes that are named, and refuses when one of them is not there', () => {
    expect(withoutErrorClasses(error('A') + error('B'), ['B'])).toBe(error('B'));
    expect(() => withoutErrorClasses(error('A'), ['B'])).toThrow('would be left');
  });

  it('does not cut a class that says that it may be tried again', () => {
    const retryable = error('A', '\n    $retryable = {};');
    expect(() => withoutErrorClasses(retryable, [])).toThrow('to be kept');
    expect(withoutErrorClasses(retryable, ['A'])).toBe(retryable);
  });

  const shape = (name: string) =>
    `export var ${name}$ = [-3, n0, _${name},\n    [_m],\n    [0]\n];\nn0_registry.registerError(${name}$, ${name});\n`;
  const imported = 'import { A, B, } from "../models/errors";\n';

  it('keeps the shapes of the named errors, and refuses where another shape needs one', () => {
    const source = imported + shape('A') + shape('B');
    const left = withoutErrorSchemas(source, ['B']);
    expect(left).toBe(`import { B } from "../models/errors";\n${shape('B')}`);
    expect(() => withoutErrorSchemas(`${source}export var X$ = [3, n0, _X, [() => A$]];\n`, ['B'])).toThrow(
      'used by another shape',
    );
    expect(() => withoutErrorSchemas('export var X$ = [];\n', [])).toThrow('would be left');
  });

  it('reads the names that a module exports, and refuses what is not written there', () => {
    const source =
      'export const a = 1;\nexport function b() {}\nexport class C {}\nexport { d as e, f, } from "./x";\n';
    expect(exportsOf(source)).toEqual(['a', 'b', 'C', 'e', 'f']);
    expect(() => exportsOf('export * from "./x";\n')).toThrow('export *');
  });
});

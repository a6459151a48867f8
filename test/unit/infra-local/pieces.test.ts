import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BackOff } from '../../../infra/local/processes/back-off.ts';
import { levelOf } from '../../../infra/local/processes/logs.ts';
import { containerCommand } from '../../../infra/local/services/containers.ts';
import { creation, differenceOf } from '../../../infra/local/services/dynamodb.ts';
import { shortName } from '../../../infra/local/template/names.ts';

const folder = mkdtempSync(join(tmpdir(), 'moniqo-pieces-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('short names', () => {
  it.each([
    ['SubmitQueue7FE7C9D6', 'stack/Submit/Queue/Resource', 'submit'],
    ['SubmitDeadLettersD8E6320E', 'stack/Submit/DeadLetters/Resource', 'submit-dead-letters'],
    ['DemoVenueD26C203B', 'stack/DemoVenue/Resource', 'demo-venue'],
    ['EvaluateFunction645C2A65', undefined, 'evaluate'],
    ['Queue4A7E3555', 'stack/Queue/Resource', 'queue'],
  ])('%s', (id, path, expected) => {
    const Metadata = path === undefined ? undefined : { 'aws:cdk:path': path };
    expect(shortName(id, { Type: 'AWS::X::Y', Metadata })).toBe(expected);
  });
});

describe('log levels', () => {
  it.each([
    ['{"level":"INFO","message":"x"}', 'stderr', 'info'],
    ['{"level":"ERROR"}', 'stdout', 'error'],
    ['{"_aws":{},"level":"ERROR"}', 'stdout', 'debug'],
    ['{broken', 'stderr', 'warn'],
    ['plain', 'stdout', 'info'],
    ['plain', 'stderr', 'warn'],
  ] as const)('%s on %s is %s', (line, stream, level) => {
    expect(levelOf(line, stream)).toBe(level);
  });
});

describe('back-off', () => {
  it('starts at once, then waits longer and longer, and forgives after a healthy life', () => {
    const backOff = new BackOff();
    const waits = Array.from({ length: 8 }, () => backOff.nextMs(100));
    expect(waits).toEqual([0, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(backOff.nextMs(10_000)).toBe(0);
  });
});

describe('the command of a container', () => {
  function image(dockerFile: string) {
    const directory = mkdtempSync(join(folder, 'image-'));
    mkdirSync(join(directory, 'dist', 'streamer'), { recursive: true });
    for (const file of ['index.mjs', 'dist/streamer/index.mjs']) writeFileSync(join(directory, file), '');
    writeFileSync(join(directory, 'Dockerfile'), dockerFile);
    const container = {
      shortName: 's',
      directory,
      dockerFile: 'Dockerfile',
      command: undefined,
      environment: {},
      secrets: [],
      count: 1,
    };
    return { directory, container };
  }

  it('is what CMD says, on the file that COPY brings in', () => {
    const flat = image(
      'FROM node\nCOPY index.mjs index.mjs.map ./\nCMD ["node", "--enable-source-maps", "index.mjs"]',
    );
    expect(containerCommand(flat.container).args).toEqual([
      '--enable-source-maps',
      join(flat.directory, 'index.mjs'),
    ]);
    const deep = image(
      'FROM node\nCOPY --chown=node \\\n  dist/streamer /app\nENTRYPOINT ["node"]\nCMD ["/app/index.mjs", "x"]',
    );
    expect(containerCommand(deep.container).args).toEqual([
      join(deep.directory, 'dist/streamer/index.mjs'),
      'x',
    ]);
    const task = { ...flat.container, command: ['node', 'index.mjs', '--shard=1'] };
    expect(containerCommand(task).args).toEqual([join(flat.directory, 'index.mjs'), '--shard=1']);
  });

  it('is refused when it runs something else', () => {
    expect(() => containerCommand(image('FROM x\nCMD ["nginx"]').container)).toThrow(/CMD names no script/);
    expect(() => containerCommand(image('FROM x\nCMD ["node", "other.mjs"]').container)).toThrow(
      /CMD names no script/,
    );
  });
});

describe('a kept table', () => {
  const table = {
    name: 't',
    shortName: 't',
    attributeTypes: { pk: 'S', owner: 'S' },
    keys: [{ attribute: 'pk', role: 'HASH' }],
    indexes: [
      {
        name: 'by_owner',
        keys: [{ attribute: 'owner', role: 'HASH' }],
        projection: { type: 'ALL', attributes: [] },
      },
    ],
    ttlAttribute: undefined,
    streamView: undefined,
  } as const;

  it('fits the template it was made from', () => {
    expect(differenceOf(table, creation(table) as never)).toBeUndefined();
  });

  it.each([
    [{ ...table, attributeTypes: { pk: 'N', owner: 'S' } } as const, /attribute pk is S, declared N/],
    [{ ...table, keys: [{ attribute: 'owner', role: 'HASH' }] } as const, /its key/],
    [{ ...table, indexes: [] } as const, /by_owner is not declared/],
    [
      { ...table, indexes: [...table.indexes, { ...table.indexes[0], name: 'more' }] } as const,
      /index more is missing/,
    ],
    [
      {
        ...table,
        indexes: [{ ...table.indexes[0], projection: { type: 'KEYS_ONLY', attributes: [] } }],
      } as const,
      /projection of index by_owner/,
    ],
  ])('is told apart', (declared, message) => {
    expect(differenceOf(declared, creation(table) as never)).toMatch(message);
  });
});

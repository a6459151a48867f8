import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OptionError } from '../../../infra/command-line.ts';
import { useDataDirectory } from '../../../infra/local/data-directory.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moniqo-data-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('makes the folder with its parents, and takes one that is there', () => {
  const directory = join(folder, 'a', 'b');
  useDataDirectory(directory);
  useDataDirectory(directory);
  expect(statSync(directory).isDirectory()).toBe(true);
});

it('refuses a file in the way', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => useDataDirectory(file)).toThrow(OptionError);
  expect(() => useDataDirectory(join(file, 'below'))).toThrow(/--data .* cannot be used/);
});

it.skipIf(process.platform !== 'linux')('refuses a place that takes no folders, at once', () => {
  expect(() => useDataDirectory('/proc/nope')).toThrow(OptionError);
});

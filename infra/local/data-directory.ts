/** The folder of `--data DIR`: made and tried before anything is started. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OptionError } from '../command-line.ts';

/**
 * Makes the folder, parents first, one by one: a recursive mkdir never returns where a parent exists but takes no
 * folders (/proc).
 * @throws OptionError that names the option and what stands in the way
 */
export function useDataDirectory(directory: string): void {
  const missing: string[] = [];
  for (let path = resolve(directory); !existsSync(path); path = dirname(path)) missing.unshift(path);
  try {
    for (const path of missing) mkdirSync(path);
    if (!statSync(directory).isDirectory()) throw new Error('it is no folder');
    accessSync(directory, constants.R_OK | constants.W_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OptionError(`--data ${directory} cannot be used: ${why}`);
  }
}

/** The file that seals the keys of exchange accounts lies with the tables that hold what it sealed. */
export const keyFileIn = (directory: string): string => join(directory, 'wallet-key');

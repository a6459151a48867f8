import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;

/** Node 24: this process's own binary, else the one installed with the project. */
export function nodeBinary(): string {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NEEDED_MAJOR) return process.execPath;
  const own = fileURLToPath(new URL('../../../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(own)) throw new Error(`Node ${NEEDED_MAJOR} is needed; run npm ci`);
  return own;
}

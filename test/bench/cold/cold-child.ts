/**
 * One cold start: imports a bundle in this fresh process and says how long that took, what it used of a core, and whether it
 * opened a connection. Arguments: path of the bundle, name of its export; `-` for a program without one.
 */
import { pathToFileURL } from 'node:url';
import type { ColdStart } from './measure.ts';

const [file, name] = process.argv.slice(2);
if (file === undefined || name === undefined) throw new Error('usage: cold-child BUNDLE EXPORT');

const url = pathToFileURL(file).href;
const cpu = process.cpuUsage();
const since = performance.now();
const module: Record<string, unknown> = await import(url);
const initMs = performance.now() - since;
const { user, system } = process.cpuUsage(cpu);
const told: ColdStart = {
  initMs,
  coreMs: (user + system) / 1_000,
  hasHandler: name === '-' || typeof module[name] === 'function',
  connections: process.getActiveResourcesInfo().filter((kind) => /TCP|GetAddrInfo|TLS/.test(kind)),
};
// Whatever the program goes on with is not ours to run.
process.send?.(told, () => process.exit(0));

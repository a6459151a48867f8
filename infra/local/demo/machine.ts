/** What a figure was measured on. */
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { PROJECT_ROOT } from '../services/synth.ts';

const Package = z.object({ version: z.string() });

export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memory_gb: Math.round(totalmem() / 2 ** 30),
  platform: `${platform()} ${arch()}`,
});

/** Of this project, of Node, and which kind of Redis the system took. */
export function versions(redis: string | null = null) {
  const { version } = Package.parse(JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')));
  return { moniqo: version, node: process.versions.node, ...(redis !== null && { redis }) };
}

/** Processes that were waiting for a core in the last minute: above the number of cores, others slow the figures. */
export const machineLoad = (): number => Math.round((loadavg()[0] ?? 0) * 10) / 10;

/**
 * The Polygon simulator beside the laptop system, where `--feed polygon` is asked for without a real key: a process of
 * its own (infra/local/venues/polygon/main.ts), whose keys are told on its stdout only and go into no log.
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Environment } from '../functions/environment.ts';
import type { Logs } from '../processes/logs.ts';
import { startReadyProgram } from '../processes/ready-program.ts';
import type { PolygonReady } from '../venues/polygon/options.ts';
import { PROJECT_ROOT } from './synth.ts';

const READY_TIMEOUT_MS = 20_000;
const MAIN = fileURLToPath(new URL('../venues/polygon/main.ts', import.meta.url));

export interface LocalPolygon extends Omit<PolygonReady, 'ready'> {
  /** The key of the plan that covers everything. */
  readonly key: string;
  readonly pid: number;
  stop(graceMs?: number): Promise<void>;
}

export interface PolygonStart {
  readonly logs: Logs;
  /** Follows what this cache has of Binance; undefined: prices of its own. */
  readonly prices?: string | undefined;
  /** More of its own options: `--rate`, `--symbols`, `--seed`, `--always-open`. */
  readonly args?: readonly string[];
  readonly readyTimeoutMs?: number;
}

const readySchema = z.object({
  ready: z.literal(true),
  wsUrl: z.url(),
  delayedUrl: z.url(),
  restUrl: z.url(),
  controlUrl: z.url(),
  keys: z.record(z.string(), z.string()),
});

/** @throws when it ends, or says nothing of use, before it is ready */
export async function startPolygonSimulator({
  logs,
  prices,
  args = [],
  readyTimeoutMs = READY_TIMEOUT_MS,
}: PolygonStart): Promise<LocalPolygon> {
  const { program, told } = await startReadyProgram({
    name: 'polygon-simulator',
    main: MAIN,
    args: ['--port', '0', '--json', ...(prices === undefined ? [] : ['--prices', prices]), ...args],
    cwd: PROJECT_ROOT,
    logs,
    readyTimeoutMs,
    schema: readySchema,
  });
  const { ready: _ready, ...addresses } = told;
  const key = told.keys['full'];
  if (key === undefined) {
    await program.stop();
    throw new Error('the polygon-simulator told no key of the full plan');
  }
  return { ...addresses, key, pid: program.pid, stop: (graceMs) => program.stop(graceMs) };
}

/** The plan that covers everything asks for no patience. */
const REQUESTS_PER_MINUTE = '600';

/** What the streamer is told of it. */
export const polygonEnvironment = ({ key, wsUrl, restUrl }: LocalPolygon): Environment => ({
  POLYGON_API_KEY: key,
  POLYGON_WS_URL: wsUrl,
  POLYGON_REST_URL: restUrl,
  POLYGON_REQUESTS_PER_MINUTE: REQUESTS_PER_MINUTE,
});

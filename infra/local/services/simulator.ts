/**
 * The Binance simulator beside the laptop system: a process of its own (infra/local/venues/binance/main.ts), whose
 * keys are told on its stdout only and go into no log.
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Environment } from '../functions/environment.ts';
import type { Logs } from '../processes/logs.ts';
import { startReadyProgram } from '../processes/ready-program.ts';
import type { SimulatorReady } from '../venues/binance/contract.ts';
import { PROJECT_ROOT } from './synth.ts';

const READY_TIMEOUT_MS = 20_000;
const MAIN = fileURLToPath(new URL('../venues/binance/main.ts', import.meta.url));

export interface LocalSimulator extends Omit<SimulatorReady, 'ready'> {
  readonly pid: number;
  stop(graceMs?: number): Promise<void>;
}

export interface SimulatorStart {
  readonly logs: Logs;
  /** Follows the prices of this cache; undefined: it makes its own, which its streams tell. */
  readonly prices?: string | undefined;
  /** More of its own options, for tests. */
  readonly args?: readonly string[];
  /** Another program than the simulator, for tests. */
  readonly main?: string;
  readonly readyTimeoutMs?: number;
}

const readySchema = z.object({
  ready: z.literal(true),
  restUrl: z.url(),
  wsApiUrl: z.url(),
  streamUrl: z.url(),
  controlUrl: z.url(),
  accounts: z
    .array(
      z.object({
        uid: z.number(),
        keyType: z.enum(['hmac', 'ed25519', 'rsa']),
        apiKey: z.string(),
        secret: z.string(),
      }),
    )
    .min(1),
});

/** @throws when it ends, or says nothing of use, before it is ready */
export async function startSimulator({
  logs,
  prices,
  args = [],
  main = MAIN,
  readyTimeoutMs = READY_TIMEOUT_MS,
}: SimulatorStart): Promise<LocalSimulator> {
  const { program, told } = await startReadyProgram({
    name: 'simulator',
    main,
    args: ['--port', '0', '--json', ...(prices === undefined ? [] : ['--prices', prices]), ...args],
    cwd: PROJECT_ROOT,
    logs,
    readyTimeoutMs,
    schema: readySchema,
  });
  const { ready: _ready, ...addresses } = told;
  return { ...addresses, pid: program.pid, stop: (graceMs) => program.stop(graceMs) };
}

/** What functions and streamer are told of it. */
export const simulatorEnvironment = (simulator: LocalSimulator): Environment => ({
  BINANCE_ENVIRONMENT: 'binance_simulator',
  BINANCE_REST_URL: simulator.restUrl,
  BINANCE_WS_API_URL: simulator.wsApiUrl,
  BINANCE_STREAM_URL: simulator.streamUrl,
});

/**
 * The Binance simulator beside the laptop system: a process of its own (infra/local/venues/binance/main.ts), whose
 * keys are told on its stdout only and go into no log.
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Environment } from '../functions/environment.ts';
import { startProgram } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import { nodeBinary } from '../processes/node-binary.ts';
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
  let take: (line: string) => void = () => undefined;
  const line = new Promise<string>((resolve) => {
    take = resolve;
  });
  let output: string | null = '';
  const program = await startProgram({
    name: 'simulator',
    command: nodeBinary(),
    args: [main, '--port', '0', '--json', ...(prices === undefined ? [] : ['--prices', prices]), ...args],
    cwd: PROJECT_ROOT,
    // Nothing of this machine's environment is its business, least of all anybody's keys.
    env: { PATH: process.env['PATH'] },
    logs,
    answers: true,
    onOutput: (data) => {
      if (output === null) return;
      output += data.toString();
      const end = output.indexOf('\n');
      if (end < 0) return;
      take(output.slice(0, end));
      output = null;
    },
  });
  const late = new Promise<string>((_, reject) => {
    setTimeout(
      () => reject(new Error(`the simulator was not ready within ${readyTimeoutMs} ms`)),
      readyTimeoutMs,
    ).unref();
  });
  const gone = program.exited.then((code): string => {
    throw new Error(`the simulator ended while starting (code ${code}); see its log`);
  });
  gone.catch(() => undefined);
  late.catch(() => undefined);
  try {
    const { ready: _ready, ...told } = readReady(await Promise.race([line, late, gone]));
    return { ...told, pid: program.pid, stop: (graceMs) => program.stop(graceMs) };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** The line itself is in no error: it holds keys. */
function readReady(line: string): SimulatorReady {
  try {
    return readySchema.parse(JSON.parse(line));
  } catch {
    throw new Error('the first line of the simulator is not what it should be');
  }
}

/** What functions and streamer are told of it. */
export const simulatorEnvironment = (simulator: LocalSimulator): Environment => ({
  BINANCE_ENVIRONMENT: 'binance_simulator',
  BINANCE_REST_URL: simulator.restUrl,
  BINANCE_WS_API_URL: simulator.wsApiUrl,
  BINANCE_STREAM_URL: simulator.streamUrl,
});

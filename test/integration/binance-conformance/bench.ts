/**
 * The simulator behind TLS, and the exchange's own connector pointed at it.
 *
 * Nothing in the connector is changed: it gets its URLs and, through its own `httpsAgent` and `agent` options, the
 * simulator's certificate. It signs with its own code and its own clock, so the simulator keeps the machine's time.
 */
import { Agent } from 'node:https';
import { Spot } from '@binance/spot';
import { afterAll } from 'vitest';
import type { CreatedKey, KeyType } from '../../../infra/local/venues/binance/server/keys.ts';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../../infra/local/venues/binance/start.ts';

// Read by the connector's logger when its first client is made: its notices are no news in a test. Other files of the
// same process are not to meet it.
process.env['LOG_LEVEL'] = 'error';
afterAll(() => {
  delete process.env['LOG_LEVEL'];
});

export const TIMEOUT_MS = 20_000;
export const PRICE = '60000';
export const KEY_TYPES: readonly KeyType[] = ['hmac', 'ed25519', 'rsa'];

/** One account with funds and a BTC price of 60000. */
export async function aSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({
    tls: true,
    accounts: [{ uid: 1, balances: { USDT: '100000', BTC: '10', BNB: '10' } }],
    ...options,
  });
  simulator.exchange.feedPrice('BTCUSDT', { last: PRICE });
  return simulator;
}

/** The secret of a key whose pair the simulator made: what its owner holds. */
export function secretOf(key: CreatedKey): string {
  if (key.secret === null) throw new Error('the key was made without its secret');
  return key.secret;
}

export interface Connector {
  readonly rest: Spot['restAPI'];
  readonly webSocket: Spot['websocketAPI'];
  readonly streams: Spot['websocketStreams'];
  /** Ends the connections that it keeps alive. */
  close(): void;
}

/** The exchange's own connector for a key. */
export function connectorFor(simulator: Simulator, key: CreatedKey): Connector {
  const agent = new Agent({ keepAlive: true, ...trust(simulator) });
  const credentials =
    key.keyType === 'hmac'
      ? { apiKey: key.apiKey, apiSecret: secretOf(key) }
      : { apiKey: key.apiKey, privateKey: secretOf(key) };
  const spot = new Spot({
    configurationRestAPI: {
      ...credentials,
      basePath: simulator.restUrl,
      httpsAgent: agent,
      timeout: TIMEOUT_MS,
      retries: 0,
    },
    configurationWebsocketAPI: {
      ...credentials,
      wsURL: simulator.wsApiUrl,
      agent,
      timeout: TIMEOUT_MS,
    },
    configurationWebsocketStreams: { wsURL: simulator.streamUrl, agent },
  });
  return {
    rest: spot.restAPI,
    webSocket: spot.websocketAPI,
    streams: spot.websocketStreams,
    close: () => agent.destroy(),
  };
}

/** Options of an agent, or of a socket, that trusts the simulator. */
export const trust = ({ certificate }: Simulator): { ca?: string } =>
  certificate === null ? {} : { ca: certificate };

/** Waits until `read` gives a value that is right. */
export async function until<T>(what: string, read: () => T, isRight: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const value = read();
    if (isRight(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

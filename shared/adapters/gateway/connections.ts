/** Open WebSocket connections through API Gateway's own interface: POST and DELETE of `@connections/ID`. */
import type { ConnectionGateway, Posted } from '../../ports/push.ts';
import { type Credentials, signedHeaders } from './sigv4.ts';

export interface GatewayOptions {
  /** The address that users connect to, with its stage: `wss://ID.execute-api.REGION.amazonaws.com/STAGE`. */
  readonly pushUrl: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly now: () => number;
  /** Default 1 s: who takes nothing for so long is slow. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 1_000;

/** The gateway's ways to say that this connection takes no more at the moment. */
const SLOW = new Set([408, 413, 429]);

export function createConnectionGateway({
  pushUrl,
  region,
  credentials,
  now,
  timeoutMs = TIMEOUT_MS,
}: GatewayOptions): ConnectionGateway {
  const base = pushUrl.replace(/^ws/, 'http').replace(/\/$/, '');

  /** Null: no answer in time. */
  async function call(method: 'POST' | 'DELETE', connectionId: string, body: string): Promise<number | null> {
    const url = new URL(`${base}/%40connections/${encodeURIComponent(connectionId)}`);
    const headers = signedHeaders(
      { method, url, body },
      { region, service: 'execute-api', credentials, now: now() },
    );
    try {
      const response = await fetch(url, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(method === 'POST' && { body }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') return null;
      throw error;
    }
  }

  return {
    async post(connectionId, message): Promise<Posted> {
      const status = await call('POST', connectionId, JSON.stringify(message));
      if (status === null || SLOW.has(status)) return 'slow';
      if (status === 410) return 'gone';
      if (status >= 200 && status < 300) return 'sent';
      throw new Error(`the gateway answered ${status} to a message for a connection`);
    },
    async close(connectionId) {
      const status = await call('DELETE', connectionId, '');
      // Gone already, or not to be reached: the gateway ends it by itself.
      if (status === null || status === 410 || (status >= 200 && status < 300)) return;
      throw new Error(`the gateway answered ${status} to the end of a connection`);
    },
  };
}

/** One HTTP or HTTPS server on a port of 127.0.0.1, stopped by its handle. */
import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Certificate } from './certificate.ts';

/** Longer than any client keeps an idle connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 120_000;

export interface Listening {
  readonly server: Server;
  readonly port: number;
  stop(): Promise<void>;
}

/** `port` 0: any that is free. @throws when the port is taken */
export async function listen(
  port: number,
  certificate: Certificate | null,
  onRequest: RequestListener,
): Promise<Listening> {
  const options = { keepAliveTimeout: KEEP_ALIVE_MS };
  const server =
    certificate === null
      ? createHttp(options, onRequest)
      : createHttps({ ...options, key: certificate.key, cert: certificate.cert }, onRequest);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return {
    server,
    port: address.port,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The peer's address as a client would write it. */
export const addressOf = (remote: string | undefined): string => (remote ?? '').replace(/^::ffff:/, '');

/**
 * A network between a client and a server that cuts connections: before the request is through, before its answer, or
 * in the middle of either. One request per connection is expected; what befalls each is drawn from a seed.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export const FATES = ['through', 'refused', 'in_request', 'before_answer', 'in_answer'] as const;
/** `before_answer` and `in_answer`: the server has the whole request, and works it. */
export type Fate = (typeof FATES)[number];

export interface CuttingProxy {
  readonly url: string;
  /** How many connections met which fate. */
  readonly met: Readonly<Record<Fate, number>>;
  stop(): Promise<void>;
}

/** `fateOf`: of the n-th connection. `part`: between 0 and 1, where in the request or the answer it is cut. */
export async function startCuttingProxy(
  target: string,
  fateOf: (connection: number) => { readonly fate: Fate; readonly part: number },
): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const met: Record<Fate, number> = { through: 0, refused: 0, in_request: 0, before_answer: 0, in_answer: 0 };
  const sockets = new Set<Socket>();
  let count = 0;
  const server: Server = createServer((client) => {
    const { fate, part } = fateOf(count);
    count += 1;
    met[fate] += 1;
    track(client);
    if (fate === 'refused') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    track(upstream);
    const cut = (): void => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.end());
    client.on('data', (bytes) => {
      if (fate !== 'in_request') {
        upstream.write(bytes);
        return;
      }
      upstream.write(bytes.subarray(0, Math.floor(part * bytes.length)), cut);
    });
    upstream.on('data', (bytes) => {
      if (fate === 'before_answer') return cut();
      if (fate !== 'in_answer') {
        client.write(bytes);
        return;
      }
      client.write(bytes.subarray(0, Math.floor(part * bytes.length)), cut);
    });
  });
  function track(socket: Socket): void {
    sockets.add(socket);
    // A cut shows as an error on either side; the client's own request says what it means.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    met,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

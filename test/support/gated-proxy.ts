/** A way to a server on 127.0.0.1 that can be cut, and opened again under the same address. */
import { connect, createServer, type Socket } from 'node:net';

export interface GatedProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Ends every connection, and each new one at once. */
  cut(): void;
  open(): void;
  stop(): Promise<void>;
}

export async function startGatedProxy(target: string): Promise<GatedProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    if (!isOpen) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    track(upstream);
    client.pipe(upstream);
    upstream.pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `127.0.0.1:${address.port}`,
    cut: () => {
      isOpen = false;
      end();
    },
    open: () => {
      isOpen = true;
    },
    stop: () =>
      new Promise((resolve) => {
        end();
        server.close(() => resolve());
      }),
  };
}

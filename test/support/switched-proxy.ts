/** A network that a test takes away and gives back: while it is away, connections are cut and none is taken. */
import { connect, createServer, type Socket } from 'node:net';

export interface SwitchedProxy {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Cuts what stands, and refuses from now on. */
  cut(): void;
  restore(): void;
  stop(): Promise<void>;
}

/** In front of an http or ws address of this machine. */
export async function startSwitchedProxy(target: string): Promise<SwitchedProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isAway = false;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    // A cut shows as an error on either side; whoever was connected says what it means.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    if (isAway) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut: () => {
      isAway = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    restore: () => {
      isAway = false;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

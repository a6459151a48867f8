/**
 * The other side of `bench -- stream`, a process of its own: speaks both sources' handshakes, and on `play` sends the
 * frames it has made, as fast as they are read.
 *
 * Started by fork: tells `{port}`, takes `{play: stream}`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { makeFrames, onTheWire, STREAMS, type Stream } from './frames.ts';

export interface Counts {
  readonly frames: number;
  readonly messages: number;
}

export interface SenderTold {
  readonly port: number;
  readonly counts: Readonly<Record<Stream, Counts>>;
}

export interface SenderAsked {
  readonly play: Stream;
}

const [messages = 0, symbols = 0] = process.argv.slice(2).map(Number);
if (process.send === undefined) throw new Error('this is started by the bench');

const made = Object.fromEntries(
  STREAMS.map((stream) => {
    const frames = [...makeFrames(stream, messages, symbols)];
    const counts = { frames: frames.length, messages: frames.reduce((sum, one) => sum + one.messages, 0) };
    return [stream, { chunks: onTheWire(frames), counts }];
  }),
) as Record<Stream, { readonly chunks: readonly Buffer[]; readonly counts: Counts }>;

const status = (name: string, message: string): string =>
  JSON.stringify([{ ev: 'status', status: name, message }]);

/** What a client has to hear before it takes data. */
function answer(socket: WebSocket, text: string): void {
  const asked = JSON.parse(text) as { method?: string; id?: number; action?: string; params?: string };
  if (asked.method !== undefined) socket.send(JSON.stringify({ result: null, id: asked.id }));
  else if (asked.action === 'auth') socket.send(status('auth_success', 'authenticated'));
  else if (asked.action === 'subscribe')
    for (const topic of (asked.params ?? '').split(','))
      socket.send(status('success', `subscribed to: ${topic}`));
}

const server = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
let open: Duplex | null = null;
server.on('upgrade', (request, duplex, head) => {
  sockets.handleUpgrade(request, duplex, head, (socket) => {
    open = duplex;
    duplex.on('error', () => undefined);
    socket.on('message', (data) => answer(socket, String(data)));
    if (request.url === '/crypto') socket.send(status('connected', 'Connected Successfully'));
  });
});

async function play(stream: Stream): Promise<void> {
  const to = open;
  if (to === null) throw new Error('nobody is connected');
  for (const chunk of made[stream].chunks) if (!to.write(chunk)) await once(to, 'drain');
}

process.on('message', ({ play: stream }: SenderAsked) => {
  play(stream).catch((error: unknown) => {
    process.stderr.write(`the sender failed: ${String(error)}\n`);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  const counts = Object.fromEntries(
    STREAMS.map((stream) => [stream, made[stream].counts]),
  ) as SenderTold['counts'];
  process.send?.({ port: address.port, counts } satisfies SenderTold);
});

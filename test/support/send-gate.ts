/**
 * A gate between one function and the queues: every send passes here, and a test may let it vanish at the very
 * moment it leaves, with all that was durable before it.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Sent {
  readonly queueUrl: string;
  readonly body: string;
}

export class SendGate {
  readonly url: string;
  /** Decides about each send: true = it goes on. */
  lets: (sent: Sent) => boolean = () => true;
  /** Sends that came by. */
  readonly seen: Sent[] = [];
  #target = '';
  readonly #server;

  private constructor(server: ReturnType<typeof createServer>, url: string) {
    this.#server = server;
    this.url = url;
    server.on('request', (request, response) => {
      this.#pass(request).then(
        ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
        () => response.destroy(),
      );
    });
  }

  static async start(): Promise<SendGate> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new SendGate(server, `http://127.0.0.1:${port}`);
  }

  /** Where the queues really are; nothing passes before. */
  leadsTo(endpoint: string): void {
    this.#target = endpoint;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** The queue's name stays, its address becomes the real one. */
  async #pass(request: IncomingMessage) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { QueueUrl } = JSON.parse(text) as { QueueUrl: string };
    const sent = { queueUrl: QueueUrl, body: text };
    this.seen.push(sent);
    if (!this.lets(sent)) throw new Error('vanished');
    const body = text.replaceAll(this.url, this.#target.replace(/\/$/, ''));
    const answer = await fetch(this.#target, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': String(request.headers['x-amz-target']),
        authorization: String(request.headers.authorization),
        'x-amz-date': String(request.headers['x-amz-date']),
      },
      body,
      signal: AbortSignal.timeout(10_000),
    });
    return { status: answer.status, type: 'application/x-amz-json-1.0', body: await answer.text() };
  }
}

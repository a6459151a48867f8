/** A user who follows events: `ws` and JSON only. */
import { WebSocket } from 'ws';
import type { EventView } from '../../shared/ports/push-messages.ts';
import { until } from './until.ts';

export type PushedEvent = EventView;

interface Frame {
  readonly type: string;
  readonly code?: string;
  readonly cursor?: string;
  readonly events?: readonly PushedEvent[];
}

const ALL = ['orders', 'fills', 'positions', 'alarms'];

export class PushClient {
  readonly events: PushedEvent[] = [];
  /** When each event came, by the same index. */
  readonly cameAt: number[] = [];
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;
  closed: { readonly code: number } | null = null;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      this.frames.push(frame);
      for (const event of frame.events ?? []) {
        this.events.push(event);
        this.cameAt.push(Date.now());
      }
    });
    socket.on('close', (code) => {
      this.closed = { code };
    });
  }

  /** Resolves when it is open. @throws with the status that the server answered */
  static connect(
    url: string,
    { token, protocols = [] }: { token?: string; protocols?: readonly string[] },
  ): Promise<PushClient> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(url, [...protocols], { headers });
    const client = new PushClient(socket);
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(client));
      socket.on('unexpected-response', (_, response) => {
        socket.terminate();
        reject(new Error(`answered ${response.statusCode}`));
      });
      socket.on('error', reject);
    });
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Answers the first frame of one of these types that comes from now on. */
  async next(...types: readonly string[]): Promise<Frame> {
    const from = this.frames.length;
    const found = () => this.frames.slice(from).find(({ type }) => types.includes(type));
    const frame = await until(
      `a frame of ${types.join()}`,
      async () => found(),
      (one) => one !== undefined,
    );
    if (frame === undefined) throw new Error('no frame');
    return frame;
  }

  async subscribe(cursor?: string, channels: readonly string[] = ALL): Promise<Frame> {
    const answer = this.next('subscribed', 'error');
    this.say({ action: 'subscribe', channels, ...(cursor !== undefined && { cursor }) });
    return answer;
  }

  /** Waits until so many events, or the one that is asked for, have come. */
  async untilEvent(what: string, isSo: (event: PushedEvent) => boolean): Promise<PushedEvent> {
    const event = await until(
      what,
      async () => this.events.find(isSo),
      (one) => one !== undefined,
    );
    if (event === undefined) throw new Error(`no event: ${what}`);
    return event;
  }

  async close(): Promise<void> {
    this.socket.close();
    await until(
      'the end of the connection',
      async () => this.closed,
      (closed) => closed !== null,
    );
  }
}

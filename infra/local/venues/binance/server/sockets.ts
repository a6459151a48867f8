/**
 * The life of WebSocket connections: admission, pings and pongs, the 24-hour cut, silence, shutdown.
 *
 * Times here are the machine's, not those of the exchange's clock, which may be told to be wrong.
 */
import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { addressOf } from '../../common/transport.ts';
import type { Json } from '../contract.ts';

export interface SocketTimes {
  /** [20000] */
  readonly pingMs: number;
  /** [60000] Without the pong to a ping for so long, the connection is cut. */
  readonly pongTimeoutMs: number;
  /** [86400000] */
  readonly maxAgeMs: number;
}

export const DEFAULT_TIMES: SocketTimes = { pingMs: 20_000, pongTimeoutMs: 60_000, maxAgeMs: 86_400_000 };

const MAX_FRAME_BYTES = 1_000_000;
/** A reader that is this far behind is cut. */
const MAX_BUFFERED_BYTES = 16_000_000;
const CLOSE_POLICY = 1008;
const CLOSE_GOING_AWAY = 1001;

export interface ConnectionHandlers {
  readonly onText: (text: string) => void;
  readonly onClose: () => void;
  /** Any incoming frame, pings and pongs included. */
  readonly onFrame?: () => void;
  readonly shutdownNotice: () => Json;
}

export class Connection {
  readonly ip: string;
  readonly url: URL;
  readonly connectedAt: number;
  private readonly socket: WebSocket;
  private readonly timers: NodeJS.Timeout[];
  /** When the oldest ping without its pong was sent, by payload. */
  private readonly unanswered = new Map<string, number>();
  private silent = false;
  private pings = 0;
  private handlers: ConnectionHandlers | null = null;

  constructor(socket: WebSocket, ip: string, url: URL, times: SocketTimes, now: () => number) {
    this.socket = socket;
    this.ip = ip;
    this.url = url;
    this.connectedAt = now();
    this.timers = [
      setInterval(() => this.ping(times), times.pingMs),
      setTimeout(() => this.close(CLOSE_GOING_AWAY), times.maxAgeMs),
    ];
    socket.on('pong', (payload: Buffer) => {
      if (this.silent) return;
      this.unanswered.delete(payload.toString());
      this.handlers?.onFrame?.();
    });
    socket.on('ping', () => {
      if (!this.silent) this.handlers?.onFrame?.();
    });
    socket.on('message', (data: RawData, isBinary: boolean) => this.receive(data, isBinary));
    // A broken frame or connection; `close` follows.
    socket.on('error', () => this.terminate());
    socket.on('close', () => {
      for (const timer of this.timers) clearTimeout(timer);
      this.handlers?.onClose();
    });
  }

  handle(handlers: ConnectionHandlers): void {
    this.handlers = handlers;
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (this.silent) return;
    this.handlers?.onFrame?.();
    if (isBinary || !Buffer.isBuffer(data)) this.close(CLOSE_POLICY);
    else this.handlers?.onText(data.toString('utf8'));
  }

  private ping({ pongTimeoutMs }: SocketTimes): void {
    const now = Date.now();
    const oldest = Math.min(...this.unanswered.values());
    if (now - oldest >= pongTimeoutMs) {
      this.terminate();
      return;
    }
    if (this.silent || this.socket.readyState !== WebSocket.OPEN) return;
    this.pings += 1;
    const payload = `${now}.${this.pings}`;
    this.unanswered.set(payload, now);
    this.socket.ping(payload);
  }

  send(message: Json): void {
    if (this.silent || this.socket.readyState !== WebSocket.OPEN) return;
    if (this.socket.bufferedAmount > MAX_BUFFERED_BYTES) this.terminate();
    else this.socket.send(JSON.stringify(message));
  }

  /** A text that is no JSON, for faults. */
  sendBroken(message: Json): void {
    const text = JSON.stringify(message);
    if (!this.silent && this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(text.slice(0, text.length / 2));
    }
  }

  /** From now on: open, and nothing comes or is read. */
  fallSilent(): void {
    this.silent = true;
    // Its own side of the protocol is mute too: a client's ping stays without its pong.
    this.socket.pause();
  }

  announceShutdown(): void {
    if (this.handlers !== null) this.send(this.handlers.shutdownNotice());
  }

  close(code: number): void {
    this.socket.close(code);
  }

  terminate(): void {
    this.socket.terminate();
  }
}

export interface HubOptions {
  readonly server: Server;
  readonly times: SocketTimes;
  readonly now: () => number;
  /** null: welcome; else the HTTP status of the refusal. */
  readonly admit: (ip: string, url: URL) => number | null;
  readonly open: (connection: Connection) => ConnectionHandlers;
  readonly onBug: (error: unknown) => void;
}

/** All sockets of one port. */
export class SocketHub {
  private readonly connections = new Set<Connection>();
  private readonly webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly options: HubOptions;

  constructor(options: HubOptions) {
    this.options = options;
    options.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const ip = addressOf(request.socket.remoteAddress);
      const url = new URL(request.url ?? '/', 'ws://localhost');
      const refusal = options.admit(ip, url);
      if (refusal === null)
        this.webSockets.handleUpgrade(request, socket, head, (ws) => this.open(ws, ip, url));
      else socket.end(`HTTP/1.1 ${refusal} ${STATUS_CODES[refusal] ?? ''}\r\nConnection: close\r\n\r\n`);
    });
  }

  private open(socket: WebSocket, ip: string, url: URL): void {
    const connection = new Connection(socket, ip, url, this.options.times, this.options.now);
    const handlers = this.options.open(connection);
    this.connections.add(connection);
    connection.handle({
      ...handlers,
      onText: (text) => {
        try {
          handlers.onText(text);
        } catch (error) {
          this.options.onBug(error);
          connection.terminate();
        }
      },
      onClose: () => {
        this.connections.delete(connection);
        handlers.onClose();
      },
    });
  }

  get size(): number {
    return this.connections.size;
  }

  silence(): void {
    for (const connection of this.connections) connection.fallSilent();
  }

  /** Breaks connections at once, without a closing handshake. */
  cut(which: (connection: Connection) => boolean = () => true): void {
    for (const connection of this.connections) if (which(connection)) connection.terminate();
  }

  /** An address was banned: the answer that says so still goes out. */
  ban(ip: string): void {
    for (const connection of this.connections) {
      if (connection.ip === ip) setImmediate(() => connection.close(CLOSE_POLICY));
    }
  }

  /** Announces the end to those connected now, and cuts them `ms` later. */
  shutdown(ms: number): void {
    const told = [...this.connections];
    for (const connection of told) connection.announceShutdown();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      for (const connection of told) connection.terminate();
    }, ms);
    this.timers.add(timer);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.cut();
    this.webSockets.close();
  }
}

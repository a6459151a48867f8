/** A client of the tests' own: it signs by itself, so that a mistake of the simulator's cannot hide in its own code. */
import { createHmac, sign } from 'node:crypto';
import { request as http, type IncomingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';
import type { CreatedKey } from '../../../infra/local/venues/binance/server/keys.ts';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../../infra/local/venues/binance/start.ts';

export const BALANCES = { USDT: '100000', BTC: '10', BNB: '10' };
const TIMEOUT_MS = 10_000;

/** A time of day early in its ten seconds and its minute, so that no limit's window ends during a test. */
const NOON = Date.UTC(2026, 5, 1, 12, 0, 31);
const ahead = NOON - Date.now();
/** The clock of the tests' simulators and requests. */
export const now = (): number => Date.now() + ahead;

/** A simulator with one account, one HMAC key and a BTC price. */
export async function aSimulator(
  options: SimulatorOptions = {},
): Promise<{ simulator: Simulator; key: CreatedKey }> {
  const simulator = await startSimulator({ now, accounts: [{ uid: 1, balances: BALANCES }], ...options });
  simulator.exchange.feedPrice('BTCUSDT', { last: '60000' });
  return { simulator, key: simulator.createKey({ uid: 1 }) };
}

export type Values = Readonly<Record<string, string | number>>;

export function signatureOf({ keyType, secret }: CreatedKey, payload: string): string {
  if (secret === null) throw new Error('the test has no secret');
  if (keyType === 'hmac') return createHmac('sha256', secret).update(payload).digest('hex');
  return sign(keyType === 'rsa' ? 'sha256' : null, Buffer.from(payload), secret).toString('base64');
}

export const query = (values: Values): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&');

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // The tests look into answers of every shape.
  readonly body: { readonly [name: string]: unknown } & { readonly code?: number; readonly msg?: string };
}

export interface Send {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** One request, as it is. Rejects when the connection breaks. */
export const send = (base: string, { method = 'GET', path, headers = {}, body }: Send): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = http(
      `${base}${path}`,
      { method, headers, agent: false, timeout: TIMEOUT_MS },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          let parsed: unknown = {};
          try {
            parsed = JSON.parse(text);
          } catch {
            parsed = {};
          }
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            body: parsed as Answer['body'],
          });
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
    request.end(body);
  });

/** A signed REST request with everything in the query string. */
export function signed(
  base: string,
  key: CreatedKey,
  { method = 'GET', path, values = {} }: { method?: string; path: string; values?: Values },
): Promise<Answer> {
  const text = query({ timestamp: now(), ...values });
  const signature = encodeURIComponent(signatureOf(key, text));
  return send(base, {
    method,
    path: `${path}?${text}&signature=${signature}`,
    headers: { 'X-MBX-APIKEY': key.apiKey },
  });
}

export const MARKET_BUY = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.001' } as const;
export const LIMIT_BUY = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: '50000',
  quantity: '0.001',
} as const;

export const place = (base: string, key: CreatedKey, values: Values = LIMIT_BUY): Promise<Answer> =>
  signed(base, key, { method: 'POST', path: '/api/v3/order', values });

export interface Message {
  readonly [name: string]: unknown;
  readonly id?: unknown;
  readonly status?: number;
  readonly result?: { readonly [name: string]: unknown } & Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly msg: string; readonly data?: Record<string, number> };
  readonly event?: Record<string, unknown>;
}

/** A socket that keeps what it heard. */
export class Socket {
  readonly heard: Message[] = [];
  readonly socket: WebSocket;
  closed: { readonly code: number } | null = null;
  private nextId = 1;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.heard.push(JSON.parse(data.toString('utf8')) as Message);
    });
    socket.on('close', (code: number) => {
      this.closed = { code };
    });
    socket.on('error', () => socket.terminate());
  }

  static open(url: string, options: { autoPong?: boolean; ca?: string } = {}): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { handshakeTimeout: TIMEOUT_MS, ...options });
      const wrapped = new Socket(socket);
      socket.once('open', () => resolve(wrapped));
      socket.once('error', reject);
    });
  }

  /** Waits for a message of this kind, among those already heard too. */
  async wait(what: string, is: (message: Message) => boolean): Promise<Message> {
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      const found = this.heard.find(is);
      if (found !== undefined) return found;
      if (Date.now() > deadline || this.closed !== null) {
        throw new Error(`${what}: not heard; closed: ${JSON.stringify(this.closed)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async ask(method: string, params: Record<string, unknown> = {}): Promise<Message> {
    const id = this.nextId++;
    this.socket.send(JSON.stringify({ id, method, params }));
    return this.wait(`${method} answered`, (message) => message.id === id);
  }

  /** With key and signature in the request. */
  askSigned(method: string, key: CreatedKey, values: Values = {}): Promise<Message> {
    const params: Values = { apiKey: key.apiKey, timestamp: now(), ...values };
    const payload = Object.entries(params)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    return this.ask(method, { ...params, signature: signatureOf(key, payload) });
  }

  events(type?: string): readonly Record<string, unknown>[] {
    const events = this.heard.flatMap((message) => (message.event ? [message.event] : []));
    return type === undefined ? events : events.filter((event) => event['e'] === type);
  }

  close(): void {
    this.socket.terminate();
  }
}

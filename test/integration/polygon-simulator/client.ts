/** A plain `ws` client of the tests' own, which keeps all that it was sent, and REST and control calls. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  type PolygonOptions,
  type PolygonSimulator,
  startPolygon,
} from '../../../infra/local/venues/polygon/start.ts';
import { until } from '../../support/until.ts';

export const KEY = 'good-key';
export const BUSINESS = 'business-key';
export const KEYS = [
  { key: KEY, account: 'a' },
  { key: 'second-key', account: 'a' },
  { key: BUSINESS, account: 'b', connections: 3 },
  { key: 'free-key', account: 'c', websocket: false, restPerMinute: 5 },
  { key: 'bars-key', account: 'd', refused: ['XT', 'XQ', 'C'] },
  { key: 'none-key', account: 'e', rest: false },
];

/** Markets that never close, fast bars, and a rate that shows something soon. */
export const aPolygon = (options: PolygonOptions = {}): Promise<PolygonSimulator> =>
  startPolygon({ keys: KEYS, alwaysOpen: true, rate: 400, barDelayMs: 100, ...options });

export type Message = Readonly<Record<string, unknown>>;

export class Client {
  readonly socket: WebSocket;
  /** As they came. */
  readonly frames: string[] = [];
  readonly messages: Message[] = [];
  /** Frames that are no JSON array of objects. */
  readonly odd: string[] = [];
  pongs = 0;
  pings = 0;
  closed: number | null = null;

  private constructor(url: string) {
    this.socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: 5_000 });
    this.socket.on('message', (data, isBinary) => this.take(isBinary ? '(binary)' : String(data)));
    this.socket.on('ping', () => {
      this.pings += 1;
    });
    this.socket.on('pong', () => {
      this.pongs += 1;
    });
    this.socket.on('close', (code) => {
      this.closed = code;
    });
    this.socket.on('error', () => undefined);
  }

  static async open(url: string): Promise<Client> {
    const client = new Client(url);
    await once(client.socket, 'open');
    return client;
  }

  private take(text: string): void {
    this.frames.push(text);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      this.odd.push(text);
      return;
    }
    if (Array.isArray(parsed)) this.messages.push(...(parsed as Message[]));
    else {
      this.odd.push(text);
      if (parsed !== null) this.messages.push(parsed as Message);
    }
  }

  send(action: string, params: string): void {
    this.socket.send(JSON.stringify({ action, params }));
  }

  get statuses(): readonly string[] {
    return this.messages.filter(({ ev }) => ev === 'status').map((m) => `${m['status']}: ${m['message']}`);
  }

  of(ev: string): readonly Message[] {
    return this.messages.filter((message) => message['ev'] === ev);
  }

  status(text: string, withinMs?: number): Promise<readonly string[]> {
    return until(
      text,
      () => this.statuses,
      (seen) => seen.some((one) => one.startsWith(text)),
      withinMs,
    );
  }

  /** Waits for so many messages of a kind. */
  async some(ev: string, count = 1, withinMs?: number): Promise<readonly Message[]> {
    await until(
      `${count} of ${ev}`,
      () => this.of(ev).length,
      (seen) => seen >= count,
      withinMs,
    );
    return this.of(ev);
  }

  closing(withinMs?: number): Promise<number | null> {
    return until(
      'the close',
      () => this.closed,
      (code) => code !== null,
      withinMs,
    );
  }

  end(): void {
    this.socket.terminate();
  }
}

export const FAILED_AUTH = 'auth_failed: authentication failed';
export const ACK = 'success: subscribed to: ';

/** Connected, authenticated, and subscribed with all confirmations. */
export async function live(url: string, topics: readonly string[], key = KEY): Promise<Client> {
  const client = await Client.open(url);
  await client.status('connected');
  client.send('auth', key);
  await client.status('auth_success');
  if (topics.length > 0) {
    client.send('subscribe', topics.join(','));
    for (const topic of topics) await client.status(`${ACK}${topic}`);
  }
  return client;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  // The tests look into answers of every shape.
  readonly body: { readonly [name: string]: unknown };
}

export async function rest(base: string, path: string, key: string | null = KEY): Promise<Answer> {
  const url = path.startsWith('http') ? path : `${base}${path}`;
  const response = await fetch(url, key === null ? {} : { headers: { Authorization: `Bearer ${key}` } });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  let body: unknown = {};
  try {
    if (isJson) body = JSON.parse(text);
  } catch {
    body = { malformed: text };
  }
  return { status: response.status, text, body: body as Answer['body'] };
}

export async function control(
  { controlUrl }: Pick<PolygonSimulator, 'controlUrl'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${controlUrl}/control${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as Answer['body'] };
}

/** Arms rules. @throws when they are refused */
export async function arm(
  simulator: PolygonSimulator,
  ...rules: readonly unknown[]
): Promise<readonly number[]> {
  const { status, text, body } = await control(simulator, 'POST', '/faults', rules);
  if (status !== 200) throw new Error(text);
  return body['ids'] as number[];
}

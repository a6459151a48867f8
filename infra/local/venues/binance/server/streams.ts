/** Market streams: who listens to what, and the clock of the periodic ones. */
import type { Exchange, Json, JsonObject, PublicTrade } from '../contract.ts';
import type { Connection, ConnectionHandlers } from './sockets.ts';
import { bestPayload, type Produce, producer, tradePayload } from './stream-payloads.ts';
import { readStreamRequest, StreamError, type StreamRequest } from './stream-requests.ts';
import { readTopic, type Topic } from './topics.ts';

const TICK_MS = 100;
const MAX_STREAMS = 1024;
const MAX_FRAMES_PER_SECOND = 5;
const CLOSE_POLICY = 1008;

interface Stream {
  readonly name: string;
  readonly topic: Topic | null;
  readonly listeners: Set<StreamSession>;
  readonly produce: Produce | null;
  dueAt: number;
}

export class MarketStreams {
  private readonly exchange: Exchange;
  private readonly now: () => number;
  private readonly streams = new Map<string, Stream>();
  private readonly timer: NodeJS.Timeout;
  /** Trades of one taker order, told together: gathered until the present work is done. */
  private fresh = new Map<string, number>();

  constructor(exchange: Exchange, now: () => number, onBug: (error: unknown) => void) {
    this.exchange = exchange;
    this.now = now;
    exchange.onTrade((trade) => this.onTrade(trade, onBug));
    exchange.onBest((best) => {
      const stream = this.streams.get(`${best.symbol.toLowerCase()}@bookTicker`);
      if (stream !== undefined) push(stream, bestPayload(best));
    });
    this.timer = setInterval(() => {
      try {
        this.tick();
      } catch (error) {
        onBug(error);
      }
    }, TICK_MS);
  }

  readonly open = (connection: Connection): ConnectionHandlers =>
    new StreamSession(connection, this, namesIn(connection.url), this.now);

  join(name: string, session: StreamSession): void {
    let stream = this.streams.get(name);
    if (stream === undefined) {
      const topic = readTopic(name, (lower) => this.symbolOf(lower));
      const produce = topic === null ? null : producer(topic, this.exchange);
      stream = { name, topic, listeners: new Set(), produce, dueAt: Date.now() };
      this.streams.set(name, stream);
    }
    stream.listeners.add(session);
  }

  leave(name: string, session: StreamSession): void {
    const stream = this.streams.get(name);
    stream?.listeners.delete(session);
    if (stream?.listeners.size === 0) this.streams.delete(name);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private symbolOf(lower: string): string | null {
    return this.exchange.symbols().find((symbol) => symbol.toLowerCase() === lower) ?? null;
  }

  private tick(): void {
    const at = Date.now();
    for (const stream of this.streams.values()) {
      if (stream.produce === null || stream.topic === null || !('everyMs' in stream.topic)) continue;
      if (at < stream.dueAt) continue;
      stream.dueAt = at + stream.topic.everyMs - TICK_MS / 2;
      for (const payload of stream.produce(this.now())) push(stream, payload);
    }
  }

  private onTrade(trade: PublicTrade, onBug: (error: unknown) => void): void {
    const lower = trade.symbol.toLowerCase();
    const stream = this.streams.get(`${lower}@trade`);
    if (stream !== undefined) push(stream, tradePayload(trade, this.now()));
    if (!this.streams.has(`${lower}@aggTrade`)) return;
    if (this.fresh.size === 0) {
      queueMicrotask(() => {
        try {
          this.tellAggregates();
        } catch (error) {
          onBug(error);
        }
      });
    }
    if (!this.fresh.has(trade.symbol)) this.fresh.set(trade.symbol, trade.id);
  }

  /** Told as the query tells them, so that both agree: those with a trade not told before. */
  private tellAggregates(): void {
    const fresh = this.fresh;
    this.fresh = new Map();
    for (const [symbol, firstId] of fresh) {
      const stream = this.streams.get(`${symbol.toLowerCase()}@aggTrade`);
      if (stream === undefined) continue;
      const recent = this.exchange.execute('trades.aggregate', null, { symbol, limit: '1000' });
      for (const aggregate of recent as readonly JsonObject[]) {
        if (Number(aggregate['l']) < firstId) continue;
        push(stream, { e: 'aggTrade', E: this.now(), s: symbol, ...aggregate });
      }
    }
  }
}

function push(stream: Stream, payload: Json): void {
  for (const session of stream.listeners) session.push(stream.name, payload);
}

/** `/ws/a/b` and `/stream?streams=a/b`; names may be percent-encoded. */
function namesIn(url: URL): readonly string[] {
  const text = url.pathname.startsWith('/stream')
    ? (url.searchParams.get('streams') ?? '')
    : decodeURIComponent(url.pathname.replace(/^\/ws\/?/, ''));
  return text.split('/').filter((name) => name !== '');
}

export class StreamSession implements ConnectionHandlers {
  private readonly connection: Connection;
  private readonly market: MarketStreams;
  private readonly now: () => number;
  private readonly names = new Set<string>();
  private combined: boolean;
  private second = 0;
  private frames = 0;

  constructor(connection: Connection, market: MarketStreams, names: readonly string[], now: () => number) {
    this.connection = connection;
    this.market = market;
    this.now = now;
    this.combined = connection.url.pathname.startsWith('/stream');
    this.subscribe(names);
  }

  push(stream: string, data: Json): void {
    this.connection.send(this.combined ? { stream, data } : data);
  }

  readonly onFrame = (): void => {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.second) this.frames = 0;
    this.second = second;
    this.frames += 1;
    if (this.frames > MAX_FRAMES_PER_SECOND) this.connection.terminate();
  };

  readonly onText = (text: string): void => {
    try {
      const request = readStreamRequest(text);
      this.connection.send({ result: this.carryOut(request), id: request.id });
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.connection.send(error.answer);
    }
  };

  readonly onClose = (): void => {
    for (const name of this.names) this.market.leave(name, this);
  };

  readonly shutdownNotice = (): Json => {
    const notice = { e: 'serverShutdown', E: this.now() };
    return this.combined ? { stream: '!serverShutdown', data: notice } : notice;
  };

  private carryOut(request: StreamRequest): Json {
    switch (request.method) {
      case 'SUBSCRIBE':
        this.subscribe(request.streams);
        return null;
      case 'UNSUBSCRIBE':
        for (const name of request.streams) {
          if (this.names.delete(name)) this.market.leave(name, this);
        }
        return null;
      case 'LIST_SUBSCRIPTIONS':
        return [...this.names];
      case 'SET_PROPERTY':
        this.combined = request.combined;
        return null;
      case 'GET_PROPERTY':
        return this.combined;
    }
  }

  private subscribe(names: readonly string[]): void {
    for (const name of names) {
      this.names.add(name);
      this.market.join(name, this);
    }
    if (this.names.size > MAX_STREAMS) this.connection.close(CLOSE_POLICY);
  }
}

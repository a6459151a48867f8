/** The exchange's side of the load: best prices and trades of all symbols at a steady pace, and the planned dips. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Random, seededRandom } from '../../../shared/feeds/prng.ts';
import { type Frame, onTheWire } from './frames.ts';
import { dipOf, walkOf } from './plan.ts';

const STEP_MS = 5;
const QUOTES_PER_TRADE = 4;
/** What was not sent in time is sent late, not left out; this much at once, so that a pause makes no wall of it. */
const MOST_PER_STEP = 2_000;

const withCents = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}000000`;

export class LoadMarket {
  readonly #symbols: number;
  readonly #perSecond: number;
  readonly #random: Random = seededRandom(11);
  readonly #http = createServer();
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #dipped: number[];
  #dipsDue: number[] = [];
  #to: Duplex | null = null;
  #timer: NodeJS.Timeout | null = null;
  #from = 0;
  /** Messages since the pace was set. */
  #made = 0;
  #sent = 0;
  url = '';

  constructor(symbols: number, perSecond: number) {
    this.#symbols = symbols;
    this.#perSecond = perSecond;
    this.#dipped = Array.from({ length: symbols }, () => 0);
  }

  get sent(): number {
    return this.#sent;
  }

  async start(): Promise<void> {
    this.#http.on('upgrade', (request, duplex, head) => {
      this.#sockets.handleUpgrade(request, duplex, head, (socket) => {
        this.#to = duplex;
        duplex.on('error', () => undefined);
        socket.on('message', (data) => {
          const { id } = JSON.parse(String(data)) as { id: number };
          socket.send(JSON.stringify({ result: null, id }));
        });
      });
    });
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    const address = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    this.url = `ws://127.0.0.1:${address.port}`;
    this.#from = performance.now();
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  /** The symbol's whole book dips with its next quote, deeper than the time before. */
  dip(symbol: number): void {
    this.#dipsDue.push(symbol);
  }

  /** Nothing more comes, and the connection stays. */
  pause(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async stop(): Promise<void> {
    this.pause();
    for (const client of this.#sockets.clients) client.terminate();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  #step(): void {
    const to = this.#to;
    const due = Math.floor(((performance.now() - this.#from) * this.#perSecond) / 1_000);
    const count = Math.min(due - this.#made, MOST_PER_STEP);
    if (to === null) {
      this.#made = due;
      return;
    }
    const frames: Frame[] = [];
    for (const symbol of this.#dipsDue.splice(0)) {
      const bid = dipOf(symbol, this.#dipped[symbol] ?? 0);
      this.#dipped[symbol] = (this.#dipped[symbol] ?? 0) + 1;
      frames.push(this.#quote(symbol, bid), this.#quote(symbol, this.#walk(symbol)));
    }
    for (let nth = 0; nth < count; nth += 1) {
      const number = this.#made + nth;
      const symbol = number % this.#symbols;
      const isTrade = Math.floor(number / this.#symbols) % (QUOTES_PER_TRADE + 1) === 0;
      frames.push(isTrade ? this.#trade(symbol) : this.#quote(symbol, this.#walk(symbol)));
    }
    this.#made += Math.max(0, count);
    this.#sent += frames.length;
    for (const chunk of onTheWire(frames)) to.write(chunk);
  }

  #walk(symbol: number): number {
    return walkOf(symbol, this.#random());
  }

  #quote(symbol: number, bid: number): Frame {
    const name = `SYM${symbol}USDT`;
    const data = `{"u":${35_346_513_501 + this.#id()},"s":"${name}","b":"${withCents(bid)}","B":"3.02920000","a":"${withCents(bid + 1)}","A":"31.43950000"}`;
    return { text: `{"stream":"${name.toLowerCase()}@bookTicker","data":${data}}`, messages: 1 };
  }

  #trade(symbol: number): Frame {
    const name = `SYM${symbol}USDT`;
    const now = Date.now();
    const data = `{"e":"trade","E":${now},"s":"${name}","t":${3_735_683_259 + this.#id()},"p":"${withCents(this.#walk(symbol))}","q":"0.02000000","T":${now},"m":true,"M":true}`;
    return { text: `{"stream":"${name.toLowerCase()}@trade","data":${data}}`, messages: 1 };
  }

  #lastId = 0;
  #id(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

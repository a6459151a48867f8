/**
 * A market in the bench's own hands: the streamer replays a named pipe at full speed, so a price is a tick the
 * moment that the bench writes it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const HEADER = 'time_ms,symbol,price,qty,is_buyer_maker,trade_id';
/** Prices in the cache live 60 s; the last ones are repeated far more often. */
const REPEAT_MS = 250;

export class FedMarket {
  readonly file: string;
  readonly #directory: string;
  readonly #last = new Map<string, string>();
  #pipe: FileHandle | null = null;
  #writing: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'moniqo-bench-'));
    this.file = join(this.#directory, 'trades.csv');
    const made = spawnSync('mkfifo', [this.file], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`mkfifo ${this.file}: ${made.stderr || String(made.error)}`);
  }

  /** What `startSystem` needs to trade this market. */
  get feed(): { readonly feed: string; readonly speed: string } {
    return { feed: `replay:${this.file}`, speed: 'max' };
  }

  /** Opens the market at these prices; they are repeated until it closes. */
  async open(prices: Readonly<Record<string, string>>): Promise<void> {
    // Read and write, so that opening never waits for the reader, and the reader never sees an end meanwhile.
    this.#pipe = await open(this.file, 'r+');
    await this.#write(`${HEADER}\n`);
    for (const [symbol, price] of Object.entries(prices)) await this.tick(symbol, price);
    this.#timer = setInterval(() => {
      for (const [symbol, price] of this.#last) void this.tick(symbol, price);
    }, REPEAT_MS);
  }

  /** One trade at this price, now. Resolves when it is in the pipe. */
  tick(symbol: string, price: string): Promise<void> {
    this.#last.set(symbol, price);
    return this.#write(`${Date.now()},${symbol.replace('/', '')},${price},,,\n`);
  }

  /** In the order of the calls: lines must not mix. */
  #write(text: string): Promise<void> {
    const written = this.#writing.then(async () => {
      await this.#pipe?.appendFile(text);
    });
    this.#writing = written;
    return written;
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#writing;
    await this.#pipe?.close();
    this.#pipe = null;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

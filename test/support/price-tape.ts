/**
 * A recording that is written while it is played: a named pipe in the place of the CSV file. A test says what the
 * market does next, and knows the tick id (the line) that it gets.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEADER = 'time_ms,symbol,price,qty,is_buyer_maker,trade_id';
const OPEN_WITHIN_MS = 30_000;

export class PriceTape {
  readonly file: string;
  readonly #directory: string;
  readonly #lines = [HEADER];
  #pipe: number | null = null;

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'moniqo-tape-'));
    this.file = join(this.#directory, 'tape.csv');
    execFileSync('mkfifo', [this.file]);
  }

  /** Waits for the reader and gives it everything that was recorded so far, as a file would. */
  async open(): Promise<void> {
    this.close();
    const deadline = Date.now() + OPEN_WITHIN_MS;
    for (;;) {
      try {
        this.#pipe = openSync(this.file, constants.O_WRONLY | constants.O_NONBLOCK);
        break;
      } catch (error) {
        // ENXIO: nobody reads yet.
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO' || Date.now() > deadline) throw error;
        await sleep(20);
      }
    }
    this.#write(this.#lines);
  }

  /** A trade; answers its tick id. `quantity` '' = the recording has no sizes. */
  push(symbol: string, price: string, quantity = ''): number {
    return this.raw(`${Date.now()},${symbol},${price},${quantity},,`);
  }

  /** Several trades at once; answers the last one's tick id. */
  pushAll(symbol: string, prices: readonly string[]): number {
    const lines = prices.map((price) => `${Date.now()},${symbol},${price},,,`);
    this.#lines.push(...lines);
    this.#write(lines);
    return this.#lines.length;
  }

  /** A line as it stands. */
  raw(line: string): number {
    this.#lines.push(line);
    this.#write([line]);
    return this.#lines.length;
  }

  /** The reader meets the end of the recording, or has gone. */
  close(): void {
    if (this.#pipe !== null) closeSync(this.#pipe);
    this.#pipe = null;
  }

  remove(): void {
    this.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** While nobody reads, lines are only kept: the next reader gets them. */
  #write(lines: readonly string[]): void {
    if (this.#pipe === null) return;
    const text = lines.map((line) => `${line}\n`).join('');
    const written = writeSync(this.#pipe, text);
    if (written !== text.length) throw new Error('the reader of the tape is too slow');
  }
}

/**
 * The recorded feed: a CSV (or CSV.gz) of trades, played back in real time, faster, or as fast as it is taken.
 *
 * Always true:
 * - the tick id is the file's line number (the header is line 1), so it is the same in every run;
 * - ticks are stamped with wall time on arrival; the recording's time is only a label (design section 11);
 * - every line is handed on, in order, or counted: malformed, or of a symbol that the registry does not know;
 * - the next line waits for the consumer, at every speed.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { SymbolRegistry } from '../domain/symbols.ts';
import type { Feed, FeedHandlers, FeedTick } from '../ports/feed.ts';
import type { Clock } from '../ports/runtime.ts';
import { type NumberedLine, readLineBlocks } from './line-reader.ts';
import { parseReplayLine, REPLAY_HEADER, type ReplayLine } from './replay-line.ts';
import { createPace } from './replay-pace.ts';

export interface ReplayOptions {
  /** `.csv` or `.csv.gz` */
  readonly file: string;
  readonly registry: SymbolRegistry;
  readonly clock: Clock;
  /** 1 = real time by the recording's own gaps, N = N times faster. */
  readonly speed: number | 'max';
  /** A malformed line ends the feed instead of being skipped and counted. */
  readonly strict?: boolean;
  /** Per symbol the highest tick id that an earlier run handed on: it goes on with the lines after it. */
  readonly startAfter?: ReadonlyMap<string, number>;
  /** Waits with the first line until a symbol of the file is subscribed. */
  readonly onDemand?: boolean;
}

/** A line that cannot be read; ends a strict replay. */
export class ReplayLineError extends Error {
  override readonly name = 'ReplayLineError';
  readonly line: number;
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
  }
}

/** How far ahead `onDemand` looks for the symbols of the file. */
const LINES_LOOKED_AHEAD = 5_000;
/** How often `onDemand` looks whether one of them is subscribed. */
const DEMAND_POLL_MS = 50;
/** At full speed the timers of the process get their turn after so many lines. */
const LINES_PER_TURN = 200;

type Trade = Extract<ReplayLine, { kind: 'trade' }>;

export function createReplayFeed(options: ReplayOptions): Feed {
  const { file, registry, clock, speed, strict = false, startAfter = new Map<string, number>() } = options;
  const resumedLine = Math.max(1, ...startAfter.values());
  const stopping = new AbortController();
  const counts = { lines: 0, ticks: 0, malformed: 0, unknownSymbol: 0, rounded: 0, skippedByResume: 0 };
  const subscribed = new Set<string>();
  const unknownSeen = new Set<string>();
  const streamed = new Set<string>();
  let lastMessageAt: number | null = null;
  let running: Promise<void> | null = null;
  const pace = createPace(speed, (ms) => sleep(ms, undefined, { signal: stopping.signal }));

  const play = async (handlers: FeedHandlers): Promise<void> => {
    if (options.onDemand === true) await untilWanted();
    for await (const block of readLineBlocks(file)) {
      for (const line of block) {
        if (stopping.signal.aborted) return;
        if (line.number === 1) checkHeader(line);
        else await playLine(line, handlers);
      }
    }
    if (counts.lines === 0) checkHeader({ number: 1, text: '' });
    if (!stopping.signal.aborted) handlers.onEnd();
  };

  const checkHeader = ({ text }: NumberedLine): void => {
    counts.lines += 1;
    const plain = text.replace(/^\uFEFF/, '').trim();
    if (plain !== REPLAY_HEADER) throw new ReplayLineError(1, `the header is not ${REPLAY_HEADER}`);
  };

  const playLine = async (line: NumberedLine, handlers: FeedHandlers): Promise<void> => {
    counts.lines += 1;
    if (counts.lines % LINES_PER_TURN === 0) await nextTurn();
    const parsed = parseReplayLine(line.text, registry);
    if (parsed.kind === 'trade') await playTrade(line.number, parsed, handlers);
    else if (parsed.kind === 'malformed') skipMalformed(line.number, parsed.reason, handlers);
    else skipUnknown(line.number, parsed.symbol, handlers);
  };

  const playTrade = async (line: number, trade: Trade, handlers: FeedHandlers): Promise<void> => {
    if (line <= (startAfter.get(trade.spec.symbol) ?? 0)) {
      counts.skippedByResume += 1;
      return;
    }
    const wait = pace.until(trade.timeMs);
    if (wait !== null) await wait;
    if (stopping.signal.aborted) return;
    lastMessageAt = clock.now();
    counts.ticks += 1;
    if (trade.rounded) counts.rounded += 1;
    streamed.add(trade.spec.symbol);
    const taken = handlers.onTick(tickOf(line, trade, lastMessageAt));
    if (taken === undefined) return;
    const since = performance.now();
    await taken;
    pace.shift(performance.now() - since);
  };

  const skipMalformed = (line: number, reason: string, handlers: FeedHandlers): void => {
    counts.malformed += 1;
    if (strict) throw new ReplayLineError(line, reason);
    // Already told by the run that came this far.
    if (line > resumedLine) handlers.onSkipped({ where: `line ${line}`, reason });
  };

  const skipUnknown = (line: number, symbol: string, handlers: FeedHandlers): void => {
    counts.unknownSymbol += 1;
    if (unknownSeen.has(symbol)) return;
    unknownSeen.add(symbol);
    handlers.onSkipped({
      where: `line ${line}`,
      reason: `unknown symbol ${symbol}; its further lines are counted`,
    });
  };

  const untilWanted = async (): Promise<void> => {
    const ahead = await symbolsAhead(file, registry);
    while (!stopping.signal.aborted && !ahead.some((symbol) => subscribed.has(symbol))) {
      await sleep(DEMAND_POLL_MS, undefined, { signal: stopping.signal });
    }
  };

  return {
    name: 'replay',
    start: async (handlers) => {
      if (running !== null) throw new Error('the feed runs already');
      running = play(handlers).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          handlers.onError(error instanceof Error ? error : new Error(String(error)));
      });
    },
    subscribe: (symbols) => {
      for (const symbol of symbols) subscribed.add(symbol);
      return { unknown: symbols.filter((symbol) => registry.get(symbol) === null) };
    },
    /** A recording is played as it is, whoever needs it; what was subscribed only decides when it begins. */
    unsubscribe: (symbols) => {
      for (const symbol of symbols) subscribed.delete(symbol);
    },
    stats: () => ({
      name: 'replay',
      connected: running !== null && !stopping.signal.aborted,
      authenticated: running !== null && !stopping.signal.aborted,
      messagesReceived: counts.ticks + counts.malformed + counts.unknownSymbol,
      tradesProcessed: counts.ticks,
      quotesProcessed: 0,
      errors: counts.malformed,
      lastMessageAt,
      subscriptions: [...streamed],
    }),
    summary: () => ({ ...counts }),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function tickOf(line: number, trade: Trade, at: number): FeedTick {
  const { spec, price, priceText, quantity, timeMs } = trade;
  return {
    spec,
    // What the trade shows is available is its own quantity, on both sides.
    tick: {
      id: line,
      bid: price,
      ask: price,
      last: price,
      at,
      bidSize: quantity,
      askSize: quantity,
      recordedAt: timeMs,
    },
    bid: priceText,
    ask: priceText,
    last: priceText,
    quoted: false,
  };
}

async function symbolsAhead(file: string, registry: SymbolRegistry): Promise<readonly string[]> {
  const found = new Set<string>();
  for await (const block of readLineBlocks(file)) {
    for (const { number, text } of block) {
      const parsed = number === 1 ? null : parseReplayLine(text, registry);
      if (parsed?.kind === 'trade') found.add(parsed.spec.symbol);
    }
    if ((block.at(-1)?.number ?? 0) >= LINES_LOOKED_AHEAD) break;
  }
  return [...found];
}

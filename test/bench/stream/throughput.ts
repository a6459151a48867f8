/**
 * One connection's message rate: connection, parser and feed into a handler of ticks, against bare `ws` and
 * `JSON.parse`, on the same frames, in turns (design section 22).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { createOpenConnection } from '../../../shared/adapters/ws/connection.ts';
import { symbolRegistry } from '../../../shared/domain/symbols.ts';
import { createBinanceFeed } from '../../../shared/feeds/binance/binance-feed.ts';
import { createPolygonFeed } from '../../../shared/feeds/polygon/polygon-feed.ts';
import type { OpenConnection, Session } from '../../../shared/ports/connection.ts';
import type { Feed } from '../../../shared/ports/feed.ts';
import { until } from '../../support/until.ts';
import { madeSpecs, STREAMS, type Stream } from './frames.ts';
import type { Counts, SenderAsked, SenderTold } from './sender.ts';

const SYMBOLS = 100;
const MESSAGES = 200_000;
/** Of both, in turns. The first ones are not counted: code is compiled in them. */
const ROUNDS = 15;
const WARM_UP = 2;
const SENDER = fileURLToPath(new URL('./sender.ts', import.meta.url));
const ROUND_TIMEOUT_MS = 120_000;
/** Until a symbol's first trade and first quote have come there is no tick of it. */
const LEAST_TICKS = 0.95;

export interface Round {
  /** Messages, not frames. */
  readonly perSecond: number;
  /** Of this process's own core time, microseconds. */
  readonly coreMicros: number;
}

/** One round of each, one right after the other: other work on the machine strikes both alike, or this pair alone. */
export interface Pair {
  readonly bare: Round;
  readonly ours: Round;
}

export interface Throughput {
  readonly stream: Stream;
  readonly messages: number;
  readonly pairs: readonly Pair[];
  /** Ticks that reached the handler in one round of ours. */
  readonly ticks: number;
}

/** Begins with the first frame of data, ends with the last. */
class Stopwatch {
  readonly #messages: number;
  readonly #end: (round: Round) => void;
  readonly ended: Promise<Round>;
  #left: number;
  #from = 0;
  #cpu: NodeJS.CpuUsage | null = null;

  constructor({ frames, messages }: Counts) {
    this.#messages = messages;
    this.#left = frames;
    let end: (round: Round) => void = () => undefined;
    this.ended = new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`${this.#left} of ${frames} frames did not come in time`));
      const timer = setTimeout(late, ROUND_TIMEOUT_MS);
      end = (round) => {
        clearTimeout(timer);
        resolve(round);
      };
    });
    this.#end = end;
  }

  begin(): void {
    if (this.#cpu !== null) return;
    this.#cpu = process.cpuUsage();
    this.#from = performance.now();
  }

  /** A frame has been handled. */
  count(): void {
    this.#left -= 1;
    if (this.#left > 0 || this.#cpu === null) return;
    const seconds = (performance.now() - this.#from) / 1_000;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#end({ perSecond: this.#messages / seconds, coreMicros: (user + system) / this.#messages });
  }
}

interface Play {
  readonly url: string;
  readonly stream: Stream;
  readonly counts: Counts;
  readonly go: () => void;
}

async function runBare({ url, counts, go }: Play): Promise<Round> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  let parsed = 0;
  try {
    await once(socket, 'open');
    const watch = new Stopwatch(counts);
    socket.on('message', (data: Buffer) => {
      watch.begin();
      const frame: unknown = JSON.parse(data.toString('utf8'));
      parsed += Array.isArray(frame) ? frame.length : 1;
      watch.count();
    });
    go();
    const round = await watch.ended;
    if (parsed !== counts.messages) throw new Error(`${parsed} of ${counts.messages} messages were parsed`);
    return round;
  } finally {
    socket.terminate();
  }
}

const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const clock = { now: () => Date.now() };
const isAnswer = (text: string): boolean =>
  text.startsWith('{"result"') || text.startsWith('[{"ev":"status"');
/** The frames are made once, for all rounds: their times are nobody's clock. */
const ANY_TIME = { futureMs: Number.POSITIVE_INFINITY, ageMs: Number.POSITIVE_INFINITY };
/** Before data come: one for the symbols of a request; hello, the key, and two topics a symbol. */
const ANSWERS: Readonly<Record<Stream, number>> = {
  binance: Math.ceil(SYMBOLS / 100),
  'polygon, 1 a frame': 2 + 2 * SYMBOLS,
  'polygon, 1 to 20 a frame': 2 + 2 * SYMBOLS,
};

async function runOurs({ url, stream, counts, go }: Play): Promise<{ round: Round; ticks: number }> {
  const watch = new Stopwatch(counts);
  let answers = 0;
  const open = createOpenConnection({ clock, log });
  const openConnection: OpenConnection = (request) => {
    const { onMessage } = request.handlers;
    const counted = (session: Session, text: string, bytes: Uint8Array): void => {
      // Looked for until all have come: what this costs is none of what is measured.
      if (answers < ANSWERS[stream] && isAnswer(text)) {
        answers += 1;
        onMessage(session, text, bytes);
        return;
      }
      watch.begin();
      onMessage(session, text, bytes);
      watch.count();
    };
    return open({ ...request, handlers: { ...request.handlers, onMessage: counted } });
  };
  const specs = madeSpecs(SYMBOLS, stream === 'binance' ? 'USDT' : 'USD');
  const common = { registry: symbolRegistry(specs), clock, url, openConnection };
  const feed: Feed =
    stream === 'binance'
      ? createBinanceFeed({ ...common, frameGapMs: 1 })
      : createPolygonFeed({ ...common, log, key: 'any', timely: ANY_TIME });
  let ticks = 0;
  try {
    await feed.start({
      onTick: () => {
        ticks += 1;
        return undefined;
      },
      onEnd: quiet,
      onError: quiet,
      onSkipped: ({ where, reason }) => note(`${where}: ${reason}`),
    });
    feed.subscribe(specs.map(({ symbol }) => symbol));
    await until(
      'the answers',
      () => answers,
      (count) => count === ANSWERS[stream],
    );
    go();
    const round = await watch.ended;
    const { tradesProcessed, quotesProcessed } = feed.stats();
    if (tradesProcessed + quotesProcessed !== counts.messages || ticks < counts.messages * LEAST_TICKS) {
      throw new Error(`${tradesProcessed} trades, ${quotesProcessed} quotes, ${ticks} ticks are not all`);
    }
    return { round, ticks };
  } finally {
    await feed.stop();
  }
}

const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** @throws when a message is lost on the way, or nothing comes in time */
export async function measureThroughput(): Promise<readonly Throughput[]> {
  const sender = fork(SENDER, [String(MESSAGES), String(SYMBOLS)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [told] = (await once(sender, 'message')) as [SenderTold];
    const results: Throughput[] = [];
    for (const source of STREAMS) results.push(await alternate(sender, told, source));
    return results;
  } finally {
    const gone = once(sender, 'exit');
    sender.disconnect();
    await gone;
  }
}

async function alternate(
  sender: ChildProcess,
  { port, counts }: SenderTold,
  stream: Stream,
): Promise<Throughput> {
  const play: Play = {
    stream,
    url: `ws://127.0.0.1:${port}`,
    counts: counts[stream],
    go: () => void sender.send({ play: stream } satisfies SenderAsked),
  };
  const pairs: Pair[] = [];
  let ticks = 0;
  const playOurs = async (): Promise<Round> => {
    const played = await runOurs(play);
    ticks = played.ticks;
    return played.round;
  };
  const playBare = (): Promise<Round> => runBare({ ...play, url: `${play.url}/bare` });
  for (let nth = 0; nth < WARM_UP + ROUNDS; nth += 1) {
    // Each goes first in every second pair: neither always finds the machine as the other one has left it.
    const first = nth % 2 === 0 ? await playBare() : await playOurs();
    const second = nth % 2 === 0 ? await playOurs() : await playBare();
    if (nth < WARM_UP) continue;
    pairs.push(nth % 2 === 0 ? { bare: first, ours: second } : { bare: second, ours: first });
  }
  return { stream, messages: play.counts.messages, pairs, ticks };
}

/**
 * Where a replay's ticks come from: recorded files, one day after the other, or a made-up day.
 *
 * Always true:
 * - the clock is the ticks' own: each carries the time at which it counts, and that time never goes back;
 * - a recorded tick's id is its line, counted on over the files; the same input gives the same ticks, byte for byte.
 */

import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import type { Tick, TickOrigin } from '../../shared/domain/triggers/types.ts';
import { createReplayFeed } from '../../shared/feeds/replay.ts';
import { SYNTHETIC_DEFAULT_SYMBOLS } from '../../shared/feeds/synthetic.ts';
import { syntheticPath } from '../../shared/feeds/synthetic-path.ts';
import type { FeedTick } from '../../shared/ports/feed.ts';

export type OnTick = (spec: SymbolSpec, tick: Tick) => void;

export interface Played {
  readonly ticks: number;
  /** Epoch ms of the first and the last tick; null without any. */
  readonly from: number | null;
  readonly to: number | null;
  /** Lines that could not be read, and lines of symbols that are not known here. */
  readonly malformed: number;
  readonly unknownSymbol: number;
}

export interface TickSource {
  readonly title: string;
  /** Hands on every tick in its order. @throws for a file that cannot be read, or that is older than the one before */
  play(onTick: OnTick): Promise<Played>;
  /** A tick's id as people find it again: `17`, or `2:17` for line 17 of the second file. */
  nameOf(tickId: number): string;
}

export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** Neither a book nor a second source stands beside a recorded price, so the rule on outliers is off (section 11). */
const origin = (feed: string, checked: boolean): TickOrigin => ({ feed, converted: false, checked });

const EMPTY: Played = { ticks: 0, from: null, to: null, malformed: 0, unknownSymbol: 0 };

/** `note` is told of each line that is skipped. `strict`: such a line ends the replay. */
export function recordedTicks(
  files: readonly string[],
  options: { readonly strict: boolean; readonly note: (line: string) => void },
): TickSource {
  /** How many lines came before each file; known once it was reached. */
  const offsets: number[] = [];

  async function playFile(file: string, before: Played, offset: number, onTick: OnTick) {
    const own = { ticks: 0, from: before.from, to: before.to };
    let earliest: number | null = before.to;
    const take = ({ spec, tick, quoted }: FeedTick): undefined => {
      if (earliest !== null && tick.recordedAt < earliest) {
        const message = `begins at ${iso(tick.recordedAt)}, before ${iso(earliest)}, where the file before it ends`;
        throw new SourceError(`${file} ${message}: give the files in the order of time`);
      }
      earliest = null;
      const at = Math.max(tick.recordedAt, own.to ?? 0);
      own.from ??= at;
      own.to = at;
      own.ticks += 1;
      onTick(spec, { ...tick, id: offset + tick.id, at, origin: origin('replay', quoted) });
    };
    const summary = await feedThrough(file, options, take);
    return {
      lines: summary['lines'] ?? 0,
      played: {
        ...own,
        ticks: before.ticks + own.ticks,
        malformed: before.malformed + (summary['malformed'] ?? 0),
        unknownSymbol: before.unknownSymbol + (summary['unknownSymbol'] ?? 0),
      },
    };
  }

  return {
    title: files.join(', '),
    play: async (onTick) => {
      let played = EMPTY;
      let offset = 0;
      for (const [at, file] of files.entries()) {
        offsets[at] = offset;
        const result = await playFile(file, played, offset, onTick);
        played = result.played;
        offset += result.lines;
      }
      return played;
    },
    nameOf: (tickId) => {
      const at = offsets.findLastIndex((offset) => offset < tickId);
      const line = String(tickId - (offsets[at] ?? 0));
      return files.length > 1 ? `${at + 1}:${line}` : line;
    },
  };
}

const iso = (at: number): string => new Date(at).toISOString();

/** Plays one file at full speed; answers the feed's counts. */
async function feedThrough(
  file: string,
  { strict, note }: { readonly strict: boolean; readonly note: (line: string) => void },
  onTick: (tick: FeedTick) => undefined,
): Promise<Readonly<Record<string, number>>> {
  // What the feed stamps on arrival is not used: here the recording's own time counts.
  const feed = createReplayFeed({
    file,
    registry: symbolRegistry(),
    clock: { now: () => 0 },
    speed: 'max',
    strict,
  });
  const ended = Promise.withResolvers<void>();
  let ownError: unknown = null;
  await feed.start({
    onTick: (tick) => {
      try {
        return onTick(tick);
      } catch (error) {
        ownError = error;
        throw error;
      }
    },
    onEnd: () => ended.resolve(),
    onError: (error) => ended.reject(error === ownError ? error : fileError(file, error)),
    onSkipped: ({ where, reason }) => note(`${file}, ${where}: ${reason}`),
  });
  try {
    await ended.promise;
  } finally {
    await feed.stop();
  }
  return feed.summary?.() ?? {};
}

const fileError = (file: string, error: Error): SourceError =>
  new SourceError(error.message.includes(file) ? error.message : `${file}: ${error.message}`, {
    cause: error,
  });

/** A made-up day begins here. */
export const SYNTHETIC_START = Date.UTC(2026, 0, 1);
const DAY_SECONDS = 86_400;

export function syntheticTicks(options: {
  readonly seed: number;
  readonly ticksPerSecond: number;
  readonly symbols?: readonly string[];
  readonly seconds?: number;
}): TickSource {
  const { seed, ticksPerSecond, symbols = SYNTHETIC_DEFAULT_SYMBOLS, seconds = DAY_SECONDS } = options;
  const registry = symbolRegistry();
  const specs = symbols.map((symbol) => {
    const spec = registry.get(symbol);
    if (spec === null) throw new Error(`the registry does not know ${symbol}`);
    return spec;
  });
  return {
    title: `a made-up day, seed ${seed}, ${ticksPerSecond} tick(s) per second and symbol`,
    play: async (onTick) => {
      const walks = specs.map((spec) => ({ spec, path: syntheticPath(spec, seed) }));
      const checked = origin('synthetic', true);
      const steps = seconds * ticksPerSecond;
      let id = 0;
      let at = SYNTHETIC_START;
      for (let step = 0; step < steps; step += 1) {
        at = SYNTHETIC_START + Math.floor((step * 1000) / ticksPerSecond);
        for (const { spec, path } of walks) {
          id += 1;
          onTick(spec, { id, ...path.next(), at, recordedAt: at, origin: checked });
        }
      }
      return { ...EMPTY, ticks: id, from: SYNTHETIC_START, to: at };
    },
    nameOf: String,
  };
}

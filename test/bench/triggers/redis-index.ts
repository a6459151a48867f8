/**
 * The trigger index on a real Redis: what a tick costs the server, in batches as the streamer sends them. Counted in time
 * of the server's own core, so that others' load matters little; how long a call takes is beside it.
 */
import type { Valkey } from '../../../shared/adapters/valkey/client.ts';
import type { Nearest, Tick } from '../../../shared/domain/triggers/types.ts';
import { unitsToDecimal } from '../../../shared/domain/triggers/units.ts';
import type { TriggerIndex } from '../../../shared/ports/trigger-index.ts';
import { BarBook } from '../../../shared/usecases/stream-prices/bar-book.ts';
import { STREAM_DEFAULTS } from '../../../shared/usecases/stream-prices/settings.ts';
import { reaches } from '../../../shared/usecases/stream-prices/symbol-stream.ts';
import { type Distribution, distribution } from '../report.ts';
import {
  COUNTS,
  DISTANCES,
  PORTIONS,
  planOf,
  portions,
  tickAt,
  witnessTick,
  wrongWitnesses,
} from './levels.ts';
import { type Path, recorded, trend, upwards, walk } from './paths.ts';

const { flushMs, pauseMs, batchTicks, barsMs } = STREAM_DEFAULTS;
const SYMBOL = 'BTC/USDT';
const UNIT_EXPONENT = 4;
/** Ticks while levels are armed; of a walk; of a trend one by one, then from a backlog. */
const ARMING_TICKS = 1_000;
const WALK_TICKS = 20_000;
const LIVE_TICKS = 5_000;
const BACKLOG_TICKS = 25_000;

/** `live`: a batch leaves after 100 ms, and at once when a tick reaches the nearest level; `backlog`: full ones. */
type Sending = 'live' | 'backlog';

export interface RedisRow {
  readonly prices: string;
  readonly sending: Sending;
  readonly distances: number;
  readonly levels: number;
  readonly ticks: number;
  readonly batches: number;
  /** Of the server's core. */
  readonly microsecondsPerTick: number;
  /** From the call to its answer, ms. */
  readonly call: Distribution;
  readonly wrong: readonly string[];
}

export interface RedisFigures {
  readonly rows: readonly RedisRow[];
  /** How long arming took for each of the levels, on average, microseconds of the server's core. */
  readonly armingUs: readonly { readonly levels: number; readonly us: number }[];
  readonly memoryMb: number;
}

interface Server {
  readonly index: TriggerIndex;
  readonly valkey: Valkey;
}

async function infoOf(valkey: Valkey, section: string, field: string): Promise<number> {
  const text = String(await valkey.command(['INFO', section]));
  const found = new RegExp(`^${field}:([\\d.]+)`, 'm').exec(text)?.[1];
  if (found === undefined) throw new Error(`INFO ${section} has no ${field}`);
  return Number(found);
}

/** What the server's process has used of a core, seconds. */
const coreOf = async (valkey: Valkey): Promise<number> =>
  (await infoOf(valkey, 'cpu', 'used_cpu_user')) + (await infoOf(valkey, 'cpu', 'used_cpu_sys'));

/** One symbol's writer, as the streamer has one for each. */
class Writer {
  hits = 0;
  readonly calls: number[] = [];
  private readonly book = new BarBook(barsMs);
  private readonly index: TriggerIndex;
  private nearest: Nearest | null = null;
  private batch = 0;
  private waiting: Tick[] = [];
  private lastAt = 0;

  constructor(index: TriggerIndex) {
    this.index = index;
  }

  async take(tick: Tick, sending: Sending): Promise<void> {
    const isDue = sending === 'live' && tick.at - (this.waiting[0]?.at ?? tick.at) >= flushMs;
    if (isDue) await this.send();
    const isUrgent = tick.at - this.lastAt > pauseMs || reaches(this.nearest, tick);
    this.lastAt = tick.at;
    this.waiting.push(tick);
    if (this.waiting.length >= batchTicks || (sending === 'live' && isUrgent)) await this.send();
  }

  async send(): Promise<void> {
    const ticks = this.waiting;
    const newest = ticks.at(-1);
    if (newest === undefined) return;
    this.waiting = [];
    this.batch += 1;
    const bars = this.book.preview(ticks);
    const [bid = '', ask = ''] = [newest.bid, newest.ask].map((price) =>
      unitsToDecimal(price, UNIT_EXPONENT).toFixed(),
    );
    const { id: tickId, at } = newest;
    const shown = { symbol: SYMBOL, bid, ask, last: bid, bidSize: '', askSize: '', source: 'bench' };
    const since = performance.now();
    const result = await this.index.applyBatch({
      ...{ symbol: SYMBOL, shard: 0, leaseToken: 'bench', fence: 1, batch: this.batch, ticks },
      ...{ newestTick: tickId, lateTick: -1, heldBars: this.book.held, bars, barBefore: this.book.newest },
      display: { ...shown, quoted: true, tickId, at, recordedAt: 0 },
      nowMs: at,
    });
    this.calls.push(performance.now() - since);
    if (result.outcome !== 'applied') throw new Error(`the script answered ${result.outcome}`);
    this.book.commit(bars);
    this.nearest = result.nearest;
    this.hits += result.hits;
  }
}

/** A path, and how its ticks are told apart and sent. */
interface Course {
  readonly path: Path;
  /** Ticks that come while the levels are armed. */
  readonly arming: number;
  readonly parts: readonly { readonly prices: string; readonly sending: Sending; readonly ticks: number }[];
}

/** What was recorded (else a walk), then a trend over the same levels. */
async function courseOf(): Promise<Course> {
  const usual = (await recorded()) ?? walk(ARMING_TICKS + WALK_TICKS);
  const rising = trend(LIVE_TICKS + BACKLOG_TICKS);
  const { name: prices } = rising;
  return {
    path: upwards(usual, rising),
    arming: ARMING_TICKS,
    parts: [
      { prices: usual.name, sending: 'live', ticks: usual.bids.length - ARMING_TICKS },
      { prices, sending: 'live', ticks: LIVE_TICKS },
      { prices, sending: 'backlog', ticks: BACKLOG_TICKS },
    ],
  };
}

/** Armed between prices; answers what one level cost the server, microseconds. */
async function armAll(
  { index, valkey }: Server,
  writer: Writer,
  { path, arming }: Course,
  plan: ReturnType<typeof planOf>,
): Promise<number> {
  await index.beginRebuild(SYMBOL, 'bench');
  await index.finishRebuild(SYMBOL, 'bench', 0);
  let [played, used] = [0, 0];
  for (const levels of portions(plan, path)) {
    const until = Math.min(arming, played + Math.max(1, Math.floor(arming / PORTIONS)));
    for (; played < until; played++) await writer.take(tickAt(path, played), 'live');
    await writer.send();
    const before = await coreOf(valkey);
    const armed = await index.arm(SYMBOL, levels, [], tickAt(path, played).at);
    used += (await coreOf(valkey)) - before;
    if (armed.outcome !== 'armed') throw new Error('the index was lost');
    writer.hits += armed.hits;
  }
  for (; played < arming; played++) await writer.take(tickAt(path, played), 'live');
  await writer.send();
  return (used * 1e6) / plan.count;
}

async function measure(server: Server, course: Course, distances: number, count: number) {
  const { index, valkey } = server;
  const { path, arming, parts } = course;
  await valkey.command(['FLUSHALL']);
  const plan = planOf(path, count, distances);
  const writer = new Writer(index);
  const armingUs = await armAll(server, writer, course, plan);
  const memoryMb = (await infoOf(valkey, 'memory', 'used_memory')) / 1e6;
  const rows: Omit<RedisRow, 'wrong'>[] = [];
  let played = arming;
  for (const { prices, sending, ticks } of parts) {
    writer.calls.length = 0;
    const before = await coreOf(valkey);
    for (const end = played + ticks; played < end; played++) await writer.take(tickAt(path, played), sending);
    await writer.send();
    const us = (((await coreOf(valkey)) - before) * 1e6) / ticks;
    rows.push({
      ...{ prices, sending, distances, levels: count, ticks, batches: writer.calls.length },
      ...{ microsecondsPerTick: Math.round(us * 10) / 10, call: distribution(writer.calls) },
    });
  }
  const hit = writer.hits === 0 ? [] : [`${writer.hits} hits that must not be`];
  const last = witnessTick(plan, path);
  await writer.take(last, 'live');
  await writer.send();
  const found = await index.takeHits(SYMBOL, 1_000, last.at, 1_000);
  const wrong = [...hit, ...wrongWitnesses(plan, path, found)].map(
    (text) => `Redis, ${count} levels, ${distances} distances: ${text}`,
  );
  // What is wrong is wrong with the whole course; it is told once.
  return { rows: rows.map((row, at) => ({ ...row, wrong: at === 0 ? wrong : [] })), armingUs, memoryMb };
}

export async function measureIndex(server: Server, note: (line: string) => void): Promise<RedisFigures> {
  const all: Awaited<ReturnType<typeof measure>>[] = [];
  const course = await courseOf();
  for (const distances of DISTANCES) {
    for (const count of COUNTS) {
      note(`Redis: ${course.path.name}: ${count} levels, ${distances} distances ...`);
      all.push(await measure(server, course, distances, count));
    }
  }
  const rows = all.flatMap((one) => one.rows);
  const armingUs = COUNTS.map((levels) => {
    const own = all.filter(({ rows: [row] }) => row?.levels === levels).map((one) => one.armingUs);
    return { levels, us: Math.round((own.reduce((a, b) => a + b, 0) / own.length) * 10) / 10 };
  });
  return { rows, armingUs, memoryMb: Math.round(Math.max(...all.map((one) => one.memoryMb))) };
}

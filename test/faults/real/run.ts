/**
 * Minutes of trading on the laptop system's real parts while its processes are killed, messages are spoilt and the
 * exchange misbehaves; then calm; then the ledger has to be what the exchange's books are (design sections 4, 21).
 *
 * Always true:
 * - everything that is killed belongs to the system that this run started, and is killed by its handle;
 * - what differs, stays open or is not answered is a violation, never a log line alone;
 * - when it ends, nothing that it started is left.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemOptions } from '../../../infra/local/system.ts';
import { checkAgreement } from './agreement.ts';
import { Bot } from './bot.ts';
import { StubbornClient } from './client.ts';
import { Draw } from './draw.ts';
import { Killer } from './killer.ts';
import { Meddler } from './meddler.ts';
import { protectionFigures, type RealDocument } from './report.ts';
import { checkProtected, closeAll, settle } from './settle.ts';
import { type Sweeps, watchSweeps } from './sweeps.ts';
import { Tally } from './tally.ts';
import { VenueFaults } from './venue-faults.ts';
import { checkEverything } from './verdict.ts';
import { listener, streamerMemoryMb, watchProtection } from './watch.ts';
import { openWorld, type World } from './world.ts';

export interface RealOptions {
  readonly seed: number;
  /** Minutes of trading. */
  readonly minutes: number;
  readonly verbose?: boolean;
  /** Nothing is killed, spoilt or changed at the exchange: then nothing may fail either, and each second has its sweep. */
  readonly calm?: boolean;
  /** Where progress goes. */
  readonly note: (line: string) => void;
  /** An assembly that is there already; default: synthesised from the sources. */
  readonly assembly?: SystemOptions['assembly'];
}

export interface RealResult {
  readonly document: RealDocument;
  readonly redis: string;
}

const GONE_WITHIN_MS = 10_000;
const seconds = (ms: number): number => Math.round(ms / 100) / 10;

/**
 * One run. Its violations are in the document; the logs of a run with violations are kept, and it is said where.
 * @throws when the system does not start, or when something of the run itself fails
 */
export async function runReal(options: RealOptions): Promise<RealResult> {
  const { seed, note, verbose = false } = options;
  const tally = new Tally();
  const killer = new Killer(new Draw(seed, 'killer'), tally);
  const logDirectory = mkdtempSync(join(tmpdir(), 'moniqo-faults-'));
  const told = listener(tally);
  note(`starting the system (seed ${seed}) ...`);
  const world = await openWorld({
    seed,
    intercept: killer.intercept,
    show: (line) => {
      told(line);
      if (verbose) note(line);
    },
    verbose,
    logDirectory,
    ...(options.assembly === undefined ? {} : { assembly: options.assembly }),
  });
  const pids = [...world.system.pids()];
  let figures: Omit<RealDocument, 'violations'>;
  try {
    figures = await tradeAndCheck(world, killer, tally, options);
  } finally {
    pids.push(...world.system.pids());
    await world.system.stop();
  }
  for (const left of await stillThere(pids)) tally.violation(`${left} runs still`);
  const { violations } = tally;
  if (violations.length === 0) rmSync(logDirectory, { recursive: true, force: true });
  else note(`the logs of this run are kept in ${logDirectory}`);
  return { document: { ...figures, violations }, redis: world.system.redisKind };
}

async function tradeAndCheck(
  world: World,
  killer: Killer,
  tally: Tally,
  { seed, minutes, note, calm = false }: RealOptions,
): Promise<Omit<RealDocument, 'violations'>> {
  const { system, control, wallets } = world;
  const draw = (purpose: string): Draw => new Draw(seed, purpose);
  const client = new StubbornClient(system.api, system.token, tally, killer.request);
  const uids = wallets.flatMap(({ uid }) => (uid === null ? [] : [uid]));
  const meddler = new Meddler(control, uids, draw('meddler'), tally);
  const faults = new VenueFaults(control, draw('faults'), tally);
  const memoryAtStart = await streamerMemoryMb(system);
  const over = new AbortController();
  const watchOver = new AbortController();
  const startedAt = Date.now();
  note(`${wallets.length} wallets trade for ${minutes} min ...`);
  if (!calm) killer.start(system);
  const sweeping = calm ? watchSweeps(system.valkeyUrl, watchOver.signal) : Promise.resolve(null);
  // Its failure is looked at with its result, when trading is over.
  sweeping.catch(() => undefined);
  const watching = watchProtection(system, client, watchOver.signal);
  const bots = wallets.map((wallet) => new Bot(client, wallet, draw(wallet.name)));
  const parts = [...bots, ...(calm ? [] : [meddler, faults])].map((part) => part.run(over.signal));
  const work = Promise.all(parts);
  try {
    // What fails ends the trading at once, is a violation, and is looked at like everything else.
    await Promise.race([sleep(minutes * 60_000, undefined, { signal: over.signal }), work]);
  } catch (error) {
    tally.violation(`trading ended after ${seconds(Date.now() - startedAt)} s: ${String(error)}`);
  }
  over.abort();
  await killer.stop();
  await Promise.allSettled(parts);
  const tradedMs = Date.now() - startedAt;
  note('all faults are off; settling ...');
  const settled = await settle(world, client, tally);
  watchOver.abort();
  const sweeps = await sweeping;
  if (calm) judgeCalm(tally, sweeps);
  const seen = await watching;
  const checked = await checkProtected(system, client, tally);
  note(`settled after ${seconds(settled.ledgerMs)} s; closing everything ...`);
  const closedMs = await closeAll(world, client, draw('closing'), tally);
  note('comparing the ledger with the exchange ...');
  const agreedMs = await checkAgreement(world, client, tally);
  const outcome = await checkEverything(world, client, meddler.orders, tally);
  return {
    seed,
    minutes,
    trading_seconds: seconds(tradedMs),
    settle_seconds: seconds(settled.ledgerMs),
    queues_empty_seconds: seconds(settled.queuesMs),
    close_seconds: seconds(closedMs),
    agreement_seconds: seconds(agreedMs),
    ...outcome,
    intents: tally.of('intents'),
    requests: tally.of('requests'),
    refusals: tally.of('refusals'),
    kills: tally.of('kills'),
    restarts: tally.of('restarts'),
    venue_faults: tally.of('venue faults'),
    messages: tally.of('messages'),
    in_the_app: tally.of('in the app'),
    errors_told: tally.of('errors told'),
    protection: protectionFigures(seen, checked),
    sweeps,
    streamer_memory_mb: { start: memoryAtStart, end: await streamerMemoryMb(system) },
  };
}

/** Seconds in a row without a sweep that no slowness of a machine explains; and of all of them, a second of slowness in each minute and a half. */
const MOST_HOLES = 5;
const MOST_HOLES_SHARE = 0.01;

/** What is wrong with the sweeps of undisturbed trading; null: nothing. */
export function holesIn(sweeps: Sweeps | null): string | null {
  if (sweeps === null || sweeps.seconds === 0) return 'no sweep was looked for';
  const { seconds: all, holes, longest } = sweeps;
  if (longest > MOST_HOLES) return `${longest} seconds in a row had no sweep (${holes} of ${all})`;
  return holes > Math.max(MOST_HOLES, all * MOST_HOLES_SHARE)
    ? `${holes} of ${all} seconds had no sweep`
    : null;
}

function judgeCalm(tally: Tally, sweeps: Sweeps | null): void {
  const holes = holesIn(sweeps);
  if (holes !== null) tally.violation(holes);
  for (const [what, count] of Object.entries(tally.of('errors told'))) {
    tally.violation(`${count} errors although nothing was done to it: ${what}`);
  }
  for (const [name, count] of Object.entries(tally.of('restarts'))) {
    tally.violation(`${name} ended ${count} times although nobody killed it`);
  }
}

/** Processes of the system that are there although it was stopped. */
async function stillThere(
  pids: readonly { readonly name: string; readonly pid: number }[],
): Promise<string[]> {
  const deadline = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    const left = pids.filter(({ pid }) => isThere(pid)).map(({ name, pid }) => `${name} (process ${pid})`);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(100);
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * The streamer's process: prices and user data side by side, start and stop. What they do: usecases/stream-prices and
 * usecases/stream-user-data.
 *
 * Exit codes: 0 after SIGTERM or SIGINT, 1 when the configuration is wrong, or when a recording, or the only part that
 * there is, can never go on. Otherwise a failed part is begun anew: the other one needs this process.
 */
import { STREAM_DEFAULTS } from '../../shared/usecases/stream-prices/settings.ts';
import { Streamer } from '../../shared/usecases/stream-prices/streamer.ts';
import { compose } from './compose.ts';
import { readConfig } from './config.ts';
import { Health, serveHealth } from './health.ts';
import { createLog } from './log.ts';
import { keepRunning, watched } from './part.ts';

/** From the signal to the end: after this the process leaves, whatever it still waits for. */
const STOP_WITHIN_MS = 2_800;

const log = createLog();

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { prices, userData, close } = compose(config, log);
  const stopping = new AbortController();
  const stop = (signal: string): void => {
    log.info('streamer_stops', { signal });
    stopping.abort();
    setTimeout(() => {
      log.error('streamer_stop_took_too_long', { ms: STOP_WITHIN_MS });
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  log.info('streamer_starts', {
    feed: config.feed.kind,
    shard: config.shard,
    stage: config.stage,
    parts: config.parts.join(','),
    user_data: config.userData?.binance.environment ?? null,
  });
  const pricesPart = watched(
    'prices',
    () =>
      new Streamer(prices, {
        ...STREAM_DEFAULTS,
        shard: config.shard,
        fixedSymbols: config.fixedSymbols,
        wakeUps: config.wakeUps,
        resumable: config.feed.kind === 'replay',
      }),
    (streamer) => streamer.isWell(),
  );
  // What it cannot reach is the exchange's and the wallets' own matter, and told by metrics.
  const userDataPart = userData === null ? null : watched('user data', userData, () => true);
  const hasPrices = config.parts.includes('prices');
  /** A recording is somebody's run on a laptop, and prices alone have nobody beside them: their failure is the end. */
  const untilFailure = async (): Promise<void> => {
    const streamer = pricesPart.make();
    stopping.signal.addEventListener('abort', () => streamer.stop());
    try {
      await streamer.run();
    } finally {
      stopping.abort();
    }
  };
  const isTheEnd = userData === null || config.feed.kind === 'replay';
  const runPrices = (): Promise<void> =>
    isTheEnd ? untilFailure() : keepRunning('prices', pricesPart.make, log, stopping.signal);
  const health = new Health([
    ...(hasPrices ? [pricesPart.watched] : []),
    ...(userDataPart === null ? [] : [userDataPart.watched]),
  ]);
  const server = config.healthPort === null ? null : await serveHealth(health, config.healthPort);
  try {
    const ends = await Promise.allSettled([
      hasPrices ? runPrices() : null,
      userDataPart === null ? null : keepRunning('user data', userDataPart.make, log, stopping.signal),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    server?.close();
    await close();
  }
  log.info('streamer_stopped');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    log.error('streamer_failed', { error: `${name}: ${message}` });
    process.exit(1);
  },
);

/** What a run is like: drawn from its seed, before anything happens. */
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { RiskLimits } from '../../../shared/domain/risk/limits.ts';
import type { Weather } from './chaos.ts';
import type { WalletPlan } from './outside.ts';
import type { WalkTraits } from './prices.ts';
import type { Chance } from './random.ts';

/** What an owner sets a wallet, so long after the beginning. */
export interface LossLimit {
  readonly walletId: string;
  readonly afterMs: number;
  readonly limits: Partial<RiskLimits>;
}

export interface Scenario {
  readonly start: number;
  readonly stormMs: number;
  readonly plans: readonly WalletPlan[];
  readonly bots: number;
  readonly weather: Weather;
  readonly walk: WalkTraits;
  /** No source shows what BNB costs before. */
  readonly bnbAfterMs: number;
  /** About each so many ms; 0 = never. */
  readonly appEveryMs: number;
  /** Somebody in the app cancels whatever is the newest, this often; 0 = nobody does. */
  readonly cancelNewestEveryMs: number;
  /** The owner pauses a wallet for a moment, about each so many ms; 0 = never. */
  readonly pauseEveryMs: number;
  readonly lossLimits: readonly LossLimit[];
  /** The owner deletes a wallet in which all is over, looking about each so many ms; 0 = never. */
  readonly deleteEveryMs: number;
  readonly flushEveryMs: number;
  readonly streamerKillEveryMs: number;
  readonly sessionBreakEveryMs: number;
  readonly queryLagEveryMs: number;
  readonly queryLagMs: number;
  readonly venueStepEveryMs: number;
  readonly thinBookEveryMs: number;
  readonly localStepEveryMs: number;
  /** Of one machine's clock, or of all: ahead or behind by up to so much. */
  readonly localStepMs: number;
  /** The streamer begins anew after the storm, and asks after everything. */
  readonly restartsAfterStorm: boolean;
  /** All positions are closed after the storm. */
  readonly closesAll: boolean;
}

const EARLIEST = Date.UTC(2026, 0, 5, 12, 0, 0);

/** Some storms are all of one kind, so that a fault is met often enough to meet others. */
export function drawWeather(chance: Chance): Weather {
  const of = (often: number): number => (chance.happens(0.45) ? often * chance.unit() : 0);
  return {
    instant: chance.pick([0.9, 0.7, 0.4]),
    slow: chance.pick([0, 0.005, 0.03]),
    slowMs: chance.pick([100, 400, 2_000]),
    errorBefore: of(0.04),
    errorAfter: of(0.03),
    conflict: of(0.08),
    repeated: of(0.08),
    killBefore: of(0.01),
    killAfter: of(0.015),
    freeze: of(0.006),
    message: {
      lost: of(0.5),
      doubled: of(0.5),
      late: of(0.4),
      lateMs: chance.pick([500, 5_000, 25_000]),
      redelivered: of(0.3),
    },
    request: {
      refused: of(0.1),
      lostBefore: of(0.15),
      lostAfter: of(0.2),
      errorBefore: of(0.1),
      errorAfter: of(0.2),
      executedLate: of(0.3),
      slow: of(0.2),
      slowMs: chance.pick([2_000, 6_000, 15_000]),
      rateLimited: of(0.05),
    },
    event: {
      dropped: of(0.6),
      doubled: of(0.4),
      late: of(0.5),
      lateMs: chance.pick([500, 5_000, 20_000]),
    },
    skewMs: chance.pick([0, 0, 300, 3_000]),
  };
}

/** One wallet in three has limits of loss. Drawn apart: all else of a run stays as it was. */
function drawLossLimits(walletId: string, chance: Chance): readonly LossLimit[] {
  if (!chance.happens(1 / 3)) return [];
  const amount = (): Decimal => new Decimal(chance.pick(['2', '10', '50']));
  const which = chance.weighted({ day: 2, peak: 1, both: 1 });
  const limits = {
    ...(which !== 'peak' && { maxDailyLoss: amount() }),
    ...(which !== 'day' && { maxDrawdown: amount() }),
    onBreach: chance.pick(['pause', 'flatten', 'flatten'] as const),
  };
  return [{ walletId, afterMs: chance.pick([0, 0, chance.between(0, 30_000)]), limits }];
}

export function drawScenario(chance: Chance): Scenario {
  const isDemo = chance.happens(1 / 6);
  const wallets = chance.pick([1, 1, 2]);
  // Without coins to spare, what somebody sells in the app is a position's.
  const spareCoins = chance.happens(0.5) ? '20' : '0';
  const walletIds = Array.from({ length: wallets }, (_, i) => `wallet-${i + 1}`);
  const every = (ms: number, probability: number): number => (chance.happens(probability) ? ms : 0);
  return {
    start: EARLIEST + chance.between(0, 86_400_000),
    stormMs: chance.between(20_000, 60_000),
    lossLimits: walletIds.flatMap((walletId) => drawLossLimits(walletId, chance.fork(`losses-${walletId}`))),
    plans: walletIds.map((walletId, i) => ({
      uid: 1001 + i,
      walletId,
      balances: { USDT: '1000000', BTC: spareCoins, BNB: '50' },
      payFeesInBnb: chance.happens(0.25),
      isDemo,
      lends: isDemo && chance.fork('margin').happens(0.5),
    })),
    bots: chance.between(1, 4),
    weather: drawWeather(chance),
    walk: {
      stepBp: chance.pick([2, 6, 12]),
      jump: chance.pick([0, 0.02, 0.08]),
      jumpBp: chance.pick([40, 120]),
      everyMs: chance.pick([400, 900, 1_800]),
    },
    appEveryMs: isDemo ? 0 : every(chance.between(2_000, 15_000), 0.5),
    flushEveryMs: every(chance.between(8_000, 40_000), 0.3),
    streamerKillEveryMs: every(chance.between(8_000, 40_000), 0.4),
    sessionBreakEveryMs: every(chance.between(6_000, 30_000), 0.4),
    queryLagEveryMs: every(chance.between(5_000, 20_000), 0.4),
    queryLagMs: chance.between(500, 6_000),
    venueStepEveryMs: every(chance.between(10_000, 40_000), 0.3),
    thinBookEveryMs: every(chance.between(5_000, 20_000), 0.3),
    restartsAfterStorm: chance.happens(0.7),
    closesAll: chance.happens(0.5),
    localStepEveryMs: every(chance.between(5_000, 30_000), 0.4),
    localStepMs: chance.pick([500, 5_000, 30_000]),
    pauseEveryMs: isDemo ? 0 : every(chance.between(800, 6_000), 0.3),
    bnbAfterMs: chance.pick([0, 15_000, 45_000]),
    cancelNewestEveryMs: isDemo ? 0 : every(chance.between(500, 3_000), 0.2),
    deleteEveryMs: isDemo ? 0 : every(chance.between(500, 4_000), 0.15),
  };
}

/** What happens to the world beside the calls: again and again, until the storm is over. */
import type { App } from './app.ts';
import type { Chaos } from './chaos.ts';
import { FULL_BOOK, VENUE_SYMBOL } from './exchange.ts';
import type { Kernel } from './kernel.ts';
import type { News } from './news.ts';
import type { Outside } from './outside.ts';
import type { Owner } from './owner.ts';
import type { Market } from './prices.ts';
import type { Chance } from './random.ts';
import type { Scenario } from './scenario.ts';
import { joined, type Trace } from './trace.ts';

export interface World {
  readonly kernel: Kernel;
  readonly chaos: Chaos;
  readonly trace: Trace;
  readonly scenario: Scenario;
  readonly outside: Outside;
  readonly market: Market;
  /** Null: nobody streams, all wallets are demo wallets. */
  readonly news: News | null;
  readonly app: App;
  readonly owner: Owner;
  /** Told of a mistake of the harness itself. */
  readonly onBug: (error: unknown) => void;
}

export function startTroubles(world: World, chance: Chance, endAt: number): void {
  const { kernel, chaos, trace, scenario: s, outside, news, app, owner } = world;
  const { venue, clocks } = outside;
  const again = (name: string, everyMs: number, act: (own: Chance) => void): void => {
    if (everyMs === 0) return;
    const own = chance.fork(name);
    const next = (): void => {
      kernel.after(own.between(1, 2 * everyMs), () => {
        if (kernel.now >= endAt) return;
        chaos.count(name);
        trace.note(joined('trouble', '.', name), () => '');
        act(own);
        next();
      });
    };
    next();
  };
  again('cache_flushed', s.flushEveryMs, () => {
    flush(outside);
    chaos.disturb(kernel.now);
  });
  again('streamer_killed', s.streamerKillEveryMs, () => news?.kill());
  again('session_broken', s.sessionBreakEveryMs, (own) => news?.breakSession(own.between(100, 8_000)));
  again('query_lag', s.queryLagEveryMs, (own) => {
    venue.exchange.setQueryLag(s.queryLagMs);
    kernel.after(own.between(2_000, 10_000), () => venue.exchange.setQueryLag(0));
  });
  again('venue_clock_step', s.venueStepEveryMs, (own) => {
    venue.skewMs = own.between(-3_000, 3_000);
  });
  again('local_clock_step', s.localStepEveryMs, (own) => clocks.step(own, s.localStepMs));
  again('thin_book', s.thinBookEveryMs, (own) => {
    venue.exchange.setBook(VENUE_SYMBOL, { levels: 1, levelNotional: own.pick(['500', '2000']) });
    kernel.after(own.between(1_000, 6_000), () => fullBook(outside));
  });
  if (s.appEveryMs > 0) app.run(s.appEveryMs, endAt).catch(world.onBug);
  if (s.cancelNewestEveryMs > 0) app.cancelNewest(s.cancelNewestEveryMs, endAt).catch(world.onBug);
  if (s.deleteEveryMs > 0) owner.leave(s.deleteEveryMs, endAt).catch(world.onBug);
  for (const one of s.lossLimits) owner.limit(one, endAt).catch(world.onBug);
  if (s.pauseEveryMs > 0) owner.run(s.pauseEveryMs, endAt).catch(world.onBug);
}

function fullBook({ venue }: Outside): void {
  venue.exchange.setBook(VENUE_SYMBOL, FULL_BOOK);
}

function flush({ index, prices, leases, counters }: Outside): void {
  index.flush();
  prices.flush();
  leases.flush();
  counters.flush();
}

/** Nothing strikes any more. What was struck is left as it is. */
export function endTroubles({ chaos, trace, outside, market, news, app, scenario }: World): void {
  const { venue, clocks } = outside;
  chaos.isOver = true;
  trace.note('calm', () => '');
  venue.skewMs = 0;
  clocks.settle();
  venue.exchange.setQueryLag(0);
  fullBook(outside);
  app.cancelOwn();
  market.stop();
  if (scenario.restartsAfterStorm) news?.kill();
}

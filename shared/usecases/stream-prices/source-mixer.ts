/**
 * Two sources as one (design section 11): the venue's own stream and a second one give each symbol one stream of ticks.
 *
 * Always true:
 * - a tick comes from the source that triggers (source-policy.ts), the other one's prices go to `onSecond`;
 * - tick ids are the mixer's own and only grow, whichever source it is;
 * - what the second source has in another currency is converted (basis.ts) and says so; while it cannot be, it neither
 *   triggers nor checks;
 * - the second source's failure takes nothing away from the first one.
 */
import { BASIS_DEFAULTS, Basis, type BasisSettings } from '../../domain/prices/basis.ts';
import { freshnessOf, type Session } from '../../domain/prices/freshness.ts';
import { chooseSource, type SourceChoice, type SourcePolicy } from '../../domain/prices/source-policy.ts';
import { refusalOf, TRUST_DEFAULTS, type TrustSettings } from '../../domain/prices/trust-filter.ts';
import type { SymbolRegistry } from '../../domain/symbols.ts';
import type { Units } from '../../domain/triggers/types.ts';
import type { Feed, FeedHandlers, FeedStats, FeedTick } from '../../ports/feed.ts';
import type { Clock } from '../../ports/runtime.ts';
import { MixedSymbol, type SecondName } from './mixed-symbol.ts';

export interface MixerOptions {
  readonly venue: Feed;
  readonly second: Feed;
  readonly registry: SymbolRegistry;
  readonly clock: Clock;
  /** Highest tick id of an earlier run. */
  readonly startAfter?: number;
  /** The symbol at the second source; null = it has none. Default: the same name, in the same currency. */
  readonly secondName?: (symbol: string) => SecondName | null;
  /** Default: `auto`. */
  readonly policyOf?: (symbol: string) => SourcePolicy;
  readonly session?: Session;
  readonly basis?: BasisSettings;
  readonly trust?: TrustSettings;
}

/** How long the answer to "when was it heard of" stands. */
const LOOK_EVERY_MS = 250;

/** A source and when it was last heard of. */
class Source {
  readonly feed: Feed;
  #heardAt: number | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(feed: Feed) {
    this.feed = feed;
  }

  heard(at: number): void {
    this.#heardAt = at;
  }

  heardAt(now: number): number | null {
    if (now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      const { lastHeardAt, lastMessageAt } = this.feed.stats();
      if (lastHeardAt !== undefined) this.#heardAt = lastHeardAt;
      else if (lastMessageAt !== null)
        this.#heardAt = Math.max(lastMessageAt, this.#heardAt ?? lastMessageAt);
    }
    return this.#heardAt;
  }
}

export function createSourceMixer(options: MixerOptions): Feed {
  const { registry, clock, startAfter = 0, session = 'always', trust = TRUST_DEFAULTS } = options;
  const policyOf = options.policyOf ?? (() => 'auto' as const);
  const secondName = options.secondName ?? ((symbol: string): SecondName => ({ symbol, rate: null }));
  const venue = new Source(options.venue);
  const second = new Source(options.second);
  const name = `${venue.feed.name}+${second.feed.name}`;
  const symbols = new Map<string, MixedSymbol>();
  /** By the second source's name of it. */
  const bySecond = new Map<string, MixedSymbol[]>();
  /** One basis per rate and pair, fed by the ticks of the rate. */
  const byRate = new Map<string, Basis[]>();
  const counts = {
    fallbacks: 0,
    returns: 0,
    repeated: 0,
    second_refused: 0,
    second_failed: 0,
    unconverted: 0,
    unasked: 0,
  };
  let handlers: FeedHandlers | null = null;
  let nextId = 0;

  const stateOf = (symbol: string): MixedSymbol | null => {
    const known = symbols.get(symbol);
    if (known !== undefined) return known;
    const spec = registry.get(symbol);
    if (spec === null) return null;
    const named = secondName(symbol);
    const state = new MixedSymbol(spec, named, new Basis(options.basis ?? BASIS_DEFAULTS));
    symbols.set(symbol, state);
    if (named === null) return state;
    bySecond.set(named.symbol, [...(bySecond.get(named.symbol) ?? []), state]);
    if (named.rate !== null) byRate.set(named.rate, [...(byRate.get(named.rate) ?? []), state.basis]);
    return state;
  };

  const choose = (state: MixedSymbol, now: number): SourceChoice => {
    const said = {
      venue: { heardAt: venue.heardAt(now), pricedAt: state.venueAt, kind: 'quotes' as const, session },
      second: { heardAt: second.heardAt(now), pricedAt: state.secondAt, kind: state.secondKind, session },
    };
    const choice = chooseSource(policyOf(state.spec.symbol), {
      venue: { freshness: freshnessOf(said.venue, now), usable: true },
      second: { freshness: freshnessOf(said.second, now), usable: state.factor(now) !== null },
    });
    if (choice.triggers !== null && choice.triggers !== state.triggeredBy) {
      if (choice.triggers === 'second' && state.triggeredBy === 'venue') counts.fallbacks += 1;
      if (choice.triggers === 'venue' && state.triggeredBy === 'second') counts.returns += 1;
      state.triggeredBy = choice.triggers;
    }
    return choice;
  };

  const emit = (tick: FeedTick): Promise<void> | undefined =>
    handlers?.onTick({ ...tick, tick: { ...tick.tick, id: nextId++ } });

  const tellSecond = (state: MixedSymbol, price: Units | null, now: number): void => {
    if (price === null && !state.hasCheck) return;
    state.hasCheck = price !== null;
    handlers?.onSecond?.(state.spec.symbol, price, now);
  };

  const onVenueTick = (tick: FeedTick): Promise<void> | undefined => {
    const now = tick.tick.at;
    venue.heard(now);
    const state = symbols.get(tick.spec.symbol);
    if (state === undefined) {
      // Under way when it left.
      counts.unasked += 1;
      return undefined;
    }
    if (!state.takeVenue(tick)) {
      counts.repeated += 1;
      return undefined;
    }
    const { triggers, checks } = choose(state, now);
    if (triggers === 'second') tellSecond(state, checks === null ? null : state.venuePrice, now);
    if (triggers !== 'venue') return undefined;
    if (checks === null) tellSecond(state, null, now);
    return emit({ ...tick, feed: venue.feed.name });
  };

  const onSecondTick = (tick: FeedTick): void => {
    const now = tick.tick.at;
    second.heard(now);
    if (refusalOf(tick, now, trust) !== null) {
      counts.second_refused += 1;
      return;
    }
    for (const basis of byRate.get(tick.spec.symbol) ?? []) MixedSymbol.putRate(basis, tick);
    for (const state of bySecond.get(tick.spec.symbol) ?? []) {
      state.takeSecond(tick);
      const { triggers, checks } = choose(state, now);
      state.sample(now);
      const converted = state.converted(tick, now, second.feed.name);
      if (converted === null) counts.unconverted += 1;
      else if (triggers === 'second') {
        if (checks === null) tellSecond(state, null, now);
        void emit(converted);
      } else if (checks === 'second') tellSecond(state, state.middle(converted), now);
    }
  };

  /** What is asked of the second source for a symbol. */
  const namesOf = ({ second: at }: MixedSymbol): readonly string[] => {
    if (at === null) return [];
    return at.rate === null ? [at.symbol] : [at.symbol, at.rate];
  };

  /** Answers what nobody needs of the second source any more. */
  const forget = (left: readonly string[]): readonly string[] => {
    const gone = left.flatMap((symbol) => symbols.get(symbol) ?? []);
    for (const state of gone) {
      tellSecond(state, null, clock.now());
      symbols.delete(state.spec.symbol);
      if (state.second === null) continue;
      leave(bySecond, state.second.symbol, state);
      if (state.second.rate !== null) leave(byRate, state.second.rate, state.basis);
    }
    const needed = new Set([...symbols.values()].flatMap(namesOf));
    return [...new Set(gone.flatMap(namesOf))].filter((symbol) => !needed.has(symbol));
  };

  const parts = (): readonly FeedStats[] => [venue.feed.stats(), second.feed.stats()];

  return {
    name,
    start: async (given) => {
      if (handlers !== null) throw new Error('the feed runs already');
      handlers = given;
      nextId = Math.max(clock.now() * 1000, startAfter + 1);
      const failed = (error: unknown): void => {
        counts.second_failed += 1;
        const reason = error instanceof Error ? error.message : String(error);
        given.onSkipped({ where: `second source ${second.feed.name}`, reason });
      };
      await Promise.all([
        venue.feed.start({ ...given, onTick: onVenueTick }),
        second.feed
          .start({
            onTick: (tick) => {
              onSecondTick(tick);
              return undefined;
            },
            onEnd: () => failed('it has ended'),
            onError: failed,
            onSkipped: given.onSkipped,
          })
          .catch(failed),
      ]);
    },
    subscribe: (wanted) => {
      const atVenue = new Set(venue.feed.subscribe(wanted).unknown);
      const states = wanted.flatMap((symbol) => stateOf(symbol) ?? []);
      const asked = new Set(states.flatMap(namesOf));
      const atSecond = new Set(second.feed.subscribe([...asked]).unknown);
      const isUnknown = (symbol: string): boolean => {
        const at = symbols.get(symbol)?.second ?? null;
        return atVenue.has(symbol) && (at === null || atSecond.has(at.symbol));
      };
      return { unknown: wanted.filter(isUnknown) };
    },
    unsubscribe: (left) => {
      venue.feed.unsubscribe(left);
      second.feed.unsubscribe(forget(left));
    },
    stats: () => {
      const both = parts();
      const sum = (of: (one: FeedStats) => number): number => both.reduce((total, one) => total + of(one), 0);
      const times = both.flatMap(({ lastMessageAt }) => lastMessageAt ?? []);
      return {
        name,
        connected: both.every(({ connected }) => connected),
        authenticated: both.every(({ authenticated }) => authenticated),
        messagesReceived: sum((one) => one.messagesReceived),
        tradesProcessed: sum((one) => one.tradesProcessed),
        quotesProcessed: sum((one) => one.quotesProcessed),
        errors: sum((one) => one.errors) + counts.second_refused + counts.second_failed,
        lastMessageAt: times.length === 0 ? null : Math.max(...times),
        subscriptions: [...symbols.keys()],
        parts: both,
        fallbacks: counts.fallbacks,
      };
    },
    summary: () => ({ ...counts }),
    stop: async () => {
      await Promise.all([venue.feed.stop(), second.feed.stop()]);
      handlers = null;
    },
  };
}

function leave<T>(groups: Map<string, T[]>, name: string, member: T): void {
  const left = (groups.get(name) ?? []).filter((one) => one !== member);
  if (left.length === 0) groups.delete(name);
  else groups.set(name, left);
}

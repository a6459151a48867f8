/**
 * Two sources as one (design section 11): the venue's own stream and a second one give each symbol one stream of ticks.
 *
 * Always true:
 * - a tick comes from the source that triggers (source-policy.ts), the other one's prices go to `onSecond`;
 * - tick ids are the mixer's own and only grow, whichever source it is;
 * - what the second source has in another currency is converted (basis.ts) and says so; while it cannot be, it neither
 *   triggers nor checks;
 * - the second source's failure takes nothing away from the first one;
 * - a connection that is new vouches for no price of before it: what changed meanwhile nobody said;
 * - who is preferred has [5 s] to speak of a new symbol before the other one triggers it: until then no basis is known.
 */
import { BASIS_DEFAULTS, Basis, type BasisSettings } from '../../domain/prices/basis.ts';
import { ALIVE_MS, type Freshness, freshnessOf, type Session } from '../../domain/prices/freshness.ts';
import {
  AUTO_POLICY,
  chooseSource,
  type SourceChoice,
  type SourcePolicy,
  type SourceRole,
} from '../../domain/prices/source-policy.ts';
import {
  DROP_REASONS,
  type DropReason,
  refusalOf,
  TRUST_DEFAULTS,
  type TrustSettings,
} from '../../domain/prices/trust-filter.ts';
import type { SymbolRegistry } from '../../domain/symbols.ts';
import type { Units } from '../../domain/triggers/types.ts';
import type { Feed, FeedHandlers, FeedStats, FeedTick, LeftOut } from '../../ports/feed.ts';
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
  /** Of the symbols without a policy of their own; default: the venue first. */
  readonly policy?: SourcePolicy;
  /** Null = it has none of its own. */
  readonly policyOf?: (symbol: string) => SourcePolicy | null;
  /** When the symbol trades; default: always. */
  readonly sessionOf?: (symbol: string) => Session;
  readonly basis?: BasisSettings;
  readonly trust?: TrustSettings;
}

/** How long the answer to "when was it heard of" stands. */
const LOOK_EVERY_MS = 250;
/** A connection that brings prices is said to serve so soon after its first one. */
const SERVES_WITHIN_MS = 1_000;

interface Heard {
  at: number | null;
  lookedAt: number;
  /** When it last brought a price. */
  spokeAt: number;
}

/** A source, and when it was last heard of on the way that brings a symbol. */
class Source {
  readonly feed: Feed;
  readonly #heard = new Map<string, Heard>();

  constructor(feed: Feed) {
    this.feed = feed;
  }

  heard(symbol: string, at: number): void {
    const heard = this.#of(symbol);
    heard.at = at;
    heard.spokeAt = at;
  }

  heardAt(symbol: string, now: number): number | null {
    const heard = this.#of(symbol);
    if (now - heard.lookedAt >= LOOK_EVERY_MS) {
      heard.lookedAt = now;
      const at = this.#ask(symbol, heard.at);
      // Who speaks is alive, though its connection may be said to serve a moment later.
      if (at !== null || now - heard.spokeAt > SERVES_WITHIN_MS) heard.at = at;
    }
    return heard.at;
  }

  forget(symbols: readonly string[]): void {
    for (const symbol of symbols) this.#heard.delete(symbol);
  }

  #of(symbol: string): Heard {
    let heard = this.#heard.get(symbol);
    if (heard === undefined) {
      heard = { at: null, lookedAt: Number.NEGATIVE_INFINITY, spokeAt: Number.NEGATIVE_INFINITY };
      this.#heard.set(symbol, heard);
    }
    return heard;
  }

  #ask(symbol: string, before: number | null): number | null {
    if (this.feed.lastHeardAt !== undefined) return this.feed.lastHeardAt(symbol);
    const { lastHeardAt, lastMessageAt } = this.feed.stats();
    if (lastHeardAt !== undefined) return lastHeardAt;
    return lastMessageAt === null ? before : Math.max(lastMessageAt, before ?? lastMessageAt);
  }
}

export function createSourceMixer(options: MixerOptions): Feed {
  const { registry, clock, startAfter = 0, policy = AUTO_POLICY, trust = TRUST_DEFAULTS } = options;
  const policyOf = (symbol: string): SourcePolicy => options.policyOf?.(symbol) ?? policy;
  const sessionOf = options.sessionOf ?? ((): Session => 'always');
  const secondName = options.secondName ?? ((symbol: string): SecondName => ({ symbol, rate: null }));
  const venue = new Source(options.venue);
  const second = new Source(options.second);
  const sources: Readonly<Record<SourceRole, Source>> = { venue, second };
  /** Both, in the order in which they trigger. */
  const order: readonly SourceRole[] = policy[0] === 'venue' ? ['venue', 'second'] : ['second', 'venue'];
  const name = order.map((role) => sources[role].feed.name).join('+');
  const symbols = new Map<string, MixedSymbol>();
  /** By the second source's name of it. */
  const bySecond = new Map<string, MixedSymbol[]>();
  /** One basis per rate and pair, fed by the ticks of the rate. */
  const byRate = new Map<string, Basis[]>();
  const counts = {
    fallbacks: 0,
    returns: 0,
    repeated: 0,
    second_failed: 0,
    unconverted: 0,
    unasked: 0,
  };
  /** Of the second source, by reason: the pipeline sees none of its ticks while it only checks. */
  const secondRefused: Partial<Record<DropReason, number>> = {};
  const refusedOfSecond = (): number => Object.values(secondRefused).reduce((sum, count) => sum + count, 0);
  let handlers: FeedHandlers | null = null;
  let nextId = 0;

  const stateOf = (symbol: string): MixedSymbol | null => {
    const known = symbols.get(symbol);
    if (known !== undefined) return known;
    const spec = registry.get(symbol);
    if (spec === null) return null;
    const named = secondName(symbol);
    const state = new MixedSymbol({
      ...{ spec, second: named, policy: policyOf(symbol), session: sessionOf(symbol), since: clock.now() },
      basis: new Basis(options.basis ?? BASIS_DEFAULTS),
    });
    symbols.set(symbol, state);
    if (named === null) return state;
    bySecond.set(named.symbol, [...(bySecond.get(named.symbol) ?? []), state]);
    if (named.rate !== null) byRate.set(named.rate, [...(byRate.get(named.rate) ?? []), state.basis]);
    return state;
  };

  const freshness = (state: MixedSymbol, role: SourceRole, now: number): Freshness => {
    const { session } = state;
    const { symbol } = state.spec;
    const heardAt =
      role === 'venue' ? venue.heardAt(symbol, now) : second.heardAt(state.second?.symbol ?? symbol, now);
    if (heardAt === null) state.gone(role);
    return role === 'venue'
      ? freshnessOf({ heardAt, pricedAt: state.venueAt, kind: 'quotes', session }, now)
      : freshnessOf({ heardAt, pricedAt: state.secondAt, kind: state.secondKind, session }, now);
  };

  const look = (state: MixedSymbol, now: number): SourceChoice => {
    const own = state.policy;
    const choice = chooseSource(own, {
      venue: { freshness: freshness(state, 'venue', now), usable: true },
      second: { freshness: freshness(state, 'second', now), usable: state.factor(now) !== null },
    });
    const isWaiting = state.triggeredBy === null && now - state.since <= ALIVE_MS;
    if (choice.triggers === own[0] || !isWaiting || !state.hasFirst) return choice;
    return { triggers: null, checks: null };
  };

  const choose = (state: MixedSymbol, now: number): SourceChoice => {
    const choice = look(state, now);
    const { triggers } = choice;
    if (triggers === null || triggers === state.triggeredBy) return choice;
    if (triggers !== state.policy[0]) counts.fallbacks += state.hasFirst ? 1 : 0;
    else if (state.triggeredBy !== null) counts.returns += 1;
    state.triggeredBy = triggers;
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
    venue.heard(tick.spec.symbol, now);
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
    second.heard(tick.spec.symbol, now);
    const refusal = refusalOf(tick, now, trust);
    if (refusal !== null) {
      secondRefused[refusal] = (secondRefused[refusal] ?? 0) + 1;
      return;
    }
    for (const basis of byRate.get(tick.spec.symbol) ?? []) MixedSymbol.putRate(basis, tick);
    for (const state of bySecond.get(tick.spec.symbol) ?? []) {
      state.takeSecond(tick);
      const { triggers, checks } = choose(state, now);
      if (freshness(state, 'venue', now) === 'live') state.sample(now);
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
    venue.forget(left);
    const needed = new Set([...symbols.values()].flatMap(namesOf));
    const unneeded = [...new Set(gone.flatMap(namesOf))].filter((symbol) => !needed.has(symbol));
    second.forget(unneeded);
    return unneeded;
  };

  /** A source that may give this symbol's price lives, and can give it in the symbol's currency. */
  const isServed = (state: MixedSymbol, now: number): boolean =>
    state.policy.some((role) => {
      const isThere = role === 'venue' ? state.isAtVenue : state.second !== null;
      const isLiving = isThere && freshness(state, role, now) !== 'dead';
      return isLiving && (role === 'venue' || state.factor(now) !== null);
    });

  const parts = (): readonly FeedStats[] => {
    const now = clock.now();
    const chosen = [...symbols.values()].map((state) => look(state, now).triggers);
    return order.map((role) => ({
      ...sources[role].feed.stats(),
      triggers: chosen.filter((triggers) => triggers === role).length,
    }));
  };

  const isServedByOne = (both: readonly FeedStats[]): boolean => {
    const now = clock.now();
    const isHere = both.some(({ connected }) => connected);
    return isHere && [...symbols.values()].every((state) => isServed(state, now));
  };

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
      for (const state of states) state.isAtVenue = !atVenue.has(state.spec.symbol);
      const asked = new Set(states.flatMap(namesOf));
      const atSecond = new Set(second.feed.subscribe([...asked]).unknown);
      /** Nobody who may trigger it has it. */
      const isUnknown = (symbol: string): boolean => {
        const at = symbols.get(symbol)?.second ?? null;
        const isAt = { venue: !atVenue.has(symbol), second: at !== null && !atSecond.has(at.symbol) };
        return !(symbols.get(symbol)?.policy ?? order).some((role) => isAt[role]);
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
        // One that is away while the other one serves all is told by itself, in `parts`.
        connected: both.every(({ connected }) => connected) || isServedByOne(both),
        authenticated: both.every(({ authenticated }) => authenticated),
        messagesReceived: sum((one) => one.messagesReceived),
        tradesProcessed: sum((one) => one.tradesProcessed),
        quotesProcessed: sum((one) => one.quotesProcessed),
        errors: sum((one) => one.errors) + refusedOfSecond() + counts.second_failed,
        lastMessageAt: times.length === 0 ? null : Math.max(...times),
        subscriptions: [...symbols.keys()],
        trouble: both.flatMap(({ trouble }) => trouble ?? [])[0] ?? null,
        failed: both.flatMap(({ name: source, failed = [] }) =>
          failed.map(({ symbol, reason }) => ({ symbol, reason: `${source}: ${reason}` })),
        ),
        leftOut: leftOutOf([...both.map(({ leftOut = {} }) => leftOut), secondRefused]),
        connections: both.flatMap(({ connections = [] }) => connections),
        parts: both,
        fallbacks: counts.fallbacks,
      };
    },
    summary: () => ({ ...counts, second_refused: refusedOfSecond() }),
    stop: async () => {
      await Promise.all([venue.feed.stop(), second.feed.stop()]);
      handlers = null;
    },
  };
}

function leftOutOf(all: readonly LeftOut[]): LeftOut {
  const sums: Partial<Record<DropReason, number>> = {};
  for (const one of all)
    for (const because of DROP_REASONS)
      if (one[because] !== undefined) sums[because] = (sums[because] ?? 0) + one[because];
  return sums;
}

function leave<T>(groups: Map<string, T[]>, name: string, member: T): void {
  const left = (groups.get(name) ?? []).filter((one) => one !== member);
  if (left.length === 0) groups.delete(name);
  else groups.set(name, left);
}

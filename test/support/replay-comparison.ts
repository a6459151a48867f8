/** Random positions, given to the replay and to the independent walk of replay-reference.ts, and what differs. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Decision, Desk } from '../../infra/replay/desk.ts';
import { marginTerms, type Plan, type PlannedPosition } from '../../infra/replay/plan.ts';
import type { ProtectionRequest } from '../../infra/replay/protection-request.ts';
import { Decimal } from '../../shared/domain/money/decimal.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import { type Random, seededRandom } from '../../shared/feeds/prng.ts';
import {
  type ReferenceEvent,
  type ReferenceMarket,
  type ReferencePlan,
  type ReferenceTick,
  walkPosition,
} from './replay-reference.ts';

const registry = symbolRegistry();

export function specOf(symbol: string): SymbolSpec {
  const spec = registry.find(symbol);
  if (spec === null) throw new Error(`no symbol ${symbol}`);
  return spec;
}

/** The markets of a recording, read here and by nobody else's code. */
export function readMarkets(file: string): readonly ReferenceMarket[] {
  const bytes = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trimEnd().split('\n');
  const ticks = new Map<string, ReferenceTick[]>();
  for (const [at, line] of lines.entries()) {
    const [time = '', name = '', price = '', quantity = ''] = line.split(',');
    if (at === 0) continue;
    const { stepSize, unitExponent } = specOf(name);
    const units = whole(price, unitExponent);
    const steps = quantity === '' ? null : whole(quantity, stepSize.decimalPlaces());
    const own = ticks.get(name) ?? [];
    ticks.set(name, own);
    own.push({
      ...{ id: at + 1, at: Number(time), bid: units, ask: units, last: units },
      ...{ bidSteps: steps, askSteps: steps },
    });
  }
  return [...ticks].map(([name, own]) => marketOf(specOf(name), own));
}

export const marketOf = (spec: SymbolSpec, ticks: readonly ReferenceTick[]): ReferenceMarket => ({
  symbol: spec.symbol,
  ticks,
  priceDecimals: spec.unitExponent,
  stepDecimals: spec.stepSize.decimalPlaces(),
});

/** Decimal text as a whole count of 10^-decimals; finer digits, which no recording here has in prices, are cut. */
export function whole(text: string, decimals: number): number {
  const [integer = '0', fraction = ''] = text.split('.');
  return Number(integer + fraction.slice(0, decimals).padEnd(decimals, '0'));
}

/** Random positions of one market; `widest` is the longest distance of a level, in basis points. */
export function randomPlans(
  market: ReferenceMarket,
  count: number,
  options: { readonly seed: number; readonly widest: number; readonly shorts: boolean },
): readonly ReferencePlan[] {
  const random = seededRandom(options.seed);
  const confirming = seededRandom(options.seed + 1_000_003);
  const lending = seededRandom(options.seed + 2_000_003);
  const spec = specOf(market.symbol);
  const [first, last] = [market.ticks[0], market.ticks.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a market without ticks');
  const price = new Decimal(first.last).dividedBy(new Decimal(10).pow(market.priceDecimals));
  return Array.from({ length: count }, (_, at) => {
    const worth = spec.minNotional.times(30 + (random() % 60));
    return {
      name: `${market.symbol} ${at}`,
      side: options.shorts && random() % 2 === 0 ? 'short' : 'long',
      openAt: first.at + Math.floor(((last.at - first.at) * (random() % 9_000)) / 10_000),
      // Enough steps for each rung of a ladder to have some.
      steps: Math.max(40, worth.dividedBy(price).dividedBy(spec.stepSize).ceil().toNumber()),
      leverage: 1 + (lending() % 3 === 0 ? lending() % 20 : 0),
      source: pick(random, ['bid_ask', 'bid_ask', 'last', 'mid'] as const),
      ...randomLevels(random, options.widest, market),
      timeStopSeconds: confirming() % 4 === 0 ? 5 + (confirming() % 400) : null,
      confirm:
        confirming() % 3 === 0 ? null : { seconds: 1 + (confirming() % 20), bp: 2 + (confirming() % 60) },
    } as const;
  });
}

const pick = <T>(random: Random, from: readonly T[]): T => {
  const one = from[random() % from.length];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
};

const LADDERS = [[], [100], [100], [60, 40], [40, 30, 30], [50, 25], [30]] as const;

function randomLevels(random: Random, widest: number, market: ReferenceMarket) {
  const distance = (share = 1): number => 3 + (random() % Math.max(2, Math.floor(widest * share)));
  const shares = pick(random, LADDERS);
  const first = distance();
  const step = distance(0.5);
  const targets = shares.map((share, at) => ({ distance: first + at * step, share }));
  const profit = distance(0.5);
  const breakEven =
    random() % 3 === 0 ? { profit, offset: random() % 2 === 0 ? 0 : random() % Math.min(profit, 20) } : null;
  const stop = random() % 4 === 0 ? null : distance();
  const activation = random() % 2 === 0 ? distance(0.5) : null;
  const price = market.ticks[0]?.last ?? 0;
  const amount = { units: Math.max(1, Math.round((price * distance()) / 10_000 / 100)) * 100 };
  const trailing =
    random() % 2 === 0 ? { ...(random() % 3 === 0 ? amount : { bp: distance() }), activation } : null;
  return { stop, targets, breakEven, trailing };
}

const percentOf = (bp: number): Decimal => new Decimal(bp).dividedBy(100);

function requestOf(plan: ReferencePlan, market: ReferenceMarket): ProtectionRequest {
  const { trailing, breakEven } = plan;
  return {
    stopLoss: plan.stop === null ? null : { percent: percentOf(plan.stop) },
    takeProfits: plan.targets.map(({ distance, share }) => ({
      at: { percent: percentOf(distance) },
      share: new Decimal(share).dividedBy(100),
    })),
    trailingStop: trailing && {
      distance:
        trailing.units === undefined
          ? { percent: percentOf(trailing.bp ?? 0) }
          : { amount: new Decimal(trailing.units).dividedBy(new Decimal(10).pow(market.priceDecimals)) },
      activation: trailing.activation === null ? null : { percent: percentOf(trailing.activation) },
    },
    breakEven: breakEven && {
      activationProfitPercent: percentOf(breakEven.profit),
      offsetPercent: percentOf(breakEven.offset),
    },
    timeStopSeconds: plan.timeStopSeconds,
    confirmSeconds: plan.confirm?.seconds ?? 0,
    confirmMaxPercent: percentOf(plan.confirm?.bp ?? 100),
    triggerPrice: plan.source,
  };
}

const WALLET = { feeRate: new Decimal('0.001'), buyFeeIn: 'quote' } as const;

/** The same positions as the replay plans them. */
export function planOf(
  markets: readonly { readonly market: ReferenceMarket; readonly plans: readonly ReferencePlan[] }[],
): Plan {
  const positions = markets.flatMap(({ market, plans }) => {
    const spec = specOf(market.symbol);
    return plans.map(
      (plan): PlannedPosition => ({
        name: plan.name,
        spec,
        side: plan.side,
        margin: marginTerms(plan.name, plan, WALLET),
        openAt: { at: plan.openAt },
        amount: { quantity: spec.stepSize.times(plan.steps) },
        request: requestOf(plan, market),
        closeAt: null,
      }),
    );
  });
  return { wallet: WALLET, positions };
}

const KINDS: Readonly<Record<string, ReferenceEvent['kind']>> = {
  exit_claimed: 'exit',
  part_claimed: 'part',
  break_even_activated: 'break_even',
  stop_confirming: 'wait',
  stop_not_confirmed: 'back',
  close_requested: 'exit',
};

function eventOf(decision: Decision, market: ReferenceMarket): ReferenceEvent | null {
  const kind = KINDS[decision.kind];
  if (kind === undefined) return null;
  if (decision.kind === 'close_requested')
    return { kind, tick: decision.tick, name: decision.facts['exit_cause'] ?? '', level: 0 };
  const { level_name: name = '', level = '', tick_id: tick, exit_cause: cause } = decision.facts;
  const said = kind === 'break_even' ? 'break_even_trigger' : name;
  const isExit = kind === 'exit' || kind === 'part';
  if (isExit && cause !== name.replace(/:\d+$/, '')) {
    throw new Error(`${decision.position}: ${name} gave the cause ${cause}`);
  }
  const units = new Decimal(level).times(new Decimal(10).pow(market.priceDecimals)).toNumber();
  // Of a stop that waited the facts are those of the tick that reached it.
  const isConfirmed = decision.facts['confirmation'] === 'confirmed';
  return { kind, tick: isConfirmed ? decision.tick : Number(tick), name: said, level: units };
}

export interface Compared {
  readonly positions: number;
  readonly events: number;
  readonly byName: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
}

/** What the replay decided, against the walk: every tick, level and cause, in order. */
export function compare(
  desk: Desk,
  markets: readonly { readonly market: ReferenceMarket; readonly plans: readonly ReferencePlan[] }[],
): Compared {
  const decided = Map.groupBy(desk.decisions, ({ position }) => position);
  const refused = new Map(desk.positions.map(({ plan, refusal }) => [plan.name, refusal]));
  const wrong: string[] = [];
  const byName: Record<string, number> = {};
  let [positions, events] = [0, 0];
  for (const { market, plans } of markets) {
    for (const plan of plans) {
      const expected = walkPosition(market, plan);
      const found = (decided.get(plan.name) ?? []).flatMap((decision) => eventOf(decision, market) ?? []);
      const refusal = refused.get(plan.name) ?? null;
      if ((expected === null) !== (refusal !== null)) {
        wrong.push(`${JSON.stringify(plan)}: ${refusal ?? 'opened'}, though the walk says otherwise`);
      }
      if (expected === null) continue;
      positions += 1;
      events += expected.length;
      for (const { kind, name } of expected) {
        byName[name] = (byName[name] ?? 0) + 1;
        if (kind === 'wait' || kind === 'back') byName[kind] = (byName[kind] ?? 0) + 1;
      }
      const waited = expected.some(({ kind }, at) => kind === 'exit' && expected[at - 1]?.kind === 'wait');
      if (waited) byName['confirmed'] = (byName['confirmed'] ?? 0) + 1;
      if (JSON.stringify(found.map(inOrder)) === JSON.stringify(expected.map(inOrder))) continue;
      wrong.push(`${JSON.stringify(plan)}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
    }
  }
  return { positions, events, byName, wrong };
}

const inOrder = ({ kind, tick, name, level }: ReferenceEvent) => [kind, tick, name, level];

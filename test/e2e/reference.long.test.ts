/**
 * The same positions on the laptop system and in the independent walk (support/replay-reference.ts): the same causes,
 * each within a second of the walk's. What differs has to be in the position's own timeline. On a busy machine hits that
 * are taken apart may be decided in another order than their ticks: then that very hit is refused there with its reason, or
 * its claim stands behind one of a later tick. A stop that break-even set may be reached before the index could have heard of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Decimal } from '../../shared/domain/money/decimal.ts';
import { seededRandom } from '../../shared/feeds/prng.ts';
import { marketOf, randomPlans, specOf } from '../support/replay-comparison.ts';
import {
  type ReferenceEvent,
  type ReferenceMarket,
  type ReferencePlan,
  type ReferenceTick,
  walkPosition,
} from '../support/replay-reference.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { exitsOf, type PositionAnswer, type Trader } from '../support/trader.ts';
import { until } from '../support/until.ts';

const SYMBOL = 'BTC/USDT';
const SEED = 20_261_129;
const POSITIONS = 60;
const TICKS = 300;
const TICK_EACH_MS = 120;
const NEAR_MS = 1_000;
/** Of a busy machine. */
const PATIENCE_MS = 60_000;
/** Orders that are placed side by side. */
const AT_ONCE = 6;
/** Basis points: the longest distance of a level, and of a step of the price. */
const WIDEST = 120;
const STEP = 12;
const spec = specOf(SYMBOL);
const START = '50000.00';

let system: TestSystem;
let trader: Trader;
beforeAll(async () => {
  system = await startTestSystem();
  trader = system.trader;
});
afterAll(() => system?.stop());

const unit = new Decimal(10).pow(spec.unitExponent);
const unitsOf = (price: string): number => new Decimal(price).times(unit).toNumber();
const tickAt = (id: number, at: number, price: string): ReferenceTick => {
  const units = unitsOf(price);
  return { id, at, bid: units, ask: units, last: units, bidSteps: null, askSteps: null };
};

/** Up and down from the start, on the tick. */
function drawPrices(): readonly string[] {
  const random = seededRandom(SEED);
  let price = new Decimal(START);
  return Array.from({ length: TICKS }, () => {
    const move = (random() % (2 * STEP + 1)) - STEP;
    price = price
      .times(10_000 + move)
      .dividedBy(10_000)
      .toDecimalPlaces(2);
    return price.toFixed(2);
  });
}

/** As a request says it; levels are rounded there. */
function protectionOf(plan: ReferencePlan) {
  const sign = plan.side === 'long' ? 1 : -1;
  const away = (bp: number) =>
    new Decimal(START)
      .times(10_000 + sign * bp)
      .dividedBy(10_000)
      .toFixed();
  const percent = (bp: number) => new Decimal(bp).dividedBy(100).toFixed();
  const { trailing, breakEven, stop } = plan;
  const distance =
    trailing?.units === undefined
      ? { distance_percent: percent(trailing?.bp ?? 0) }
      : { distance_amount: new Decimal(trailing.units).dividedBy(unit).toFixed() };
  return {
    stop_loss: stop === null ? null : away(-stop),
    take_profits: plan.targets.map(({ distance: bp, share }) => ({
      price: away(bp),
      share: new Decimal(share).dividedBy(100).toFixed(),
    })),
    trailing_stop: trailing && {
      ...distance,
      activation_price: trailing.activation === null ? null : away(trailing.activation),
    },
    break_even: breakEven && {
      activation_profit_percent: percent(breakEven.profit),
      offset_percent: percent(breakEven.offset),
    },
    trigger_price: plan.source,
  };
}

/** What its levels have closed, in the order of the ticks. */
const exitsFound = (position: PositionAnswer) =>
  exitsOf(position)
    .flatMap(({ exit }) => (exit?.trigger == null ? [] : [exit.trigger]))
    .map(({ level_name: name, tick_id: tick, armed_tick_id: armed }) => ({ name, tick, armed }))
    .toSorted((a, b) => a.tick - b.tick || (a.name < b.name ? -1 : 1));

interface Opened {
  readonly plan: ReferencePlan;
  /** Null: refused, since a level would trigger at once. */
  readonly positionId: string | null;
}

async function open(wallet: string, plan: ReferencePlan): Promise<Opened> {
  const body = {
    ...{ wallet_id: wallet, symbol: SYMBOL, type: 'market', protection: protectionOf(plan) },
    ...(plan.side === 'long' ? { side: 'buy' } : { side: 'sell', position_side: 'short' }),
    quantity: spec.stepSize.times(plan.steps).toFixed(),
  };
  const key = plan.name.replace(/[^0-9a-z]/gi, '-');
  const answer = await trader.send<{ position_id?: string; code?: string }>('POST', '/orders', { body, key });
  if (answer.status < 300) return { plan, positionId: answer.body.position_id ?? null };
  expect([answer.status, answer.body.code]).toEqual([422, expect.stringContaining('wrong_side')]);
  return { plan, positionId: null };
}

const isWatched = ({ status, risk_management: { armed } }: PositionAnswer): boolean =>
  status === 'open' && armed;

interface Told {
  readonly action: string;
  readonly refused: boolean;
  readonly reason: string | null;
  readonly rule: string | null;
  readonly tick_id: number | null;
}

const CLAIMS = ['exit_claimed', 'part_claimed', 'break_even_activated'];

/** Why this very hit was not acted on, or only after one of a later tick, by the timeline; null = it says nothing. */
async function reasonOf(positionId: string, event: ReferenceEvent): Promise<string | null> {
  const path = `/positions/${positionId}/timeline?limit=200`;
  const { items } = await trader.good<{ items: readonly Told[] }>('GET', path);
  const isOf = ({ rule, tick_id: tick }: Told): boolean => rule === event.name && tick === event.tick;
  const refusal = items.find((one) => one.refused && isOf(one));
  if (refusal !== undefined) return refusal.reason;
  if (event.name === 'break_even') {
    const unset = items.find(({ refused, rule }) => refused && rule === 'break_even_trigger');
    if (unset !== undefined) return unset.reason;
  }
  const claims = items.filter(({ action }) => CLAIMS.includes(action));
  const own = claims.findIndex(isOf);
  const overtaking = claims.slice(0, Math.max(own, 0)).find(({ tick_id: tick }) => (tick ?? 0) > event.tick);
  return overtaking === undefined ? null : `overtaken by ${overtaking.rule} at ${overtaking.tick_id}`;
}

interface Verdict {
  readonly exits: number;
  readonly wrong: string | null;
  readonly explained: string | null;
}

const isExit = ({ kind }: ReferenceEvent): boolean => kind === 'exit' || kind === 'part';

/** Its exits against the walk's: the first that has another cause, or is further away than a second. */
async function verdictOf({ plan, positionId }: Opened, market: ReferenceMarket): Promise<Verdict> {
  const walk = walkPosition(market, plan);
  if (walk === null || positionId === null) {
    const isSame = walk === null && positionId === null;
    return { exits: 0, wrong: isSame ? null : `${plan.name}: refused by one of both`, explained: null };
  }
  const expected = walk.filter(isExit);
  const position = await trader.position(positionId);
  const found = exitsFound(position);
  const timeOf = new Map(market.ticks.map(({ id, at }) => [id, at]));
  const apart = (a: number, b: number) => Math.abs((timeOf.get(a) ?? 0) - (timeOf.get(b) ?? 0));
  const at = expected.findIndex((event, i) => {
    const own = found[i];
    return own?.name !== event.name || apart(own.tick, event.tick) > NEAR_MS;
  });
  const exits = expected.length;
  if (at === -1 && found.length === exits) return { exits, wrong: null, explained: null };
  // More than the walk has: a part was claimed before the exit that its tick came after.
  const event = expected.at(at);
  const why = event === undefined ? null : await reasonOf(positionId, event);
  const said = `${plan.name}: ${why ?? ''} ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`;
  const activated = position.actions.find(({ action }) => action === 'break_even_activated');
  const heardAt = activated === undefined ? 0 : Date.parse(String(activated['timestamp']));
  const isUnheard = event?.name === 'break_even' && heardAt + NEAR_MS > (timeOf.get(event.tick) ?? 0);
  const isExplained = isUnheard || why !== null;
  return { exits, wrong: isExplained ? null : said, explained: isExplained ? said : null };
}

it('exits of 60 random positions have the cause of an independent walk, within a second of it', async () => {
  const first = await system.trade(SYMBOL, START);
  const opening = tickAt(first, Date.now(), START);
  const wallet = await trader.wallet({ USDT: '1000000' }, { max_leverage: 1 });
  const plans = randomPlans(marketOf(spec, [opening]), POSITIONS, {
    ...{ seed: SEED, widest: WIDEST, shorts: true },
  }).map((plan) => ({ ...plan, openAt: opening.at, timeStopSeconds: null, confirm: null }));
  const opened: Opened[] = [];
  const ticks = [opening];
  const push = (price: string): void => {
    ticks.push(tickAt(system.tape.push(SYMBOL, price), Date.now(), price));
  };
  for (let from = 0; from < plans.length; from += AT_ONCE) {
    // A price older than a minute is none.
    push(START);
    opened.push(...(await Promise.all(plans.slice(from, from + AT_ONCE).map((plan) => open(wallet, plan)))));
  }
  for (const { positionId } of opened)
    if (positionId !== null) await trader.until(positionId, 'open and armed', isWatched, PATIENCE_MS);

  for (const price of drawPrices()) {
    push(price);
    await sleep(TICK_EACH_MS);
  }
  const last = ticks.at(-1)?.id ?? 0;
  await until(
    'the last tick',
    async () => (await trader.price(SYMBOL)).body.tick_id,
    (seen) => seen >= last,
    PATIENCE_MS,
  );
  const market = marketOf(spec, ticks);
  // On a busy machine hits are decided late.
  const verdicts = await until(
    'every exit decided',
    async () => {
      await sleep(NEAR_MS);
      const all: Verdict[] = [];
      for (const one of opened) all.push(await verdictOf(one, market));
      return all;
    },
    (all) => all.every(({ wrong }) => wrong === null),
    PATIENCE_MS,
  );
  const explained = verdicts.flatMap((one) => one.explained ?? []);
  const exits = verdicts.reduce((sum, one) => sum + one.exits, 0);
  console.log(`${exits} exits of ${POSITIONS} positions; ${explained.length} explained`, explained);
  expect(exits).toBeGreaterThan(POSITIONS / 2);
}, 300_000);

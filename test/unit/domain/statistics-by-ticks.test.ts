/**
 * A position's figures equal a walk over every single tick and fill, written apart from the product: whole numbers, no bars
 * (support/position-walk.ts). Random lives with several entries and part exits, fees of all kinds, longs and shorts,
 * trailing and break-even, by each choice of the price, open and closed.
 */
import { describe, expect, it } from 'vitest';
import { entryMinuteEnd } from '../../../shared/domain/due.ts';
import { entryMinuteBars } from '../../../shared/domain/entry-minute.ts';
import { figures } from '../../../shared/domain/figures.ts';
import { confirmArmed } from '../../../shared/domain/levels.ts';
import { applyEntryFill, applyExitFill, maybeClose } from '../../../shared/domain/positions.ts';
import { activateBreakEven } from '../../../shared/domain/protection.ts';
import { foldTicks, mergeBars } from '../../../shared/domain/triggers/bars.ts';
import type { Bar, Tick } from '../../../shared/domain/triggers/types.ts';
import { decimalToUnits, unitsToDecimal } from '../../../shared/domain/triggers/units.ts';
import type { Fill, Order, Position, Protection } from '../../../shared/domain/types.ts';
import type { CachedPrice } from '../../../shared/ports/trigger-index.ts';
import { figuresTape, presentPrice, statisticsOf } from '../../../shared/usecases/position-statistics.ts';
import { drawHistory, type History, type HistoryFill } from '../../support/position-histories.ts';
import { walkHistory } from '../../support/position-walk.ts';
import { BTC, d, newFill, newOrder, newPosition, T0 } from './builders.ts';

const HISTORIES = 500;

const price = (units: number) => d(units).dividedBy(10_000);
const amount = (small: number) => d(small).dividedBy(1e8);
const ASSETS = { base: 'BTC', quote: 'USDT', other: 'BNB' } as const;

function fillOf(fill: HistoryFill): Fill {
  return newFill(price(fill.price).toFixed(), amount(fill.amount).toFixed(), {
    at: T0 + fill.at,
    fee: { asset: ASSETS[fill.feeIn], amount: amount(fill.fee) },
    feeQuoteValue: fill.feeValue === null ? null : amount(fill.feeValue),
  });
}

function protectionOf({ stop, trailing, evenOffset, trigger }: History): Partial<Protection> {
  return {
    triggerPrice: trigger,
    stopLoss: stop === null ? null : { price: price(stop) },
    trailingStop: trailing && {
      distance:
        trailing.units === undefined
          ? { percent: d(trailing.bp ?? 0).dividedBy(100) }
          : { amount: price(trailing.units) },
      activationPrice: trailing.activation === null ? null : price(trailing.activation),
    },
    breakEven:
      evenOffset === null
        ? null
        : { activationProfitPercent: d(1), offsetPercent: d(evenOffset).dividedBy(100) },
  };
}

interface Lived {
  readonly position: Position;
  readonly orders: readonly { readonly order: Order; readonly fills: readonly Fill[] }[];
}

/** Through the product, event by event: each fill is an order of its own. `seconds`: the tape's while they are there. */
function live(history: History, seconds: readonly Bar[]): Lived {
  const [opens, closes] = history.side === 'long' ? (['buy', 'sell'] as const) : (['sell', 'buy'] as const);
  let p = newPosition(opens, protectionOf(history));
  const orders: { order: Order; fills: Fill[] }[] = [];
  const keepMinute = (now: number): void => {
    const end = entryMinuteEnd(p);
    if (end === null || now < end || p.entryMinute !== null) return;
    p = { ...p, entryMinute: { at: now, bars: entryMinuteBars(p, seconds) } };
  };
  for (const event of history.events) {
    const at = T0 + event.at;
    keepMinute(at);
    if (event.kind === 'armed') {
      const peak = event.peak === null ? null : price(event.peak);
      const tick = history.ticks.filter((one) => one.at <= event.at).length;
      p = confirmArmed(p, p.levelsVersion, { trailing_stop: { tick, at, peak } }, at);
    } else if (event.kind === 'break_even') {
      p = activateBreakEven(p, at, BTC);
    } else {
      const isEntry = event.kind === 'entry';
      const order = newOrder({
        orderId: `order-${orders.length + 1}`,
        ...{ role: event.kind, side: isEntry ? opens : closes, createdAt: at },
        referencePrice: event.reference === null ? null : price(event.reference),
      });
      const fill = fillOf(event);
      p = isEntry ? applyEntryFill(p, fill, order, at) : applyExitFill(p, fill, order, at);
      orders.push({ order, fills: [fill] });
    }
  }
  keepMinute(T0 + (history.closedAt ?? history.now));
  if (history.closedAt !== null) p = maybeClose({ ...p, entryLive: false }, BTC, null, T0 + history.closedAt);
  return { position: p, orders };
}

function ticksOf({ ticks, now }: History): readonly Tick[] {
  const units = (of: number) => {
    const found = decimalToUnits(price(of), BTC.unitExponent, 'half_even');
    if (!found.ok) throw new Error(`${of} is no price`);
    return found.value;
  };
  return ticks
    .filter(({ at }) => at <= now)
    .map(({ at, bid, ask, last }, i) => ({
      ...{ id: i + 1, at: T0 + at, bid: units(bid), ask: units(ask), last: units(last) },
      ...{ bidSize: '', askSize: '', recordedAt: 0 },
    }));
}

function shownOf(ticks: readonly Tick[]): CachedPrice | null {
  const tick = ticks.at(-1);
  if (tick === undefined) return null;
  const text = (of: 'bid' | 'ask' | 'last') => unitsToDecimal(tick[of], BTC.unitExponent).toFixed();
  return {
    ...{
      symbol: 'BTC/USDT',
      bid: text('bid'),
      ask: text('ask'),
      last: text('last'),
      bidSize: '',
      askSize: '',
    },
    ...{ source: 'test', quoted: true, tickId: tick.id, at: tick.at, recordedAt: 0 },
  };
}

/** The tape's minutes, of its seconds. */
const minutesOf = (bars: readonly Bar[]) =>
  [...Map.groupBy(bars, ({ second }) => Math.floor(second / 60))].map(([minute, own]) => {
    const { second: _, ...row } = own.reduce(mergeBars);
    return { minute, ...row };
  });

/** As a read derives it from fills and the tape; `byMinute`: where the tape's seconds are gone. */
async function derived(history: History, byMinute: boolean) {
  const ticks = ticksOf(history);
  const { complete, open } = foldTicks(null, ticks);
  const bars: readonly Bar[] = open === null ? complete : [...complete, open];
  const { position, orders } = live(history, bars);
  const rows = byMinute ? minutesOf(bars) : [];
  const ports = {
    prices: {
      bars: async (_: string, from: number) => (byMinute ? [] : bars.filter(({ second }) => second >= from)),
    },
    tape: {
      between: async (_: string, from: number, to: number) =>
        rows.filter(({ minute }) => minute >= from && minute < to),
    },
  };
  const now = T0 + history.now;
  const present = presentPrice(position, shownOf(ticks), now);
  const tape = await figuresTape(ports as unknown as Parameters<typeof figuresTape>[0], position, BTC, now);
  const statistics = statisticsOf(position, orders, tape, present, now);
  return { position, mark: present.mark, figures: figures(position, present.mark), statistics };
}

/** The same words as the walk's. */
function told({ position: p, figures: f, statistics: s }: Awaited<ReturnType<typeof derived>>) {
  const text = (value: { toFixed(): string } | null) => value?.toFixed() ?? null;
  const since = (at: number | null) => (at === null ? null : at - T0);
  const fee = (asset: string) => f.feesByAsset.find((one) => one.asset === asset)?.amount.toFixed() ?? '0';
  return {
    figures: {
      entryPrice: text(f.entryPrice),
      exitPrice: text(f.exitPrice),
      notional: text(f.notional),
      value: text(f.value),
      unrealizedPnl: text(f.unrealizedPnl),
      unrealizedPnlPercent: text(f.unrealizedPnlPercent),
      realizedPnl: text(f.realizedPnl),
      realizedPnlPercent: text(f.realizedPnlPercent),
      totalFeesQuote: text(f.totalFeesQuote),
      fees: { base: fee('BTC'), quote: fee('USDT'), other: fee('BNB') },
      unvalued: text(p.unvaluedFees.find(({ asset }) => asset === 'BNB')?.amount ?? d(0)),
      slippage: text(p.slippage),
      held: text(p.quantity),
      cost: text(p.cost),
      dust: p.dust && { amount: p.dust.quantity.toFixed(), cost: p.dust.cost.toFixed() },
      breakEvenStop: text(p.breakEvenStop),
    },
    statistics: {
      highWaterMark: text(s.highWaterMark),
      lowWaterMark: text(s.lowWaterMark),
      maxFavorableExcursion: text(s.maxFavorableExcursion),
      maxAdverseExcursion: text(s.maxAdverseExcursion),
      priceMovesCount: s.priceMovesCount,
      stopAdjustments: s.stopAdjustments,
      lastStopAdjustmentAt: since(s.lastStopAdjustmentAt),
      trailingAdjustments: s.trailingAdjustments,
      lastTrailingAdjustmentAt: since(s.lastTrailingAdjustmentAt),
      timeHeldMinutes: s.timeHeldMinutes,
      trailingTrigger: text(s.trailingTrigger),
      trailingPeak: text(s.trailingPeak),
    },
  };
}

const E18 = d(10).pow(18);

describe.each([
  ['with many ticks in a second', { lone: false, byMinute: false }],
  ['with one tick in a second', { lone: true, byMinute: false }],
  ['of which the tape has only the minutes', { lone: false, byMinute: true }],
] as const)('the figures of a position, %s', (_, { lone, byMinute }) => {
  it(`are those of a walk over all ticks and fills, in ${HISTORIES} random lives`, async () => {
    let [closed, fallen] = [0, 0];
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const history = drawHistory(seed, lone);
      const own = await derived(history, byMinute);
      const mark = own.mark === null ? null : BigInt(own.mark.times(E18).toFixed(0));
      const walk = walkHistory(history, mark, byMinute);
      const named = `seed ${seed}`;
      expect({ named, ...told(own) }).toEqual({ named, figures: walk.figures, statistics: walk.statistics });
      expect(own.position.status, named).toBe(history.closedAt === null ? 'open' : 'closed');
      // The walk's own books agree with the money that came and went.
      expect([named, walk.conservation ?? 0n]).toEqual([named, 0n]);
      const drawdown = own.statistics.maxDrawdownPercent;
      if (lone) expect([named, drawdown.toFixed()]).toEqual([named, walk.drawdown]);
      // Within a bar the order of high and low is not kept: never more than it was.
      else expect(drawdown.lessThanOrEqualTo(d(walk.drawdown)), named).toBe(true);
      if (history.closedAt !== null) closed += 1;
      if (walk.drawdown !== '0') fallen += 1;
    }
    expect(closed).toBeGreaterThan(HISTORIES / 3);
    expect(fallen).toBeGreaterThan(HISTORIES / 2);
  });
});

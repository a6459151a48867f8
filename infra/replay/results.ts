/** What became of each position of a replay, as a document: decimals as text, times ISO 8601. Pure. */
import { figures } from '../../shared/domain/figures.ts';
import { collateralOf, liquidationAt } from '../../shared/domain/margin.ts';
import { Decimal, sum, ZERO } from '../../shared/domain/money/decimal.ts';
import { isClosed } from '../../shared/domain/positions.ts';
import { deriveStatistics } from '../../shared/domain/statistics.ts';
import type { SymbolSpec } from '../../shared/domain/symbol-spec.ts';
import type { Position, TriggerFacts } from '../../shared/domain/types.ts';
import type { Desk } from './desk.ts';
import { closingSource, type HeldPosition } from './held-position.ts';
import { requestText } from './protection-request.ts';

export type PositionResult = ReturnType<typeof positionResult>;
export interface Total {
  readonly asset: string;
  readonly positions: number;
  /** Realized and unrealized, after fees. */
  readonly pnl: string;
  readonly realized_pnl: string;
  readonly fees: Readonly<Record<string, string>>;
}

const text = (value: Decimal | null): string | null => value?.toFixed() ?? null;
const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const facts = (trigger: TriggerFacts | null, tickName: (id: number) => string) =>
  trigger && {
    level_name: trigger.levelName,
    level: trigger.level.toFixed(),
    source: trigger.source,
    price: trigger.price.toFixed(),
    peak: text(trigger.peak),
    cause: trigger.cause,
    tick: tickName(trigger.tickId),
    armed_tick: tickName(trigger.armedTickId),
    tick_at: time(trigger.tickAt),
  };

/** `never_opened`: its symbol had no tick at or after its time. */
function statusOf(held: HeldPosition): string {
  if (held.position !== null) return held.position.status;
  return held.refusal === null ? 'never_opened' : 'refused';
}

/** Everything of one position that a table or a reader may want; excursions as in the product (section 8). */
export function positionResult(held: HeldPosition, desk: Desk, tickName: (id: number) => string) {
  const { plan, position, refusal } = held;
  const { name, spec, side, request } = plan;
  const leverage = plan.margin?.leverage ?? null;
  const planned = {
    ...{ name, symbol: spec.symbol, quote: spec.quote, side, leverage },
    protection: requestText(request),
  };
  const base = { ...planned, status: statusOf(held), refusal };
  if (position === null) return { ...base, ...NOTHING };
  const mark = desk.laneOf(spec).mark();
  const now = desk.laneOf(spec).tick().at;
  const derived = figures(position, mark);
  const statistics = statisticsOf(held, position, desk, mark, now);
  const unrealized = isClosed(position) ? ZERO : (derived.unrealizedPnl ?? ZERO);
  return {
    ...base,
    opened_at: time(position.openedAt),
    opened_tick: tickNameOf(held.fills.entry[0]?.tickId ?? null, tickName),
    quantity: position.entryQuantity.toFixed(),
    entry_price: text(derived.entryPrice),
    entry_fills: held.fills.entry.length,
    ...marginOf(position, spec),
    initial_stop: text(position.initialProtection.stopLoss?.price ?? null),
    break_even_at: time(position.breakEvenActivatedAt),
    break_even_stop: text(position.breakEvenStop),
    exits: position.exitOrderIds.length,
    /** Of what closed it, or is about to; a part's while nothing has. */
    exit_cause: position.flatten?.cause ?? position.exitCause,
    exit_trigger: facts(held.lastTrigger(), tickName),
    closed_at: time(position.closedAt),
    exit_price: text(derived.exitPrice),
    fees: Object.fromEntries(derived.feesByAsset.map(({ asset, amount }) => [asset, amount.toFixed()])),
    realized_pnl: position.realizedPnl.toFixed(),
    unrealized_pnl: unrealized.toFixed(),
    pnl: position.realizedPnl.plus(unrealized).toFixed(),
    pnl_percent: percent(position, unrealized),
    slippage: position.slippage.toFixed(),
    max_favorable_excursion: text(statistics.maxFavorableExcursion),
    max_adverse_excursion: text(statistics.maxAdverseExcursion),
    minutes_held: statistics.timeHeldMinutes,
    dust: position.dust && { quantity: position.dust.quantity.toFixed(), cost: position.dust.cost.toFixed() },
  };
}

/** Of the whole entry; null without margin. */
function marginOf({ margin, side, entryQuantity: quantity, entryQuote: cost }: Position, spec: SymbolSpec) {
  if (margin === null || quantity.isZero()) return NO_MARGIN;
  return {
    margin_used: collateralOf(cost, margin.leverage).toFixed(),
    liquidation_price: text(liquidationAt(side, { cost, quantity }, margin, spec)),
  };
}

const NO_MARGIN = { margin_used: null, liquidation_price: null } as const;

const NOTHING = {
  opened_at: null,
  opened_tick: null,
  quantity: '0',
  entry_price: null,
  entry_fills: 0,
  ...NO_MARGIN,
  initial_stop: null,
  break_even_at: null,
  break_even_stop: null,
  exits: 0,
  exit_cause: null,
  exit_trigger: null,
  closed_at: null,
  exit_price: null,
  fees: {} as Readonly<Record<string, string>>,
  realized_pnl: '0',
  unrealized_pnl: '0',
  pnl: '0',
  pnl_percent: '0',
  slippage: '0',
  max_favorable_excursion: null,
  max_adverse_excursion: null,
  minutes_held: 0,
  dust: null,
} as const;

const tickNameOf = (id: number | null, tickName: (id: number) => string): string | null =>
  id === null ? null : tickName(id);

/** Of what the entry was worth, 4 decimals. */
const percent = (p: Position, unrealized: Decimal): string =>
  figures({ ...p, realizedPnl: p.realizedPnl.plus(unrealized) }, null).realizedPnlPercent.toFixed();

function statisticsOf(held: HeldPosition, p: Position, desk: Desk, mark: Decimal, now: number) {
  const from = Math.floor((p.openedAt ?? now) / 1000) + 1;
  const to = p.closedAt === null ? Number.POSITIVE_INFINITY : Math.floor(p.closedAt / 1000);
  const bars = desk.tapeOf(held.plan.spec).bars(closingSource(held.plan), from, to);
  const seen = desk.laneOf(held.plan.spec).price(closingSource(held.plan));
  return deriveStatistics(p, held.fills, bars, mark, now, seen);
}

/** Per quote asset, over all positions that were opened. */
export function totals(results: readonly PositionResult[]): readonly Total[] {
  const opened = results.filter(({ opened_at }) => opened_at !== null);
  return [...Map.groupBy(opened, ({ quote }) => quote)].map(([asset, own]) => ({
    asset,
    positions: own.length,
    pnl: added(own.map(({ pnl }) => pnl)).toFixed(),
    realized_pnl: added(own.map(({ realized_pnl }) => realized_pnl)).toFixed(),
    fees: feesOf(own),
  }));
}

const added = (texts: readonly string[]): Decimal => sum(texts.map((one) => new Decimal(one)));

function feesOf(results: readonly PositionResult[]): Readonly<Record<string, string>> {
  const all = results.flatMap(({ fees }) => Object.entries(fees));
  const byAsset = Map.groupBy(all, ([asset]) => asset);
  return Object.fromEntries(
    [...byAsset].map(([asset, own]) => [asset, added(own.map(([, amount]) => amount)).toFixed()]),
  );
}

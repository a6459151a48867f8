/** What stands on the chart beside prices: fills as arrows, levels as lines. Prices and amounts stay text. */
import type { AnswerTo } from '../../../shared/client/contract.ts';
import { type Decimal, decimal, decimalText, ZERO } from '../../../shared/domain/money/decimal.ts';
import { figureText } from '../format/decimal-text.ts';
import type { Point } from './bars.ts';

type Detail = AnswerTo<'getPosition'>;
type Fills = Pick<Detail, 'fills' | 'orders'>;

export interface Marker {
  /** Of the interval that it falls into, in seconds. */
  readonly time: number;
  /** Average price of the fills that it stands for. */
  readonly price: string;
  readonly side: 'buy' | 'sell';
  readonly role: 'entry' | 'exit';
  readonly text: string;
}

export interface Markers {
  readonly shown: readonly Marker[];
  /** Fills from before the first bar that is shown. */
  readonly before: number;
}

interface Group {
  readonly time: number;
  readonly side: Marker['side'];
  readonly role: Marker['role'];
  readonly cause: string | null;
  amount: Decimal;
  value: Decimal;
}

/** One arrow for the fills of an interval that belong together: same side, role and cause. */
export function markersOf({ fills, orders }: Fills, points: readonly Point[], seconds: number): Markers {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return { shown: [], before: fills.length };
  const causes = new Map(orders.map(({ order_id, exit }) => [order_id, exit?.cause ?? null]));
  const groups = new Map<string, Group>();
  let before = 0;
  for (const { order_id, side, role, amount, price, timestamp } of fills) {
    const at = Math.floor(Date.parse(timestamp) / 1_000);
    if (at < first.time) {
      before += 1;
      continue;
    }
    // A fill may be told before the price that made it is in a bar.
    const time = Math.min(at - (at % seconds), last.time);
    const cause = causes.get(order_id) ?? null;
    const key = `${time}|${side}|${role}|${cause}`;
    const group = groups.get(key) ?? { time, side, role, cause, amount: ZERO, value: ZERO };
    group.amount = group.amount.plus(decimal(amount));
    group.value = group.value.plus(decimal(amount).times(decimal(price)));
    groups.set(key, group);
  }
  const shown = [...groups.values()]
    .sort((a, b) => a.time - b.time)
    .map(({ time, side, role, cause, amount, value }) => ({
      time,
      side,
      role,
      price: decimalText(value.dividedBy(amount).toDecimalPlaces(18)),
      text: textOf(side, amount, cause),
    }));
  return { shown, before };
}

function textOf(side: Marker['side'], amount: Decimal, cause: string | null): string {
  const what = `${side === 'buy' ? 'Buy' : 'Sell'} ${figureText(decimalText(amount))}`;
  return cause === null ? what : `${what} · ${cause.replaceAll('_', ' ')}`;
}

export interface LevelLine {
  readonly id: string;
  readonly price: string;
  readonly title: string;
  readonly tone: 'entry' | 'stop' | 'target' | 'draft' | 'exit' | 'liquidation';
}

/** The levels that are drawn right across: entry, targets, liquidation, where it was sold; the stop has its own line. */
export function levelLines(
  position: Pick<Detail, 'entry' | 'exit' | 'risk_management' | 'status'>,
): readonly LevelLine[] {
  const { entry, exit, risk_management: risk } = position;
  const lines: LevelLine[] = [];
  if (entry.price !== null) lines.push({ id: 'entry', price: entry.price, title: 'entry', tone: 'entry' });
  if (exit !== null) {
    if (exit.price !== null) lines.push({ id: 'exit', price: exit.price, title: 'exit', tone: 'exit' });
    return lines;
  }
  const several = risk.take_profits.length > 1;
  for (const [index, { price, share, claimed }] of risk.take_profits.entries()) {
    if (claimed) continue;
    const percent = figureText(decimalText(decimal(share).times(100)));
    const title = several ? `target ${percent} %` : 'target';
    lines.push({ id: `target:${index}`, price, title, tone: 'target' });
  }
  if (risk.liquidation_price !== null) {
    lines.push({
      id: 'liquidation',
      price: risk.liquidation_price,
      title: 'liquidation',
      tone: 'liquidation',
    });
  }
  return lines;
}

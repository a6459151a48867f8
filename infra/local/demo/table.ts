/** The demo's document as text for people. */
import { Decimal, decimal } from '../../../shared/domain/money/decimal.ts';
import type { Check } from './checks.ts';
import type { BalanceEntry, ExitEntry, PositionEntry } from './document.ts';

type Row = readonly string[];

/** Columns as wide as their longest cell; those named in `right` end at the same place. */
export function table(header: Row, rows: readonly Row[], right: readonly string[]): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: Row): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(header[column] ?? '') ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

const none = (text: string | number | null | undefined): string => (text == null ? '-' : String(text));

/** Long averages are cut for the eye; the document has all their digits. */
const short = (text: string | null): string =>
  text === null ? '-' : decimal(text).toSignificantDigits(9, Decimal.ROUND_HALF_EVEN).toFixed();

const clock = (instant: string | null): string => (instant === null ? '-' : instant.slice(11, 23));

const fees = (byAsset: Readonly<Record<string, string>>): string =>
  Object.entries(byAsset)
    .map(([asset, amount]) => `${short(amount)} ${asset}`)
    .join(' + ');

export function positionsTable(positions: readonly PositionEntry[]): string {
  const rows = positions.map((position, at) => [
    `${at + 1}`,
    position.symbol,
    position.kind,
    position.entry.quantity,
    short(position.entry.price),
    `${position.entry.fills.length}`,
    stopMoves(position),
    none(position.exit?.cause),
    short(averageExit(position)),
    fees(position.fees_by_asset),
    `${short(position.realized_pnl)} ${position.symbol.split('/')[1] ?? ''}`,
    none(position.realized_pnl_percent),
  ]);
  return table(
    ['#', 'symbol', 'protection', 'bought', 'at', 'fills', 'stop moves', 'out by', 'at ', 'fees', 'P&L', '%'],
    rows,
    ['#', 'bought', 'at', 'fills', 'at ', 'fees', 'P&L', '%'],
  );
}

/** Of one exit its price; of several the average over all. */
function averageExit({ exits }: PositionEntry): string | null {
  const sold = exits.flatMap(({ fills }) => fills);
  const quantity = sold.reduce((all, fill) => all.plus(fill.quantity), decimal('0'));
  if (quantity.isZero()) return null;
  const value = sold.reduce((all, fill) => all.plus(decimal(fill.price).times(fill.quantity)), decimal('0'));
  return value.dividedBy(quantity).toDecimalPlaces(18).toFixed();
}

function stopMoves({ stop_moves: moves }: PositionEntry): string {
  const parts = [
    ...(moves.trailing_count > 0 ? [`${moves.trailing_count} trailing`] : []),
    ...(moves.break_even_at === null ? [] : [`break-even to ${none(moves.break_even_stop)}`]),
  ];
  return parts.length === 0 ? '-' : parts.join(', ');
}

export function exitsTable(positions: readonly PositionEntry[]): string {
  const rows = positions.flatMap((position, at) => position.exits.map((exit) => exitRow(at + 1, exit)));
  const header = [
    '#',
    'cause',
    'level',
    'at',
    'trigger',
    'armed at tick',
    'tick',
    'tick at',
    'recorded',
    'to wire ms',
    'to venue ms',
    'sold',
    'at ',
    'fills',
  ];
  const right = [
    '#',
    'at',
    'trigger',
    'armed at tick',
    'tick',
    'to wire ms',
    'to venue ms',
    'sold',
    'at ',
    'fills',
  ];
  const isRecorded = positions.some(({ exits }) => exits.some((exit) => exit.recorded_at !== null));
  const kept = header.flatMap((name, column) => (name === 'recorded' && !isRecorded ? [] : [column]));
  const pick = (row: Row): Row => kept.map((column) => row[column] ?? '');
  return table(pick(header), rows.map(pick), right);
}

/** A level that no tick had to reach says so: it was due when it was armed, or found when the index was rebuilt. */
function levelName({ level_name: name, trigger_cause: cause }: ExitEntry): string {
  if (name === null || cause === 'tick') return none(name);
  return `${name} (${cause === 'armed' ? 'when armed' : 'rebuilt'})`;
}

const exitRow = (number: number, exit: ExitEntry): Row => [
  `${number}`,
  none(exit.cause),
  levelName(exit),
  none(exit.level),
  none(exit.trigger_price),
  none(exit.arming_tick_id),
  none(exit.trigger_tick_id),
  clock(exit.tick_at),
  none(exit.recorded_at?.replace('T', ' ').replace('Z', '')),
  none(exit.tick_to_wire_ms),
  none(exit.tick_to_venue_ms),
  exit.filled,
  short(exit.average_price),
  `${exit.fills.length}`,
];

export const balancesTable = (balances: readonly BalanceEntry[]): string =>
  table(
    ['asset', 'start', 'change', 'end'],
    balances.map(({ asset, start, change, end }) => [asset, start, change, end]),
    ['start', 'change', 'end'],
  );

export const checksText = (checks: readonly Check[]): string =>
  checks.map(({ name, ok, detail }) => `${ok ? 'ok   ' : 'WRONG'}  ${name} (${detail})`).join('\n');

/** A replay's document as text for people: the same in every run, byte for byte. */
import { Decimal } from '../../shared/domain/money/decimal.ts';
import { table } from '../local/demo/table.ts';
import type { Decision } from './desk.ts';
import type { PositionResult, Total } from './results.ts';
import type { ReplayDocument, Scenario } from './run.ts';

const none = (text: string | null | undefined): string => text ?? '-';

/** Long averages are cut for the eye; the document has all their digits. */
const short = (text: string | null): string =>
  text === null ? '-' : new Decimal(text).toSignificantDigits(9, Decimal.ROUND_HALF_EVEN).toFixed();

const clock = (instant: string | null): string =>
  instant === null ? '-' : instant.replace('T', ' ').replace('Z', '');

/** Facts that have a place of their own in a line, or say again what others say. */
const SHOWN_ELSEWHERE = [
  ...['level_name', 'level', 'source', 'price', 'peak', 'cause', 'tick_id', 'armed_tick_id', 'tick_at'],
  ...['recorded_at', 'price_age_ms', 'price_source', 'unchecked', 'order_id'],
];

/** What decided: `stop_loss 59000 <- bid 58990 (tick; armed at tick 12)`; null where no level did. */
function reason({ facts }: Decision, tickName: (id: number) => string): string | null {
  const { level_name: name, level, source, price, peak, cause, armed_tick_id: armed } = facts;
  if (name === undefined || level === undefined || armed === undefined) return null;
  const best = peak === undefined ? '' : `, best price ${peak}`;
  return `${name} ${level} <- ${source} ${price} (${cause}; armed at tick ${tickName(Number(armed))}${best})`;
}

function decisionLine(decision: Decision, tickName: (id: number) => string): readonly string[] {
  const { at, tick, position, symbol, kind, facts } = decision;
  const why = reason(decision, tickName);
  const shown = why === null ? [] : SHOWN_ELSEWHERE;
  const rest = Object.entries(facts)
    .filter(([name]) => !shown.includes(name) && name !== 'tick_id' && name !== 'order_id')
    .map(([name, value]) => `${name} ${value}`);
  const text = [...(why === null ? [] : [why]), ...rest].join(', ');
  return [clock(new Date(at).toISOString()), tickName(tick), position, symbol, kind, text];
}

export function decisionsText(decisions: readonly Decision[], tickName: (id: number) => string): string {
  const rows = decisions.map((decision) => decisionLine(decision, tickName));
  return table(['time', 'tick', 'position', 'symbol', 'decision', 'why'], rows, ['tick']);
}

const opening = (one: PositionResult): readonly string[] => [
  one.name,
  one.symbol,
  one.leverage === null ? one.side : `${one.side} x${one.leverage}`,
  clock(one.opened_at),
  one.quantity,
  short(one.entry_price),
];

const leaving = (one: PositionResult): readonly string[] => [
  none(one.exit_cause ?? one.status),
  short(one.exit_trigger?.level ?? null),
  clock(one.closed_at),
  short(one.exit_price),
  short(one.pnl),
];

const OPENING = ['position', 'symbol', 'side', 'opened', 'quantity', 'at'];
const RIGHT = [
  'quantity',
  'at',
  'level',
  'at ',
  'P&L',
  '%',
  'best',
  'worst',
  'level ',
  'at  ',
  'P&L ',
  'difference',
];

function plainTable(positions: readonly PositionResult[]): string {
  const rows = positions.map((one) => [
    ...opening(one),
    ...leaving(one),
    one.pnl_percent,
    short(one.max_favorable_excursion),
    short(one.max_adverse_excursion),
  ]);
  const header = [...OPENING, 'out by', 'level', 'closed', 'at ', 'P&L', '%', 'best', 'worst'];
  return table(header, rows, RIGHT);
}

function comparedTable(actual: readonly PositionResult[], other: readonly PositionResult[]): string {
  const rows = actual.map((one, at) => {
    const changed = other[at];
    if (changed === undefined) throw new Error(`${one.name} has no counterpart`);
    const difference = new Decimal(changed.pnl).minus(one.pnl).toFixed();
    return [...opening(one), ...leaving(one), ...leaving(changed), short(difference)];
  });
  const exit = (mark: string) => [
    `out by${mark}`,
    `level${mark}`,
    `closed${mark}`,
    `at ${mark}`,
    `P&L${mark}`,
  ];
  return table([...OPENING, ...exit(''), ...exit(' '), 'difference'], rows, RIGHT);
}

const totalLine = ({ asset, positions, pnl, realized_pnl: realized, fees }: Total): string => {
  const paid = Object.entries(fees).map(([of, amount]) => `${short(amount)} ${of}`);
  const feeText = paid.length === 0 ? 'no fees' : `fees ${paid.join(' + ')}`;
  return `${positions} positions: P&L ${short(pnl)} ${asset} (realized ${short(realized)}; ${feeText})`;
};

const causesLine = ({ causes }: Scenario): string =>
  Object.entries(causes)
    .map(([cause, count]) => `${count} ${cause}`)
    .join(', ');

const refusals = ({ positions }: Scenario): readonly string[] =>
  positions.flatMap(({ name, refusal }) => (refusal === null ? [] : [`${name} was refused: ${refusal}`]));

function scenarioText(title: string, scenario: Scenario): readonly string[] {
  return [
    `${title}: ${causesLine(scenario)}`,
    ...scenario.totals.map((total) => `  ${totalLine(total)}`),
    ...refusals(scenario).map((line) => `  ${line}`),
    ...scenario.checks.map(({ name, ok, detail }) => `  ${ok ? 'ok   ' : 'WRONG'}  ${name} (${detail})`),
  ];
}

/** `withDecisions` false: only the tables. */
export function replayText(
  document: ReplayDocument,
  tickName: (id: number) => string,
  withDecisions: boolean,
): string {
  const { source, actual, counterfactual, digest } = document;
  const other = counterfactual;
  const decisions = (title: string, scenario: Scenario) =>
    withDecisions ? ['', title, '', decisionsText(scenario.decisions, tickName)] : [];
  const skipped = source.malformed + source.unknown_symbol;
  return [
    `${source.title}: ${source.ticks} ticks from ${clock(source.from)} to ${clock(source.to)} (all times UTC)`,
    ...(skipped === 0
      ? []
      : [`${source.malformed} lines unreadable, ${source.unknown_symbol} of unknown symbols`]),
    ...decisions('Each decision', actual),
    ...(other === null ? [] : decisions(`Each decision with ${other.with}`, other)),
    '',
    other === null ? 'Positions' : `Positions, as they are and with ${other.with}`,
    '',
    other === null ? plainTable(actual.positions) : comparedTable(actual.positions, other.positions),
    '',
    ...scenarioText('As it is', actual),
    ...(other === null ? [] : scenarioText(`With ${other.with}`, other)),
    `digest of all decisions and results: ${digest}`,
    '',
  ].join('\n');
}

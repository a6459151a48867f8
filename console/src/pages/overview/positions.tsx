/** Open positions, live. Each cell follows its own figures; a row is drawn once. */
import { type ReadonlySignal, useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { positionPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { useLive } from '../../live/context.ts';
import {
  distancePercent,
  figuresAt,
  markAt,
  type Position,
  riskOf,
  type StopNow,
  stopOf,
  triggerPriceOf,
} from '../../live/positions.ts';
import { Badge, LiveBadge, wordsOf } from '../../ui/badge.tsx';
import { LiveFigure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loading } from '../../ui/states.tsx';
import { type Column, LiveTable } from '../../ui/table.tsx';
import { Age } from '../../ui/time.tsx';

interface CellProps {
  readonly id: string;
}

/** A computed of the row; null once it has left. */
function useRow<T>(id: string, read: (position: Position) => T): ReadonlySignal<T | null> {
  const { positions } = useLive();
  return useComputed(() => {
    const position = positions.row(id).value;
    return position === null ? null : read(position);
  });
}

function useMark(id: string): (position: Position) => string | null {
  const live = useLive();
  void id;
  return ({ symbol, current }) => {
    const price = live.price(symbol).value;
    return price === null ? current.price : markAt(price, live.slowNow.value);
  };
}

function useStop(id: string): (position: Position) => StopNow | null {
  const live = useLive();
  return (position) => stopOf(position, live.trailing(id).value);
}

function SymbolCell({ id }: CellProps) {
  const symbol = useRow(id, (row) => row.symbol);
  const side = useRow(id, (row) => row.side);
  const leverage = useRow(id, (row) => row.entry.leverage);
  return (
    <span class="row row-tight">
      <Link to={positionPath(id)} class="strong">
        {symbol.value}
      </Link>
      <span class={`side side-${side.value}`}>
        {side.value}
        {leverage.value !== null && leverage.value > 1 && ` ${leverage.value}×`}
      </span>
    </span>
  );
}

function StatusCell({ id }: CellProps) {
  const status = useRow(id, (row) => row.status);
  const cause = useRow(id, (row) => row.closing?.cause ?? null);
  return (
    <Badge word={status.value ?? 'closed'} {...(cause.value !== null && { title: wordsOf(cause.value) })} />
  );
}

function AmountCell({ id }: CellProps) {
  return <LiveFigure of={useRow(id, (row) => row.current.amount)} />;
}

function EntryCell({ id }: CellProps) {
  return <LiveFigure of={useRow(id, (row) => row.entry.price)} most={8} />;
}

function MarkCell({ id }: CellProps) {
  return <LiveFigure of={useRow(id, useMark(id))} most={8} />;
}

function PnlCell({ id }: CellProps) {
  const markOf = useMark(id);
  const figures = useRow(id, (row) => figuresAt(row, markOf(row)));
  const pnl = useComputed(() => figures.value?.pnl ?? null);
  return <LiveFigure of={pnl} places={2} signed toned />;
}

function PnlPercentCell({ id }: CellProps) {
  const markOf = useMark(id);
  const percent = useRow(id, (row) => figuresAt(row, markOf(row))?.pnlPercent ?? null);
  return <LiveFigure of={percent} places={2} signed toned unit="%" />;
}

function StopCell({ id }: CellProps) {
  const live = useLive();
  const stopAt = useStop(id);
  const trails = useRow(id, (row) => row.risk_management.trailing_stop.enabled);
  const price = useRow(id, (row) => stopAt(row)?.price ?? null);
  const kind = useRow(id, (row) => stopAt(row)?.kind ?? null);
  const isTrailing = trails.value === true;
  useEffect(() => (isTrailing ? live.watchTrailing(id) : undefined), [isTrailing, live, id]);
  return (
    <>
      <LiveFigure of={price} most={8} />
      {kind.value !== null && kind.value !== 'stop_loss' && (
        <small class="muted kind"> {wordsOf(kind.value)}</small>
      )}
    </>
  );
}

function DistanceCell({ id }: CellProps) {
  const live = useLive();
  const stopAt = useStop(id);
  const distance = useRow(id, (row) => {
    const stop = stopAt(row);
    const price = live.price(row.symbol).value;
    return stop === null || price === null
      ? null
      : distancePercent(row, stop.price, triggerPriceOf(row, price));
  });
  return <LiveFigure of={distance} places={2} unit="%" />;
}

function TargetCell({ id }: CellProps) {
  return <LiveFigure of={useRow(id, (row) => row.risk_management.current_take_profit)} most={8} />;
}

function RiskCell({ id }: CellProps) {
  const markOf = useMark(id);
  const stopAt = useStop(id);
  const level = useRow(id, (row) => riskOf(row, stopAt(row), markOf(row)));
  const word = useComputed(() => level.value ?? 'low');
  return <LiveBadge of={word} />;
}

function AgeCell({ id }: CellProps) {
  const at = useRow(id, (row) => row.opened_at ?? row.created_at);
  return <Age at={at.value} />;
}

const COLUMNS: readonly Column<string>[] = [
  { key: 'symbol', title: 'Position', onPhone: 'most', cell: (id) => <SymbolCell id={id} /> },
  {
    key: 'risk',
    title: 'Risk',
    onPhone: 'bare',
    hint: 'By the way to the stop and by the loss',
    cell: (id) => <RiskCell id={id} />,
  },
  {
    key: 'pnl',
    title: 'P&L',
    hint: 'Unrealized, at the mark, after the entry’s fees',
    isNumber: true,
    cell: (id) => <PnlCell id={id} />,
  },
  {
    key: 'percent',
    title: 'P&L %',
    hint: 'Of what is held has cost',
    isNumber: true,
    cell: (id) => <PnlPercentCell id={id} />,
  },
  {
    key: 'mark',
    title: 'Mark',
    hint: 'The middle of a fresh quote, else the last trade',
    isNumber: true,
    cell: (id) => <MarkCell id={id} />,
  },
  { key: 'entry', title: 'Entry', isNumber: true, cell: (id) => <EntryCell id={id} /> },
  {
    key: 'stop',
    title: 'Stop',
    hint: 'The one that comes first',
    isNumber: true,
    cell: (id) => <StopCell id={id} />,
  },
  {
    key: 'distance',
    title: 'To stop',
    hint: 'From the price that triggers it',
    isNumber: true,
    cell: (id) => <DistanceCell id={id} />,
  },
  {
    key: 'target',
    title: 'Target',
    hint: 'The next one',
    isNumber: true,
    cell: (id) => <TargetCell id={id} />,
  },
  { key: 'amount', title: 'Amount', isNumber: true, cell: (id) => <AmountCell id={id} /> },
  { key: 'age', title: 'Age', isNumber: true, cell: (id) => <AgeCell id={id} /> },
  { key: 'status', title: 'Status', onPhone: 'hidden', cell: (id) => <StatusCell id={id} /> },
];

const Nothing = () => (
  <Empty title="Nothing is open.">
    <Link to="/orders">To the orders, to place one</Link>
  </Empty>
);

export function OpenPositions() {
  const { positions, isLoading } = useLive();
  const count = positions.ids.value.length;
  return (
    <Panel title="Open positions" aside={<span class="muted">{count}</span>}>
      {count > 0 && <LiveTable caption="Open positions" ids={positions.ids} columns={COLUMNS} />}
      {count === 0 && (isLoading.value ? <Loading /> : <Nothing />)}
    </Panel>
  );
}

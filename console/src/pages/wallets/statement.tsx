/** A comparison of our ledger with the venue (docs/reconcile.md), the last one. */
import type { AnswerTo } from '../../../../shared/client/contract.ts';
import { orderPath, positionPath } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { Badge, type Tone, wordsOf } from '../../ui/badge.tsx';
import { Figure } from '../../ui/figure.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Age, Time } from '../../ui/time.tsx';

export type Statement = NonNullable<AnswerTo<'getReconciliation'>['statement']>;
type Difference = Statement['differences'][number];
type Correction = Statement['corrections'][number];

const TONES: Readonly<Record<Statement['status'], Tone>> = {
  in_agreement: 'good',
  correcting: 'info',
  moving: 'info',
  differences: 'bad',
};

/** What was found, in one word. */
export function StatementBadge({ statement }: { readonly statement: Statement | null }) {
  return statement === null ? (
    <Badge word="not compared yet" />
  ) : (
    <Badge word={statement.status} tone={TONES[statement.status]} />
  );
}

const DIFFERENCES: readonly Column<Difference>[] = [
  { key: 'kind', title: 'What', onPhone: 'wide', cell: ({ kind }) => wordsOf(kind) },
  { key: 'of', title: 'Of', cell: ({ asset, symbol }) => asset ?? symbol ?? '–' },
  { key: 'expected', title: 'Here', isNumber: true, cell: ({ expected }) => <Figure value={expected} /> },
  { key: 'actual', title: 'At the venue', isNumber: true, cell: ({ actual }) => <Figure value={actual} /> },
  {
    key: 'confirmed',
    title: 'Seen',
    cell: ({ confirmed }) => (
      <Badge word={confirmed ? 'twice' : 'once, looked at again'} tone={confirmed ? 'bad' : 'warn'} />
    ),
  },
  {
    key: 'order',
    title: 'Order',
    onPhone: 'wide',
    cell: ({ order_id }) => (order_id === null ? '–' : <Link to={orderPath(order_id)}>{order_id}</Link>),
  },
];

const CORRECTIONS: readonly Column<Correction>[] = [
  { key: 'kind', title: 'Correction', cell: ({ kind }) => wordsOf(kind) },
  { key: 'symbol', title: 'Of', cell: ({ symbol }) => symbol },
  { key: 'detail', title: 'What', onPhone: 'wide', cell: ({ detail }) => detail },
  {
    key: 'position',
    title: 'Position',
    onPhone: 'wide',
    cell: ({ position_id }) =>
      position_id === null ? '–' : <Link to={positionPath(position_id)}>{position_id}</Link>,
  },
];

export function StatementView({ statement }: { readonly statement: Statement | null }) {
  if (statement === null) return <Empty title="It has not been compared yet." />;
  const { counts, differences, corrections } = statement;
  return (
    <>
      <p class="panel-body">
        As of <Time at={statement.as_of} /> (<Age at={statement.as_of} /> ago), because of{' '}
        {wordsOf(statement.reason)}: {counts.orders} orders, {counts.trades} trades, {counts.assets} assets
        compared
        {counts.foreign_orders > 0 && `, ${counts.foreign_orders} orders of others left alone`}.
      </p>
      {differences.length > 0 && (
        <Table
          caption="Differences between ledger and venue"
          columns={DIFFERENCES}
          rows={differences}
          keyOf={({ kind, asset, symbol, order_id }) => `${kind} ${asset} ${symbol} ${order_id}`}
        />
      )}
      {corrections.length > 0 && (
        <Table
          caption="Corrections"
          columns={CORRECTIONS}
          rows={corrections}
          keyOf={({ kind, detail, order_id, position_id }) => `${kind} ${detail} ${order_id} ${position_id}`}
        />
      )}
    </>
  );
}

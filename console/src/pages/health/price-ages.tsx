/** How old the prices of the followed symbols are, the oldest first. */
import type { AnswerTo } from '../../../../shared/client/contract.ts';
import { spanText } from '../../format/time-text.ts';
import { useLive, useQuery } from '../../live/context.ts';
import { Badge } from '../../ui/badge.tsx';
import { Figure } from '../../ui/figure.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { ageTone } from './price-age.ts';

type Price = AnswerTo<'listPrices'>['items'][number];

const AGAIN_MS = 5_000;
const MOST_SHOWN = 50;

const COLUMNS: readonly Column<Price>[] = [
  { key: 'symbol', title: 'Symbol', cell: ({ symbol }) => symbol },
  {
    key: 'age',
    title: 'Age',
    cell: ({ age_ms }) => <Badge word={spanText(age_ms)} tone={ageTone(age_ms)} />,
  },
  { key: 'source', title: 'Source', cell: ({ source }) => source },
  { key: 'bid', title: 'Bid', isNumber: true, cell: ({ bid }) => <Figure value={bid} /> },
  { key: 'ask', title: 'Ask', isNumber: true, cell: ({ ask }) => <Figure value={ask} /> },
  { key: 'last', title: 'Last', isNumber: true, cell: ({ last }) => <Figure value={last} /> },
];

export function PriceAges() {
  const { api, symbols } = useLive();
  /** Something open needs one of them. */
  const isMissed = (missing: readonly string[]): boolean =>
    symbols.value.some((symbol) => missing.includes(symbol));
  const prices = useQuery('price ages', () => api.call('listPrices', {}), { everyMs: AGAIN_MS });
  return (
    <Panel title="Ages of prices">
      <Loaded of={prices}>
        {({ items, without_price }) => {
          const oldest = [...items].sort((a, b) => b.age_ms - a.age_ms).slice(0, MOST_SHOWN);
          return (
            <>
              {without_price.length > 0 && (
                <p class="panel-body">
                  <Badge word="no price" tone={isMissed(without_price) ? 'bad' : 'plain'} />{' '}
                  {without_price.join(', ')}
                </p>
              )}
              {items.length === 0 ? (
                <Empty title="No symbol is followed." />
              ) : (
                <Table
                  caption="Ages of prices"
                  columns={COLUMNS}
                  rows={oldest}
                  keyOf={({ symbol }) => symbol}
                />
              )}
              {items.length > MOST_SHOWN && (
                <p class="panel-body muted">
                  The {MOST_SHOWN} oldest of {items.length}.
                </p>
              )}
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

/** The figures one looks at first: equity, today, what is open. */
import { useComputed } from '@preact/signals';
import { decimal, decimalText, ZERO } from '../../../../shared/domain/money/decimal.ts';
import { inDollars } from '../../../../shared/domain/usd.ts';
import { quoteOf } from '../../format/symbol-text.ts';
import { useLive } from '../../live/context.ts';
import { figuresAt, sumOf } from '../../live/positions.ts';
import { Figure, LiveFigure } from '../../ui/figure.tsx';
import { Fact, Facts } from '../../ui/panel.tsx';
import { type Figures, liveMark, openRows, sumKnown } from './money.ts';

export function Summary({ figures }: { readonly figures: Figures }) {
  const live = useLive();
  const equity = useComputed(() => sumKnown([...figures.value.values()].map((one) => one.equity.total)));
  const equityText = useComputed(() => (figures.value.size === 0 ? null : equity.value.total));
  const unvalued = useComputed(() => [
    ...new Set([...figures.value.values()].flatMap((one) => one.equity.unvalued)),
  ]);
  const today = useComputed(() => sumOf([...figures.value.values()].map((one) => one.today?.total ?? null)));
  const realized = useComputed(() =>
    sumOf([...figures.value.values()].map((one) => one.today?.realized ?? null)),
  );
  const unrealized = useComputed(() => {
    const markOf = liveMark(live);
    return sumOf(
      openRows(live).map((row) => {
        const pnl = figuresAt(row, markOf(row.symbol))?.pnl ?? null;
        return pnl !== null && inDollars(decimal(pnl), quoteOf(row)) !== null ? pnl : null;
      }),
    );
  });
  const cost = useComputed(() =>
    decimalText(
      openRows(live).reduce(
        (sum, row) => sum.plus(inDollars(decimal(row.current.cost), quoteOf(row)) ?? ZERO),
        ZERO,
      ),
    ),
  );
  const isPart = useComputed(() => !equity.value.isWhole || unvalued.value.length > 0);
  const note = useComputed(() =>
    unvalued.value.length > 0
      ? `without ${unvalued.value.slice(0, 3).join(', ')}${unvalued.value.length > 3 ? ' …' : ''}`
      : 'of the wallets that answered',
  );
  return (
    <section class="panel summary" aria-label="Summary">
      <Facts>
        <Fact name="Equity">
          <strong class="big">
            <LiveFigure of={equityText} places={2} unit="USD" />
          </strong>
          {isPart.value && equityText.value !== null && <small class="muted block">{note}</small>}
        </Fact>
        <Fact name="Today’s P&L (UTC)">
          <strong class="big">
            <LiveFigure of={today} places={2} signed toned unit="USD" />
          </strong>
          <small class="muted block">
            realized <LiveFigure of={realized} places={2} signed />
          </small>
        </Fact>
        <Fact name="Unrealized P&L">
          <strong class="big">
            <LiveFigure of={unrealized} places={2} signed toned unit="USD" />
          </strong>
        </Fact>
        <Fact name="Cost of what is open">
          <strong class="big">
            <LiveFigure of={cost} places={2} unit="USD" />
          </strong>
        </Fact>
        <Fact name="Positions · orders">
          <strong class="big">
            <Figure value={String(live.positions.ids.value.length)} /> ·{' '}
            <Figure value={String(live.orders.ids.value.length)} />
          </strong>
        </Fact>
      </Facts>
    </section>
  );
}

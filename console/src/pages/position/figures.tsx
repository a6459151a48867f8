/** The figures of a position: where it came in, how it stands, what it cost, how far its stop is, how it ended. */

import { type ReadonlySignal, useComputed } from '@preact/signals';
import { placesOf } from '../../format/decimal-text.ts';
import { baseOf, quoteOf } from '../../format/symbol-text.ts';
import { useLive } from '../../live/context.ts';
import { distancePercent, figuresAt, markAt, riskOf, stopOf, triggerPriceOf } from '../../live/positions.ts';
import { Badge, LiveBadge, wordsOf } from '../../ui/badge.tsx';
import { Figure, LiveFigure } from '../../ui/figure.tsx';
import { Fact, Facts, Panel } from '../../ui/panel.tsx';
import { Age, Time } from '../../ui/time.tsx';
import type { Detail } from './protection-draft.ts';
import { ruleText } from './timeline-words.ts';
import { isOver } from './use-chart.ts';

/** Figures of money in the quote asset: so many decimals, the exact text in the title. */
const MONEY = 2;

/** What the live price makes of an open position; nulls once it is closed. */
export function useNow(position: ReadonlySignal<Detail>) {
  const { price, trailing, now } = useLive();
  const { symbol, position_id: id } = position.peek();
  const quote = useComputed(() => (isOver(position.value) ? null : price(symbol).value));
  const mark = useComputed(() => (quote.value === null ? null : markAt(quote.value, now.value)));
  const figures = useComputed(() => figuresAt(position.value, mark.value));
  const stop = useComputed(() => {
    const { current_trigger } = position.value.risk_management.trailing_stop;
    return stopOf(position.value, trailing(id).value ?? current_trigger);
  });
  const distance = useComputed(() =>
    stop.value === null || quote.value === null
      ? null
      : distancePercent(position.value, stop.value.price, triggerPriceOf(position.value, quote.value)),
  );
  const risk = useComputed(() =>
    riskOf(position.value, stop.value, mark.value ?? position.value.current.price),
  );
  return { mark, figures, stop, distance, risk };
}
export type Now = ReturnType<typeof useNow>;

interface FiguresProps {
  readonly position: Detail;
  /** The same, for figures that follow it. */
  readonly of: ReadonlySignal<Detail>;
  readonly now: Now;
  readonly tick: string;
}

export function Figures(props: FiguresProps) {
  const isClosed = isOver(props.position);
  return (
    <Panel title="Figures">
      <Facts>
        {isClosed ? <Ended {...props} /> : <Standing {...props} />}
        <Entered {...props} />
        <Costs {...props} />
        <Extremes {...props} />
      </Facts>
    </Panel>
  );
}

function Standing({ position, of, now, tick }: FiguresProps) {
  const { current, risk_management: risk } = position;
  const price = useComputed(() => now.mark.value ?? of.value.current.price);
  const pnl = useComputed(() => now.figures.value?.pnl ?? of.value.current.unrealized_pnl);
  const percent = useComputed(() => now.figures.value?.pnlPercent ?? of.value.current.unrealized_pnl_percent);
  const value = useComputed(() => now.figures.value?.value ?? of.value.current.value);
  const stop = useComputed(() => now.stop.value?.price ?? null);
  const kind = useComputed(() => (now.stop.value === null ? 'none' : wordsOf(now.stop.value.kind)));
  return (
    <>
      <Fact name="Unrealized P&L">
        <LiveFigure of={pnl} places={MONEY} unit={quoteOf(position)} signed toned /> (
        <LiveFigure of={percent} places={2} unit="%" signed toned />)
      </Fact>
      <Fact name="Realized P&L">
        <Figure value={current.realized_pnl} places={MONEY} unit={quoteOf(position)} signed toned />
      </Fact>
      <Fact name="Price now">
        <LiveFigure of={price} least={placesOf(tick)} />
      </Fact>
      <Fact name="Held">
        <Figure value={current.amount} unit={baseOf(position)} />
      </Fact>
      <Fact name="Value">
        <LiveFigure of={value} places={MONEY} unit={quoteOf(position)} />
      </Fact>
      <Fact name="Stop">
        <LiveFigure of={stop} least={placesOf(tick)} /> <span class="muted">{kind}</span>
      </Fact>
      <Fact name="Distance to stop">
        <LiveFigure of={now.distance} places={2} unit="%" />
      </Fact>
      <Fact name="Risk level">
        <LiveBadge of={now.risk} />
      </Fact>
      <Fact name="Watched">
        {risk.armed ? <Badge word="armed" tone="good" /> : <Badge word="not armed" tone="warn" />}
      </Fact>
      <Fact name="Age">
        <Age at={position.opened_at ?? position.created_at} />
      </Fact>
    </>
  );
}

function Ended({ position, tick }: FiguresProps) {
  const { exit, closed_at, exit_trigger } = position;
  if (exit === null) return null;
  return (
    <>
      <Fact name="Realized P&L">
        <Figure value={exit.realized_pnl} places={MONEY} unit={quoteOf(position)} signed toned /> (
        <Figure value={exit.realized_pnl_percent} places={2} unit="%" signed toned />)
      </Fact>
      <Fact name="Exit reason">{exit.reason === null ? '–' : wordsOf(exit.reason)}</Fact>
      <Fact name="Exit price">
        <Figure value={exit.price} least={placesOf(tick)} />
      </Fact>
      <Fact name="Sold">
        <Figure value={exit.amount} unit={baseOf(position)} />
      </Fact>
      {exit_trigger !== null && (
        <Fact name="Reached">
          {ruleText(exit_trigger.level_name)} at <Figure value={exit_trigger.level} least={placesOf(tick)} />{' '}
          by {exit_trigger.source} <Figure value={exit_trigger.price} least={placesOf(tick)} />
        </Fact>
      )}
      <Fact name="Closed">
        <Time at={closed_at} />
      </Fact>
      <Fact name="Held for">
        <span class="figure">{exit.time_held_minutes} min</span>
      </Fact>
    </>
  );
}

function Entered({ position, tick }: FiguresProps) {
  const { entry } = position;
  const margin = isOver(position) ? entry.margin_used : position.current.margin_used;
  return (
    <>
      <Fact name="Entry price">
        <Figure value={entry.price} least={placesOf(tick)} />
      </Fact>
      <Fact name="Bought in all">
        <Figure value={entry.amount} unit={baseOf(position)} />
      </Fact>
      <Fact name="Entry value">
        <Figure value={entry.value} places={MONEY} unit={quoteOf(position)} />
      </Fact>
      {entry.leverage !== 1 && (
        <Fact name="Leverage">
          <span class="figure">{entry.leverage}×</span> (
          <Figure value={margin} places={MONEY} unit={quoteOf(position)} />)
        </Fact>
      )}
      <Fact name="Entered">
        <Time at={entry.timestamp} />
      </Fact>
    </>
  );
}

function Costs({ position }: FiguresProps) {
  const { fees, statistics } = position;
  const byAsset = Object.entries(fees.fees_by_asset);
  return (
    <>
      <Fact name="Fees">
        {fees.total_fees_quote === null ? (
          byAsset.map(([asset, amount]) => <Figure key={asset} value={amount} unit={asset} />)
        ) : (
          <Figure value={fees.total_fees_quote} places={MONEY} unit={quoteOf(position)} />
        )}
      </Fact>
      <Fact name="Slippage">
        <Figure value={statistics.total_slippage} places={MONEY} unit={quoteOf(position)} />
      </Fact>
    </>
  );
}

function Extremes({ position, tick }: FiguresProps) {
  const { statistics: of, current, risk_management: risk } = position;
  const places = placesOf(tick);
  return (
    <>
      <Fact name="Best price">
        <Figure value={current.high_water_mark} least={places} />
      </Fact>
      <Fact name="Worst price">
        <Figure value={current.low_water_mark} least={places} />
      </Fact>
      <Fact name="Max profit">
        <Figure value={of.max_favorable_excursion_quote} places={MONEY} unit={quoteOf(position)} signed />
      </Fact>
      <Fact name="Max loss">
        <Figure value={of.max_adverse_excursion_quote} places={MONEY} unit={quoteOf(position)} signed />
      </Fact>
      <Fact name="Max drawdown">
        <Figure value={current.max_drawdown_percent} places={2} unit="%" />
      </Fact>
      <Fact name="Stop followed">
        <span class="figure">{of.stop_adjustments}×</span>
      </Fact>
      <Fact name="Unprotected">
        <span class="figure">{risk.unprotected_seconds} s</span>
      </Fact>
    </>
  );
}

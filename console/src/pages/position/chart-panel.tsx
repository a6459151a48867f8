/** The chart of a position, with the choice of bars and the grip on its stop. */
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import type { Look } from '../../chart/chart.ts';
import { INTERVALS, type Interval, intervalFor } from '../../chart/intervals.ts';
import { type Movable, PriceChart } from '../../chart/price-chart.tsx';
import type { Query } from '../../live/context.ts';
import { Panel } from '../../ui/panel.tsx';
import { Empty, ProblemNote } from '../../ui/states.tsx';
import type { Detail } from './protection-draft.ts';
import { type Timeline, useChart } from './use-chart.ts';

export interface ChartPanelProps {
  readonly position: ReadonlySignal<Detail>;
  readonly timeline: Query<Timeline>;
  readonly tick: string;
  /** A new place of the stop; null: as it is. */
  readonly draft: ReadonlySignal<string | null>;
  readonly stop: Movable | null;
}

export function ChartPanel(props: ChartPanelProps) {
  const interval = useSignal<Interval>(intervalFor(props.position.peek(), Date.now()));
  const look = useSignal<Look>('candles');
  return (
    <Panel
      title="Price"
      aside={
        <>
          <Choice
            label="Bars of"
            value={interval.value}
            of={INTERVALS}
            onChoose={(one) => (interval.value = one)}
          />
          <Choice label="Shown as" value={look.value} of={LOOKS} onChoose={(one) => (look.value = one)} />
        </>
      }
    >
      <ChartOfInterval key={interval.value} {...props} interval={interval.value} look={look} />
    </Panel>
  );
}

const LOOKS = ['candles', 'line'] as const satisfies readonly Look[];

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly of: readonly T[];
  readonly onChoose: (one: T) => void;
}

function Choice<T extends string>({ label, value, of, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset class="position-choice">
      <legend class="visually-hidden">{label}</legend>
      {of.map((one) => (
        <button
          key={one}
          type="button"
          class="button button-quiet"
          aria-pressed={one === value}
          onClick={() => onChoose(one)}
        >
          {one}
        </button>
      ))}
    </fieldset>
  );
}

interface IntervalProps extends ChartPanelProps {
  readonly interval: Interval;
  readonly look: ReadonlySignal<Look>;
}

function ChartOfInterval({ position, timeline, tick, draft, stop, interval, look }: IntervalProps) {
  const { scene, bars, before } = useChart({ position, timeline, interval, look, draft });
  const isEmpty = useComputed(() => scene.value.points.length === 0);
  const { symbol } = position.peek();
  const problem = bars.problem.value;
  return (
    <>
      {problem !== null && (
        <div class="panel-body">
          <ProblemNote problem={problem} retry={bars.reload} />
        </div>
      )}
      {isEmpty.value ? (
        <Empty
          title={
            bars.isLoading.value
              ? 'Reading bars…'
              : `The price tape has no bars of ${interval} for this time.`
          }
        >
          {!bars.isLoading.value && (
            <p>Seconds are kept for 2 hours, minutes for 7 days, longer bars for 90 days.</p>
          )}
        </Empty>
      ) : (
        <PriceChart
          {...{ scene, tick, stop }}
          label={`Chart of ${symbol} in bars of ${interval}, with entry, stop, targets and exits`}
          withSeconds={interval === '1s'}
        />
      )}
      {before.value > 0 && (
        <p class="position-note">Fills from before the first bar: {before.value}. Longer bars show them.</p>
      )}
    </>
  );
}

/** What was done with a position and what was not, newest first: why did, or didn't, my stop fire? */
import { useComputed, useSignal } from '@preact/signals';
import { figureText } from '../../format/decimal-text.ts';
import { type Query, useLive, useQuery } from '../../live/context.ts';
import { Badge } from '../../ui/badge.tsx';
import { TextField } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { aroundLocal } from './local-time.ts';
import {
  detailOf,
  type Entry,
  isOfStop,
  reachText,
  ruleText,
  titleOf,
  type Watched,
} from './timeline-words.ts';
import type { Timeline } from './use-chart.ts';

const FILTERS = ['all', 'stop', 'not done'] as const;
type Filter = (typeof FILTERS)[number];

const isShown = (entry: Entry, filter: Filter): boolean =>
  filter === 'all' || (filter === 'stop' ? isOfStop(entry) : entry.refused);

export function TimelinePanel({
  of,
  positionId,
}: {
  readonly of: Query<Timeline>;
  readonly positionId: string;
}) {
  const filter = useSignal<Filter>('all');
  return (
    <Panel
      title="Timeline"
      aside={
        <fieldset class="position-choice">
          <legend class="visually-hidden">Which entries</legend>
          {FILTERS.map((one) => (
            <button
              key={one}
              type="button"
              class="button button-quiet"
              aria-pressed={filter.value === one}
              onClick={() => {
                filter.value = one;
              }}
            >
              {one}
            </button>
          ))}
        </fieldset>
      }
    >
      <Loaded of={of}>
        {({ items, levels }) => (
          <>
            <WatchedLevels levels={levels} />
            <Entries entries={items.filter((entry) => isShown(entry, filter.value))} />
          </>
        )}
      </Loaded>
      <At positionId={positionId} />
    </Panel>
  );
}

function WatchedLevels({ levels }: { readonly levels: readonly Watched[] }) {
  if (levels.length === 0) return null;
  return (
    <p class="position-note">
      Watched now:{' '}
      {levels
        .map(({ rule, level, source, direction, armed }) => {
          const at = level === null ? '' : ` when the ${source} ${direction} to ${figureText(level)}`;
          return `${ruleText(rule)}${at}${armed ? '' : ' (not armed)'}`;
        })
        .join('; ')}
      .
    </p>
  );
}

function Entries({ entries }: { readonly entries: readonly Entry[] }) {
  if (entries.length === 0) return <Empty title="There is nothing of the kind." />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="timeline" tabIndex={0} aria-label="Entries, the newest first">
      <ol>
        {[...entries].reverse().map((entry, index) => (
          <li
            key={`${entry.timestamp} ${entry.action} ${entries.length - index}`}
            class={entry.refused ? 'timeline-refused' : ''}
          >
            <span class="timeline-time">
              <Time at={entry.timestamp} />
            </span>
            <span>
              <strong>{titleOf(entry)}</strong> {entry.refused && <Badge word="not done" tone="warn" />}{' '}
              <span class="muted">{detailOf(entry)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The market around a moment, and what was decided then. */
function At({ positionId }: { readonly positionId: string }) {
  const time = useSignal('');
  const asked = useSignal<{ readonly from: string; readonly to: string } | null>(null);
  const error = useComputed(() =>
    time.value === '' || aroundLocal(time.value, new Date()) !== null
      ? null
      : 'Write it like 14:03:07, or 2026-01-05 14:03:07.',
  );
  return (
    <form
      class="timeline-at"
      onSubmit={(event) => {
        event.preventDefault();
        asked.value = aroundLocal(time.peek(), new Date());
      }}
    >
      <TextField
        label="Why did my stop fire, or not, at"
        name="time"
        value={time}
        placeholder="14:03:07"
        error={error.value}
        help="Your local time; 30 seconds before and after are looked at."
      />
      <button type="submit" class="button">
        Look
      </button>
      {asked.value !== null && <Around key={asked.value.from} positionId={positionId} {...asked.value} />}
    </form>
  );
}

function Around({
  positionId,
  from,
  to,
}: {
  readonly positionId: string;
  readonly from: string;
  readonly to: string;
}) {
  const { api } = useLive();
  const found = useQuery(`around:${from}`, () =>
    api.call('getTimeline', { params: { position_id: positionId }, query: { from, to, limit: 200 } }),
  );
  return (
    <div class="timeline-around">
      <Loaded of={found}>
        {({ items, levels, market }) => (
          <>
            {market !== null && reachText(market, levels).map((line) => <p key={line}>{line}</p>)}
            {items.length === 0 ? (
              <p>Nothing was decided then: no level was reached.</p>
            ) : (
              <Entries entries={items} />
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

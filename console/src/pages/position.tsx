/** One position: its price with entry, stop, targets and exits drawn on it, its figures, its timeline, and what can be done. */
import './position/position.css';
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import type { ApiClient } from '../../../shared/client/client.ts';
import type { AnswerTo, ItemOf } from '../../../shared/client/contract.ts';
import type { PageProps } from '../app/pages.ts';
import { Link } from '../app/router.tsx';
import { stopSent } from '../chart/draft.ts';
import { useKeyring } from '../forms/keyring.ts';
import { type Query, useLive, useQuery } from '../live/context.ts';
import { LiveBadge, wordsOf } from '../ui/badge.tsx';
import { Figure } from '../ui/figure.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Time } from '../ui/time.tsx';
import { ChartPanel } from './position/chart-panel.tsx';
import { CloseDialog } from './position/close-dialog.tsx';
import { Figures, useNow } from './position/figures.tsx';
import { FillsPanel } from './position/fills.tsx';
import type { Detail } from './position/protection-draft.ts';
import { ProtectionPanel, useProtectionForm } from './position/protection-form.tsx';
import { TimelinePanel } from './position/timeline.tsx';
import { inPath, isOver, type Timeline, useFollowed } from './position/use-chart.ts';
import { WalletLink } from './position/wallet-note.tsx';

/** Statistics come with a read alone. */
const OPEN_MS = 5_000;
const PER_PAGE = 200;
/** A position whose timeline is longer shows the last so many entries. */
const MOST_ENTRIES = 2_000;

export default function PositionPage({ params }: PageProps) {
  const id = params['position_id'] ?? '';
  const { api } = useLive();
  const isMine = ({ data }: { readonly data: Readonly<Record<string, unknown>> }): boolean =>
    data['position_id'] === id;
  const everyMs = useSignal<number | undefined>(OPEN_MS);
  const position = useQuery(
    `position:${id}`,
    async () => {
      const found = await api.call('getPosition', { params: { position_id: id } });
      everyMs.value = isOver(found) ? undefined : OPEN_MS;
      return found;
    },
    { after: isMine, ...(everyMs.value !== undefined && { everyMs: everyMs.value }) },
  );
  const timeline = useQuery(`timeline:${id}`, () => readTimeline(api, id), { after: isMine });
  if (position.problem.value?.status === 404) {
    return (
      <>
        <h1>Position</h1>
        <Empty title="There is no such position.">
          <Link to="/">To the overview</Link>
        </Empty>
      </>
    );
  }
  return (
    <Loaded of={position} what="Reading the position">
      {() => <Read position={position} timeline={timeline} />}
    </Loaded>
  );
}

/** All of it, oldest first; where it is very long the last entries. */
async function readTimeline(api: ApiClient, positionId: string): Promise<Timeline> {
  const items: ItemOf<'getTimeline'>[] = [];
  let cursor: string | null = null;
  for (;;) {
    const query: { limit: number; cursor?: string } = { limit: PER_PAGE, ...(cursor !== null && { cursor }) };
    const page: Timeline = await api.call('getTimeline', { params: { position_id: positionId }, query });
    items.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) return { ...page, items: items.slice(-MOST_ENTRIES) };
  }
}

interface ReadProps {
  readonly position: Query<Detail>;
  readonly timeline: Query<Timeline>;
}

/** Once it has been read it stays: what follows takes its place. */
function Read({ position: query, timeline }: ReadProps) {
  const { api } = useLive();
  const position = useComputed((): Detail => {
    const { value } = query.value;
    if (value === null) throw new Error('a position is shown that was not read');
    return value;
  });
  const { symbol, user_wallet_id } = position.value;
  useFollowed(position.value);
  const rules = useQuery(`rules:${symbol}:${user_wallet_id}`, () =>
    api.call('getSymbol', { params: { symbol: inPath(symbol) }, query: { wallet_id: user_wallet_id } }),
  );
  return (
    <Loaded of={rules} what="Reading the rules of its symbol">
      {(found) => <Whole {...{ position, query, timeline, rules: found }} />}
    </Loaded>
  );
}

interface WholeProps {
  readonly position: ReadonlySignal<Detail>;
  readonly query: Query<Detail>;
  readonly timeline: Query<Timeline>;
  readonly rules: AnswerTo<'getSymbol'>;
}

function Whole({ position, query, timeline, rules }: WholeProps) {
  const now = useNow(position);
  const asks = useSignal<'whole' | 'part' | null>(null);
  const keys = useKeyring();
  const { tick_size: tick, step_size: step } = rules;
  const form = useProtectionForm(position, tick);
  const shown = position.value;
  const canChange = shown.status === 'opening' || shown.status === 'open';
  const draft = useComputed(() => {
    const { stop_loss } = form.fields;
    const isMoved = stop_loss.value.trim() !== form.before.value.stop_loss;
    return isMoved ? stopSent(stop_loss.value, position.value.side, tick) : null;
  });
  const isMoved = useComputed(() => draft.value !== null);
  // On the stop that comes first, whichever rule has put it there; moved, it becomes the stop loss.
  const grip = useComputed(() => {
    const stop = now.stop.value;
    return draft.value ?? (stop === null || stop.kind === 'liquidation' ? null : stop.price);
  });
  const reload = (): void => {
    asks.value = null;
    query.reload();
    timeline.reload();
  };
  return (
    <div class="stack">
      <Head {...{ position, now }} onAsk={(which) => (asks.value = which)} />
      {shown.closing !== null && !isOver(shown) && <Closing position={shown} />}
      <div class={canChange ? 'position-body' : ''}>
        <div class="position-main stack">
          <ChartPanel
            {...{ position, timeline, tick, draft }}
            stop={
              canChange
                ? {
                    price: grip,
                    isMoved,
                    mark: now.mark,
                    onMove: (price) => {
                      form.fields.stop_loss.value = price;
                    },
                    onUndo: () => {
                      form.fields.stop_loss.value = form.before.peek().stop_loss;
                    },
                    onDone: () => {
                      if (isMoved.peek()) form.ask();
                    },
                  }
                : null
            }
          />
          <Figures {...{ position: shown, of: position, now, tick }} />
        </div>
        {canChange && <ProtectionPanel {...{ position, form, tick, mark: now.mark }} onChanged={reload} />}
      </div>
      <TimelinePanel of={timeline} positionId={shown.position_id} />
      <FillsPanel {...{ position: shown, tick }} />
      {asks.value !== null && (
        <CloseDialog
          {...{ position, step, keys }}
          part={asks.value === 'part'}
          onClose={() => {
            asks.value = null;
          }}
          onDone={reload}
        />
      )}
    </div>
  );
}

interface HeadProps {
  readonly position: ReadonlySignal<Detail>;
  readonly now: ReturnType<typeof useNow>;
  readonly onAsk: (which: 'whole' | 'part') => void;
}

function Head({ position, now, onAsk }: HeadProps) {
  const { symbol, side, status, position_id, exit, current } = position.value;
  const word = useComputed(() => position.value.status);
  const canSell = status === 'open' || status === 'opening';
  return (
    <div class="position-head">
      <div>
        <h1>
          {symbol} {side} <LiveBadge of={word} />
          {exit === null && (
            <span class="position-risk">
              risk <LiveBadge of={now.risk} />
            </span>
          )}
        </h1>
        <p class="position-under">
          <WalletLink position={position.value} /> · opened <Time at={position.value.opened_at} /> ·{' '}
          <code>{position_id}</code>
        </p>
      </div>
      {canSell && (
        <div class="row">
          <button
            type="button"
            class="button"
            disabled={isNothing(current.amount)}
            onClick={() => onAsk('part')}
          >
            Close a part…
          </button>
          <button type="button" class="button button-danger" onClick={() => onAsk('whole')}>
            Close…
          </button>
        </div>
      )}
    </div>
  );
}

const isNothing = (amount: string): boolean => !/[1-9]/.test(amount);

/** It is on its way out: by what, since when, and what it waits for. */
function Closing({ position }: { readonly position: Detail }) {
  const { closing } = position;
  if (closing === null) return null;
  return (
    <div class="note note-warn" role="status">
      <p>
        Closing since <Time at={closing.at} />: {wordsOf(closing.cause)}
        {closing.price !== null && (
          <>
            {' '}
            at <Figure value={closing.price} />
          </>
        )}
        . <Figure value={position.current.amount} /> are still held.
      </p>
      {closing.shortage !== null && <p>The account has less than is to be sold; it is tried again.</p>}
    </div>
  );
}

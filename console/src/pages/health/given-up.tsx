/** What was given up: dead letters of the queues, and calls of webhooks that failed for good. */
import type { ItemOf } from '../../../../shared/client/contract.ts';
import { useLive, useQuery } from '../../live/context.ts';
import { Badge } from '../../ui/badge.tsx';
import { Fact, Facts, Panel } from '../../ui/panel.tsx';
import { Loaded } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Age, Time } from '../../ui/time.tsx';

type Failed = ItemOf<'listDeliveries'> & { readonly url: string };

const AGAIN_MS = 60_000;
/** Of each webhook's latest. */
const LOOKED_AT = 100;

const COLUMNS: readonly Column<Failed>[] = [
  { key: 'at', title: 'Time', cell: ({ updated_at }) => <Time at={updated_at} /> },
  { key: 'type', title: 'Event', cell: ({ event_type }) => event_type },
  { key: 'tries', title: 'Tries', isNumber: true, cell: ({ attempts }) => attempts },
  { key: 'url', title: 'To', onPhone: 'wide', cell: ({ url }) => url },
  {
    key: 'why',
    title: 'Why',
    onPhone: 'wide',
    cell: ({ error, http_status }) => error ?? `answered ${http_status ?? 'nothing'}`,
  },
];

export function GivenUp() {
  const { api } = useLive();
  const failed = useQuery(
    'given up',
    async () => {
      const { items: hooks } = await api.call('listWebhooks', {});
      const lists = await Promise.all(
        hooks.map(async ({ webhook_id, url }): Promise<readonly Failed[]> => {
          const params = { webhook_id };
          const { items } = await api.call('listDeliveries', { params, query: { limit: LOOKED_AT } });
          return items.filter(({ status }) => status === 'failed').map((one) => ({ ...one, url }));
        }),
      );
      return lists.flat();
    },
    { everyMs: AGAIN_MS },
  );
  const rows = failed.value.value ?? [];
  return (
    <Panel
      title="Given up"
      aside={
        failed.value.value !== null && (
          <Badge
            word={rows.length === 0 ? 'no webhook call' : `${rows.length} webhook calls`}
            tone={rows.length === 0 ? 'good' : 'bad'}
          />
        )
      }
    >
      <Loaded of={failed}>
        {(found) =>
          found.length === 0 ? null : (
            <Table
              caption="Calls of webhooks that were given up"
              columns={COLUMNS}
              rows={found}
              keyOf={({ url, event_id }) => `${url} ${event_id}`}
            />
          )
        }
      </Loaded>
      <DeadLetters />
    </Panel>
  );
}

function DeadLetters() {
  const counted = useLive().health.value?.dead_letters ?? null;
  if (counted === null)
    return <p class="panel-body muted">Dead letters of the queues: not counted within the last minutes.</p>;
  return (
    <>
      <Facts>
        {counted.queues.map(({ queue, messages }) => (
          <Fact key={queue} name={`Dead letters: ${queue}`}>
            <Badge word={String(messages)} tone={messages === 0 ? 'good' : 'bad'} />
          </Fact>
        ))}
      </Facts>
      <p class="panel-body muted">
        Counted <Age at={counted.counted_at} /> ago. <code>npm run redrive -- QUEUE</code> shows each with its
        reason and moves them back.
      </p>
    </>
  );
}

/** The services with their own figures: sockets, sweeps, the exchange's budget and order reports. */
import type { Health } from '../../live/rows.ts';
import { Badge, wordsOf } from '../../ui/badge.tsx';
import { Fact, Facts, Panel } from '../../ui/panel.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Age } from '../../ui/time.tsx';

type Source = Health['websocket_manager']['sources'][number];
type Socket = Source['connections'][number] & { readonly source: string };

const count = (value: number): string => value.toLocaleString();

/** Red where it is above nothing. */
function Errors({ value }: { readonly value: number }) {
  return <span class={value > 0 ? 'tone-down figure' : 'figure'}>{count(value)}</span>;
}

function Up({
  is,
  yes = 'running',
  no = 'down',
}: {
  readonly is: boolean;
  readonly yes?: string;
  readonly no?: string;
}) {
  return <Badge word={is ? yes : no} tone={is ? 'good' : 'bad'} />;
}

export function PriceStream({ of: stream }: { readonly of: Health['websocket_manager'] }) {
  const held = Object.entries(stream.trust);
  const sockets = stream.sources.flatMap(({ name: source, connections }) =>
    connections.map((one): Socket => ({ ...one, source })),
  );
  return (
    <Panel title="Price stream" aside={<Up is={stream.is_running} />}>
      <Facts>
        <Fact name="Source">{stream.source ?? '–'}</Fact>
        <Fact name="Connected">
          <Up is={stream.connected} yes="yes" no="no" />
        </Fact>
        <Fact name="Signed in">
          <Up is={stream.authenticated} yes="yes" no="no" />
        </Fact>
        <Fact name="Last message">
          <Age at={stream.last_message_time} />
        </Fact>
        <Fact name="Symbols">{count(stream.subscriptions)}</Fact>
        <Fact name="Messages">{count(stream.messages_received)}</Fact>
        <Fact name="Trades">{count(stream.trades_processed)}</Fact>
        <Fact name="Quotes">{count(stream.quotes_processed)}</Fact>
        <Fact name="Errors">
          <Errors value={stream.errors} />
        </Fact>
        <Fact name="Trouble">
          {stream.trouble === null ? 'none' : <Badge word={stream.trouble} tone="bad" />}
        </Fact>
      </Facts>
      {sockets.length > 0 && (
        <Table
          caption="Sockets"
          columns={SOCKETS}
          rows={sockets}
          keyOf={({ source, name }) => `${source} ${name}`}
        />
      )}
      {stream.failed_subscriptions.length > 0 && (
        <ul class="health-list">
          {stream.failed_subscriptions.map(({ symbol, reason }) => (
            <li key={symbol}>
              <Badge word={symbol} tone="bad" /> {reason}
            </li>
          ))}
        </ul>
      )}
      <details class="health-more">
        <summary>Prices that were held or left out</summary>
        <Facts>
          {held.map(([name, value]) => (
            <Fact key={name} name={wordsOf(name)}>
              {count(value)}
            </Fact>
          ))}
        </Facts>
      </details>
    </Panel>
  );
}

const SOCKETS: readonly Column<Socket>[] = [
  { key: 'name', title: 'Socket', onPhone: 'wide', cell: ({ source, name }) => `${source}: ${name}` },
  {
    key: 'state',
    title: 'State',
    cell: ({ connected, healthy, trouble }) => (
      <Badge
        word={trouble ?? (!connected ? 'away' : healthy ? 'connected' : 'not healthy')}
        tone={connected && healthy && trouble === null ? 'good' : 'bad'}
      />
    ),
  },
  { key: 'last', title: 'Last message', cell: ({ last_message_time }) => <Age at={last_message_time} /> },
  { key: 'symbols', title: 'Symbols', isNumber: true, cell: ({ subscriptions }) => count(subscriptions) },
  {
    key: 'messages',
    title: 'Messages',
    isNumber: true,
    cell: ({ messages_received }) => count(messages_received),
  },
  { key: 'reconnects', title: 'Reconnects', isNumber: true, cell: ({ reconnects }) => count(reconnects) },
  { key: 'errors', title: 'Errors', isNumber: true, cell: ({ errors }) => <Errors value={errors} /> },
];

export function OrderMonitor({ of: monitor }: { readonly of: Health['order_monitor'] }) {
  return (
    <Panel title="Order monitor and sweeps" aside={<Up is={monitor.is_running} />}>
      <Facts>
        <Fact name="Last sweep">
          <Age at={monitor.last_check} />
        </Fact>
        <Fact name="Checks">{count(monitor.checks_performed)}</Fact>
        <Fact name="Orders watched">{count(monitor.orders_monitored)}</Fact>
        <Fact name="Positions updated">{count(monitor.positions_updated)}</Fact>
        <Fact name="Stops triggered">{count(monitor.stops_triggered)}</Fact>
        <Fact name="Errors">
          <Errors value={monitor.errors} />
        </Fact>
      </Facts>
    </Panel>
  );
}

export function Exchange({ of: exchange }: { readonly of: NonNullable<Health['binance']> }) {
  const { budget, symbols, user_data: data, comparisons } = exchange;
  return (
    <Panel
      title={`Exchange: ${wordsOf(exchange.environment)}`}
      aside={budget?.blocked === true && <Badge word={`blocked: ${budget.blocked_for ?? ''}`} tone="bad" />}
    >
      <Facts>
        <Fact name="Order reports">
          <span class={data.subscribed < data.wallets ? 'tone-down' : undefined}>
            {data.subscribed} of {data.wallets} wallets
          </span>
        </Fact>
        <Fact name="Connections">
          <span class={data.connected < data.connections ? 'tone-down' : undefined}>
            {data.connected} of {data.connections}
          </span>
        </Fact>
        <Fact name="Last report">
          <Age at={data.last_message_time} />
        </Fact>
        <Fact name="Refused, with problem">
          <Errors value={data.refused + data.with_problem} />
        </Fact>
        <Fact name="Gaps being read">
          <Errors value={data.gaps_open} />
        </Fact>
        <Fact name="Queue: reports buffered">{count(data.buffered)}</Fact>
        <Fact name="Queue: comparisons waiting">
          {comparisons === null ? (
            <Badge word="schedule is silent" tone="bad" />
          ) : (
            `${comparisons.waiting}, oldest ${comparisons.oldest_wait_seconds} s`
          )}
        </Fact>
        <Fact name="Symbols trading">
          {symbols === null ? '–' : `${symbols.trading} of ${symbols.listed}`}
        </Fact>
        {(budget?.weight ?? []).map(({ interval_ms, limit, used }) => (
          <Fact key={interval_ms} name={`Weight in ${interval_ms / 1_000} s`}>
            <span class={used >= limit ? 'tone-down' : undefined}>
              {count(Math.round(used))} of {count(limit)}
            </span>
          </Fact>
        ))}
      </Facts>
      {budget?.blocked_until != null && (
        <p class="panel-body">
          The exchange blocks requests until {budget.blocked_until.replace('T', ' ').replace('Z', ' UTC')}.
        </p>
      )}
    </Panel>
  );
}

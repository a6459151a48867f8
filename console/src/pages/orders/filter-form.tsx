/** The filters as fields; they go into the address, so a link holds them. */
import { type Signal, useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { ORDER_STATUSES } from '../../../../shared/domain/order-facts.ts';
import { navigate } from '../../app/router.tsx';
import { useLive } from '../../live/context.ts';
import { wordsOf } from '../../ui/badge.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import {
  addressQuery,
  isoOfLocal,
  localOfIso,
  NO_FILTERS,
  type OrderFilters,
  STATUS_GROUPS,
} from './filters.ts';

/** `key`ed by the filters that stand. */
export function FilterForm({ filters }: { readonly filters: OrderFilters }) {
  const { wallets } = useLive();
  const status = useSignal(filters.status);
  const symbol = useSignal(filters.symbol);
  const wallet_id = useSignal(filters.wallet_id);
  const flow_id = useSignal(filters.flow_id);
  const from = useSignal(localOfIso(filters.from));
  const to = useSignal(localOfIso(filters.to));

  const go = (next: OrderFilters): void => navigate(`/orders${addressQuery(next)}`, { replace: true });
  const apply = (event: Event): void => {
    event.preventDefault();
    go({
      status: status.value,
      symbol: symbol.value.trim(),
      wallet_id: wallet_id.value,
      flow_id: flow_id.value.trim(),
      from: isoOfLocal(from.value) ?? '',
      to: isoOfLocal(to.value) ?? '',
    });
  };
  return (
    <form class="orders-filters" onSubmit={apply} aria-label="Filters">
      <SelectField
        label="Status"
        name="status"
        value={status}
        options={[
          { value: '', label: 'Any' },
          ...Object.keys(STATUS_GROUPS).map((name) => ({ value: name, label: `All that are ${name}` })),
          ...ORDER_STATUSES.map((one) => ({ value: one, label: wordsOf(one) })),
        ]}
      />
      <TextField label="Symbol" name="symbol" value={symbol} placeholder="BTC/USDT" />
      <SelectField
        label="Wallet"
        name="wallet_id"
        value={wallet_id}
        options={[
          { value: '', label: 'All' },
          ...wallets.ids.value.map((id) => ({ value: id, label: wallets.row(id).value?.name ?? id })),
        ]}
      />
      <TextField label="Flow" name="flow_id" value={flow_id} />
      <LocalTimeField label="Made from" name="from" value={from} />
      <LocalTimeField label="Made before" name="to" value={to} />
      <div class="row">
        <button type="submit" class="button">
          Filter
        </button>
        {addressQuery(filters) !== '' && (
          <button type="button" class="button button-quiet" onClick={() => go(NO_FILTERS)}>
            Clear
          </button>
        )}
      </div>
    </form>
  );
}

interface LocalTimeFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: Signal<string>;
}

function LocalTimeField({ label, name, value }: LocalTimeFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        class="input"
        type="datetime-local"
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}

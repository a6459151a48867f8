/** What is bought or sold, where, and at which price: only the fields that the order's type has. */
import { useEffect } from 'preact/hooks';
import { ORDER_TYPES, type OrderType, TIMES_IN_FORCE } from '../../../../shared/domain/order-facts.ts';
import { useLive } from '../../live/context.ts';
import type { Position } from '../../live/store.ts';
import { wordsOf } from '../../ui/badge.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { type Draft, readDraft } from './draft.ts';
import { hasField, opens, type Purpose, sideOf, takesQuote, typesFor } from './order-form.ts';
import { PricesNow } from './prices-now.tsx';
import type { SymbolRules } from './use-symbol-rules.ts';

export interface OrderFieldsProps {
  readonly draft: Draft;
  /** By the field's name in the API. */
  readonly errors: ReadonlyMap<string, string>;
  readonly rules: SymbolRules;
  readonly position: Position | null;
}

const PURPOSES: readonly { readonly value: Purpose; readonly label: string }[] = [
  { value: 'long', label: 'Open a long (buy)' },
  { value: 'short', label: 'Open a short (sell)' },
  { value: 'add', label: 'Add to a position' },
  { value: 'close', label: 'Close a position, or a part' },
];

export function OrderFields({ draft, errors, rules, position }: OrderFieldsProps) {
  const { wallets, positions } = useLive();
  const wallet = wallets.row(draft.wallet_id.value).value;
  const lends = wallet?.max_leverage != null;
  const now = readDraft(draft, position?.side ?? '');
  const { purpose, type } = now;
  const error = (name: string): string | null => errors.get(name) ?? null;

  const ofWallet = positions.ids.value.flatMap((id) => {
    const row = positions.row(id).value;
    return row !== null && row.user_wallet_id === now.wallet_id ? [row] : [];
  });
  // The position says of which symbol it is.
  const symbol = position?.symbol;
  useEffect(() => {
    if (!opens(purpose) && symbol !== undefined) draft.symbol.value = symbol;
  }, [draft, purpose, symbol]);

  const known = rules.found?.order_types ?? ORDER_TYPES;
  const types = typesFor(known, purpose, type);

  const inQuote = takesQuote(now) && now.amount_in === 'quote';
  const quote = rules.quote ?? undefined;
  const unit = (text: string | undefined) => (text === undefined ? {} : { unit: text });
  return (
    <div class="orders-fields">
      <SelectField
        label="Wallet"
        name="wallet_id"
        value={draft.wallet_id}
        error={error('wallet_id')}
        options={[
          ...(wallet === null ? [{ value: '', label: 'Choose a wallet' }] : []),
          ...wallets.ids.value.flatMap((id) => {
            const row = wallets.row(id).value;
            if (row === null) return [];
            const more = `${wordsOf(row.environment)}${row.paused ? ', paused' : ''}`;
            return [{ value: id, label: `${row.name} (${more})` }];
          }),
        ]}
      />
      <SelectField
        label="What for"
        name="purpose"
        value={draft.purpose}
        error={error('position_side')}
        options={PURPOSES.filter(({ value }) => value !== 'short' || lends || purpose === 'short')}
        help={`${sideOf(now) === 'buy' ? 'Buys' : 'Sells'} at the venue`}
      />
      {!opens(purpose) && (
        <SelectField
          label="Position"
          name="position_id"
          value={draft.position_id}
          error={error('position_id') ?? error('side')}
          options={[
            { value: '', label: ofWallet.length === 0 ? 'The wallet has none open' : 'Choose a position' },
            ...ofWallet.map((row) => ({
              value: row.position_id,
              label: `${row.symbol} ${row.side} ${row.current.amount}`,
            })),
          ]}
        />
      )}
      <TextField
        label="Symbol"
        name="symbol"
        value={draft.symbol}
        placeholder="BTC/USDT"
        error={error('symbol') ?? (rules.isUnknown ? 'The wallet’s venue does not know this symbol.' : null)}
        help={
          rules.found === null ? (
            'Any known format: BTC/USDT, BTCUSDT'
          ) : (
            <PricesNow symbol={rules.found.symbol} />
          )
        }
      />
      <SelectField
        label="Type"
        name="type"
        value={draft.type}
        error={error('type')}
        options={types.map((one: OrderType) => ({ value: one, label: wordsOf(one) }))}
      />
      <TextField
        label={inQuote ? 'Amount to spend' : 'Quantity'}
        name={inQuote ? 'quote_quantity' : 'quantity'}
        kind="decimal"
        value={draft.quantity}
        error={error(inQuote ? 'quote_quantity' : 'quantity')}
        {...unit(inQuote ? quote : (rules.base ?? undefined))}
        help={sizeHelp(rules, position, purpose)}
      />
      {takesQuote(now) && (
        <SelectField
          label="Amount in"
          name="amount_in"
          value={draft.amount_in}
          options={[
            { value: 'base', label: rules.base ?? 'Base asset' },
            { value: 'quote', label: quote ?? 'Quote asset' },
          ]}
        />
      )}
      {hasField(type, 'stop_price') && (
        <TextField
          label={type === 'trailing_stop' ? 'Trails from (may be empty)' : 'Stop price'}
          name="stop_price"
          kind="decimal"
          value={draft.stop_price}
          error={error('stop_price')}
          {...unit(quote)}
        />
      )}
      {hasField(type, 'limit_price') && (
        <TextField
          label="Limit price"
          name="limit_price"
          kind="decimal"
          value={draft.limit_price}
          error={error('limit_price')}
          {...unit(quote)}
        />
      )}
      {hasField(type, 'stop_limit_price') && (
        <TextField
          label="Limit of the stop (empty: market)"
          name="stop_limit_price"
          kind="decimal"
          value={draft.stop_limit_price}
          error={error('stop_limit_price')}
          {...unit(quote)}
        />
      )}
      {hasField(type, 'trailing_delta') && (
        <TextField
          label="Trailing distance"
          name="trailing_delta"
          kind="decimal"
          unit="basis points"
          value={draft.trailing_delta}
          error={error('trailing_delta')}
          help="100 are 1 %"
        />
      )}
      {hasField(type, 'time_in_force') && (
        <SelectField
          label="Time in force"
          name="time_in_force"
          value={draft.time_in_force}
          error={error('time_in_force')}
          options={TIMES_IN_FORCE.map((one) => ({ value: one, label: TIMES[one] }))}
        />
      )}
      {opens(purpose) && lends && (
        <TextField
          label="Leverage"
          name="leverage"
          kind="decimal"
          value={draft.leverage}
          error={error('leverage')}
          placeholder="1"
          help={`From 1 to ${wallet?.max_leverage ?? 1}; empty: 1`}
        />
      )}
    </div>
  );
}

const TIMES = {
  GTC: 'Good till cancelled',
  IOC: 'Immediate or cancel',
  FOK: 'Fill or kill',
} as const;

/** What may be traded, in the venue's own figures. */
function sizeHelp({ found }: SymbolRules, position: Position | null, purpose: string) {
  if (purpose === 'close' && position !== null) return `Held: ${position.current.amount}`;
  if (found === null) return undefined;
  return `At least ${found.min_quantity} in steps of ${found.step_size}, worth ${found.min_notional} ${found.quote} or more`;
}

/** Closing a position, whole or in part: how much, what the market would give, then the question. */

import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import { decimal } from '../../../../shared/domain/money/decimal.ts';
import { baseOf } from '../../format/symbol-text.ts';
import type { Keyring } from '../../forms/keyring.ts';
import { UnknownNote } from '../../forms/unknown-note.tsx';
import { useAction, useLive, useQuery } from '../../live/context.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Figure } from '../../ui/figure.tsx';
import { Fact, Facts } from '../../ui/panel.tsx';
import { Loaded } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { amountError, partOf, pnlOfSale, saleOf } from './close-preview.ts';
import type { Detail } from './protection-draft.ts';
import { useWallet, WalletNote } from './wallet-note.tsx';

export interface CloseProps {
  readonly position: ReadonlySignal<Detail>;
  readonly part: boolean;
  /** Of what is sold at once. */
  readonly step: string;
  /** The page's, so that a part whose answer was lost is not sold again by a dialog that is opened anew. */
  readonly keys: Keyring;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const SHARES = ['25', '50', '75'] as const;
const PREVIEW_MS = 3_000;

export function CloseDialog({ position, part, step, keys, onClose, onDone }: CloseProps) {
  const { api } = useLive();
  const { position_id, symbol, side, user_wallet_id } = position.value;
  const held = position.value.current.amount;
  const wallet = useWallet(user_wallet_id);
  const asked = useSignal(part ? partOf(held, '50', step) : held);
  const quantity = useComputed(() => (part ? asked.value.trim() : position.value.current.amount));
  const error = useComputed(() => (part ? amountError(quantity.value, position.value.current.amount) : null));
  const action = useAction(() => {
    const body = part ? { quantity: quantity.peek() } : {};
    return keys.send(body, (key) => api.call('closePosition', { params: { position_id }, body, key }));
  });
  const close = async (): Promise<void> => {
    if (error.peek() !== null) return;
    const closed = await action.run();
    if (closed === null) return;
    for (const { detail, next_action } of closed.warnings) toast(`${detail} ${next_action}`, 'bad');
    toast(part ? `A part of ${symbol} is being sold.` : `${symbol} is being closed.`);
    onDone();
  };
  const what = part ? 'Close a part' : 'Close the position';
  return (
    <Confirm
      title={`${what}: ${symbol} ${side}`}
      action={wallet.isReal ? `${what} on ${wallet.name}` : what}
      isDangerous
      isBusy={action.isBusy.value}
      problem={part && action.problem.value?.problem?.field === 'quantity' ? null : action.problem.value}
      onConfirm={() => void close()}
      onClose={onClose}
    >
      {part && (
        <>
          <TextField
            label="How much"
            name="quantity"
            kind="decimal"
            unit={baseOf({ symbol })}
            value={asked}
            problem={action.problem.value}
            error={error.value}
            help={`Held: ${held}`}
          />
          <div class="row">
            {SHARES.map((share) => (
              <button
                key={share}
                type="button"
                class="button"
                onClick={() => {
                  asked.value = partOf(position.peek().current.amount, share, step);
                }}
              >
                {share} %
              </button>
            ))}
          </div>
        </>
      )}
      {error.value === null && !decimal(quantity.value).isZero() && (
        <SalePreview key={quantity.value} position={position} quantity={quantity.value} />
      )}
      <UnknownNote of={keys} />
      <WalletNote position={position.value} />
    </Confirm>
  );
}

/** What the API says would be sent, and what the market would give. */
function SalePreview({
  position,
  quantity,
}: {
  readonly position: ReadonlySignal<Detail>;
  readonly quantity: string;
}) {
  const { api } = useLive();
  const preview = useQuery(
    `sale:${quantity}`,
    () => api.call('previewOrder', { body: saleOf(position.peek(), quantity) }),
    { everyMs: PREVIEW_MS },
  );
  return (
    <Loaded of={preview} what="Asking what would be sent">
      {({ sent, side, market_price, estimated_value, quote, refusal, warnings, symbol }) => (
        <>
          <Facts>
            <Fact name="Sent">
              {side} at the market, <Figure value={sent.quantity} unit={baseOf({ symbol })} />
            </Fact>
            <Fact name="Market price">
              <Figure value={market_price} />
            </Fact>
            <Fact name="Worth about">
              <Figure value={estimated_value} places={2} unit={quote} />
            </Fact>
            <Fact name="P&L before its fee">
              <Figure
                value={pnlOfSale(position.value, sent.quantity, market_price)}
                places={2}
                unit={quote}
                signed
                toned
              />
            </Fact>
          </Facts>
          {refusal !== null && (
            <p class="note note-warn">
              <span>
                {refusal.detail} {refusal.next_action}
              </span>
            </p>
          )}
          {warnings.map(({ code, message }) => (
            <p key={code} class="field-help">
              {message}
            </p>
          ))}
        </>
      )}
    </Loaded>
  );
}

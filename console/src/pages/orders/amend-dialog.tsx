/** Changes an order that has not ended; the wallet is named, so that this is the confirmation too. */
import { type Signal, signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { orderPath } from '../../app/pages.ts';
import { navigate } from '../../app/router.tsx';
import { useKeyring } from '../../forms/keyring.ts';
import { UnknownNote } from '../../forms/unknown-note.tsx';
import { useAction, useLive } from '../../live/context.ts';
import { wordsOf } from '../../ui/badge.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { ProblemNote } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { type AmendField, amendable, amendBodyOf, standing, textsOf } from './amend-form.ts';
import type { OrderFull } from './order-notes.tsx';

export interface AmendDialogProps {
  readonly order: OrderFull;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

type Typed = Partial<Record<AmendField, Signal<string>>>;

export function AmendDialog({ order, onClose, onChanged }: AmendDialogProps) {
  const { api, wallets } = useLive();
  const wallet = wallets.row(order.user_wallet_id).value;
  const fields = amendable(order);
  const [begun] = useState(() => textsOf(order));
  const [typed] = useState<Typed>(() =>
    Object.fromEntries(fields.map((field) => [field, signal(begun[field] ?? '')])),
  );
  const keys = useKeyring();
  const texts = Object.fromEntries(fields.map((field) => [field, typed[field]?.value ?? '']));
  const { body, complaints } = amendBodyOf(order, begun, texts);
  const amend = useAction(async () => {
    if (body === null) return;
    const params = { order_id: order.order_id };
    const answer = await keys.send(body, (key) => api.call('amendOrder', { params, body, key }));
    const outcome = answer.amendment?.outcome ?? 'under_way';
    toast(`Amendment: ${wordsOf(outcome)}.`);
    onClose();
    if (answer.replacement === null) onChanged();
    else navigate(orderPath(answer.replacement.order_id), { replace: true });
  });
  const problem = amend.problem.value;
  return (
    <Dialog title={`Amend in ${wallet?.name ?? order.user_wallet_id}`} onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void amend.run();
        }}
      >
        <p>
          {order.side} {order.symbol}, {wordsOf(order.type)}
          {wallet !== null && wallet.environment !== 'demo' && (
            <>
              {' '}
              at <strong>{wordsOf(wallet.environment)}</strong>, with the account of{' '}
              <strong>{wallet.name}</strong>
            </>
          )}
        </p>
        {fields.map((field) => {
          const value = typed[field];
          return value === undefined ? null : (
            <TextField
              key={field}
              label={field === 'quantity' ? 'Quantity in all, with what has filled' : wordsOf(field)}
              name={field}
              kind="decimal"
              value={value}
              problem={problem}
              error={complaints.find((one) => one.field === field)?.text ?? null}
              help={`Now ${standing(order, field) ?? ''}`}
            />
          );
        })}
        {problem !== null && <ProblemNote problem={problem} />}
        <UnknownNote of={keys} />
        <div class="row row-end">
          <button type="button" class="button" onClick={onClose}>
            Back
          </button>
          <button type="submit" class="button button-primary" disabled={body === null || amend.isBusy.value}>
            {amend.isBusy.value ? 'Working…' : 'Amend the order'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

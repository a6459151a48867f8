/** Changing a position's protection: fields (the stop's is the one that the chart drags), what they would send, and the question. */
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ApiProblem } from '../../../../shared/client/client.ts';
import { figureText } from '../../format/decimal-text.ts';
import { useKeyring } from '../../forms/keyring.ts';
import { UnknownNote } from '../../forms/unknown-note.tsx';
import { useAction, useLive } from '../../live/context.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { toast } from '../../ui/toast.tsx';
import { ChangePreview } from './change-preview.tsx';
import { type Change, changeOf, type Detail, type Draft, draftOf, type Rung } from './protection-draft.ts';
import { Targets } from './targets.tsx';
import { WalletNote } from './wallet-note.tsx';

/** The fields as signals, and what was there when they were filled. */
export function useProtectionForm(position: ReadonlySignal<Detail>, tick: string) {
  const before = useSignal<Draft>(draftOf(position.peek()));
  const first = before.peek();
  const fields = {
    stop_loss: useSignal(first.stop_loss),
    rungs: useSignal<readonly Rung[]>(first.take_profits),
    trail_by: useSignal<string>(first.trail_by),
    trail: useSignal(first.trail),
    trail_from: useSignal(first.trail_from),
    even_at: useSignal(first.even_at),
    even_offset: useSignal(first.even_offset),
  };
  const isAsked = useSignal(false);
  const draft = useComputed(
    (): Draft => ({
      stop_loss: fields.stop_loss.value,
      take_profits: fields.rungs.value,
      trail_by: fields.trail_by.value === 'amount' ? 'amount' : 'percent',
      trail: fields.trail.value,
      trail_from: fields.trail_from.value,
      even_at: fields.even_at.value,
      even_offset: fields.even_offset.value,
    }),
  );
  const fill = (from: Draft): void => {
    before.value = from;
    fields.stop_loss.value = from.stop_loss;
    fields.rungs.value = from.take_profits;
    fields.trail_by.value = from.trail_by;
    fields.trail.value = from.trail;
    fields.trail_from.value = from.trail_from;
    fields.even_at.value = from.even_at;
    fields.even_offset.value = from.even_offset;
  };
  // What others have changed is taken over where the user has not begun to write.
  const text = JSON.stringify(draftOf(position.value));
  useEffect(() => {
    const isUntouched = JSON.stringify(draft.peek()) === JSON.stringify(before.peek());
    if (isUntouched && text !== JSON.stringify(before.peek())) fill(draftOf(position.peek()));
  }, [text]);
  /** Whoever asks, nothing is put to the question while a field is no figure. */
  const ask = (): void => {
    const facts = { position: position.peek(), before: before.peek(), draft: draft.peek(), tick };
    const { lines, errors } = changeOf({ ...facts, mark: null });
    isAsked.value = lines.length > 0 && Object.keys(errors).length === 0;
  };
  return { fields, before, draft, fill, isAsked, ask };
}
export type ProtectionForm = ReturnType<typeof useProtectionForm>;

interface FormProps {
  readonly position: ReadonlySignal<Detail>;
  readonly form: ProtectionForm;
  readonly tick: string;
  readonly mark: ReadonlySignal<string | null>;
  readonly onChanged: () => void;
}

export function ProtectionPanel({ position, form, tick, mark, onChanged }: FormProps) {
  const { api } = useLive();
  const { fields, before, draft, fill, isAsked, ask } = form;
  const keys = useKeyring();
  const action = useAction((body: Change['body']) => {
    const params = { position_id: position.peek().position_id };
    return keys.send(body, (key) => api.call('changeProtection', { params, body, key }));
  });
  const factsNow = () => ({ position: position.value, before: before.value, draft: draft.value, tick });
  const isChanged = useComputed(() => {
    const { lines, errors } = changeOf({ ...factsNow(), mark: null });
    return lines.length > 0 || Object.keys(errors).length > 0;
  });
  const errors = useComputed(() => changeOf({ ...factsNow(), mark: null }).errors);
  const undo = (): void => {
    action.clear();
    fill(draftOf(position.peek()));
  };
  const send = async (): Promise<void> => {
    const sent = JSON.stringify(draft.peek());
    const { body, errors: wrong } = changeOf({ ...factsNow(), mark: mark.peek() });
    const changed = Object.keys(wrong).length === 0 ? await action.run(body) : null;
    // A refusal stands beside its field, behind the dialog.
    isAsked.value = false;
    if (changed === null) return;
    // What was written meanwhile stays, as a change of what stands now.
    if (JSON.stringify(draft.peek()) === sent) fill(draftOf(changed));
    else before.value = draftOf(changed);
    toast('The protection is changed.');
    onChanged();
  };
  const problem = action.problem.value;
  return (
    <Panel title="Change protection">
      <form
        class="panel-body stack"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <TextField
          label="Stop loss"
          name="stop_loss"
          kind="decimal"
          value={fields.stop_loss}
          problem={problem}
          error={errors.value['stop_loss'] ?? null}
          help={stopHelp(position.value)}
        />
        <Targets rungs={fields.rungs} problem={problem} errors={errors.value} />
        <Pair>
          <TextField
            label="Trail behind the best price"
            name={
              draft.value.trail_by === 'percent'
                ? 'trailing_stop.distance_percent'
                : 'trailing_stop.distance_amount'
            }
            kind="decimal"
            value={fields.trail}
            problem={problem}
            error={errors.value[`trailing_stop.distance_${draft.value.trail_by}`] ?? null}
          />
          <SelectField
            label="By"
            name="trail_by"
            value={fields.trail_by}
            options={[
              { value: 'percent', label: 'percent' },
              { value: 'amount', label: 'price' },
            ]}
          />
        </Pair>
        <TextField
          label="Trail from this price on"
          name="trailing_stop.activation_price"
          kind="decimal"
          value={fields.trail_from}
          problem={problem}
          error={errors.value['trailing_stop.activation_price'] ?? null}
          help="Empty: at once."
        />
        <Pair>
          <TextField
            label="Break-even at profit"
            name="break_even.activation_profit_percent"
            kind="decimal"
            unit="%"
            value={fields.even_at}
            problem={problem}
            error={errors.value['break_even.activation_profit_percent'] ?? null}
          />
          <TextField
            label="Above entry and fees by"
            name="break_even.offset_percent"
            kind="decimal"
            unit="%"
            value={fields.even_offset}
            problem={problem}
            error={errors.value['break_even.offset_percent'] ?? null}
          />
        </Pair>
        <OtherProblem problem={problem} />
        <UnknownNote of={keys} />
        <div class="row row-end">
          <button type="button" class="button" disabled={!isChanged.value} onClick={undo}>
            Undo
          </button>
          <button type="submit" class="button button-primary" disabled={!isChanged.value}>
            Preview the change
          </button>
        </div>
      </form>
      {isAsked.value && (
        <Confirm
          title="Change protection"
          action="Change it"
          isBusy={action.isBusy.value}
          onConfirm={() => void send()}
          onClose={() => {
            isAsked.value = false;
          }}
        >
          <ChangePreview change={changeOf({ ...factsNow(), mark: mark.value })} />
          <WalletNote position={position.value} />
        </Confirm>
      )}
    </Panel>
  );
}

const Pair = ({ children }: { readonly children: ComponentChildren }) => (
  <div class="position-pair">{children}</div>
);

/** What an empty field means is another thing once the break-even rule has moved the stop. */
const stopHelp = ({ risk_management: risk }: Detail): string =>
  risk.current_stop_level === 'break_even' && risk.current_stop_loss !== null
    ? `The break-even rule has put the stop at ${figureText(risk.current_stop_loss)}. Empty: the stop loss stays as it was set.`
    : 'Type it, or drag its line on the chart. Empty: none.';

/** A refusal that names no field of this form. */
function OtherProblem({ problem }: { readonly problem: ApiProblem | null }) {
  const field = problem?.problem?.field ?? null;
  const isShown = field !== null && /^(stop_loss|take_profits?\b|trailing_stop\.|break_even\.)/.test(field);
  if (problem === null || isShown) return null;
  return (
    <p class="field-error" role="alert">
      {problem.problem?.detail ?? problem.message} {problem.problem?.next_action}
    </p>
  );
}

/** Changing a position's protection: fields (the stop's is the one that the chart drags), what they would send, and the question. */
import { type ReadonlySignal, type Signal, useComputed, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ApiProblem } from '../../../../shared/client/client.ts';
import { useAction, useLive } from '../../live/context.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { toast } from '../../ui/toast.tsx';
import { type Change, changeOf, type Detail, type Draft, draftOf, type Rung } from './protection-draft.ts';
import { WalletNote } from './wallet-note.tsx';

/** The fields as signals, and what was there when they were filled. */
export function useProtectionForm(position: ReadonlySignal<Detail>) {
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
  return { fields, before, draft, fill, isAsked };
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
  const { fields, before, draft, fill, isAsked } = form;
  const action = useAction((body: Change['body']) =>
    api.call('changeProtection', { params: { position_id: position.peek().position_id }, body }),
  );
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
    const changed = await action.run(changeOf({ ...factsNow(), mark: mark.peek() }).body);
    // A refusal stands beside its field, behind the dialog.
    isAsked.value = false;
    if (changed === null) return;
    fill(draftOf(changed));
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
          if (isChanged.peek() && Object.keys(errors.peek()).length === 0) isAsked.value = true;
        }}
      >
        <TextField
          label="Stop loss"
          name="stop_loss"
          kind="decimal"
          value={fields.stop_loss}
          problem={problem}
          error={errors.value['stop_loss'] ?? null}
          help="Type it, or drag its line on the chart. Empty: none."
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

/** What will be sent, line by line. */
function ChangePreview({ change }: { readonly change: Change }) {
  return (
    <dl class="position-changes">
      {change.lines.map(({ name, from, to, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span class="muted">{from}</span> <span aria-hidden="true">→</span>
            <span class="visually-hidden">becomes</span> <strong class="figure position-to">{to}</strong>
            {note !== null && <p class="field-help">{note}</p>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface TargetsProps {
  readonly rungs: Signal<readonly Rung[]>;
  readonly problem: ApiProblem | null;
  readonly errors: Change['errors'];
}

function Targets({ rungs, problem, errors }: TargetsProps) {
  const set = (index: number, change: Partial<Rung>): void => {
    rungs.value = rungs.peek().map((rung, at) => (at === index ? { ...rung, ...change } : rung));
  };
  const add = (): void => {
    const isFirst = rungs.peek().length === 0;
    rungs.value = [...rungs.peek(), { price: '', percent: isFirst ? '100' : '', claimed: false }];
  };
  return (
    <fieldset class="position-targets stack">
      <legend>Targets</legend>
      {rungs.value.map((rung, index) => (
        <Target
          key={index}
          {...{ rung, index, problem, errors }}
          onChange={(change) => set(index, change)}
          onRemove={() => {
            rungs.value = rungs.peek().filter((_, at) => at !== index);
          }}
        />
      ))}
      <button type="button" class="button" onClick={add}>
        Add a target
      </button>
    </fieldset>
  );
}

interface TargetProps {
  readonly rung: Rung;
  readonly index: number;
  readonly problem: ApiProblem | null;
  readonly errors: Change['errors'];
  readonly onChange: (change: Partial<Rung>) => void;
  readonly onRemove: () => void;
}

function Target({ rung, index, problem, errors, onChange, onRemove }: TargetProps) {
  const price = useText(rung.price, (text) => onChange({ price: text }));
  const percent = useText(rung.percent, (text) => onChange({ percent: text }));
  if (rung.claimed) {
    return (
      <p class="field-help">
        Target {index + 1} at {rung.price} ({rung.percent} %) has sold.
      </p>
    );
  }
  const names = [`take_profits.${index}.price`, `take_profits.${index}.share`] as const;
  return (
    <div class="position-target">
      <TextField
        label={`Target ${index + 1}`}
        name={names[0]}
        kind="decimal"
        value={price}
        problem={problem}
        error={errors[names[0]] ?? null}
      />
      <TextField
        label="Sells"
        name={names[1]}
        kind="decimal"
        unit="%"
        value={percent}
        problem={problem}
        error={errors[names[1]] ?? null}
      />
      <button
        type="button"
        class="button button-quiet"
        aria-label={`Remove target ${index + 1}`}
        onClick={onRemove}
      >
        ✕
      </button>
    </div>
  );
}

/** A field's own signal for a text that is kept elsewhere. */
function useText(text: string, change: (text: string) => void): Signal<string> {
  const own = useSignal(text);
  useEffect(() => {
    own.value = text;
  }, [text, own]);
  useEffect(
    () =>
      own.subscribe((next) => {
        if (next !== text) change(next);
      }),
    [own, text, change],
  );
  return own;
}

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

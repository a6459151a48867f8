/** The targets of a position as fields: a price, and how much of the whole is sold there. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiProblem } from '../../../../shared/client/client.ts';
import { TextField } from '../../ui/field.tsx';
import type { Change, Rung } from './protection-draft.ts';

interface TargetsProps {
  readonly rungs: Signal<readonly Rung[]>;
  readonly problem: ApiProblem | null;
  readonly errors: Change['errors'];
}

export function Targets({ rungs, problem, errors }: TargetsProps) {
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

/** Fields of forms: a label, help, and what the API says of this very field. Amounts stay text. */
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { ApiProblem } from '../../../shared/client/client.ts';

/** What a refusal says of a field (`protection.stop_loss`); null = nothing. */
export function complaintAbout(problem: ApiProblem | null, name: string): string | null {
  const document = problem?.problem ?? null;
  if (document === null) return null;
  const one = [document, ...(document.errors ?? [])].find(({ field }) => field === name);
  return one === undefined ? null : `${one.detail} ${one.next_action}`;
}

interface Common {
  readonly label: string;
  /** As the API names it: its complaint is shown here. */
  readonly name: string;
  readonly problem?: ApiProblem | null;
  /** Of the page's own check, before anything is sent. */
  readonly error?: string | null;
  readonly help?: ComponentChildren;
}

export interface TextFieldProps extends Common {
  readonly value: Signal<string>;
  /** `decimal`: a keypad on phones; it stays text all the same. `password`: never shown, never filled in. */
  readonly kind?: 'text' | 'decimal' | 'password';
  readonly unit?: string;
  readonly required?: boolean;
  readonly placeholder?: string;
}

const KINDS = {
  text: { class: 'input', type: 'text', autoComplete: 'off' },
  decimal: { class: 'input input-number', type: 'text', autoComplete: 'off', inputMode: 'decimal' },
  password: { class: 'input', type: 'password', autoComplete: 'new-password' },
} as const;

export function TextField(props: TextFieldProps) {
  const { value, kind = 'text', unit, required = false, placeholder } = props;
  return (
    <Labelled {...props}>
      {(attributes) => (
        <span class="input-with-unit">
          <input
            {...attributes}
            {...KINDS[kind]}
            spellcheck={false}
            required={required}
            placeholder={placeholder}
            value={value.value}
            onInput={(event) => {
              value.value = event.currentTarget.value;
            }}
          />
          {unit !== undefined && <span class="unit">{unit}</span>}
        </span>
      )}
    </Labelled>
  );
}

export interface SelectFieldProps extends Common {
  readonly value: Signal<string>;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

export function SelectField(props: SelectFieldProps) {
  const { value, options } = props;
  return (
    <Labelled {...props}>
      {(attributes) => (
        <select
          {...attributes}
          class="input"
          value={value.value}
          onChange={(event) => {
            value.value = event.currentTarget.value;
          }}
        >
          {options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

export interface CheckFieldProps extends Common {
  readonly value: Signal<boolean>;
}

export function CheckField({ value, label, name, help }: CheckFieldProps) {
  const id = useId();
  return (
    <div class="field field-check">
      <input
        id={id}
        name={name}
        type="checkbox"
        checked={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.checked;
        }}
      />
      <label for={id}>{label}</label>
      {help !== undefined && <p class="field-help">{help}</p>}
    </div>
  );
}

interface LabelledProps extends Common {
  readonly children: (attributes: {
    readonly id: string;
    readonly name: string;
    readonly 'aria-invalid': boolean;
    readonly 'aria-describedby': string | undefined;
  }) => ComponentChildren;
}

function Labelled({ label, name, problem = null, error = null, help, children }: LabelledProps) {
  const id = useId();
  const complaint = error ?? complaintAbout(problem, name);
  const noted = complaint !== null || help !== undefined;
  return (
    <div class={`field${complaint === null ? '' : ' field-bad'}`}>
      <label for={id}>{label}</label>
      {children({
        id,
        name,
        'aria-invalid': complaint !== null,
        'aria-describedby': noted ? `${id}-note` : undefined,
      })}
      {noted && (
        <p id={`${id}-note`} class={complaint === null ? 'field-help' : 'field-error'}>
          {complaint ?? help}
        </p>
      )}
    </div>
  );
}

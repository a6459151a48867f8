/**
 * A field whose text is nobody's but the request's: no state holds it, it is read once, when the form is sent, and the form
 * is emptied then.
 */
import { useId } from 'preact/hooks';
import type { ApiProblem } from '../../../../shared/client/client.ts';
import { complaintAbout } from '../../ui/field.tsx';

export interface SecretFieldProps {
  readonly label: string;
  readonly name: string;
  readonly help: string;
  readonly problem: ApiProblem | null;
}

export function SecretField({ label, name, help, problem }: SecretFieldProps) {
  const id = useId();
  const complaint = complaintAbout(problem, name);
  return (
    <div class={`field${complaint === null ? '' : ' field-bad'}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        class="input"
        type="password"
        autoComplete="off"
        spellcheck={false}
        required
        aria-invalid={complaint !== null}
        aria-describedby={`${id}-note`}
      />
      <p id={`${id}-note`} class={complaint === null ? 'field-help' : 'field-error'}>
        {complaint ?? help}
      </p>
    </div>
  );
}

/** The text of a field of the form. */
export function textIn(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === 'string' ? value : '';
}

/** What a change of the protection will send. */
import type { Change } from './protection-draft.ts';

/** What will be sent, line by line. */
export function ChangePreview({ change }: { readonly change: Change }) {
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

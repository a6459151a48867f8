/** Short messages of what has happened, read out by screen readers; they leave by themselves. */
import { signal } from '@preact/signals';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'bad';
}

const STAYS_MS = 6_000;
/** What is wrong stays until it is closed by hand. */
const toasts = signal<readonly Toast[]>([]);
let next = 1;

const leave = (id: number): void => {
  toasts.value = toasts.value.filter((one) => one.id !== id);
};

/** Says it at the edge of the page. `bad` stays until it is closed. */
export function toast(text: string, tone: Toast['tone'] = 'info'): void {
  const id = next++;
  toasts.value = [...toasts.value.slice(-4), { id, text, tone }];
  if (tone === 'info') setTimeout(() => leave(id), STAYS_MS);
}

/** Once, in the shell. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone }) => (
        <div key={id} class={`toast toast-${tone}`}>
          <span>{text}</span>
          <button type="button" class="button button-quiet" aria-label="Dismiss" onClick={() => leave(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}

/** Dialogs: the browser's own, which keep the focus inside, close with Escape and give the focus back. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { ApiProblem } from '../../../shared/client/client.ts';
import { ProblemNote } from './states.tsx';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Open for as long as it is rendered. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // It has left the page by now, so the browser gives nothing back; what opened it may have left as well.
      const back = opener?.isConnected === true ? opener : document.getElementById('main');
      if (back instanceof HTMLElement) back.focus();
    };
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={id} onCancel={onClose} onClose={onClose}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="button button-quiet" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </div>
      {children}
    </dialog>
  );
}

export interface ConfirmProps {
  readonly title: string;
  /** What will be done, in figures. */
  readonly children: ComponentChildren;
  /** On the button that does it: a verb. */
  readonly action: string;
  readonly isDangerous?: boolean;
  readonly isBusy?: boolean;
  readonly problem?: ApiProblem | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something is done. The focus begins on what does nothing. */
export function Confirm(props: ConfirmProps) {
  const {
    title,
    children,
    action,
    isDangerous = false,
    isBusy = false,
    problem = null,
    onConfirm,
    onClose,
  } = props;
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="stack">
        {children}
        {problem !== null && <ProblemNote problem={problem} />}
        <div class="row row-end">
          <button type="button" class="button" onClick={onClose}>
            Back
          </button>
          <button
            type="button"
            class={`button ${isDangerous ? 'button-danger' : 'button-primary'}`}
            disabled={isBusy}
            onClick={onConfirm}
          >
            {isBusy ? 'Working…' : action}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

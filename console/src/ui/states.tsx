/** What stands where there is nothing to show: nothing yet, nothing at all, or why not. */
import type { ComponentChildren } from 'preact';
import type { ApiProblem } from '../../../shared/client/client.ts';
import type { Query } from '../live/context.ts';

export function Loading({ what = 'Loading' }: { readonly what?: string }) {
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" /> {what}…
    </p>
  );
}

/** `children`: what the user can do about it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="state">
      <p>{title}</p>
      {children}
    </div>
  );
}

export interface ProblemProps {
  readonly problem: ApiProblem;
  readonly retry?: (() => void) | undefined;
}

/** A refusal as the API puts it: what is wrong, and what to do next. */
export function ProblemNote({ problem, retry }: ProblemProps) {
  const { problem: document, status, code } = problem;
  const title =
    document?.title ?? (status === 0 ? 'The API cannot be reached' : `The API answered ${status}`);
  const detail = document?.detail ?? problem.message;
  return (
    <div class="note note-bad" role="alert">
      <p>
        <strong>{title}</strong> <code>{code}</code>
      </p>
      <p>{detail}</p>
      {document !== null && <p>{document.next_action}</p>}
      {document !== null && <p class="muted">Request {document.request_id}</p>}
      {retry !== undefined && (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export interface LoadedProps<T> {
  readonly of: Query<T>;
  readonly what?: string;
  readonly children: (value: T) => ComponentChildren;
}

/** What a query has read; a later failure is told above what was read before. */
export function Loaded<T>({ of, what, children }: LoadedProps<T>) {
  const value = of.value.value;
  const problem = of.problem.value;
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} retry={of.reload} />}
      {value === null && problem === null && <Loading {...(what !== undefined && { what })} />}
      {value !== null && children(value)}
    </>
  );
}

/** What the runner and a function's process say to each other over IPC. */

export interface InvokeMessage {
  readonly type: 'invoke';
  readonly id: string;
  readonly event: unknown;
  /** Wall-clock time at which the invocation is over, ms since the epoch. */
  readonly deadline: number;
  readonly trace: string;
}

export interface ErrorReport {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace: readonly string[];
}

export type HostMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'init-failed'; readonly error: ErrorReport }
  | { readonly type: 'result'; readonly id: string; readonly value: unknown }
  | { readonly type: 'error'; readonly id: string; readonly error: ErrorReport };

/** A refused field of a request: what every check of the domain answers. */
export interface FieldError {
  /** Stable. */
  readonly code: string;
  /** The request's field, snake_case. */
  readonly field: string;
  readonly message: string;
  /** What to send instead. */
  readonly fix: string;
}

export const fieldError = (code: string, field: string, message: string, fix: string): FieldError => ({
  code,
  field,
  message,
  fix,
});

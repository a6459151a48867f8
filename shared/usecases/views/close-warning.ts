import type { FieldError } from '../../domain/field-error.ts';

/** What stands in the way of a close now; the close is taken all the same. */
export const closeWarningView = ({ code, field, message, fix }: FieldError) => ({
  code,
  field,
  detail: message,
  next_action: fix,
});

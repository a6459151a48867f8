/** Clock, ids and telling: the outside that use cases are given. */

export interface Clock {
  /** Epoch ms, wall time: the running system's one clock (design section 11). */
  now(): number;
}

export interface Ids {
  /** A random token (claims, leases). */
  token(): string;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Structured telling: ids and decimal text, never whole objects, keys or secrets. `code` names the event. */
export interface Log {
  debug(code: string, fields?: LogFields): void;
  info(code: string, fields?: LogFields): void;
  warn(code: string, fields?: LogFields): void;
  error(code: string, fields?: LogFields & { readonly error?: string }): void;
}

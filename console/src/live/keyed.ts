/**
 * Rows by id, each a signal of its own: a table's row renders anew only when its own row changes.
 *
 * Always true: what is known never becomes older. A list may lag some seconds behind what was just written (it reads an
 * index), so it neither takes back a row that is newer nor drops one that has just come.
 */
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';

/** So long a list may not know of what was written. */
export const LIST_LAG_MS = 10_000;

export interface KeyedOptions<Row> {
  readonly idOf: (row: Row) => string;
  /** ISO text: a row that is older than the known one is left out. */
  readonly changedAt: (row: Row) => string;
  /** Only these are kept; one that stops being so leaves. */
  readonly belongs: (row: Row) => boolean;
  readonly now: () => number;
}

export interface Keyed<Row> {
  /** In the list's order: newest first. */
  readonly ids: ReadonlySignal<readonly string[]>;
  /** Null: it is not here (any more). The same signal for as long as the page is open. */
  row(id: string): ReadonlySignal<Row | null>;
  /** All that a list has now. */
  replace(rows: readonly Row[]): void;
  /** One, as it was read or merged. */
  put(row: Row): void;
}

export function createKeyed<Row>({ idOf, changedAt, belongs, now }: KeyedOptions<Row>): Keyed<Row> {
  const ids = signal<readonly string[]>([]);
  const rows = new Map<string, Signal<Row | null>>();
  /** When it came or left, by the page's clock; and as of when it is known. */
  const noted = new Map<string, { readonly at: number; readonly changedAt: string }>();

  const cell = (id: string): Signal<Row | null> => {
    const known = rows.get(id);
    if (known !== undefined) return known;
    const made = signal<Row | null>(null);
    rows.set(id, made);
    return made;
  };

  /** Whether it is here afterwards. */
  const take = (row: Row): boolean => {
    const id = idOf(row);
    const signalOf = cell(id);
    const known = noted.get(id);
    if (known !== undefined && changedAt(row) < known.changedAt) return signalOf.peek() !== null;
    const isHere = belongs(row);
    const wasHere = signalOf.peek() !== null;
    if (isHere !== wasHere || known === undefined || known.changedAt !== changedAt(row))
      noted.set(id, { at: isHere === wasHere ? (known?.at ?? now()) : now(), changedAt: changedAt(row) });
    signalOf.value = isHere ? row : null;
    return isHere;
  };

  return {
    ids,
    row: cell,
    replace: (listed) =>
      batch(() => {
        const here = listed.filter(take).map(idOf);
        const inList = new Set(listed.map(idOf));
        const fresh: string[] = [];
        for (const id of ids.peek()) {
          if (inList.has(id)) continue;
          const at = noted.get(id)?.at ?? 0;
          if (now() - at <= LIST_LAG_MS && cell(id).peek() !== null) fresh.push(id);
          else cell(id).value = null;
        }
        const next = [...fresh, ...here];
        if (!isSame(next, ids.peek())) ids.value = next;
      }),
    put: (row) =>
      batch(() => {
        const id = idOf(row);
        const isHere = take(row);
        const isListed = ids.peek().includes(id);
        if (isHere && !isListed) ids.value = [id, ...ids.peek()];
        if (!isHere && isListed) ids.value = ids.peek().filter((one) => one !== id);
      }),
  };
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id, index) => id === b[index]);

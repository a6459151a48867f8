/**
 * Tables: figures to the right, a head that stays, and of long ones only the rows in sight are in the page, so that 500 rows
 * cost what 30 do. On a phone a row becomes a card with named figures.
 */
import { computed, type ReadonlySignal, signal, useComputed, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Explains the title. */
  readonly hint?: string;
  /** Figures stand to the right. */
  readonly isNumber?: boolean;
  /** In the card of a phone: over the whole width, over two thirds, without its title, or left out. Default: a third. */
  readonly onPhone?: 'wide' | 'most' | 'bare' | 'hidden';
  readonly cell: (row: Row) => ComponentChildren;
}

export interface TableProps<Row> {
  /** What the table is, for those who do not see it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}

/** Of rows that are all in the page: up to 100 or so. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  return (
    <div class="table-wrap">
      <table class="table" {...ROLES.table}>
        <caption class="visually-hidden">{caption}</caption>
        <Head columns={columns} />
        <tbody {...ROLES.group}>
          {rows.map((row) => (
            <Cells key={keyOf(row)} row={row} columns={columns} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>({ columns }: { readonly columns: readonly Column<Row>[] }) {
  return (
    <thead {...ROLES.group}>
      <tr {...ROLES.row}>
        {columns.map(({ key, title, hint, isNumber }) => (
          <th
            key={key}
            {...ROLES.head}
            scope="col"
            class={isNumber === true ? 'number' : undefined}
            title={hint}
          >
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}

const classOf = (isNumber = false, onPhone?: Column<unknown>['onPhone']): string =>
  [isNumber && 'number', onPhone !== undefined && `phone-${onPhone}`].filter(Boolean).join(' ');

/** A phone's cards are no table to a browser, which then tells nobody that it is one: its parts say so themselves. */
const ROLES = {
  table: { role: 'table' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  cell: { role: 'cell' },
  head: { role: 'columnheader' },
} as const;

interface CellsProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly index?: number;
}

function Cells<Row>({ row, columns, index }: CellsProps<Row>) {
  return (
    <tr {...ROLES.row} {...(index !== undefined && { 'aria-rowindex': index + 2 })}>
      {columns.map(({ key, title, isNumber, onPhone, cell }) => (
        <td key={key} {...ROLES.cell} data-title={title} class={classOf(isNumber, onPhone)}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}

export interface LiveTableProps {
  readonly caption: string;
  readonly ids: ReadonlySignal<readonly string[]>;
  /** Cells hold signals of their own (`LiveFigure`): a row is drawn once, and then only its figures change. */
  readonly columns: readonly Column<string>[];
}

const phone = matchMedia('(max-width: 640px)');
const isPhone = signal(phone.matches);
phone.addEventListener('change', () => {
  isPhone.value = phone.matches;
});
/** Fixed, so that what is out of sight needs no measuring; styles/table.css says the same. */
const rowHeight = computed(() => (isPhone.value ? 180 : 38));
/** Shorter ones are shown whole, without a scroll bar of their own. */
const LONG = 15;
/** Rows beyond the edge of sight, so that scrolling shows no gaps. */
const SPARE = 8;

/** Of rows by id, as many as there are. */
export function LiveTable({ caption, ids, columns }: LiveTableProps) {
  const wrap = useRef<HTMLElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  const sight = useComputed(() => {
    const all = ids.value.length;
    const first = Math.max(0, Math.floor(top.value / rowHeight.value) - SPARE);
    const last = Math.min(all, Math.ceil((top.value + height.value) / rowHeight.value) + SPARE);
    // In steps: scrolling by a line draws nothing.
    return `${first - (first % SPARE)} ${Math.min(all, last + (SPARE - (last % SPARE)))}`;
  });
  useEffect(() => {
    const element = wrap.current;
    if (element === null) return;
    const measure = (): void => {
      height.value = element.clientHeight;
    };
    const scrolled = (): void => {
      top.value = element.scrollTop;
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', scrolled, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', scrolled);
    };
  }, [height, top]);

  const all = ids.value;
  const [first = 0, last = 0] = sight.value.split(' ').map((text) => Number.parseInt(text, 10)); // not money: rows
  const cells = all.slice(first, last);
  const isLong = all.length > LONG;
  return (
    <section
      class={`table-wrap table-live${isLong ? ' table-long' : ''}`}
      ref={wrap}
      aria-label={`${caption}: rows`}
      // What scrolls is reached by the keyboard.
      {...(isLong && { tabIndex: 0 })}
    >
      <table class="table" {...ROLES.table} aria-rowcount={all.length + 1}>
        <caption class="visually-hidden">{caption}</caption>
        <Head columns={columns} />
        <tbody {...ROLES.group}>
          <Gap rows={first} columns={columns.length} />
          {cells.map((id, index) => (
            <Cells key={id} row={id} columns={columns} index={first + index} />
          ))}
          <Gap rows={all.length - Math.min(last, all.length)} columns={columns.length} />
        </tbody>
      </table>
    </section>
  );
}

/** As high as the rows that are not in the page. */
function Gap({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  if (rows <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus
    <tr class="gap" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${rows * rowHeight.value}px` }} />
    </tr>
  );
}

/** Rows by id: what is known never becomes older, and only what changes is told. */
import { effect } from '@preact/signals';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFrames } from '../../../console/src/live/frames.ts';
import { createKeyed, type Keyed, LIST_LAG_MS } from '../../../console/src/live/keyed.ts';

interface Row {
  readonly id: string;
  readonly status: 'open' | 'closed';
  readonly at: string;
  readonly amount: string;
}

let now: number;
let rows: Keyed<Row>;
beforeEach(() => {
  now = 1_000_000;
  rows = createKeyed<Row>({
    idOf: ({ id }) => id,
    changedAt: ({ at }) => at,
    belongs: ({ status }) => status === 'open',
    now: () => now,
  });
});

const row = (id: string, at: number, more: Partial<Row> = {}): Row => ({
  ...{ id, status: 'open', at: new Date(at).toISOString(), amount: '1' },
  ...more,
});
const shown = () => rows.ids.value.map((id) => rows.row(id).value?.amount);

describe('rows by id', () => {
  it('are those of the list, in its order', () => {
    rows.replace([row('b', 2), row('a', 1)]);
    expect(rows.ids.value).toEqual(['b', 'a']);
    now += 2 * LIST_LAG_MS;
    rows.replace([row('a', 1)]);
    expect(rows.ids.value).toEqual(['a']);
    expect(rows.row('b').value).toBeNull();
  });

  it('an older answer does not take back what is known', () => {
    rows.replace([row('a', 5, { amount: '5' })]);
    rows.put(row('a', 4, { amount: '4' }));
    rows.replace([row('a', 3, { amount: '3' })]);
    expect(shown()).toEqual(['5']);
    rows.put(row('a', 6, { amount: '6' }));
    expect(shown()).toEqual(['6']);
  });

  it('the same moment is taken: prices are newer though nothing was written', () => {
    rows.replace([row('a', 5, { amount: '5' })]);
    rows.replace([row('a', 5, { amount: '5.1' })]);
    expect(shown()).toEqual(['5.1']);
  });

  it('a new one stays while a list may not know of it yet, and no longer', () => {
    rows.replace([row('a', 1)]);
    rows.put(row('new', 2));
    expect(rows.ids.value).toEqual(['new', 'a']);
    rows.replace([row('a', 1)]);
    expect(rows.ids.value).toEqual(['new', 'a']);
    now += LIST_LAG_MS + 1;
    rows.replace([row('a', 1)]);
    expect(rows.ids.value).toEqual(['a']);
  });

  it('one that has left does not come back with a list that lags', () => {
    rows.replace([row('a', 1)]);
    rows.put(row('a', 2, { status: 'closed' }));
    expect(rows.ids.value).toEqual([]);
    rows.replace([row('a', 1)]);
    expect(rows.ids.value).toEqual([]);
    // It was opened again.
    rows.put(row('a', 3));
    expect(rows.ids.value).toEqual(['a']);
  });

  it('a change of one row is told to nobody but its readers', () => {
    rows.replace([row('a', 1), row('b', 1)]);
    const told: string[] = [];
    const stops = [
      effect(() => void told.push(`ids ${rows.ids.value.length}`)),
      effect(() => void told.push(`b ${rows.row('b').value?.amount}`)),
    ];
    told.length = 0;
    rows.put(row('a', 2, { amount: '2' }));
    expect(told).toEqual([]);
    rows.put(row('b', 2, { amount: '2' }));
    expect(told).toEqual(['b 2']);
    for (const stop of stops) stop();
  });
});

describe('updates of a frame', () => {
  it('are applied together, in order, once', () => {
    const frames: (() => void)[] = [];
    const inFrame = createFrames({ schedule: (run) => frames.push(run) });
    const told: (string | undefined)[] = [];
    rows.replace([row('a', 1)]);
    const stop = effect(() => void told.push(rows.row('a').value?.amount));
    for (const n of [2, 3, 4]) inFrame(() => rows.put(row('a', n, { amount: String(n) })));
    expect(frames.length).toBe(1);
    expect(told).toEqual(['1']);
    frames[0]?.();
    expect(told).toEqual(['1', '4']);
    inFrame(() => rows.put(row('a', 9, { amount: '9' })));
    expect(frames.length).toBe(2);
    stop();
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Place, SendTurns } from '../../../../shared/usecases/stream-prices/send-turns.ts';

describe('turns of symbols to call the cache', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  const begin = (most: number, overdueMs?: number) => {
    const turns = new SendTurns(most, overdueMs);
    const went: string[] = [];
    const places = new Map<string, Place>();
    const place = (name: string): Place => {
      const known = places.get(name) ?? turns.place();
      places.set(name, known);
      return known;
    };
    const wait = (name: string, inMs: number, isUrgent?: boolean): void =>
      place(name).wait(performance.now() + inMs, () => void went.push(name), isUrgent);
    return { went, place, wait };
  };

  it('come when they are due: who is due first goes first, whoever asked first', () => {
    const { went, wait } = begin(10);
    wait('late', 50);
    wait('early', 20);
    wait('now', 0);
    expect(went).toEqual(['now']);
    vi.advanceTimersByTime(19);
    expect(went).toEqual(['now']);
    vi.advanceTimersByTime(1);
    expect(went).toEqual(['now', 'early']);
    vi.advanceTimersByTime(30);
    expect(went).toEqual(['now', 'early', 'late']);
  });

  it('are as many as may be at once; the next one is given by who ends', () => {
    const { went, wait, place } = begin(2);
    for (const name of ['a', 'b', 'c', 'd']) wait(name, 0);
    expect(went).toEqual(['a', 'b']);
    vi.advanceTimersByTime(50);
    expect(went).toEqual(['a', 'b']);
    place('a').leave();
    place('a').leave();
    expect(went).toEqual(['a', 'b', 'c']);
    place('b').leave();
    expect(went).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are taken by who is urgent, however many are under way, and count', () => {
    const { went, wait, place } = begin(1);
    wait('a', 0);
    wait('b', 0);
    wait('u', 0, true);
    expect(went).toEqual(['a', 'u']);
    place('a').leave();
    expect(went).toEqual(['a', 'u']);
    place('u').leave();
    expect(went).toEqual(['a', 'u', 'b']);
  });

  it('that are waited for can be hurried, brought forward and given up', () => {
    const { went, wait, place } = begin(1);
    wait('a', 0);
    wait('b', 60);
    place('b').hurry();
    expect(went).toEqual(['a', 'b']);
    place('b').hurry();
    place('a').leave();
    place('b').leave();
    wait('c', 80);
    wait('c', 10);
    wait('d', 20);
    expect(place('d').dueAt).toBe(performance.now() + 20);
    place('d').leave();
    expect(place('d').dueAt).toBeNull();
    vi.advanceTimersByTime(500);
    expect(went).toEqual(['a', 'b', 'c']);
  });

  it('are four times as many for who has waited long: answers may be read late', () => {
    const { went, wait, place } = begin(1, 30);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) wait(name, 0);
    vi.advanceTimersByTime(29);
    expect(went).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(went).toEqual(['a', 'b', 'c', 'd']);
    vi.advanceTimersByTime(500);
    expect(went).toEqual(['a', 'b', 'c', 'd']);
    place('b').leave();
    expect(went).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('come for who has waited long, however many urgent ones there are all the time', () => {
    const { went, wait, place } = begin(1, 30);
    for (let n = 0; n < 8; n += 1) wait(`u${n}`, 0, true);
    for (const name of ['a', 'b', 'c', 'd', 'e']) wait(name, 0);
    vi.advanceTimersByTime(29);
    place('u0').leave();
    wait('u0', 0, true);
    expect(went.filter((name) => !name.startsWith('u'))).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(went.filter((name) => !name.startsWith('u'))).toEqual(['a', 'b', 'c', 'd']);
    place('u1').leave();
    expect(went.at(-1)).toBe('d');
    place('a').leave();
    expect(went.at(-1)).toBe('e');
  });

  it('are used by as many as there are: none is lost, whatever happens', () => {
    const { went, wait, place } = begin(3, 1e9);
    for (let n = 0; n < 200; n += 1) wait(`${n}`, n % 7);
    vi.advanceTimersByTime(10);
    for (let n = 0; n < 200; n += 1) {
      const last = went.at(-1 - (n % 2)) ?? '';
      place(last).leave();
      place(went[n] ?? '').leave();
      vi.advanceTimersByTime(1);
    }
    expect(new Set(went).size).toBe(200);
    expect(went).toHaveLength(200);
  });
});

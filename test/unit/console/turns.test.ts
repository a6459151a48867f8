/** Several reads of the same thing under way: what is shown never becomes older, and never waits for the last of them. */
import { describe, expect, it } from 'vitest';
import { createTurns } from '../../../console/src/live/turns.ts';

describe('reads in turns', () => {
  it('are taken as they come, though a later one has begun', () => {
    const turns = createTurns();
    const [first, second] = [turns.begin(), turns.begin()];
    expect(turns.take(first)).toBe(true);
    expect(turns.isLast(first)).toBe(false);
    expect(turns.take(second)).toBe(true);
    expect(turns.isLast(second)).toBe(true);
  });

  it('are not taken after a later one was', () => {
    const turns = createTurns();
    const [first, second] = [turns.begin(), turns.begin()];
    expect(turns.take(second)).toBe(true);
    expect(turns.take(first)).toBe(false);
  });

  it('are not taken once something else is read', () => {
    const turns = createTurns();
    const first = turns.begin();
    turns.drop();
    const second = turns.begin();
    expect(turns.take(first)).toBe(false);
    expect(turns.take(second)).toBe(true);
  });
});

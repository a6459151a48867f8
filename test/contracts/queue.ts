/**
 * What a queue does, the real one and any stand-in: what is received is hidden and comes again until it is deleted,
 * dead letters, delays; FIFO: groups in order, one at a time, and no repeat within five minutes.
 */
import { describe, expect, it } from 'vitest';

export interface SendOptions {
  readonly delaySeconds?: number;
  /** FIFO only. */
  readonly group?: string;
  readonly deduplicationId?: string;
}

export interface Received {
  readonly body: string;
  /** How often it has been received by now. */
  readonly receives: number;
  delete(): Promise<void>;
}

export interface QueueUnderTest {
  send(body: string, options?: SendOptions): Promise<void>;
  /** What there is now, at most `limit`; waits for nothing. */
  receive(limit: number): Promise<readonly Received[]>;
  /** Bodies of the dead letters, each shown once. */
  deadLetters(): Promise<readonly string[]>;
  /** Time goes by. */
  pass(ms: number): Promise<void>;
}

export interface QueueFacts {
  /** How long a received message is hidden. */
  readonly visibilityMs: number;
  /** After so many receives it is a dead letter. */
  readonly maxReceives: number;
  /** Time is cheap: minutes may go by. */
  readonly isVirtual: boolean;
}

const bodies = (messages: readonly { readonly body: string }[]): readonly string[] =>
  messages.map(({ body }) => body);

export function describeQueue(
  name: string,
  open: (of: { readonly isFifo: boolean }) => Promise<QueueUnderTest>,
  { visibilityMs, maxReceives, isVirtual }: QueueFacts,
): void {
  const again = visibilityMs + (isVirtual ? 0 : 250);

  describe(`${name}, standard`, () => {
    it('hides what was received, shows it again, and counts; what is deleted is gone', async () => {
      const queue = await open({ isFifo: false });
      await queue.send('a');
      await queue.send('b');
      const first = await queue.receive(10);
      expect(bodies(first).toSorted()).toEqual(['a', 'b']);
      expect(first.map(({ receives }) => receives)).toEqual([1, 1]);
      expect(await queue.receive(10)).toEqual([]);
      await first.find(({ body }) => body === 'a')?.delete();
      await queue.pass(again);
      const second = await queue.receive(10);
      expect(second).toMatchObject([{ body: 'b', receives: 2 }]);
      await second[0]?.delete();
      await queue.pass(again);
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.deadLetters()).toEqual([]);
    });

    it('gives at most as many as asked for', async () => {
      const queue = await open({ isFifo: false });
      for (const body of ['a', 'b', 'c']) await queue.send(body);
      const found = [await queue.receive(1), await queue.receive(1), await queue.receive(5)];
      expect(found.map((messages) => messages.length)).toEqual([1, 1, 1]);
      expect(found.flatMap(bodies).toSorted()).toEqual(['a', 'b', 'c']);
    });

    it('holds delayed messages back, and lets others pass them', async () => {
      const queue = await open({ isFifo: false });
      await queue.send('later', { delaySeconds: 1 });
      await queue.send('now');
      expect(bodies(await queue.receive(10))).toEqual(['now']);
      await queue.pass(isVirtual ? 1000 : 1300);
      expect(bodies(await queue.receive(10))).toContain('later');
    });

    it('gives up on a message after it was received too often, and on no other', async () => {
      const queue = await open({ isFifo: false });
      await queue.send('poison');
      for (let i = 1; i <= maxReceives; i++) {
        expect(await queue.receive(10)).toMatchObject([{ body: 'poison', receives: i }]);
        expect(await queue.deadLetters()).toEqual([]);
        await queue.pass(again);
      }
      await queue.send('good');
      expect(bodies(await queue.receive(10))).toEqual(['good']);
      expect(await queue.deadLetters()).toEqual(['poison']);
    });
  });

  describe(`${name}, FIFO`, () => {
    const open_ = () => open({ isFifo: true });

    it('gives the messages of a group in order, and none while one of them is under way', async () => {
      const queue = await open_();
      for (const [group, n] of [
        ['a', 1],
        ['a', 2],
        ['b', 1],
        ['a', 3],
      ] as const) {
        await queue.send(`${group}${n}`, { group, deduplicationId: `${group}${n}` });
      }
      const [first] = await queue.receive(1);
      expect(first?.body).toBe('a1');
      expect(bodies(await queue.receive(10))).toEqual(['b1']);
      expect(await queue.receive(10)).toEqual([]);
      await first?.delete();
      // One at a time, or several of a group at once: always the next ones.
      const rest = bodies(await queue.receive(10));
      expect(rest.length).toBeGreaterThan(0);
      expect(rest).toEqual(['a2', 'a3'].slice(0, rest.length));
    });

    it('gives a message of a group again before those behind it', async () => {
      const queue = await open_();
      for (const n of [1, 2, 3]) await queue.send(`a${n}`, { group: 'a', deduplicationId: `${n}` });
      expect(bodies(await queue.receive(1))).toEqual(['a1']);
      await queue.pass(again);
      const [first, ...others] = await queue.receive(10);
      expect(first).toMatchObject({ body: 'a1', receives: 2 });
      expect(bodies(others)).toEqual(['a2', 'a3'].slice(0, others.length));
      expect(await queue.receive(10)).toEqual([]);
      await first?.delete();
      await queue.pass(again);
      expect(bodies(await queue.receive(1))).toEqual(['a2']);
    });

    it('lets a group go on behind its dead letter', async () => {
      const queue = await open_();
      for (const n of [1, 2]) await queue.send(`a${n}`, { group: 'a', deduplicationId: `${n}` });
      for (let i = 1; i <= maxReceives; i++) {
        expect(bodies(await queue.receive(1))).toEqual(['a1']);
        await queue.pass(again);
      }
      expect(bodies(await queue.receive(10))).toEqual(['a2']);
      expect(await queue.deadLetters()).toEqual(['a1']);
    });

    it('drops a repeat within five minutes, also when the first one is done', async () => {
      const queue = await open_();
      const one = { group: 'a', deduplicationId: 'one' };
      await queue.send('a1', one);
      await queue.send('a1', one);
      const found = await queue.receive(10);
      expect(bodies(found)).toEqual(['a1']);
      await found[0]?.delete();
      await queue.send('a1', one);
      expect(await queue.receive(10)).toEqual([]);
      await queue.send('a2', { group: 'a', deduplicationId: 'two' });
      expect(bodies(await queue.receive(10))).toEqual(['a2']);
      if (!isVirtual) return;
      await queue.pass(5 * 60_000);
      await queue.send('a1', one);
      expect(bodies(await queue.receive(10))).toContain('a1');
    });
  });
}

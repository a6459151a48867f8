/** What every ledger keeps of the signals of a position. */
import { beforeEach, describe, expect, it } from 'vitest';
import { decimal } from '../../shared/domain/money/decimal.ts';
import type { Signal } from '../../shared/domain/signal-facts.ts';
import { BadCursorError, type Call, type Ledger, type ToldQuery } from '../../shared/ports/ledger.ts';
import { aPosition, aSignal, NOW } from '../integration/dynamodb/samples.ts';
import { type OpenLedgerWith, positionOf } from './ledger-support.ts';

const positionId = 'position-1';
const said = (...signals: readonly Signal[]) => signals.map((signal) => ({ positionId, signal }));

export function describeLedgerSignals(name: string, open: OpenLedgerWith): void {
  describe(name, () => {
    let ledger: Ledger;

    beforeEach(async () => {
      ({ ledger } = await open({ shards: 2 }));
    });

    it('come back as they were written, with what the position keeps of them', async () => {
      const hold = aSignal({
        ...{ signalId: 'signal-2', at: NOW + 1, action: 'hold', confidence: decimal('0'), adjust: null },
        ...{ reasoning: null, agentId: null, outcome: 'recorded', reason: null },
      });
      const full = aSignal({ exitOrderId: 'order-9', adjust: { stopLoss: null } });
      const { reasoning: _r, adjust: _a, reason: _w, exitOrderId: _e, ...last } = hold;
      const after = aPosition({ signals: { count: 2, last } });
      const commit = { positions: [{ before: null, after }], signals: said(aSignal(), hold) };
      expect(await ledger.commit(commit)).toEqual({ outcome: 'done' });
      expect(await ledger.signal(positionId, aSignal())).toEqual(aSignal());
      expect(await ledger.signal(positionId, hold)).toEqual(hold);
      expect((await positionOf(ledger, positionId)).signals).toEqual({ count: 2, last });
      expect(await ledger.commit({ signals: said({ ...full, signalId: 'signal-3' }) })).toEqual({
        outcome: 'done',
      });
      expect(await ledger.signal(positionId, { at: NOW, signalId: 'signal-3' })).toMatchObject({
        adjust: { stopLoss: null },
        exitOrderId: 'order-9',
      });
      expect(await ledger.signal(positionId, { at: NOW + 9, signalId: 'signal-1' })).toBeNull();
      expect(await ledger.signal('position-2', aSignal())).toBeNull();
      // They are no lines of its timeline.
      expect(await ledger.actions(positionId)).toEqual([]);
    });

    it('and its actions are told by time, from a key on, oldest first', async () => {
      const at = (time: number, name: string) => ({ at: time, kind: name, facts: { n: name } });
      const told = [at(NOW, 'a'), at(NOW + 5, 'b'), at(NOW + 5, 'c'), at(NOW + 9, 'd')];
      const of = (action: (typeof told)[number], id = positionId) => ({ positionId: id, action });
      await ledger.commit({ actions: [of(at(NOW + 5, 'x'), 'position-2')] });
      await ledger.commit({
        positions: [{ before: null, after: aPosition() }],
        actions: told.map((action) => of(action)),
        signals: said(aSignal(), aSignal({ signalId: 'signal-2', at: NOW + 5 })),
      });
      const whole: ToldQuery = { from: 0, to: NOW + 100, after: null, limit: null };
      const all = await ledger.actionsBetween(positionId, whole);
      expect(all.map(({ item }) => item)).toEqual(told);
      const kinds = async (query: Partial<ToldQuery>) =>
        (await ledger.actionsBetween(positionId, { ...whole, ...query })).map(({ item }) => item.kind);
      expect(await kinds({ from: NOW + 5 })).toEqual(['b', 'c', 'd']);
      expect(await kinds({ from: NOW + 1, to: NOW + 9 })).toEqual(['b', 'c']);
      expect(await kinds({ from: NOW + 9, to: NOW + 9 })).toEqual([]);
      expect(await kinds({ limit: 2 })).toEqual(['a', 'b']);
      expect(await kinds({ limit: 2, after: all[1]?.key ?? '' })).toEqual(['c', 'd']);
      expect(await kinds({ from: NOW + 6, after: all[0]?.key ?? '' })).toEqual(['d']);
      expect(await kinds({ to: NOW + 5, after: all[3]?.key ?? '' })).toEqual([]);
      const signals = await ledger.signalsBetween(positionId, whole);
      expect(signals.map(({ item }) => item.signalId)).toEqual(['signal-1', 'signal-2']);
      const [first] = signals;
      expect(await ledger.signalsBetween(positionId, { ...whole, after: first?.key ?? '' })).toEqual(
        signals.slice(1),
      );
    });

    it('are written once, with the position or not at all', async () => {
      await ledger.commit({ positions: [{ before: null, after: aPosition() }], signals: said(aSignal()) });
      const before = await positionOf(ledger, positionId);
      const change = { before, after: { ...before, levelsVersion: 7 } };
      const again = await ledger.commit({
        positions: [change],
        signals: said(aSignal({ reasoning: 'other' })),
      });
      expect(again).toEqual({ outcome: 'conflict', items: ['signal position-1 signal-1'] });
      const stale = { before: { ...before, version: 9 }, after: before };
      const other = aSignal({ signalId: 'signal-2' });
      expect(await ledger.commit({ positions: [stale], signals: said(other) })).toMatchObject({
        outcome: 'conflict',
      });
      expect(await ledger.signal(positionId, other)).toBeNull();
      const call: Call = {
        ...{ ownerId: positionId, key: 'k', kind: 'signal', bodyHash: 'hash', at: NOW, orderIds: [] },
      };
      expect(await ledger.commit({ signals: said(other), keys: [call] })).toEqual({ outcome: 'done' });
      expect(await ledger.commit({ signals: said(other), keys: [call] })).toEqual({ outcome: 'key_taken' });
      expect((await ledger.signals(positionId, { limit: 9, cursor: null })).items).toHaveLength(2);
    });

    it('are listed newest first, page by page, each position its own', async () => {
      const all = Array.from({ length: 7 }, (_, n) =>
        // Two of one instant: by their ids.
        aSignal({ signalId: `signal-${n}`, at: NOW + Math.floor(n / 2) * 10 }),
      );
      await ledger.commit({
        positions: [{ before: null, after: aPosition() }],
        signals: [...said(...all), { positionId: 'position-2', signal: aSignal() }],
      });
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<Ledger['signals']>> = await ledger.signals(positionId, {
          limit: 3,
          cursor,
        });
        ids.push(...page.items.map((signal) => signal.signalId));
        cursor = page.cursor;
      } while (cursor !== null);
      expect(ids).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `signal-${n}`));
      const whole = await ledger.signals(positionId, { limit: 7, cursor: null });
      expect(whole).toMatchObject({ items: { length: 7 }, cursor: null });
      expect(await ledger.signals('position-3', { limit: 3, cursor: null })).toEqual({
        items: [],
        cursor: null,
      });
      const said_ = async (span: { from?: number; to?: number }) =>
        (await ledger.signals(positionId, { limit: 9, cursor: null, ...span })).items.map(
          ({ signalId }) => signalId,
        );
      expect(await said_({ from: NOW + 10 })).toEqual([
        'signal-6',
        'signal-5',
        'signal-4',
        'signal-3',
        'signal-2',
      ]);
      expect(await said_({ to: NOW + 10 })).toEqual(['signal-1', 'signal-0']);
      expect(await said_({ from: NOW + 10, to: NOW + 20 })).toEqual(['signal-3', 'signal-2']);
      const bounded = await ledger.signals(positionId, { limit: 1, cursor: null, to: NOW + 20 });
      const next = { limit: 1, cursor: bounded.cursor, to: NOW + 20 };
      expect((await ledger.signals(positionId, next)).items).toMatchObject([{ signalId: 'signal-2' }]);
      await expect(ledger.signals(positionId, { limit: 1, cursor: bounded.cursor })).rejects.toThrow(
        BadCursorError,
      );
      const first = await ledger.signals(positionId, { limit: 1, cursor: null });
      for (const [of, foreign] of [
        ['position-2', first.cursor],
        [positionId, 'nonsense'],
        [positionId, `${first.cursor}A`],
      ] as const) {
        await expect(ledger.signals(of, { limit: 1, cursor: foreign })).rejects.toThrow(BadCursorError);
      }
    });
  });
}

import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Commit } from '../../../shared/ports/ledger.ts';
import { ContendedError, untilWritten } from '../../../shared/usecases/conflicts.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);

/** Somebody else writes each item once, right before every commit that `loses` picks. */
function rival(world: World, loses: (n: number) => boolean): { readonly lost: () => number } {
  const { ledger } = world;
  const commit = ledger.commit.bind(ledger);
  let [n, lost] = [0, 0];
  ledger.commit = async (wanted: Commit) => {
    n += 1;
    if (loses(n)) {
      for (const { before } of wanted.orders ?? []) {
        const stored = before && ledger.orderItems.get(before.orderId);
        if (stored) ledger.orderItems.set(stored.orderId, { ...stored, version: stored.version + 1 });
      }
      for (const { before } of wanted.positions ?? []) {
        const stored = before && ledger.positionItems.get(before.positionId);
        if (stored) ledger.positionItems.set(stored.positionId, { ...stored, version: stored.version + 1 });
      }
    }
    const result = await commit(wanted);
    if (result.outcome === 'conflict') lost += 1;
    return result;
  };
  return { lost: () => lost };
}

describe('losing a race', () => {
  for (const [name, loses] of [
    ['every second write', (n: number) => n % 2 === 0],
    ['two of three writes', (n: number) => n % 3 !== 0],
  ] as const) {
    it(`at ${name} changes nothing about the outcome`, async () => {
      const world = new World();
      const { lost } = rival(world, loses);
      const takeProfits = [
        { price: d('51000'), share: d('0.4') },
        { price: d('60000'), share: d('0.6') },
      ];
      const { positionId } = await world.openPosition({ stopLoss: { price: d('49000') }, takeProfits });
      await world.pass(40);
      world.tick('51000');
      await world.pump();
      await world.pass(40);
      const change = { stopLoss: { price: d('50000') } };
      expect(await world.useCases.changeProtection({ userId: USER, positionId, change })).toMatchObject({
        ok: true,
      });
      await world.pass(5);
      world.tick('49999');
      await world.pump();
      await world.pass(40);
      const closed = world.position(positionId);
      expect(closed).toMatchObject({ status: 'closed', exitCause: 'stop_loss', claimedRungs: [0] });
      expect(closed.exitQuantity.toFixed()).toBe('0.5');
      expect(world.venue.placed.map((p) => p.quantity.toFixed())).toEqual(['0.5', '0.2', '0.3']);
      expect(await world.index.levels(BTC)).toEqual([]);
      expect(lost()).toBeGreaterThan(5);
      expect(world.errors()).toEqual([]);
    });
  }

  it('for ever ends in an error, so that the queue delivers again', async () => {
    const pauses: number[] = [];
    const ports = {
      ids: { token: () => 'token' },
      sleep: async (ms: number) => {
        pauses.push(ms);
      },
    };
    await expect(untilWritten(ports, 'it', async () => 'conflict' as const)).rejects.toThrow(ContendedError);
    expect(pauses).toHaveLength(8);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(200);
  });
});

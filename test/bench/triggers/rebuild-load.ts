/**
 * A whole rebuild of one symbol's index with 100,000 levels (design sections 9, 22): the use case on a real Redis, from a
 * cache that was emptied to one that is to be trusted. Positions and the tape's minutes are in memory.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Valkey } from '../../../shared/adapters/valkey/client.ts';
import { createLeases } from '../../../shared/adapters/valkey/leases.ts';
import { createPriceCache } from '../../../shared/adapters/valkey/price-cache.ts';
import { decimal } from '../../../shared/domain/money/decimal.ts';
import type { Position } from '../../../shared/domain/types.ts';
import type { TriggerIndex } from '../../../shared/ports/trigger-index.ts';
import { BTC, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const POSITIONS = 25_000;
/** Stop, trailing stop, two targets. */
const LEVELS_EACH = 4;

export interface RebuildFigures {
  readonly positions: number;
  readonly levels: number;
  readonly seconds: number;
  readonly wrong: readonly string[];
}

/** A position like this one, of its own name and with levels of its own. */
function alike(p: Position, nth: number): Position {
  const away = decimal('0.01').times(nth % 1_000);
  return {
    ...p,
    positionId: `${p.positionId.slice(0, 12)}${String(nth).padStart(10, '0')}`,
    protection: {
      ...p.protection,
      stopLoss: { price: decimal('45000').plus(away) },
      takeProfits: [
        { price: decimal('55000').plus(away), share: decimal('0.5') },
        { price: decimal('56000').plus(away), share: decimal('0.5') },
      ],
      trailingStop: {
        distance: { percent: decimal('5').plus(away.dividedBy(10)).toDecimalPlaces(2) },
        activationPrice: null,
      },
    },
  };
}

export async function measureRebuild({
  index,
  valkey,
}: {
  readonly index: TriggerIndex;
  readonly valkey: Valkey;
}): Promise<RebuildFigures> {
  await valkey.command(['FLUSHALL']);
  const world = new World();
  world.tick('50000');
  const opened = await world.openPosition({
    ...{
      stopLoss: { price: decimal('45000') },
      takeProfits: [{ price: decimal('55000'), share: decimal('1') }],
    },
    trailingStop: { distance: { percent: decimal('5') }, activationPrice: null },
  });
  const first = world.position(opened.positionId);
  world.ledger.positionItems.delete(first.positionId);
  for (let nth = 0; nth < POSITIONS; nth++) {
    const one = alike(first, nth);
    world.ledger.positionItems.set(one.positionId, one);
  }
  const own = { index, leases: createLeases(valkey), prices: createPriceCache(valkey) };
  const real = {
    clock: { now: () => Date.now() },
    sleep: (ms: number) => pause(ms),
    ids: { token: () => randomUUID() },
  };
  const { rebuildSymbol } = makeUseCases({ ...world.ports, ...own, ...real }, { monitorEnabled: true });
  const since = performance.now();
  const outcome = await rebuildSymbol(BTC);
  const seconds = (performance.now() - since) / 1_000;
  const levels = await index.levels(BTC);
  const expected = POSITIONS * LEVELS_EACH;
  const wrong = [
    ...(outcome === 'rebuilt' ? [] : [`it ended ${outcome}`]),
    ...(levels.length === expected ? [] : [`${levels.length} levels are in the index, not ${expected}`]),
    ...((await index.isBuilt(BTC)) ? [] : ['the index is not to be trusted']),
  ];
  return {
    positions: POSITIONS,
    levels: levels.length,
    seconds,
    wrong: wrong.map((text) => `rebuild: ${text}`),
  };
}

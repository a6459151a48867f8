/** A resident order that the venue refuses: after its stop has changed, as a list, and what the timeline says of it. */
import { describe, expect, it } from 'vitest';
import type { VenueRefusalCode } from '../../../shared/domain/refusal-codes.ts';
import type { FilterKind } from '../../../shared/domain/symbol-rules.ts';
import type { Protection } from '../../../shared/domain/types.ts';
import { clientIdOf } from '../../../shared/usecases/derive-ids.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

const STOP: Partial<Protection> = { stopLoss: { price: d(49_000) }, resident: 'stop' };
const TRAILING: Partial<Protection> = {
  trailingStop: { distance: { percent: d(1) }, activationPrice: null },
  resident: 'stop',
};

/** The protection is changed while the first order is on its way, which the venue then refuses. */
async function changedMeanwhile(protection: Partial<Protection>, change: Partial<Protection>) {
  const world = new World({ exchange: {} });
  world.tick('50000');
  const { positionId } = await world.place({ protection });
  const { placeOrder } = world.venue;
  let asked = 0;
  world.venue.placeOrder = async (request) => {
    if (request.type !== 'stop_loss') return placeOrder.call(world.venue, request);
    asked += 1;
    if (asked > 1) return placeOrder.call(world.venue, request);
    expect((await world.useCases.changeProtection({ userId: USER, positionId, change })).ok).toBe(true);
    return { kind: 'refused', code: 'would_trigger', message: 'Stop price would trigger immediately.' };
  };
  await world.pump();
  await world.pass(3);
  const position = world.position(positionId);
  const rests = position.resident?.resting ?? null;
  return { position, stop: rests && world.order(rests.orderId).stopPrice?.toFixed() };
}

describe('refused because it would trigger', () => {
  it.each([
    ['put further away', STOP, { stopLoss: { price: d(45_000) } }, '45000'],
    ['taken away', STOP, { stopLoss: null }, null],
    [
      'made longer',
      TRAILING,
      { trailingStop: { distance: { percent: d(4) }, activationPrice: null } },
      '48000',
    ],
  ] as const)('sells nothing for a stop that was %s meanwhile', async (_what, protection, change, stop) => {
    const found = await changedMeanwhile(protection, change);
    expect(found.position).toMatchObject({ status: 'open', flatten: null, resident: { owed: null } });
    expect(found.stop).toBe(stop);
  });

  it.each([
    ['the same', STOP, { timeStop: { maxSeconds: 9_000 } }, 'stop_loss'],
    ['nearer', STOP, { stopLoss: { price: d(49_500) } }, 'stop_loss'],
    ['that of a trailing stop', TRAILING, { timeStop: { maxSeconds: 9_000 } }, 'trailing_stop'],
  ] as const)('sells for a stop that is %s', async (_what, protection, change, exitCause) => {
    const { position } = await changedMeanwhile(protection, change);
    expect(position).toMatchObject({ status: 'closed', exitCause });
  });
});

describe('the timeline', () => {
  const told = async (world: World, positionId: string) =>
    (await world.ledger.actions(positionId))
      .filter(({ kind }) => kind === 'resident_waits')
      .map(({ facts }) => facts['why']);

  it.each([
    ['filter', 'percent_price_by_side', 'band'],
    ['filter', 'max_num_algo_orders', 'no_slot'],
    ['market_closed', null, 'market_closed'],
  ] as const)('says once that nothing rests after %s %s', async (code, filter, why) => {
    const world = new World({ exchange: {} });
    const { placeOrder } = world.venue;
    world.venue.placeOrder = async (request) =>
      request.type === 'stop_loss'
        ? { kind: 'refused', code, message: 'no', ...(filter !== null && { filter }) }
        : placeOrder.call(world.venue, request);
    const { positionId } = await world.openPosition(STOP);
    expect(await told(world, positionId)).toEqual([why]);
    await world.pass(300);
    expect(await told(world, positionId)).toEqual([why]);
  });

  it('says it of an order that somebody has cancelled in the app', async () => {
    const world = new World({ exchange: {} });
    const { positionId } = await world.openPosition(STOP);
    const rests = world.position(positionId).resident?.resting;
    await world.venue.inTheApp(clientIdOf(world.order(rests?.orderId ?? '')), null);
    await world.pump();
    expect(await told(world, positionId)).toEqual(['ended_elsewhere']);
  });
});

describe('a list that the venue does not take', () => {
  const OCO: Partial<Protection> = {
    stopLoss: { price: d(49_000) },
    takeProfits: [{ price: d(90_000), share: d(1) }],
    resident: 'oco',
  };
  const refusing = (
    code: VenueRefusalCode,
    filter: FilterKind | null,
    isTaken = (_target: string) => false,
  ) => {
    const world = new World({ exchange: {} });
    const { placeOrder } = world.venue;
    world.venue.placeOrder = async (request) =>
      request.type === 'oco' && !isTaken(request.limitPrice?.toFixed() ?? '')
        ? { kind: 'refused', code, message: 'no', ...(filter !== null && { filter }) }
        : placeOrder.call(world.venue, request);
    return world;
  };
  const formOf = (world: World, positionId: string) => world.position(positionId).resident?.resting?.form;

  it.each([
    ['filter', 'percent_price_by_side'],
    ['filter', 'max_num_order_lists'],
    ['invalid', null],
    ['other', null],
  ] as const)('leaves the stop: %s %s', async (code, filter) => {
    const world = refusing(code, filter);
    const { positionId } = await world.openPosition(OCO);
    await world.pass(3);
    expect(formOf(world, positionId)).toBe('stop');
    await world.pass(600);
    expect(world.exitsOf(positionId).map(({ type, status }) => [type, status])).toEqual([
      ['oco', 'rejected'],
      ['stop_loss', 'open'],
    ]);
  });

  it('is tried again with other levels', async () => {
    const world = refusing('filter', 'percent_price_by_side', (target) => target === '51000');
    const { positionId } = await world.openPosition(OCO);
    await world.pass(3);
    expect(formOf(world, positionId)).toBe('stop');
    const change = { takeProfits: [{ price: d(51_000), share: d(1) }] };
    expect((await world.useCases.changeProtection({ userId: USER, positionId, change })).ok).toBe(true);
    await world.pass(3);
    expect(formOf(world, positionId)).toBe('oco');
  });

  it('waits where a stop would be refused as well', async () => {
    const world = refusing('filter', 'max_num_algo_orders');
    const { positionId } = await world.openPosition(OCO);
    await world.pass(3);
    expect(world.position(positionId).resident).toMatchObject({ resting: null, why: 'no_slot' });
  });
});

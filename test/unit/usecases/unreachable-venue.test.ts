/** An exit while its venue is away: tried for as long as it takes, by one worker at a time, in an order that stays small. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { VenueUnavailableError } from '../../../shared/ports/venue.ts';
import { World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);

async function withStop(): Promise<{ readonly world: World; readonly positionId: string }> {
  const world = new World({ exchange: {} });
  world.tick('50000');
  const { positionId } = await world.openPosition({ stopLoss: { price: d('49000') } });
  return { world, positionId };
}

describe('an exit while its venue is away', () => {
  it.each([
    { kind: 'not_sent', code: 'network', retryAfterMs: 1_000 },
    { kind: 'not_executed', message: 'timestamp outside of recvWindow' },
  ] as const)('is tried at a steady pace ($kind), and its history stays short', async (outcome) => {
    const { world, positionId } = await withStop();
    const { venue } = world;
    const place = venue.placeOrder.bind(venue);
    let tries = 0;
    venue.placeOrder = async () => {
      tries += 1;
      return outcome;
    };
    world.tick('48900');
    await world.pump();
    // Doubled messages, as a standard queue gives them, begin no chains of their own.
    world.outbox.fate = ({ queue }) => (queue === 'exits' ? 'double' : 'deliver');
    await world.pass(60);
    const first = tries;
    await world.pass(600);
    expect(tries).toBeGreaterThan(200);
    expect((tries - first) / 600).toBeLessThan((first / 60) * 1.5);
    const [exit] = world.exitsOf(positionId);
    expect(exit?.send?.attempt).toBe(tries);
    expect(exit?.statusHistory.length).toBeLessThan(50);
    expect(exit?.statusHistory.at(-1)).toMatchObject({ status: 'pending' });
    expect(exit?.statusHistory.at(-1)?.at).toBeGreaterThan(world.now - 10_000);
    venue.placeOrder = place;
    await world.pass(70);
    expect(world.position(positionId).status).toBe('closed');
    expect(venue.placed.filter(({ side }) => side === 'sell')).toHaveLength(1);
  });

  it('stays due without an error while the venue does not tell its time', async () => {
    const { world, positionId } = await withStop();
    const { venue } = world;
    const venueTime = venue.venueTime.bind(venue);
    venue.venueTime = () => Promise.reject(new VenueUnavailableError('the time of the exchange: network'));
    world.tick('48900');
    await world.pump();
    await world.pass(60);
    expect(world.exitsOf(positionId)).toMatchObject([{ status: 'pending', send: null }]);
    expect(world.logs.filter(({ code }) => code === 'DELIVERY_FAILED')).toEqual([]);
    venue.venueTime = venueTime;
    await world.pass(70);
    expect(world.position(positionId).status).toBe('closed');
  });
});

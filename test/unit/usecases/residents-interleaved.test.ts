/**
 * Never oversold, whatever comes in whatever order: causes, the resident order's own trades, part exits, growth, lost
 * answers, wishes taken back. Looked at after every commit by the ledger's sums, and at every order that the venue takes
 * by the venue's own: what was sold and what may still sell there never exceeds what was bought.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decimal, sum, ZERO } from '../../../shared/domain/money/decimal.ts';
import { isFinal } from '../../../shared/domain/orders.ts';
import type { Position, Protection, ResidentMode } from '../../../shared/domain/types.ts';
import { clientIdOf } from '../../../shared/usecases/derive-ids.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { d } from '../domain/builders.ts';

type Step =
  | { readonly kind: 'price'; readonly price: number }
  | { readonly kind: 'buys' | 'resident sells' | 'part' | 'sell'; readonly share: number }
  | { readonly kind: 'close' | 'cancel entry' | 'cancel resident' | 'in the app' | 'cancel waiting' }
  | { readonly kind: 'mode'; readonly mode: ResidentMode; readonly stop: number }
  | {
      readonly kind: 'fault';
      readonly fault: 'lost_before' | 'lost_after' | 'not_executed' | 'refused' | 'cancel';
    }
  | { readonly kind: 'deliver'; readonly messages: number }
  | { readonly kind: 'pass'; readonly seconds: number };

const share = fc.integer({ min: 1, max: 10 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('price' as const),
        price: fc.integer({ min: 48_700, max: 51_200 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom('buys', 'resident sells', 'part', 'sell' as const),
        share,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'close',
          'cancel entry',
          'cancel resident',
          'in the app',
          'cancel waiting' as const,
        ),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('mode' as const),
        mode: fc.constantFrom('none', 'stop', 'oco' as const),
        stop: fc.integer({ min: 48_000, max: 49_500 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('fault' as const),
        fault: fc.constantFrom('lost_before', 'lost_after', 'not_executed', 'refused', 'cancel' as const),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('deliver' as const),
        messages: fc.integer({ min: 1, max: 6 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 25 }) }),
    },
  ),
  { minLength: 3, maxLength: 25 },
);

class Story {
  readonly world = new World({ exchange: {} });
  wrong: string[] = [];
  private n = 0;
  readonly positionId: string;
  private readonly entryId: string;

  private constructor(world: World, ids: { positionId: string; orderId: string }) {
    this.world = world;
    this.positionId = ids.positionId;
    this.entryId = ids.orderId;
  }

  static async begin(protection: Partial<Protection>): Promise<Story> {
    const world = new World({ exchange: {} });
    world.tick('50000');
    const entry = await world.place({ type: 'limit', limitPrice: d(50_000), quantity: d(1), protection });
    await world.pump();
    const story = new Story(world, entry);
    story.watch();
    await story.act({ kind: 'buys', share: 6 });
    await world.pump();
    return story;
  }

  get p(): Position {
    return this.world.position(this.positionId);
  }

  /** Bought at the venue, sold there, and what may still be sold there. */
  private atVenue(): { bought: Decimal; sold: Decimal; live: Decimal } {
    const all = [...this.world.venue.orders.values()];
    const filled = (side: string) =>
      sum(
        all
          .filter(({ request }) => request.side === side)
          .flatMap(({ fills }) => fills.map((f) => f.quantity)),
      );
    const live = all
      .filter(
        ({ request, status }) =>
          request.side === 'sell' && (status === 'new' || status === 'partially_filled'),
      )
      .map(({ quantity, fills }) => quantity.minus(sum(fills.map((f) => f.quantity))));
    return { bought: filled('buy'), sold: filled('sell'), live: sum(live) };
  }

  private watch(): void {
    const { ledger, venue } = this.world;
    const commit = ledger.commit.bind(ledger);
    ledger.commit = async (wanted) => {
      const result = await commit(wanted);
      const p = ledger.positionItems.get(this.positionId);
      if (p === undefined || result.outcome !== 'done') return result;
      const reserved = sum(p.liveExits.map((e) => e.reserved));
      if (p.exitQuantity.plus(reserved).greaterThan(p.entryQuantity))
        this.wrong.push(`sold ${p.exitQuantity.toFixed()} + reserved ${reserved.toFixed()}`);
      return result;
    };
    const place = venue.placeOrder.bind(venue);
    venue.placeOrder = async (request) => {
      const outcome = await place(request);
      const { bought, sold, live } = this.atVenue();
      if (sold.plus(live).greaterThan(bought))
        this.wrong.push(
          `at the venue: ${sold.toFixed()} sold and ${live.toFixed()} live of ${bought.toFixed()}`,
        );
      return outcome;
    };
  }

  /** Of the resident order as the venue has it. */
  private resident() {
    const id = this.p.resident?.resting?.orderId;
    const order = id === undefined ? undefined : this.world.ledger.orderItems.get(id);
    const clientId = order?.send == null ? undefined : clientIdOf(order);
    const working = clientId === undefined ? undefined : this.world.venue.orders.get(clientId);
    const isLive = working?.status === 'new' || working?.status === 'partially_filled';
    return clientId !== undefined && working !== undefined && isLive ? { clientId, working } : null;
  }

  async act(step: Step): Promise<void> {
    const { world, positionId } = this;
    const key = `key-${++this.n}`;
    switch (step.kind) {
      case 'price':
        return world.tick(String(step.price));
      case 'buys': {
        const entry = world.order(this.entryId);
        const working = entry.send === null ? undefined : world.venue.orders.get(clientIdOf(entry));
        const left = d(1).minus(sum((working?.fills ?? []).map((f) => f.quantity)));
        if (working === undefined || working.status === 'cancelled' || !left.greaterThan(0)) return undefined;
        return world.venue.trade(clientIdOf(entry), left.times(step.share).dividedBy(10), d(50_000));
      }
      case 'resident sells': {
        const found = this.resident();
        if (found === null) return undefined;
        const { working, clientId } = found;
        const left = working.quantity.minus(sum(working.fills.map((f) => f.quantity)));
        return world.venue.trade(clientId, left.times(step.share).dividedBy(10), d(48_900));
      }
      case 'part':
      case 'sell': {
        const quantity = this.p.quantity.times(step.share).dividedBy(10).toDecimalPlaces(5);
        if (!quantity.greaterThan(0)) return undefined;
        if (step.kind === 'part') {
          await world.useCases.closePosition({ userId: USER, positionId, quantity, idempotencyKey: key });
        } else {
          const over = { side: 'sell', type: 'limit', limitPrice: d(51_500), quantity, positionId } as const;
          await world.useCases.placeOrder(world.command({ ...over, idempotencyKey: key }));
        }
        return undefined;
      }
      case 'close':
        await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: key });
        return undefined;
      case 'cancel entry':
        await world.useCases.cancelOrder({ userId: USER, orderId: this.entryId });
        return undefined;
      case 'cancel resident': {
        const orderId = this.p.resident?.resting?.orderId;
        if (orderId !== undefined) await world.useCases.cancelOrder({ userId: USER, orderId });
        return undefined;
      }
      case 'cancel waiting': {
        const orderId = this.p.liveExits.find((e) => e.waits !== null)?.orderId;
        if (orderId !== undefined) await world.useCases.cancelOrder({ userId: USER, orderId });
        return undefined;
      }
      case 'in the app': {
        const found = this.resident();
        return found === null ? undefined : world.venue.inTheApp(found.clientId, null);
      }
      case 'mode': {
        const change = { resident: step.mode, stopLoss: { price: d(step.stop) } };
        await world.useCases.changeProtection({ userId: USER, positionId, change });
        return undefined;
      }
      case 'fault':
        if (step.fault === 'cancel') world.venue.cancelReplyLost = !world.venue.cancelReplyLost;
        else world.venue.faults.push(step.fault === 'refused' ? { refuse: 'other' } : step.fault);
        return undefined;
      case 'deliver': {
        const batch = world.outbox.take();
        world.outbox.queue.push(...batch.slice(step.messages));
        for (const sent of batch.slice(0, step.messages)) await world.deliver(sent);
        return undefined;
      }
      default:
        return world.pass(step.seconds);
    }
  }

  /** Everything that is owed comes to its end. */
  async finish(): Promise<void> {
    const { world } = this;
    world.venue.faults = [];
    world.venue.cancelReplyLost = false;
    await world.pump();
    await world.pass(60);
    for (const { orderId, bodyHash, status } of world.exitsOf(this.positionId)) {
      if (bodyHash !== null && !isFinal(status)) await world.useCases.cancelOrder({ userId: USER, orderId });
    }
    await world.useCases.cancelOrder({ userId: USER, orderId: this.entryId });
    await world.useCases.closePosition({
      ...{ userId: USER, positionId: this.positionId, quantity: null, idempotencyKey: 'end' },
    });
    await world.pass(120);
  }
}

describe('a position with a resident order', () => {
  it('is never oversold, always sold in the end, and its books are those of the venue', async () => {
    const modes = fc.constantFrom<Partial<Protection>>(
      { stopLoss: { price: d(49_000) }, resident: 'stop' },
      { stopLoss: { price: d(49_000) }, takeProfits: [{ price: d(51_000), share: d(1) }], resident: 'oco' },
      {
        trailingStop: { distance: { percent: d(1) }, activationPrice: null },
        takeProfits: [{ price: d(50_800), share: d('0.5') }],
        resident: 'stop',
      },
    );
    const met = { residents: 0, sold: 0, waited: 0 };
    await fc.assert(
      fc.asyncProperty(modes, steps, async (protection, list) => {
        const story = await Story.begin(protection);
        for (const step of list) await story.act(step);
        await story.finish();
        expect(story.wrong).toEqual([]);
        const { world, positionId } = story;
        const p = world.position(positionId);
        const exits = world.exitsOf(positionId);
        expect([p.status, exits.map(({ status }) => status).filter((status) => !isFinal(status))]).toEqual([
          'closed',
          [],
        ]);
        const sold = sum(
          [...world.venue.orders.values()]
            .filter(({ request }) => request.side === 'sell')
            .flatMap(({ fills }) => fills.map((f) => f.quantity)),
        );
        expect(p.exitQuantity.equals(sold)).toBe(true);
        expect(p.exitQuantity.plus(p.dust?.quantity ?? ZERO).equals(p.entryQuantity)).toBe(true);
        expect(
          world.errors().filter((code) => code === 'DEAD_LETTER' || code === 'POSITION_OVERSOLD'),
        ).toEqual([]);
        met.residents += exits.filter((o) => o.exit?.resident === true).length;
        met.sold += exits.filter((o) => o.exit?.resident === true && o.fillCount > 0).length;
        met.waited += exits.filter((o) =>
          o.statusHistory.some(({ reason }) => reason.includes('given way')),
        ).length;
      }),
      { numRuns: 150 },
    );
    // What it is about has happened.
    expect(Math.min(met.residents, met.sold, met.waited)).toBeGreaterThan(5);
  }, 120_000);
});

/**
 * The same trades of an order, told by the answer, the stream and queries, in any split and order, as often as one
 * likes, some of them to processes that die: order, position and fills end as the trades add up.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Decimal, sum } from '../../../shared/domain/money/decimal.ts';
import type { ExecutionReport, Fill, Order } from '../../../shared/domain/types.ts';
import { dying } from '../../support/fakes/crash.ts';
import { USER, World } from '../../support/fakes/world.ts';
import { aTrade, hasTraded, newsOf, quantityOf, restingOrder } from '../../support/many-fills.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (text: string | number) => new Decimal(text);
const SOURCES = ['answer', 'stream', 'query'] as const;

/** One telling: the trades up to `until`, of which the report has those from `from` on; `dies`: at which call. */
interface Telling {
  readonly from: number;
  readonly until: number;
  readonly shuffled: boolean;
  readonly source: (typeof SOURCES)[number];
  readonly dies: { readonly at: number; readonly when: 'before' | 'after' } | null;
}

interface Story {
  readonly fills: readonly Fill[];
  readonly tellings: readonly Telling[];
  readonly ends: 'filled' | 'cancelled' | 'expired';
}

const fees = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ asset: 'USDT', amount: d('0.049') }) },
  { weight: 2, arbitrary: fc.constant({ asset: 'BTC', amount: d('0.000001') }) },
  { weight: 1, arbitrary: fc.constant({ asset: 'BNB', amount: d('0.0001') }) },
);

const trade = fc.record({
  price: fc.integer({ min: 4_800_000, max: 4_900_000 }).map((cents) => d(cents).dividedBy(100)),
  quantity: fc.integer({ min: 1, max: 5_000 }).map((lots) => d(lots).times('0.00001')),
  fee: fees,
});

const story = (feesOf: (fill: Fill) => Fill): fc.Arbitrary<Story> =>
  fc
    .array(trade, { minLength: 1, maxLength: 140 })
    .map((parts) => parts.map((part, n) => feesOf(aTrade(n, part))))
    .chain((fills) => {
      const place = fc.nat({ max: fills.length - 1 });
      const crash = fc.record({
        at: fc.integer({ min: 1, max: 12 }),
        when: fc.constantFrom<['before', 'after']>('before', 'after'),
      });
      const telling = fc.record({
        from: fc.oneof(fc.constant(0), place),
        until: fc.oneof(fc.constant(fills.length), place),
        shuffled: fc.boolean(),
        source: fc.constantFrom(...SOURCES),
        dies: fc.option(crash, { freq: 3 }),
      });
      return fc.record({
        fills: fc.constant(fills),
        tellings: fc.array(telling, { maxLength: 8 }),
        ends: fc.constantFrom<['filled', 'cancelled', 'expired']>('filled', 'cancelled', 'expired'),
      });
    });

function reportOf(order: Order, { fills, ends }: Story, { from, until, shuffled, source }: Telling) {
  const told = fills.slice(from, Math.max(until, from + 1));
  const known = fills.slice(0, Math.max(until, from + 1));
  const isAll = known.length === fills.length;
  return newsOf(order, shuffled ? told.toReversed() : told, {
    source,
    status: isAll ? ends : 'partially_filled',
    cumulativeQuantity: quantityOf(known),
  });
}

async function tell(world: World, report: ExecutionReport, dies: Telling['dies']): Promise<void> {
  if (dies === null) return world.useCases.applyExecution(report);
  const doomed = makeUseCases(dying(world.ports, dies).ports, { monitorEnabled: true });
  // Whether it lived long enough is of no interest: what it left behind is.
  await doomed.applyExecution(report).catch(() => undefined);
}

/** All that is told, then as much time as the due index needs to ask for what was not. */
async function happens(world: World, orderId: string, given: Story): Promise<void> {
  hasTraded(world, world.order(orderId), given.fills, given.ends);
  // What is filled is not asked for: a trade above the amount counts when it is told, here at the end.
  const isAbove = world.order(orderId).quantity.lessThan(quantityOf(given.fills));
  const whole: Telling = { from: 0, until: given.fills.length, shuffled: false, source: 'query', dies: null };
  for (const telling of [...given.tellings, ...(isAbove ? [whole] : [])]) {
    await tell(world, reportOf(world.order(orderId), given, telling), telling.dies);
    await world.pump();
  }
  for (let i = 0; i < 8 && world.order(orderId).dueAt !== null; i += 1) {
    world.now += 61_000;
    await world.pass(2);
  }
}

const feeSum = (fills: readonly Fill[], asset: string): Decimal =>
  sum(fills.filter(({ fee }) => fee.asset === asset).map(({ fee }) => fee.amount));
const quoteOf = (fills: readonly Fill[]): Decimal => sum(fills.map((f) => f.price.times(f.quantity)));
const byAsset = (given: readonly { asset: string; amount: Decimal }[]) =>
  Object.fromEntries(given.map(({ asset, amount }) => [asset, amount.toFixed()]));
const modelFees = (fills: readonly Fill[]) =>
  Object.fromEntries(
    ['USDT', 'BTC', 'BNB'].flatMap((asset) => {
      const amount = feeSum(fills, asset);
      return amount.isZero() ? [] : [[asset, amount.toFixed()]];
    }),
  );

/** The order as the trades add up. */
function orderIsRight(world: World, order: Order, { fills, ends }: Story): void {
  const now = world.order(order.orderId);
  expect({
    quantity: now.filledQuantity.toFixed(),
    quote: now.filledQuote.toFixed(),
    venue: now.venueQuantity.toFixed(),
    count: now.fillCount,
    fees: byAsset(now.fees),
    dueAt: now.dueAt,
  }).toEqual({
    quantity: quantityOf(fills).toFixed(),
    quote: quoteOf(fills).toFixed(),
    venue: quantityOf(fills).toFixed(),
    count: fills.length,
    fees: modelFees(fills),
    dueAt: null,
  });
  // An order that its trades fill is filled before anybody says how it ended.
  const isWhole = now.filledQuantity.greaterThanOrEqualTo(now.quantity);
  expect(isWhole ? ['filled', ends] : [ends]).toContain(now.status);
  const booked = world.ledger.fillItems.get(order.orderId) ?? [];
  expect(booked.map((fill) => fill.tradeId).sort()).toEqual(fills.map((fill) => fill.tradeId).sort());
}

it('an entry', async () => {
  const unchanged = (fill: Fill): Fill => fill;
  await fc.assert(
    fc.asyncProperty(story(unchanged), fc.constantFrom('0.9', '1', '1.3'), async (given, share) => {
      const { fills } = given;
      const asked = quantityOf(fills).times(share).toDecimalPlaces(5);
      const { world, order } = await restingOrder(asked.greaterThan('0.001') ? asked : d('0.001'));
      const btc = world.prices.shown.get('BTC/USDT');
      if (btc === undefined) throw new Error('no price');
      // Without one the value of fees in BNB would be owed for ever.
      world.prices.shown.set('BNB/USDT', {
        ...btc,
        symbol: 'BNB/USDT',
        last: '600',
        at: Number.MAX_SAFE_INTEGER,
      });
      await happens(world, order.orderId, given);
      orderIsRight(world, order, given);
      const position = world.position(order.positionId);
      const held = quantityOf(fills).minus(feeSum(fills, 'BTC'));
      const heldNow = position.quantity.plus(position.dust?.quantity ?? 0);
      expect({
        bought: position.entryQuantity.toFixed(),
        paid: position.entryQuote.toFixed(),
        held: heldNow.toFixed(),
        live: position.entryLive,
        fees: byAsset(position.entryFees),
      }).toEqual({
        bought: quantityOf(fills).toFixed(),
        paid: quoteOf(fills).toFixed(),
        held: held.toFixed(),
        live: false,
        fees: modelFees(fills),
      });
    }),
    { numRuns: 150 },
  );
});

it('an exit', async () => {
  const inQuote = (fill: Fill): Fill => ({ ...fill, fee: { asset: 'USDT', amount: d('0.049') } });
  await fc.assert(
    fc.asyncProperty(story(inQuote), async (told) => {
      const given: Story = { ...told, ends: 'filled' };
      const { fills } = given;
      const quantity = quantityOf(fills).greaterThan('0.001') ? quantityOf(fills) : null;
      fc.pre(quantity !== null);
      const world = new World({ exchange: {} });
      const entry = await world.openPosition({}, { quantity });
      world.venue.slices = [];
      const closed = await world.useCases.closePosition({
        userId: USER,
        positionId: entry.positionId,
        quantity: null,
        idempotencyKey: 'out',
      });
      expect(closed.ok).toBe(true);
      await world.pump();
      const [exit] = world.exitsOf(entry.positionId);
      if (exit === undefined) throw new Error('no exit was made');
      await happens(world, exit.orderId, given);
      orderIsRight(world, exit, given);
      const position = world.position(entry.positionId);
      expect(position.status).toBe('closed');
      expect(world.exitsOf(entry.positionId)).toHaveLength(1);
      const paid = position.entryQuote;
      const entryFee = position.entryFees[0]?.amount ?? d(0);
      const gained = quoteOf(fills).minus(paid).minus(entryFee).minus(feeSum(fills, 'USDT'));
      expect(position.realizedPnl.toFixed()).toBe(gained.toFixed());
      expect(position.exitQuantity.toFixed()).toBe(quantityOf(fills).toFixed());
    }),
    { numRuns: 100 },
  );
});

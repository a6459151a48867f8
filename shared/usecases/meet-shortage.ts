/**
 * An exit that the venue refused for want of coins (design section 9): the account is asked once, what is there is
 * sold, and the wallet is compared. No balance is read before an exit; only a refusal leads here.
 *
 * Always true:
 * - what is sold is free in the account and free of the position: sold + reserved never exceeds what was bought;
 * - a full exit notes what it found, and tries the whole again once that is old; a part exit is made once more, for what
 *   is free, and the refused order stays due until that order is written or it is decided that there is none;
 * - coins that are gone stay in the position until the comparison says so.
 * Whoever dies here has lost nothing: the due index brings the part back, the ladder tries the whole again, is refused
 * again, and comes here again.
 */
import { withDue } from '../domain/due.ts';
import { claimPart, newExitOrder } from '../domain/exits.ts';
import { exitLot } from '../domain/lots.ts';
import { type Decimal, floorTo, maxOf, minOf, sum, ZERO } from '../domain/money/decimal.ts';
import { isClosed } from '../domain/positions.ts';
import { activeShortage, wantsInstead, withShortage } from '../domain/shortage.ts';
import type { Funds, Holder, Order, Position, PositionAction } from '../domain/types.ts';
import type { Change } from '../ports/ledger.ts';
import { type AccountOrder, VenueUnavailableError, type VenueWallet } from '../ports/venue.ts';
import { actionsOf, readLiveOrders, specOf, stored } from './change-order.ts';
import { untilWritten } from './conflicts.ts';
import { exitOrderIdFor, parseVenueClientId } from './derive-ids.ts';
import { carryOutPlan, wantsWork } from './exit-plan.ts';
import { tell } from './owed.ts';
import type { Ports } from './ports.ts';
import { makeWantReconcile } from './reconcile/ask-reconcile.ts';
import { tellAlarms } from './tell-alarms.ts';
import { sendPointer } from './work-pointers.ts';

type Needs = Pick<
  Ports,
  | 'ledger'
  | 'wallets'
  | 'accounts'
  | 'reconciles'
  | 'outbox'
  | 'symbols'
  | 'served'
  | 'clock'
  | 'ids'
  | 'sleep'
  | 'metrics'
  | 'log'
>;

export type MeetShortage = ReturnType<typeof makeMeetShortage>;

/** [5 s] A comparison begins no sooner after the last one. */
const SPACE_MS = 5_000;

const NOTHING = { orders: [], alarms: [] } as const;

export function makeMeetShortage(ports: Needs) {
  const { ledger, accounts, reconciles, outbox, clock, log } = ports;
  const want = makeWantReconcile(ports);

  /**
   * Who holds coins of this asset: sells of it, and buys that are paid with it. On the order's own symbol first, which
   * costs the venue little; elsewhere only where that does not explain what is locked.
   */
  async function holdersOf({ walletId, symbol }: Order, asset: string, locked: Decimal) {
    const account = await accounts.forAccount(walletId);
    const found = async (symbols: ReadonlySet<string> | null): Promise<readonly Holder[]> =>
      (await account.accountOrders(symbols)).orders.flatMap((order) => holderOf(order, asset) ?? []);
    const here = await found(new Set([symbol]));
    const explained = sum(here.map(({ quantity }) => quantity));
    return explained.greaterThanOrEqualTo(locked) ? here : found(null);
  }

  /** Null where the venue could not be asked: the next refusal asks again. */
  async function fundsOf(order: Order, venue: VenueWallet, asset: string) {
    const { orderId, walletId, environment } = order;
    const at = clock.now();
    try {
      const found = (await venue.balances('exit')).find((balance) => balance.asset === asset);
      const { free, locked } = found ?? { free: ZERO, locked: ZERO };
      const holders =
        locked.isZero() || environment === 'demo' ? [] : await holdersOrNull(order, asset, locked);
      return { at, free, locked, holders } satisfies Funds;
    } catch (error) {
      if (!(error instanceof VenueUnavailableError)) throw error;
      log.warn('FUNDS_UNKNOWN', { orderId, walletId, error: error.message });
      return null;
    }
  }

  /** Who holds them is for the alarm only: what is free is sold without it. */
  async function holdersOrNull(order: Order, asset: string, locked: Decimal) {
    const { orderId, walletId } = order;
    try {
      return await holdersOf(order, asset, locked);
    } catch (error) {
      if (!(error instanceof VenueUnavailableError)) throw error;
      log.warn('HOLDERS_UNKNOWN', { orderId, walletId, error: error.message });
      return null;
    }
  }

  /** Notes what the account has, and sends what can be sold of it. Answers the orders that were made. */
  async function sellOfWhole(order: Order, funds: Funds): Promise<readonly Order[]> {
    const { positionId } = order;
    const written = await untilWritten(ports, `shortage of position ${positionId}`, async () => {
      const before = await ledger.position(positionId);
      if (before === null) return NOTHING;
      const now = clock.now();
      const spec = await specOf(ports.symbols, before);
      const noted = withShortage(before, order, funds, spec, now);
      if (noted === null) return NOTHING;
      const live = await readLiveOrders(ledger, noted, null);
      const mark = noted.flatten?.price ?? null;
      const planned = carryOutPlan(noted, live, { spec, now, claiming: false, mark });
      const change: Change<Position> = { before, after: planned.position };
      const result = await ledger.commit({
        orders: planned.orders,
        positions: [change],
        actions: [...actionsOf(before, planned.position, now), shortOf(order, funds, now)],
      });
      const { orders, alarms } = planned;
      return result.outcome === 'done' ? { orders: orders.map(stored), alarms } : 'conflict';
    });
    await tellAlarms(ports, positionId, written.alarms);
    return written.orders;
  }

  /** The part that was refused, once more, for what is free. */
  function sellOfPart(order: Order, funds: Funds): Promise<readonly Order[]> {
    const { positionId, orderId } = order;
    return untilWritten(ports, `shortage of position ${positionId}`, async () => {
      const [before, refused] = await Promise.all([ledger.position(positionId), ledger.order(orderId)]);
      if (before === null || refused?.exit == null || refused.shortSince === null) return [];
      const now = clock.now();
      const spec = await specOf(ports.symbols, before);
      // All of it, where the coins have come since: it was due, and nobody else sells it.
      const quantity = minOf(floorTo(maxOf(funds.free, ZERO), exitLot(spec).step), refused.quantity);
      const { cause } = refused.exit;
      const insteadId = exitOrderIdFor({ positionId, key: `instead of ${orderId}` });
      const price = refused.referencePrice === null ? {} : { price: refused.referencePrice };
      const claim = { orderId: insteadId, quantity, cause, levelName: null, at: now, ...price };
      const claimed = claimPart(before, claim, spec);
      if (!claimed.ok) {
        log.info('PART_NOT_SOLD', {
          orderId,
          positionId,
          why: claimed.error.code,
          free: funds.free.toFixed(),
        });
        const decided = await ledger.commit({
          orders: [{ before: refused, after: withDue({ ...refused, shortSince: null }, now) }],
          positions: [],
          actions: [shortOf(order, funds, now)],
        });
        return decided.outcome === 'done' ? [] : 'conflict';
      }
      const made = newExitOrder(claimed.value, {
        ...{ orderId: insteadId, quantity, cause, flatten: false, trigger: null, now },
        referencePrice: refused.referencePrice,
      });
      const instead = withDue({ ...made, asked: refused.asked, replaces: orderId }, now);
      const change = { before: null, after: instead };
      const result = await ledger.commit({
        orders: [
          change,
          {
            before: refused,
            after: withDue({ ...refused, replacedBy: insteadId, shortSince: null }, now),
          },
        ],
        positions: [{ before, after: withDue(claimed.value, now) }],
        actions: [shortOf(order, funds, now)],
      });
      return result.outcome === 'done' ? [stored(change)] : 'conflict';
    });
  }

  /** The position is being closed, and the part goes with it, or it is closed: nothing is owed in its place any more. */
  const owedNoMore = (orderId: string): Promise<readonly Order[]> =>
    untilWritten(ports, `shortage of order ${orderId}`, async () => {
      const before = await ledger.order(orderId);
      if (before === null || before.shortSince === null) return [];
      const after = withDue({ ...before, shortSince: null }, clock.now());
      const result = await ledger.commit({ orders: [{ before, after }], positions: [] });
      return result.outcome === 'done' ? [] : 'conflict';
    });

  async function compare(walletId: string): Promise<void> {
    const last = await reconciles.latest(walletId);
    await want(walletId, 'funds', last === null ? 0 : last.startedAt + SPACE_MS);
  }

  /**
   * `order`: as it was sent, or as it stands when it is taken up again. `findVenue`: its wallet's, asked for only where
   * the account has to be; null where the wallet cannot be used now, which leaves the order due.
   */
  return async (order: Order, findVenue: () => Promise<VenueWallet | null>): Promise<void> => {
    const { orderId, positionId, walletId, environment } = order;
    const position = await ledger.position(positionId);
    if (position === null || order.side !== 'sell') return;
    const { flatten } = position;
    // What is closed has no coins left to look for: its wallet may be deleted by now.
    if (wantsInstead(order) && (flatten !== null || isClosed(position))) {
      await owedNoMore(orderId);
      return;
    }
    const venue = await findVenue();
    if (venue === null) return;
    const asks = flatten === null ? wantsInstead(order) : activeShortage(flatten, clock.now()) === null;
    const funds = asks ? await fundsOf(order, venue, position.base) : null;
    if (funds !== null) {
      const facts = { free: funds.free.toFixed(), locked: funds.locked.toFixed() };
      log.error('EXIT_SHORT_OF_FUNDS', { orderId, positionId, walletId, asset: position.base, ...facts });
      const made = await (flatten === null ? sellOfPart : sellOfWhole)(order, funds);
      for (const next of made) if (wantsWork(next)) await sendPointer(outbox, next);
    }
    const known = flatten?.shortage ?? null;
    const isNews = funds === null ? asks || flatten === null : !isSame(known, funds);
    if (environment !== 'demo' && isNews) await tell(log, compare(walletId), { orderId, walletId });
  };
}

/** Did the account say the same before? What is still missing then has been compared, and will be by schedule. */
const isSame = (known: Funds | null, { locked, holders }: Funds): boolean =>
  known?.locked.equals(locked) === true && known.holders?.length === holders?.length;

function holderOf(order: AccountOrder, asset: string): Holder | null {
  const [base, quote] = order.symbol.split('/');
  const { side, price, venueOrderId } = order;
  const rest = order.quantity.minus(order.executedQuantity);
  const held =
    side === 'sell' && base === asset
      ? rest
      : side === 'buy' && quote === asset && price !== null
        ? rest.times(price)
        : ZERO;
  if (!held.greaterThan(0)) return null;
  return { venueOrderId, quantity: held, ours: parseVenueClientId(order.clientId) !== null };
}

function shortOf({ orderId, positionId }: Order, { free, locked, holders }: Funds, at: number) {
  const action: PositionAction = {
    at,
    kind: 'exit_short_of_funds',
    facts: {
      order_id: orderId,
      free: free.toFixed(),
      locked: locked.toFixed(),
      held_by: (holders ?? []).map((h) => `${h.venueOrderId} (${h.quantity.toFixed()})`).join(', '),
    },
  };
  return { positionId, action };
}

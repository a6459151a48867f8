/**
 * What the venue says of an account, read so that it belongs together (design section 13): balances, trades, balances
 * again. Where the two differ the account was trading meanwhile, and nothing is said of balances.
 */
import { accountTotals, isSameTotals } from '../../domain/reconcile/totals.ts';
import type {
  AccountTradeOf,
  AssetAmount,
  OpenAtVenue,
  ReconcileState,
  VenueView,
} from '../../domain/reconcile/types.ts';
import type { SymbolSpec } from '../../domain/symbol-spec.ts';
import type { Order, Wallet } from '../../domain/types.ts';
import type { AccountOrder, AccountTrade, ExchangeWallet, VenueWallet } from '../../ports/venue.ts';
import { parseVenueClientId } from '../derive-ids.ts';
import type { Ports } from '../ports.ts';

export interface Sides {
  /** Symbols of what the ledger has live or has made since the last pass. */
  readonly symbols: ReadonlySet<string>;
  readonly state: ReconcileState;
  /** Orders of the ledger that may have traded: `SYMBOL number`, since the venue numbers orders within a symbol. */
  readonly byVenueId: ReadonlyMap<string, Order>;
  /** Booked trades of theirs: `SYMBOL trade id` -> order id. */
  readonly bookedBy: ReadonlyMap<string, string>;
}

export const tradeKey = (symbol: string, tradeId: string): string => `${symbol} ${tradeId}`;
export const venueKey = (symbol: string, venueOrderId: string): string => `${symbol} ${venueOrderId}`;

const ownerOf = (clientId: string): string | null => parseVenueClientId(clientId)?.orderId ?? null;

/** An order is made within this of its signature; after the venue's numbers began anew the same one is another order's. */
const MADE_BEFORE_MS = 1_000;
const MADE_WITHIN_MS = 90_000;

function couldBe(found: AccountOrder, { side, send, createdAt }: Order): boolean {
  const signedAt = send?.signedAt ?? createdAt;
  if (found.side !== side || found.createdAt === null) return false;
  return found.createdAt >= signedAt - MADE_BEFORE_MS && found.createdAt <= signedAt + MADE_WITHIN_MS;
}

/** By its client id; an amend from elsewhere takes that away, and the number tells. */
function openOf(found: AccountOrder, { byVenueId }: Sides): OpenAtVenue {
  const known = byVenueId.get(venueKey(found.symbol, found.venueOrderId));
  const byNumber = known !== undefined && couldBe(found, known) ? known.orderId : null;
  return { ...found, orderId: ownerOf(found.clientId) ?? byNumber };
}

export function makeReadVenue({ symbols: directory }: Pick<Ports, 'symbols'>) {
  /** Null: the venue does not list it, or no more: it refuses every question about it, and cannot trade it. */
  async function listedSpec({ environment }: Wallet, symbol: string): Promise<SymbolSpec | null> {
    const spec = await directory.find(environment, symbol);
    return spec?.rules.status === 'delisted' ? null : spec;
  }

  /** An order that nobody here knows by its number: its client id tells whose it is. */
  async function ownersOf(
    account: ExchangeWallet,
    symbol: string,
    trades: readonly AccountTrade[],
    { byVenueId, bookedBy }: Sides,
  ): Promise<(trade: AccountTrade) => Pick<AccountTradeOf, 'orderId' | 'clientId'>> {
    const known = ({ venueOrderId, fill }: AccountTrade) => ({
      orderId:
        bookedBy.get(tradeKey(symbol, fill.tradeId)) ??
        byVenueId.get(venueKey(symbol, venueOrderId))?.orderId ??
        null,
      clientId: null,
    });
    const unknown = trades
      .filter((trade) => known(trade).orderId === null)
      .map(({ venueOrderId }) => BigInt(venueOrderId));
    const [first] = unknown.toSorted((a, b) => (a < b ? -1 : 1));
    if (first === undefined) return known;
    const named = new Map(
      (await account.ordersFrom(symbol, first.toString())).map((o) => [o.venueOrderId, o.clientId]),
    );
    return (trade) => {
      const found = known(trade);
      const clientId = found.orderId === null ? (named.get(trade.venueOrderId) ?? null) : null;
      const orderId = clientId === null ? null : ownerOf(clientId);
      return orderId === null ? found : { orderId, clientId };
    };
  }

  async function tradesOf(
    account: ExchangeWallet,
    wallet: Wallet,
    symbol: string,
    sides: Sides,
  ): Promise<readonly AccountTradeOf[]> {
    const spec = await listedSpec(wallet, symbol);
    if (spec === null) return [];
    const cursor = sides.state.cursors[symbol];
    const since =
      cursor === undefined ? { from: wallet.createdAt } : { fromTradeId: (BigInt(cursor) + 1n).toString() };
    const trades = await account.trades(symbol, since);
    const owner = await ownersOf(account, symbol, trades, sides);
    const { base, quote } = spec;
    return trades.map((trade) => ({
      ...{ symbol, base, quote },
      venueOrderId: trade.venueOrderId,
      ...owner(trade),
      side: trade.side,
      fill: trade.fill,
    }));
  }

  /** Symbols of former passes too where the account holds more or less of their base asset than it did. */
  async function symbolsToRead(
    wallet: Wallet,
    { symbols, state }: Sides,
    held: readonly AssetAmount[],
  ): Promise<readonly string[]> {
    const amount = (totals: readonly AssetAmount[] | null, asset: string): string =>
      totals?.find((candidate) => candidate.asset === asset)?.amount.toFixed() ?? '0';
    const read = new Set(symbols);
    for (const symbol of Object.keys(state.cursors)) {
      const spec = await listedSpec(wallet, symbol);
      if (spec !== null && amount(held, spec.base) !== amount(state.totals, spec.base)) read.add(symbol);
    }
    return [...read].sort();
  }

  /** Those that can be asked for: a symbol that is no longer listed has nothing open. */
  async function listed(wallet: Wallet, symbols: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const symbol of [...symbols].sort()) {
      if ((await listedSpec(wallet, symbol)) !== null) found.add(symbol);
    }
    return found;
  }

  /**
   * `isWhole`: everything that is open is asked for; else what is open on the ledger's symbols.
   * Throws VenueUnavailableError: then nothing is known.
   */
  async function readExchange(
    account: ExchangeWallet,
    wallet: Wallet,
    sides: Sides,
    isWhole: boolean,
  ): Promise<VenueView> {
    const asOf = await account.venueTime();
    const open = await account.accountOrders(isWhole ? null : await listed(wallet, sides.symbols));
    const openOrders = open.orders.map((order) => openOf(order, sides));
    const before = accountTotals(await account.accountBalances());
    const trades: AccountTradeOf[] = [];
    for (const symbol of await symbolsToRead(wallet, sides, before)) {
      trades.push(...(await tradesOf(account, wallet, symbol, sides)));
    }
    const after = accountTotals(await account.accountBalances());
    return {
      asOf,
      openOrders,
      openOrdersOf: open.of,
      trades,
      totals: after,
      isQuiet: isSameTotals(before, after),
    };
  }

  /** The demo venue has no list of trades: its orders are compared, and what positions hold. */
  async function readDemo(venue: VenueWallet): Promise<VenueView> {
    const asOf = await venue.venueTime();
    const open = await venue.openOrders(null);
    const before = accountTotals(await venue.balances());
    const after = accountTotals(await venue.balances());
    const openOrders = open.map(
      (report): OpenAtVenue => ({
        symbol: report.symbol,
        venueOrderId: report.venueOrderId,
        clientId: report.clientId,
        orderId: ownerOf(report.clientId),
        side: 'buy',
        type: 'DEMO',
        quantity: report.cumulativeQuantity,
        executedQuantity: report.cumulativeQuantity,
        price: null,
        stopPrice: null,
        createdAt: null,
      }),
    );
    return {
      asOf,
      openOrders,
      openOrdersOf: null,
      trades: null,
      totals: after,
      isQuiet: isSameTotals(before, after),
    };
  }

  return { readExchange, readDemo };
}

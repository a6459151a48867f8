/** What an account should hold: what it held when all was explained, and every trade since (design section 13). */
import { type Decimal, sum, ZERO } from '../money/decimal.ts';
import { isClosed } from '../positions.ts';
import type {
  AccountTradeOf,
  AssetAmount,
  AssetRow,
  LedgerView,
  ReconcileState,
  VenueView,
} from './types.ts';

export interface AccountMath {
  readonly rows: readonly AssetRow[];
  /** By symbol: the last trade that was read. */
  readonly cursors: Readonly<Record<string, string>>;
}

const amountOf = (amounts: readonly AssetAmount[], asset: string): Decimal =>
  sum(amounts.filter((held) => held.asset === asset).map((held) => held.amount));

/** What a trade does to the account, asset by asset. */
export function flowsOf({ base, quote, side, fill }: AccountTradeOf): readonly AssetAmount[] {
  const sign = side === 'buy' ? 1 : -1;
  return [
    { asset: base, amount: fill.quantity.times(sign) },
    { asset: quote, amount: fill.price.times(fill.quantity).times(-sign) },
    { asset: fill.fee.asset, amount: fill.fee.amount.negated() },
  ];
}

/** The venue's trade ids are whole numbers; an allocation (`a17`) has a number of its own and moves no cursor. */
const WHOLE = /^\d+$/;
export const isNumbered = (tradeId: string): boolean => WHOLE.test(tradeId);
export const isAfter = (tradeId: string, cursor: string | undefined): boolean =>
  cursor === undefined || BigInt(tradeId) > BigInt(cursor);

/** Base coins that the wallet's positions hold. On margin the venue holds what was bought, and a short owes: none are the account's. */
const heldByPositions = (ledger: LedgerView, asset: string): Decimal =>
  sum(
    ledger.positions
      .filter((p) => !isClosed(p) && p.side === 'long' && p.margin === null && p.base === asset)
      .map((p) => p.quantity),
  );

/** A state from before they were kept has them in its orders. */
export const lookedAt = (ledger: LedgerView, { looked, watched }: ReconcileState): readonly string[] =>
  looked ?? ledger.orders.filter((o) => watched.includes(o.orderId)).map(({ symbol }) => symbol);

/** A symbol that is looked at for the first time: what was traded there before is in the totals already. */
function inTotals(ledger: LedgerView, state: ReconcileState) {
  const { asOf, cursors } = state;
  const looked = new Set(lookedAt(ledger, state));
  return ({ symbol, fill }: AccountTradeOf): boolean =>
    asOf !== null && cursors[symbol] === undefined && !looked.has(symbol) && fill.at < asOf;
}

/** Symbols with trades that the totals have already. */
export const symbolsInTotals = (
  trades: readonly AccountTradeOf[],
  ledger: LedgerView,
  state: ReconcileState,
): ReadonlySet<string> => new Set(trades.filter(inTotals(ledger, state)).map(({ symbol }) => symbol));

/** What trades have done to the account since its totals were taken, asset by asset. */
export function flowsSince(
  trades: readonly AccountTradeOf[],
  ledger: LedgerView,
  state: ReconcileState,
): ReadonlyMap<string, Decimal> {
  const isInTotals = inTotals(ledger, state);
  const flows = new Map<string, Decimal>();
  for (const trade of trades) {
    for (const { asset, amount } of isInTotals(trade) ? [] : flowsOf(trade)) {
      flows.set(asset, (flows.get(asset) ?? ZERO).plus(amount));
    }
  }
  return flows;
}

/** The cursors once these trades are explained. */
export function cursorsAfter(
  trades: readonly AccountTradeOf[],
  before: ReconcileState['cursors'],
): ReconcileState['cursors'] {
  const cursors = { ...before };
  for (const { symbol, fill } of trades) {
    if (isNumbered(fill.tradeId) && isAfter(fill.tradeId, cursors[symbol])) cursors[symbol] = fill.tradeId;
  }
  return cursors;
}

export function accountMath(ledger: LedgerView, venue: VenueView, state: ReconcileState): AccountMath {
  const trades = venue.trades ?? [];
  const { totals } = state;
  const flows = flowsSince(trades, ledger, state);
  const assets = new Set([
    ...venue.totals.map(({ asset }) => asset),
    ...(totals ?? []).map(({ asset }) => asset),
    ...flows.keys(),
    ...ledger.positions.map(({ base }) => base),
  ]);
  const rows = [...assets].sort().map((asset): AssetRow => {
    // Where the venue has no list of trades nothing can be said of what should be there.
    const isKnown = totals !== null && venue.trades !== null;
    return {
      asset,
      venue: amountOf(venue.totals, asset),
      expected: isKnown ? amountOf(totals, asset).plus(flows.get(asset) ?? ZERO) : null,
      positions: heldByPositions(ledger, asset),
    };
  });
  return { rows, cursors: cursorsAfter(trades, state.cursors) };
}

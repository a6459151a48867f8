/**
 * The gauges of the specification that follow from all open positions and live orders: how many, what the positions are
 * worth above their cost, and of how many symbols the price is too old (design section 18). Measured anew each minute over the
 * ledger and the shown prices, so that nothing drifts and a lost cache is right again a minute later; what was not measured for a
 * while is gone instead of old.
 *
 * Where there are more positions than there is time for, who is without protection is told of those that were looked at, and
 * every minute begins elsewhere; sums of a part are no figure.
 */
import { figures } from '../domain/figures.ts';
import { type Decimal, decimalText, ZERO } from '../domain/money/decimal.ts';
import { isClosed } from '../domain/positions.ts';
import { isOpen } from '../domain/prices/freshness.ts';
import { sessionOf } from '../domain/prices/sessions.ts';
import { unprotectedBy } from '../domain/unprotected.ts';
import { inDollars } from '../domain/usd.ts';
import type { Ports } from './ports.ts';
import { readApart } from './read-apart.ts';
import { markOf } from './views/price-view.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'symbols' | 'served' | 'counters' | 'clock' | 'log'>;

/** A gauge that nobody has renewed. */
const GONE_MS = 5 * 60_000;
/** What is not done by then waits for another minute. */
const BUDGET_MS = 20_000;
const MINUTE_MS = 60_000;
/** Steps of this share of the whole come near every place of it soon, however little is done at each. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Positions read at a time. */
const AT_ONCE = 1_000;

/** A streamer that was killed is replaced by then, an index that was lost is rebuilt, and what was due swept. */
const UNPROTECTED_MS = 15_000;

/** Who is without protection. */
interface Bare {
  /** How many are without protection, for longer than anything that is to happen takes (`UNPROTECTED_MS`). */
  readonly unprotected: number;
  /** For how long the longest of them has been so, whole seconds. */
  readonly longestUnprotectedSeconds: number;
}

/** There was no time for all of them. */
export interface PartlyMeasured extends Bare {
  readonly isWhole: false;
}

export interface WhollyMeasured extends Bare {
  readonly isWhole: true;
  /** Opened by a fill, and not closed. */
  readonly open: number;
  /** Of the open ones, how many are in no figure: not readable, without a price, or in a quote asset without a value in dollars. */
  readonly unvalued: number;
  /** Symbols with a position or a live order whose market is open and whose price is older than a minute, or missing. */
  readonly staleSymbols: number;
  /** Of all others, in dollars. */
  readonly unrealized: Decimal;
}

export type Measured = PartlyMeasured | WhollyMeasured;

export type MeasurePositions = ReturnType<typeof makeMeasurePositions>;

export function makeMeasurePositions({ ledger, prices, symbols, served, counters, clock, log }: Needs) {
  /** Whether its price, which the cache shows for a minute, is missing while its market is open; where that is not known, it is. */
  async function isStale(symbol: string): Promise<boolean> {
    try {
      for (const environment of served) {
        const spec = await symbols.find(environment, symbol);
        if (spec !== null) return isOpen(sessionOf(spec), clock.now());
      }
    } catch (error) {
      // The other figures, among them the one that says who is without protection, do not hang on it.
      log.warn('SESSION_UNKNOWN', { symbol, error: String(error) });
    }
    return true;
  }

  /** All of them, from another one on in each minute. */
  async function symbolsInTurn(): Promise<readonly string[]> {
    const symbols = await ledger.liveSymbols();
    const first = Math.floor(((Math.floor(clock.now() / MINUTE_MS) * GOLDEN) % 1) * symbols.length);
    return [...symbols.slice(first), ...symbols.slice(0, first)];
  }

  return async (): Promise<Measured> => {
    const deadline = clock.now() + BUDGET_MS;
    let [open, orders, unvalued, unprotected, longestMs, staleSymbols] = [0, 0, 0, 0, 0, 0];
    let bare: string | null = null;
    let unrealized = ZERO;
    const unreadable = (positionId: string, error: unknown): void => {
      log.warn('POSITION_NOT_MEASURED', { positionId, error: String(error) });
      unvalued += 1;
      open += 1;
    };
    let isWhole = true;
    measuring: for (const symbol of await symbolsInTurn()) {
      const ids = await ledger.livePositionIds(symbol);
      orders += (await ledger.liveOrderIds(symbol)).length;
      const price = await prices.price(symbol);
      const mark = markOf(price, clock.now());
      if (price === null && (await isStale(symbol))) staleSymbols += 1;
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        if (clock.now() > deadline) {
          log.warn('POSITIONS_NOT_MEASURED', { open, symbol });
          isWhole = false;
          break measuring;
        }
        const read = await readApart(
          ids.slice(from, from + AT_ONCE),
          ledger.positions.bind(ledger),
          unreadable,
        );
        const held = read.filter((p) => p.openedAt !== null && !isClosed(p));
        open += held.length;
        for (const position of held) {
          const { since } = unprotectedBy(position, clock.now());
          const ms = since === null ? 0 : clock.now() - since;
          if (ms > UNPROTECTED_MS) unprotected += 1;
          if (ms > Math.max(longestMs, UNPROTECTED_MS)) [longestMs, bare] = [ms, position.positionId];
          const worth = inDollars(figures(position, mark).unrealizedPnl, position.quote);
          if (worth === null) unvalued += 1;
          else unrealized = unrealized.plus(worth);
        }
      }
    }
    const longestUnprotectedSeconds = Math.floor(longestMs / 1000);
    if (bare !== null)
      log.error('POSITIONS_UNPROTECTED', { positions: unprotected, longestMs, positionId: bare });
    if (!isWhole) return { isWhole, unprotected, longestUnprotectedSeconds };
    const values = {
      'om:positions_open': String(open),
      'om:orders_monitored': String(orders),
      'positions:pnl_unrealized': decimalText(unrealized),
      'positions:unvalued': String(unvalued),
      'positions:unprotected': String(unprotected),
      'positions:unprotected_longest_seconds': String(longestUnprotectedSeconds),
    };
    await counters.set(values, GONE_MS);
    await counters.add({ 'om:positions_updated': open });
    return { isWhole, open, unprotected, longestUnprotectedSeconds, unvalued, staleSymbols, unrealized };
  };
}

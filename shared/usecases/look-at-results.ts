/**
 * What a wallet has won and lost by now: what was realized, and what is open at the mark (design section 12).
 *
 * Item, day and positions are read as one: nothing was written between the first and the last read, and as many
 * positions were found as the item says. Else a position that closes in between would be counted twice, or not at all.
 */
import { type Decimal, ZERO } from '../domain/money/decimal.ts';
import { figures, isClosed } from '../domain/positions.ts';
import { limitsLoss, UNTOUCHED, type WalletRisk } from '../domain/risk/limits.ts';
import { dayOf, type Results, resultsOf } from '../domain/risk/results.ts';
import type { Position } from '../domain/types.ts';
import { inDollars } from '../domain/usd.ts';
import { ContendedError } from './conflicts.ts';
import type { Ports } from './ports.ts';
import { markOf } from './views/price-view.ts';

type Needs = Pick<Ports, 'ledger' | 'prices' | 'clock' | 'sleep'>;

export interface ResultsLook {
  readonly walletId: string;
  readonly risk: WalletRisk;
  /** Null where no limit of the wallet asks for them. */
  readonly results: Results | null;
}

const TRIES = 5;
/** Doubles from look to look: the lists may be behind. */
const FIRST_PAUSE_MS = 50;

type Worth =
  | { readonly unrealized: Decimal; readonly unknown: null }
  | { readonly unrealized: null; readonly unknown: string };

async function worthOf({ prices, clock }: Needs, positions: readonly Position[]): Promise<Worth> {
  const symbols = [...new Set(positions.filter((p) => !p.quantity.isZero()).map(({ symbol }) => symbol))];
  const now = clock.now();
  const shown = await Promise.all(symbols.map((symbol) => prices.price(symbol)));
  const marks = new Map(symbols.map((symbol, i) => [symbol, markOf(shown[i] ?? null, now)]));
  let unrealized = ZERO;
  for (const position of positions) {
    const { symbol, quote } = position;
    const own = figures(position, marks.get(symbol) ?? null).unrealizedPnl;
    if (own === null) return { unrealized: null, unknown: `no price of ${symbol}` };
    const worth = inDollars(own, quote);
    if (worth === null) return { unrealized: null, unknown: `${quote} has no value in USD here` };
    unrealized = unrealized.plus(worth);
  }
  return { unrealized, unknown: null };
}

/** Null when something was written between the reads, or the lists are behind. */
async function attempt(ports: Needs, risk: WalletRisk, walletId: string): Promise<Results | null> {
  const { ledger, clock } = ports;
  const day = dayOf(clock.now());
  const realizedToday = await ledger.realizedOn(walletId, day);
  const listed = await ledger.livePositionsOfWallet(walletId);
  const positions = await ledger.positions(listed.map(({ positionId }) => positionId));
  const open = positions.filter((position) => !isClosed(position));
  if (risk.counted && open.length !== risk.open) return null;
  const worth = await worthOf(ports, open);
  const again = (await ledger.risk(walletId)) ?? UNTOUCHED;
  return again.revision === risk.revision ? resultsOf(risk, { day, realizedToday, ...worth }) : null;
}

/** @throws ContendedError where the wallet's positions change too fast to be counted. */
export async function lookAtResults(ports: Needs, walletId: string): Promise<ResultsLook> {
  for (let n = 0; n < TRIES; n++) {
    if (n > 0) await ports.sleep(FIRST_PAUSE_MS * 2 ** n);
    const risk = (await ports.ledger.risk(walletId)) ?? UNTOUCHED;
    if (!limitsLoss(risk.limits)) return { walletId, risk, results: null };
    const results = await attempt(ports, risk, walletId);
    if (results !== null) return { walletId, risk, results };
  }
  throw new ContendedError(`results of wallet ${walletId}: still changing after ${TRIES} looks`);
}

/** Keeps the start of the day, and the peak, where this look is the first or the highest. A lost race is nothing lost. */
export async function noteResults(
  { ledger, clock }: Pick<Ports, 'ledger' | 'clock'>,
  { walletId, risk, results }: ResultsLook,
): Promise<void> {
  if (results === null || results.unrealized === null || results.pnl === null) return;
  const { day, unrealized, pnl } = results;
  const own = { walletId, revision: risk.revision };
  if (risk.dayStart === null || risk.dayStart.day < day) {
    await ledger.noteMark({ ...own, mark: { dayStart: { day, unrealized, at: clock.now() } } });
  }
  const isPeak = risk.limits.maxDrawdown !== null && (risk.peak === null || pnl.greaterThan(risk.peak));
  if (isPeak) await ledger.noteMark({ ...own, mark: { peak: pnl } });
}

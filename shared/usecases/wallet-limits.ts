/**
 * A wallet's limits: reading them with what is used of them, and setting them (design section 12).
 *
 * From a wallet's first order on, every write counts what it changes. Of a wallet that had orders before anything was
 * counted the sums are not whole: they are counted anew over what is live when a limit is first set. That is written
 * only if nothing of the wallet was written meanwhile, and not while the lists may miss what has just come to be: whoever
 * sets a first limit right after an order waits until they have it.
 */
import { liveEntryIds } from '../domain/entry-ids.ts';
import type { Decimal } from '../domain/money/decimal.ts';
import { ok, type Result } from '../domain/result.ts';
import { limitsLoss, NO_LIMITS, type RiskLimits, UNTOUCHED, type WalletRisk } from '../domain/risk/limits.ts';
import { dayOf, type Results } from '../domain/risk/results.ts';
import { type RiskSums, sumsOver } from '../domain/risk/use.ts';
import type { Wallet } from '../domain/types.ts';
import { isDeleted } from '../domain/wallets.ts';
import type { Ledger } from '../ports/ledger.ts';
import { untilWritten } from './conflicts.ts';
import { lookAtResults, noteResults } from './look-at-results.ts';
import { type OwnWalletCommand, walletDeleted } from './own-wallet.ts';
import type { Ports } from './ports.ts';
import { notFound, type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'wallets' | 'ledger' | 'prices' | 'symbols' | 'clock' | 'ids' | 'sleep' | 'log'>;

export interface SetLimitsCommand extends OwnWalletCommand {
  /** What is named is set; the rest stays. Symbols in any known format. */
  readonly limits: Partial<RiskLimits>;
}

/** With whole sums, whether they are stored or were counted just now. */
export interface LimitsFound {
  readonly walletId: string;
  readonly risk: WalletRisk;
  /** Null where no limit asks for them, and right after setting where they cannot be counted just then. */
  readonly results: Results | null;
  /** In this UTC day, in US dollars; counted of every wallet. */
  readonly realizedToday: Decimal;
  readonly now: number;
}

const realizedOf = ({ ledger, clock }: Pick<Ports, 'ledger' | 'clock'>, walletId: string): Promise<Decimal> =>
  ledger.realizedOn(walletId, dayOf(clock.now()));

/** So long the lists may miss what has just been written. */
const LISTS_LAG_MS = 5_000;

/** What is live of a wallet now, by the items themselves. */
async function countLive(ledger: Ledger, walletId: string): Promise<RiskSums> {
  const listed = await ledger.livePositionsOfWallet(walletId);
  const positions = await ledger.positions(listed.map(({ positionId }) => positionId));
  // A final order whose trades are not all booked is in no list of live ones; its position knows it.
  const orders = await ledger.orders(positions.flatMap(liveEntryIds));
  return sumsOver(orders, positions);
}

export function makeReadLimits(ports: Pick<Needs, 'wallets' | 'ledger' | 'prices' | 'clock' | 'sleep'>) {
  const { wallets, ledger, clock } = ports;
  return async ({ userId, walletId }: OwnWalletCommand): Promise<Result<LimitsFound, Refusal>> => {
    const wallet = await wallets.get(walletId);
    if (wallet === null || wallet.userId !== userId) return notFound('wallet', 'wallet_id');
    const { risk, results } = await lookAtResults(ports, walletId);
    const whole = risk.counted ? risk : { ...risk, ...(await countLive(ledger, walletId)) };
    const realizedToday = results?.realizedToday ?? (await realizedOf(ports, walletId));
    return ok({ walletId, risk: whole, results, realizedToday, now: clock.now() });
  };
}

export function makeSetLimits(ports: Needs) {
  const { wallets, ledger, clock, log } = ports;

  /** Canonical names, each once. */
  async function named(wallet: Wallet, symbols: readonly string[]): Promise<Result<string[], Refusal>> {
    const names = new Set<string>();
    for (const text of symbols) {
      const spec = await ports.symbols.find(wallet.environment, text);
      if (spec === null) {
        const message = `${text.slice(0, 40)} is not a symbol of ${wallet.environment}`;
        const fix = `GET /api/v1/symbols?environment=${wallet.environment} lists them`;
        return refuse('unknown_symbol', 'allowed_symbols', message, fix);
      }
      names.add(spec.symbol);
    }
    return ok([...names].sort());
  }

  async function attempt(
    walletId: string,
    change: Partial<RiskLimits>,
    mayWait: boolean,
  ): Promise<Result<LimitsFound, Refusal> | 'conflict'> {
    const before = await ledger.risk(walletId);
    const now = clock.now();
    let counted: RiskSums | null = null;
    if (before?.counted !== true) {
      const lagMs = before === null ? 0 : LISTS_LAG_MS - (now - before.newAt);
      if (lagMs > 0 && mayWait) {
        await ports.sleep(lagMs);
        return 'conflict';
      }
      if (lagMs > 0) {
        const message = 'the wallet has just ordered, and what it holds has not been counted yet';
        return refuse('conflict', null, message, `try again in ${LISTS_LAG_MS / 1000} s`);
      }
      counted = await countLive(ledger, walletId);
    }
    const limits = { ...(before?.limits ?? NO_LIMITS), ...change };
    const begins = {
      startsPeak: change.maxDrawdown != null,
      forgetsActed: change.maxDrawdown !== undefined || change.maxDailyLoss !== undefined,
      checkAt: limitsLoss(limits) ? now : null,
    };
    if (!(await ledger.setLimits({ walletId, before, limits, counted, ...begins }))) return 'conflict';
    log.info('LIMITS_SET', { walletId, limits: JSON.stringify(limits) });
    const seen = await resultsNow(walletId);
    const realizedToday = seen.results?.realizedToday ?? (await realizedOf(ports, walletId));
    return ok({ walletId, ...seen, realizedToday, now });
  }

  /** The limits stand: what cannot be counted just now is no reason to say that they do not. It is looked at within a second. */
  async function resultsNow(walletId: string): Promise<Pick<LimitsFound, 'risk' | 'results'>> {
    try {
      const look = await lookAtResults(ports, walletId);
      await noteResults(ports, look);
      return look;
    } catch (error) {
      log.warn('RESULTS_NOT_READ', { walletId, error: String(error) });
      return { risk: (await ledger.risk(walletId)) ?? UNTOUCHED, results: null };
    }
  }

  return async (command: SetLimitsCommand): Promise<Result<LimitsFound, Refusal>> => {
    const { userId, walletId, limits } = command;
    const wallet = await wallets.get(walletId);
    if (wallet === null || wallet.userId !== userId) return notFound('wallet', 'wallet_id');
    if (isDeleted(wallet)) return walletDeleted();
    const symbols = limits.allowedSymbols ?? null;
    const names = symbols === null ? ok(null) : await named(wallet, symbols);
    if (!names.ok) return names;
    const change = symbols === null ? limits : { ...limits, allowedSymbols: names.value };
    return untilWritten(ports, `limits of wallet ${walletId}`, (n) =>
      // Once: who orders without a break is told to try again.
      attempt(walletId, change, n === 0),
    );
  };
}

export type ReadLimits = ReturnType<typeof makeReadLimits>;
export type SetLimits = ReturnType<typeof makeSetLimits>;

/** Whether a wallet's limits let an entry through; the same for placing, amending and preview (design section 12). */
import type { Decimal } from '../domain/money/decimal.ts';
import { ok, type Result } from '../domain/result.ts';
import {
  type BrokenLimit,
  brokenLimits,
  type EntryKind,
  gateFor,
  type RiskAsked,
  type RiskGate,
  type WalletRisk,
} from '../domain/risk/limits.ts';
import { inDollars } from '../domain/usd.ts';
import { lookAtResults, noteResults, type ResultsLook } from './look-at-results.ts';
import type { Ports } from './ports.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface EntryWorth {
  readonly walletId: string;
  readonly symbol: string;
  readonly quote: string;
  /** In quote: what comes on top, and the whole position with it. */
  readonly more: Decimal;
  readonly position: Decimal;
  readonly kind: EntryKind;
}

/** The verdict, and what it was decided on. */
export interface RiskVerdict {
  readonly risk: WalletRisk;
  readonly look: ResultsLook;
  readonly broken: readonly BrokenLimit[];
  readonly gate: RiskGate;
}

export async function riskOf(
  ports: Pick<Ports, 'ledger' | 'prices' | 'clock' | 'sleep'>,
  { walletId, symbol, quote, more, position, kind }: EntryWorth,
): Promise<RiskVerdict> {
  const look = await lookAtResults(ports, walletId);
  const { risk, results } = look;
  const asked: RiskAsked = {
    symbol,
    quote,
    more: inDollars(more, quote),
    position: inDollars(position, quote),
    kind,
    results,
    now: ports.clock.now(),
  };
  return { risk, look, broken: brokenLimits(risk, asked), gate: gateFor(walletId, risk, asked) };
}

function figures({ name, limit, used, asked }: BrokenLimit): string {
  if (name === 'allowed_symbols') return `${name} (${limit === '' ? 'none' : limit}; asked ${asked})`;
  return `${name} (limit ${limit}, used ${used}${asked === '' ? '' : `, asked ${asked}`})`;
}

/** Names every limit that would be broken. */
export function riskRefusal(broken: readonly BrokenLimit[]) {
  const facts = broken.flatMap(({ name, limit, used, asked }) => [
    [`${name}_limit`, limit],
    [`${name}_used`, used],
    [`${name}_asked`, asked],
  ]);
  return refuse(
    'risk_limit',
    'wallet_id',
    `the wallet's limits do not allow it: ${broken.map(figures).join(', ')}`,
    'ask for less, close positions, wait where a day or a cooldown has to end, or change the limits',
    { broken: broken.map(({ name }) => name).join(','), ...Object.fromEntries(facts) },
  );
}

/** The gate that the entry is to be written under, or every limit that it would break. */
export async function checkRisk(
  ports: Pick<Ports, 'ledger' | 'prices' | 'clock' | 'sleep'>,
  entry: EntryWorth,
): Promise<Result<RiskGate, Refusal>> {
  const { broken, gate, look } = await riskOf(ports, entry);
  await noteResults(ports, look);
  return broken.length > 0 ? riskRefusal(broken) : ok(gate);
}

/** Whether a wallet's limits let an entry through; the same for placing, amending and preview (design section 12). */
import type { Decimal } from '../domain/money/decimal.ts';
import { ok, type Result } from '../domain/result.ts';
import {
  type BrokenLimit,
  brokenLimits,
  gateFor,
  type RiskAsked,
  type RiskGate,
  UNTOUCHED,
  type WalletRisk,
} from '../domain/risk/limits.ts';
import { inDollars } from '../domain/usd.ts';
import type { Ports } from './ports.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface EntryWorth {
  readonly walletId: string;
  readonly symbol: string;
  readonly quote: string;
  /** In quote: what comes on top, and the whole position with it. */
  readonly more: Decimal;
  readonly position: Decimal;
  /** False where an entry that is there is changed. */
  readonly opens: boolean;
}

/** The verdict, and what it was decided on. */
export interface RiskVerdict {
  readonly risk: WalletRisk;
  readonly broken: readonly BrokenLimit[];
  readonly gate: RiskGate;
}

export async function riskOf(
  { ledger, clock }: Pick<Ports, 'ledger' | 'clock'>,
  { walletId, symbol, quote, more, position, opens }: EntryWorth,
): Promise<RiskVerdict> {
  const risk = (await ledger.risk(walletId)) ?? UNTOUCHED;
  const asked: RiskAsked = {
    symbol,
    quote,
    more: inDollars(more, quote),
    position: inDollars(position, quote),
    opens,
    now: clock.now(),
  };
  return { risk, broken: brokenLimits(risk, asked), gate: gateFor(walletId, risk, asked) };
}

const figures = ({ name, limit, used, asked }: BrokenLimit): string =>
  name === 'allowed_symbols'
    ? `${name} (${limit === '' ? 'none' : limit}; asked ${asked})`
    : `${name} (limit ${limit}, used ${used}, asked ${asked})`;

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
    'ask for less, close positions, or change the limits',
    { broken: broken.map(({ name }) => name).join(','), ...Object.fromEntries(facts) },
  );
}

/** The gate that the entry is to be written under, or every limit that it would break. */
export async function checkRisk(
  ports: Pick<Ports, 'ledger' | 'clock'>,
  entry: EntryWorth,
): Promise<Result<RiskGate, Refusal>> {
  const { broken, gate } = await riskOf(ports, entry);
  return broken.length > 0 ? riskRefusal(broken) : ok(gate);
}

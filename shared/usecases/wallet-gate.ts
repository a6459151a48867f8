/** May a wallet open something new now? Exits and cancels never ask (design sections 4.9, 13). */
import { pauseOf } from '../domain/pauses.ts';
import type { Environment, Wallet } from '../domain/types.ts';

export interface WalletRefusal {
  readonly code: 'environment_not_served' | 'wallet_not_ready' | 'wallet_paused';
  readonly message: string;
  readonly fix: string;
  readonly facts?: Readonly<Record<string, string>>;
}

/** Null when it may. */
export function walletRefusal(wallet: Wallet, served: readonly Environment[]): WalletRefusal | null {
  const { environment, exchange } = wallet;
  if (!served.includes(environment)) {
    return {
      code: 'environment_not_served',
      message: `this deployment does not trade at ${environment}`,
      fix: 'use a wallet of an environment that is served',
    };
  }
  if (exchange !== null && exchange.status !== 'active') {
    const { problem } = exchange;
    const why = problem === null ? '' : `: ${problem.code}, ${problem.message}`;
    const fix =
      exchange.status === 'checking'
        ? 'wait until its keys have been checked'
        : 'give it keys that work, or test them again';
    return { code: 'wallet_not_ready', message: `the wallet is ${exchange.status}${why}`, fix };
  }
  const { pausedAt, pauseReason } = pauseOf(wallet);
  if (pausedAt === null) return null;
  const why = pauseReason === null ? '' : ` (${pauseReason})`;
  const facts = {
    paused_at: new Date(pausedAt).toISOString(),
    ...(pauseReason !== null && { pause_reason: pauseReason }),
  };
  const message = `the wallet is paused${why}; only exits and cancels go on`;
  return { code: 'wallet_paused', message, fix: 'resume it first', facts };
}

/** Wallets: what they may lose, whether they trade, and whether the ledger says what the exchange says. */
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmSet } from '../alarm-set.ts';
import { FIVE_MINUTES, type Own } from '../metrics.ts';
import { above } from './shapes.ts';

/** Twice the time after which a comparison takes the rank of other queries. */
const HALF_AN_HOUR_S = 1_800;

/** `hasUserData`: wallets trade at the exchange, so there is a process that hears of their fills. */
export function addWalletAlarms(alarms: AlarmSet, own: Own, hasUserData: boolean): void {
  const within5Minutes = { statistic: 'Sum', period: FIVE_MINUTES } as const;
  alarms.add('LossesUnseen', {
    severity: 'critical',
    says: 'What a wallet has lost could not be looked at for a minute: its limits of loss stop nothing (log code LOSSES_UNSEEN).',
    ...above(0, own('risk_unseen_total', within5Minutes)),
  });
  alarms.add('RiskBreached', {
    severity: 'warning',
    says: 'A wallet lost more than a limit of its own: it is paused (log code RISK_BREACH says which).',
    ...above(0, own('risk_breaches_total', within5Minutes)),
  });
  alarms.add('WalletsPaused', {
    severity: 'warning',
    says: 'A wallet at the exchange is paused: it sends no entries until somebody resumes it.',
    ...above(0, own('wallets_paused', { statistic: 'Maximum' }), 2),
  });
  alarms.add('KeysRefused', {
    severity: 'critical',
    says: 'The exchange refuses the keys of a wallet: nothing can be sent for it, exits neither.',
    ...above(0, own('wallets_refused', { statistic: 'Maximum' }), 2),
  });
  alarms.add('LedgerDiffers', {
    severity: 'warning',
    says: 'The ledger and the venue differ: the statement of the wallet says in what.',
    ...above(0, own('reconcile_differences_total', within5Minutes)),
  });
  alarms.add('ComparisonsWait', {
    severity: 'warning',
    says: 'A wallet that should be compared with its venue has waited for half an hour.',
    ...above(HALF_AN_HOUR_S, own('reconcile_oldest_wait_seconds', { statistic: 'Maximum' }), 2),
  });
  if (hasUserData) {
    alarms.add('UserDataSilent', {
      severity: 'warning',
      says: 'For five minutes nobody has listened to a wallet at the exchange, or nobody could count: fills are learnt of by asking, seconds later.',
      ...above(0, own('user_data_unsubscribed', { statistic: 'Maximum' }), 5),
      // It is counted each minute over all wallets, none included, whichever process should listen to them.
      missing: TreatMissingData.BREACHING,
    });
  }
  alarms.add('BudgetBlocked', {
    severity: 'critical',
    says: 'The exchange has blocked our address for some time: nothing can be sent until it is over.',
    ...above(0, own('budget_blocked_seconds', { statistic: 'Maximum' })),
  });
}

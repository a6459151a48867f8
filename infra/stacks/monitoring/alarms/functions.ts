/** Functions and the API: what fails, and what is not let in. */
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { FunctionName } from '../../../bundle/entries.ts';
import type { AlarmSet } from '../alarm-set.ts';
import { FIVE_MINUTES, MINUTE, type Own } from '../metrics.ts';
import type { Watched } from '../watched.ts';
import { above } from './shapes.ts';

/** One that was killed is worked again by itself; a function that keeps dying is not. */
const SOME_ERRORS = 2;

/** A process asks once a second while the cache is away: one that blinked rings nobody. */
const RATE_LIMIT_GAPS = 5;

const SERVER_ERRORS = 5;

export type FunctionEntry = [FunctionName, LambdaFunction];

/** Its errors are the exchange's as a rule, and have an alarm of their own. */
const HAS_ITS_OWN: FunctionName = 'symbols';

export function addFunctionAlarms(alarms: AlarmSet, own: Own, { functions, httpApi }: Watched): void {
  for (const [name, fn] of Object.entries(functions) as FunctionEntry[]) {
    if (name === HAS_ITS_OWN) continue;
    alarms.add(`FunctionErrors-${name}`, {
      severity: 'warning',
      says: `${name} failed more than ${SOME_ERRORS} times within five minutes: it was killed, ran out of time or could not start.`,
      ...above(SOME_ERRORS, fn.metricErrors({ period: FIVE_MINUTES, statistic: 'Sum' })),
    });
  }
  alarms.add('FunctionsThrottled', {
    severity: 'warning',
    says: 'Functions were not started for want of concurrency, which all functions of the account and region share.',
    ...above(0, LambdaFunction.metricAllThrottles({ period: FIVE_MINUTES, statistic: 'Sum' })),
  });
  alarms.add('SymbolsNotRefreshed', {
    severity: 'warning',
    says: 'The trading rules of the venue could not be read for five minutes.',
    ...above(0, functions.symbols.metricErrors({ period: MINUTE, statistic: 'Sum' }), 5),
  });
  alarms.add('ApiFailing', {
    severity: 'warning',
    says: `More than ${SERVER_ERRORS} requests were answered with an error of ours within five minutes.`,
    ...above(SERVER_ERRORS, httpApi.metricServerError({ period: FIVE_MINUTES, statistic: 'Sum' })),
  });
  alarms.add('AuditNotWritten', {
    severity: 'warning',
    says: 'Calls that changed something are not in the audit record: they are in the log whole (log code AUDIT_NOT_WRITTEN).',
    ...above(0, own('api_audit_failed_total', { statistic: 'Sum', period: FIVE_MINUTES })),
  });
  alarms.add('RequestsUnlimited', {
    severity: 'warning',
    says: 'Requests pass without being counted, because the cache does not answer (log code RATE_LIMIT_UNKNOWN).',
    ...above(
      RATE_LIMIT_GAPS,
      own('api_rate_limit_unknown_total', { statistic: 'Sum', period: FIVE_MINUTES }),
    ),
  });
}

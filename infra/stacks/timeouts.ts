/** Function timeouts (design section 15), here because each queue's visibility follows from its worker's. */
import { Duration } from 'aws-cdk-lib';
import type { FunctionName } from '../bundle/entries.ts';

export const TIMEOUT_SECONDS: Readonly<Record<FunctionName, number>> = {
  /** Below API Gateway's own 30 s, so that the caller gets our answer and not the gateway's. */
  api: 29,
  /** It answers what it has made already. */
  docs: 5,
  submit: 15,
  exits: 15,
  executions: 5,
  evaluate: 10,
  /** Every trade of every symbol since the last pass is read, page by page. */
  reconcile: 50,
  dispatch: 30,
  /** Below the minute of its rule: a full exchange takes up to 10 s to be stored. */
  symbols: 50,
  /** A batch of changes; each connection is told for at most 10 s. */
  publish: 60,
  /** Below API Gateway's own 29 s. */
  socket: 25,
  /** One call of at most 8 s. */
  webhooks: 15,
  /** A run of 20 s and what is under way at its end. */
  prices: 30,
};

/** Six times the worker's timeout: a retry within the worker's own life would run beside it. */
export const visibilityFor = (worker: FunctionName): Duration =>
  Duration.seconds(6 * TIMEOUT_SECONDS[worker]);

/** Each minute: sends the sweeps of the time to come (usecases/dispatch-sweeps). Keeps no state, needs no cache. */
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createOutbox } from '../../shared/adapters/sqs/outbox.ts';
import { makeDispatchSweeps, SWEEP_HORIZON_SECONDS } from '../../shared/usecases/dispatch-sweeps.ts';
import { loadDispatchConfig } from '../compose/config.ts';
import { createLog } from '../compose/log.ts';

const { monitor, triggersQueueUrl } = loadDispatchConfig(process.env);
const { shards, intervalSeconds, enabled } = monitor;
const log = createLog('dispatch');
// It may send to no other queue, and knows of none.
const { triggers } = createOutbox({
  client: createSqsClient(),
  submitQueueUrl: '',
  exitsQueueUrl: '',
  executionsQueueUrl: '',
  reconcileQueueUrl: '',
  triggersQueueUrl,
});
const dispatch = makeDispatchSweeps(
  { outbox: { triggers }, clock: { now: () => Date.now() } },
  { shards, intervalSeconds, horizonSeconds: SWEEP_HORIZON_SECONDS },
);

export async function handler(): Promise<void> {
  log.info('SWEEPS_DISPATCHED', { sweeps: await dispatch(), enabled });
}

/**
 * Ledger against venue (usecases/reconcile). The rule of each minute sends a message for every wallet that is due; the
 * queue's messages are worked one wallet at a time.
 */
import type { Context, EventBridgeEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { decodeReconcile } from '../../shared/adapters/sqs/messages.ts';
import { queueWorker } from '../compose/queue-worker.ts';
import { signingExchange } from '../compose/signing.ts';
import { startSystem } from '../compose/system.ts';
import { makeReconcileWork } from '../compose/use-cases.ts';
import { waitMetrics } from './wait-metrics.ts';

const { ports, config } = startSystem('reconcile', { exchange: signingExchange });
const { wallet, schedule } = makeReconcileWork(ports);

const work = queueWorker({
  log: ports.log,
  decode: decodeReconcile,
  handle: ({ walletId, reason }) => wallet(walletId, reason),
});

type Scheduled = EventBridgeEvent<'Scheduled Event', unknown>;

export async function handler(
  event: SQSEvent | Scheduled,
  context: Context,
): Promise<SQSBatchResponse | undefined> {
  if ('Records' in event) return work(event, context);
  const scheduled = await schedule();
  ports.log.debug('RECONCILES_SCHEDULED', { ...scheduled });
  process.stdout.write(`${waitMetrics(config.stage, scheduled, ports.clock.now())}\n`);
  return undefined;
}

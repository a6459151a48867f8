/**
 * Ledger against venue (usecases/reconcile). The rule of each minute sends a message for every wallet that is due; the
 * queue's messages are worked one wallet at a time.
 */
import type { EventBridgeEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { decodeReconcile } from '../../shared/adapters/sqs/messages.ts';
import { signingExchange } from '../compose/signing.ts';
import { workStandardBatch } from '../compose/sqs-batch.ts';
import { startSystem } from '../compose/system.ts';

const { ports, useCases } = startSystem('reconcile', { exchange: signingExchange });
const { wallet, schedule } = useCases.reconcile;

type Scheduled = EventBridgeEvent<'Scheduled Event', unknown>;

export async function handler(event: SQSEvent | Scheduled): Promise<SQSBatchResponse | undefined> {
  if ('Records' in event) {
    return workStandardBatch(
      {
        log: ports.log,
        decode: decodeReconcile,
        handle: ({ walletId, reason }) => wallet(walletId, reason),
      },
      event,
    );
  }
  const sent = await schedule();
  ports.log.debug('RECONCILES_SCHEDULED', { sent });
  return undefined;
}

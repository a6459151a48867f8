/**
 * Ledger against venue (usecases/reconcile). The rule of each minute sends a message for every wallet that is due, and
 * measures the gauges over all open positions, counts dead letters and compares the trigger index with the ledger; the queue's
 * messages are worked one wallet at a time.
 */
import type { Context, EventBridgeEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { createDeadLetterCounts } from '../../shared/adapters/sqs/dead-letter-counts.ts';
import { decodeReconcile } from '../../shared/adapters/sqs/messages.ts';
import { createUserDataBoard } from '../../shared/adapters/valkey/user-data-board.ts';
import { makeCountDeadLetters } from '../../shared/usecases/count-dead-letters.ts';
import { countUnsubscribed } from '../../shared/usecases/stream-user-data/unsubscribed.ts';
import { queueWorker } from '../compose/queue-worker.ts';
import { signingExchange } from '../compose/signing.ts';
import { startSystem } from '../compose/system.ts';
import { makeReconcileWork } from '../compose/use-cases.ts';
import { parseDeadLetterQueues } from './dead-letter-queues.ts';
import { positionMetrics, walletMetrics } from './minute-metrics.ts';

const { ports, config, exchange } = startSystem('reconcile', { exchange: signingExchange });
const board = exchange === null ? null : createUserDataBoard(exchange.valkey);
const { wallet, schedule, measurePositions, auditIndex } = makeReconcileWork(ports);
const countDeadLetters = makeCountDeadLetters({
  ...ports,
  deadLetters: createDeadLetterCounts(
    createSqsClient(),
    parseDeadLetterQueues(process.env['DEAD_LETTER_QUEUES']),
  ),
});

const work = queueWorker({
  log: ports.log,
  decode: decodeReconcile,
  handle: ({ walletId, reason }) => wallet(walletId, reason),
});

/** What cannot be measured now is measured in a minute; nobody waits for it. */
async function measure(): Promise<void> {
  try {
    const measured = await measurePositions();
    process.stdout.write(`${positionMetrics(config.stage, measured, ports.clock.now())}\n`);
  } catch (error) {
    ports.log.warn('POSITIONS_NOT_MEASURED', { error: String(error) });
  }
}

/** What cannot be counted now is counted in a minute; health says meanwhile how old its count is. */
async function countGivenUp(): Promise<void> {
  try {
    await countDeadLetters();
  } catch (error) {
    ports.log.warn('DEAD_LETTERS_NOT_COUNTED', { error: String(error) });
  }
}

/** What cannot be looked at now is looked at in five minutes. */
async function audit(): Promise<void> {
  try {
    const audited = await auditIndex();
    if (audited.strays + audited.missing > 0) ports.log.error('INDEX_AUDITED', { ...audited });
  } catch (error) {
    ports.log.warn('INDEX_NOT_AUDITED', { error: String(error) });
  }
}

/** To how many of them nobody listens. What is not known is not told: its alarm takes silence for the worst. */
async function unsubscribedOf(walletIds: readonly string[]): Promise<number | null> {
  if (board === null || exchange === null) return null;
  try {
    const of = { walletIds, now: ports.clock.now() };
    return await countUnsubscribed(board, exchange.binance.environment, of);
  } catch (error) {
    ports.log.warn('USER_DATA_NOT_COUNTED', { error: String(error) });
    return null;
  }
}

type Scheduled = EventBridgeEvent<'Scheduled Event', unknown>;

export async function handler(
  event: SQSEvent | Scheduled,
  context: Context,
): Promise<SQSBatchResponse | undefined> {
  if ('Records' in event) return work(event, context);
  try {
    const { usable, ...scheduled } = await schedule();
    ports.log.debug('RECONCILES_SCHEDULED', { ...scheduled });
    const unsubscribed = await unsubscribedOf(usable);
    process.stdout.write(`${walletMetrics(config.stage, scheduled, unsubscribed, ports.clock.now())}\n`);
  } finally {
    // Who is without protection is looked at whatever becomes of comparisons.
    await measure();
    await countGivenUp();
    await audit();
  }
  return undefined;
}

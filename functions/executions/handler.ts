/** Execution reports become fills, sums and positions (usecases/apply-execution), in order per order. */
import { decodeReport } from '../../shared/adapters/sqs/messages.ts';
import { QuarantinedError } from '../../shared/usecases/apply-execution.ts';
import { queueWorker } from '../compose/queue-worker.ts';
import { startSystem } from '../compose/system.ts';
import { makeExecutionWork } from '../compose/use-cases.ts';

const { ports } = startSystem('executions');
const { applyExecution } = makeExecutionWork(ports);

export const handler = queueWorker({
  log: ports.log,
  decode: decodeReport,
  handle: (report) => applyExecution(report),
  // Of no known order: it will not become one by trying again.
  hopeless: (error) => (error instanceof QuarantinedError ? error.reason : null),
});

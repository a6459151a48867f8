/** Execution reports become fills, sums and positions (usecases/apply-execution), in order per order. */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { decodeReport } from '../../shared/adapters/sqs/messages.ts';
import { workFifoBatch } from '../compose/sqs-batch.ts';
import { startSystem } from '../compose/system.ts';

const { ports, useCases } = startSystem('executions');

export const handler = (event: SQSEvent): Promise<SQSBatchResponse> =>
  workFifoBatch(
    { log: ports.log, decode: decodeReport, handle: (report) => useCases.applyExecution(report) },
    event,
  );

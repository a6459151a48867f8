/** Exits and cancels to the venue, on their own queue so that they never wait behind entries: takes pointers and does what the order's state calls for (usecases/advance). */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { decodeWork } from '../../shared/adapters/sqs/messages.ts';
import { signingExchange } from '../compose/signing.ts';
import { workStandardBatch } from '../compose/sqs-batch.ts';
import { startSystem } from '../compose/system.ts';

const { ports, useCases } = startSystem('exits', { exchange: signingExchange });

export const handler = (event: SQSEvent): Promise<SQSBatchResponse> =>
  workStandardBatch({ log: ports.log, decode: decodeWork, handle: useCases.advance }, event);

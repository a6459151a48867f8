/** Exits and cancels to the venue, on their own queue so that they never wait behind entries: takes pointers and does what the order's state calls for (usecases/advance). */
import { decodeWork } from '../../shared/adapters/sqs/messages.ts';
import { queueWorker } from '../compose/queue-worker.ts';
import { signingExchange } from '../compose/signing.ts';
import { startSystem } from '../compose/system.ts';
import { makeOrderWork } from '../compose/use-cases.ts';

const { ports } = startSystem('exits', { exchange: signingExchange });

export const handler = queueWorker({
  log: ports.log,
  decode: decodeWork,
  handle: makeOrderWork(ports).advance,
});

/** A local SQS for one test file, with the queues as deployed; stopped by its handle. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';

export interface Sqs {
  readonly endpoint: string;
  readonly client: SQSClient;
  readonly queues: {
    readonly submitQueueUrl: string;
    readonly exitsQueueUrl: string;
    readonly executionsQueueUrl: string;
    readonly triggersQueueUrl: string;
    readonly reconcileQueueUrl: string;
  };
  stop(): Promise<void>;
}

export interface BareSqs extends Omit<Sqs, 'queues'> {
  readonly server: FauxqsServer;
}

/** Without a queue. */
export async function startBareSqs(): Promise<BareSqs> {
  const server = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1' });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const client = createSqsClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const stop = async (): Promise<void> => {
    client.destroy();
    await server.stop();
  };
  return { server, endpoint, client, stop };
}

export async function startSqs(): Promise<Sqs> {
  const { server, ...sqs } = await startBareSqs();
  const url = (name: string, attributes: Record<string, string> = {}): string =>
    server.createQueue(name, { attributes }).queueUrl;
  return {
    ...sqs,
    queues: {
      submitQueueUrl: url('submit'),
      exitsQueueUrl: url('exits'),
      executionsQueueUrl: url('executions.fifo', {
        FifoQueue: 'true',
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      }),
      triggersQueueUrl: url('triggers'),
      reconcileQueueUrl: url('reconcile'),
    },
  };
}

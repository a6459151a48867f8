/** SQS on the laptop: fauxqs in a process of its own, with the queues of the template. */
import type { ChildProcess } from 'node:child_process';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { forkScript } from '../processes/child.ts';
import type { Logs } from '../processes/logs.ts';
import type { DeclaredQueue } from '../template/declared.ts';
import { REGION } from '../template/intrinsics.ts';
import { LOCAL_CREDENTIALS } from './dynamodb.ts';

export interface LocalSqs {
  readonly endpoint: string;
  readonly child: ChildProcess;
}

const READY_TIMEOUT_MS = 15_000;

/** Starts the process; its port is the system's choice. */
export async function startSqs(logs: Logs): Promise<LocalSqs> {
  const child = forkScript({
    name: 'sqs',
    script: new URL('./sqs-host.ts', import.meta.url),
    env: { PATH: process.env['PATH'] },
    logs,
    quiet: true,
  });
  const port = await portOf(child, 'the queue emulator');
  return { endpoint: `http://127.0.0.1:${port}`, child };
}

/** Waits for the {port} message of a host script. */
export async function portOf(child: ChildProcess, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${what} did not come up in ${READY_TIMEOUT_MS} ms`));
    }, READY_TIMEOUT_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`${what} ended while starting; see its log`));
    });
    child.once('message', (message: { port: number }) => {
      clearTimeout(timer);
      resolve(message.port);
    });
  });
}

/** A client for the emulator; receives wait up to 20 s, so its request timeout is above that. */
export const sqsClient = (endpoint: string): SQSClient =>
  new SQSClient({
    endpoint,
    region: REGION,
    credentials: LOCAL_CREDENTIALS,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 30_000, httpAgent: { maxSockets: 200 } },
  });

/** Creates the declared queues, dead-letter queues first. */
export async function createQueues(endpoint: string, queues: readonly DeclaredQueue[]): Promise<void> {
  const client = sqsClient(endpoint);
  try {
    const ordered = [...queues].sort((a, b) => (a.deadLetterArn ? 1 : 0) - (b.deadLetterArn ? 1 : 0));
    for (const queue of ordered) {
      await client.send(
        new CreateQueueCommand({ QueueName: queue.name, Attributes: { ...queue.attributes } }),
      );
    }
  } finally {
    client.destroy();
  }
}

/** Finds the queue and its dead-letter queue: on AWS by their names in a stage, on this machine by what runs here. */
import { GetQueueUrlCommand, QueueDoesNotExist, type SQSClient } from '@aws-sdk/client-sqs';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { DEFAULT_PORT } from '../local/options.ts';
import { LOCAL_CREDENTIALS } from '../local/services/dynamodb.ts';
import { REGION } from '../local/template/intrinsics.ts';
import { type RunningNote, runningSystems } from '../local/workspace.ts';
import { physicalNames, type QueueName } from '../queues.ts';
import { LAPTOP_STAGE, type Where } from './options.ts';

export interface Place {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  /** How long an empty answer is waited for until it means that there is no more. */
  readonly pollSeconds: number;
  /** For people. */
  readonly title: string;
}

/** The queues could not be found; the message says what is missing and how to get it. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** The system that is meant. @throws NotFoundError when there is none, or more than one that could be */
export function chooseSystem(systems: readonly RunningNote[], port: number | null): RunningNote {
  const portOf = ({ api }: RunningNote): number => Number(new URL(api).port);
  const [only, ...others] = systems;
  const meant = systems.find((one) => portOf(one) === (port ?? DEFAULT_PORT));
  if (meant !== undefined) return meant;
  const ports = systems.map(portOf).join(', ');
  if (only === undefined) {
    throw new NotFoundError(
      'no system runs on this machine: start it with "npm start", or name a deployment with --stage',
    );
  }
  if (port !== null)
    throw new NotFoundError(`no system runs here on port ${port}; there is one on: ${ports}`);
  if (others.length > 0)
    throw new NotFoundError(`several systems run here; choose one with --port: ${ports}`);
  return only;
}

const local = (endpoint: string): SQSClient =>
  createSqsClient({ endpoint, region: REGION, credentials: LOCAL_CREDENTIALS });

/** SQS asks all of its machines in a long poll only. */
const POLL_SECONDS = 1;

type Connected = Pick<Place, 'client' | 'title' | 'pollSeconds'> & { readonly stage: string };

function connect(where: Where): Connected {
  switch (where.kind) {
    case 'laptop': {
      const { api, sqsEndpoint } = chooseSystem(runningSystems(), where.port);
      const title = `the system at ${api}`;
      return { client: local(sqsEndpoint), stage: LAPTOP_STAGE, title, pollSeconds: 0 };
    }
    case 'endpoint':
      return { client: local(where.url), stage: where.stage, title: where.url, pollSeconds: 0 };
    case 'aws':
      return {
        client: createSqsClient(),
        stage: where.stage,
        title: `stage ${where.stage}`,
        pollSeconds: POLL_SECONDS,
      };
    default:
      return where satisfies never;
  }
}

async function urlOf(client: SQSClient, name: string, title: string): Promise<string> {
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    if (QueueUrl !== undefined) return QueueUrl;
  } catch (error) {
    throw new NotFoundError(whyNot(error, name, title), { cause: error });
  }
  throw new NotFoundError(`the address of ${name} was not told`);
}

function whyNot(error: unknown, name: string, title: string): string {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (error instanceof QueueDoesNotExist) {
    return `there is no queue ${name} at ${title}: look at the stage, and at the account and region of the credentials`;
  }
  if (/region is missing/i.test(said)) return 'no AWS region: set AWS_REGION to that of the deployment';
  if (/credential|token|signature/i.test(said)) {
    return `AWS takes these credentials not, or finds none: set AWS_PROFILE or AWS_ACCESS_KEY_ID (${said})`;
  }
  if (/AccessDenied/i.test(said)) {
    return `these credentials may not read ${name}; what they need is in docs/operations.md (${said})`;
  }
  return `${name} at ${title} cannot be reached (${said})`;
}

/** Opens it; the caller destroys the client. @throws NotFoundError */
export async function findPlace(queue: QueueName, where: Where): Promise<Place> {
  const { stage, ...connected } = connect(where);
  const { client, title } = connected;
  const names = physicalNames(stage, queue);
  try {
    const [queueUrl, deadLetterUrl] = await Promise.all([
      urlOf(client, names.queue, title),
      urlOf(client, names.deadLetters, title),
    ]);
    return { ...connected, queueUrl, deadLetterUrl };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** The command line of `npm run redrive`. Pure. */
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../shared/ports/dead-letters.ts';
import { OptionError, readArguments } from '../command-line.ts';
import { isQueueName, QUEUE_NAMES, type QueueName } from '../queues.ts';

/** SQS moved it by itself: nobody could say why. */
export const UNEXPLAINED = 'unexplained';
export type Reason = DeadLetterReason | typeof UNEXPLAINED;
const REASONS: readonly Reason[] = [...DEAD_LETTER_REASONS, UNEXPLAINED];

/** Where the queues are. */
export type Where =
  /** The system that `npm start` runs on this machine; null = the only one, or that on the usual port. */
  | { readonly kind: 'laptop'; readonly port: number | null }
  /** An SQS at this address, with made-up credentials. */
  | { readonly kind: 'endpoint'; readonly url: string; readonly stage: string }
  /** AWS, with the credentials and the region of the environment. */
  | { readonly kind: 'aws'; readonly stage: string };

export interface RedriveOptions {
  readonly queue: QueueName;
  readonly where: Where;
  /** False: only list. */
  readonly go: boolean;
  readonly reason: Reason | null;
  /** The id of one dead letter, or that of the message it was. */
  readonly message: string | null;
  readonly limit: number | null;
  readonly json: boolean;
}

export const LAPTOP_STAGE = 'sandbox';

export const HELP = `The dead letters of a queue: lists them with their reasons, or moves them back to be worked again.

  npm run redrive -- QUEUE [options]

  QUEUE                 ${QUEUE_NAMES.join(', ')}
  --go                  move them back (without it nothing is changed)
  --reason CODE         only those with this reason: ${REASONS.join(', ')}
  --message ID          only this one
  --limit N             at most N
  --stage NAME          of a deployment on AWS (sandbox, prod): credentials and region as the AWS command line has them
  --port N              of the system that runs here with its API on this port (default: the one that runs)
  --endpoint URL        of an SQS at this address
  --json                one JSON document on stdout, bodies included
  --help                this text

Without --stage and --endpoint it speaks to the system that "npm start" runs on this machine.
What each reason means and what to check first: docs/operations.md. Exit code 0: done; 1: not all was done; 2: usage.
`;

const KNOWN = {
  withValue: new Set(['--reason', '--message', '--limit', '--stage', '--port', '--endpoint']),
  flags: new Set(['--go', '--json']),
};

/** @throws OptionError naming the argument that is missing, unknown or wrong. Null: help was asked for. */
export function parseRedriveOptions(argv: readonly string[]): RedriveOptions | null {
  if (argv.includes('--help')) return null;
  const { words, given } = readArguments(argv, KNOWN);
  const [queue, ...others] = words;
  const known = QUEUE_NAMES.join(', ');
  if (queue === undefined) throw new OptionError(`which queue? One of: ${known}`);
  if (others.length > 0) throw new OptionError(`one queue at a time, not also ${others.join(', ')}`);
  if (!isQueueName(queue)) throw new OptionError(`there is no queue ${queue}; there are: ${known}`);
  return {
    queue,
    where: readWhere(given),
    go: given.has('--go'),
    reason: readReason(given.get('--reason')),
    message: given.get('--message') ?? null,
    limit: readCount('--limit', given.get('--limit')),
    json: given.has('--json'),
  };
}

function readReason(text: string | undefined): Reason | null {
  if (text === undefined) return null;
  const reason = REASONS.find((one) => one === text);
  if (reason !== undefined) return reason;
  throw new OptionError(`--reason ${text}: one of ${REASONS.join(', ')} is expected`);
}

function readCount(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new OptionError(`${name} ${text}: a number above 0 is expected`);
  return Number(text);
}

function readWhere(given: ReadonlyMap<string, string>): Where {
  const stage = given.get('--stage');
  const endpoint = given.get('--endpoint');
  const port = readCount('--port', given.get('--port'));
  if (port !== null && (stage !== undefined || endpoint !== undefined)) {
    throw new OptionError('--port is of a system on this machine; it does not go with --stage or --endpoint');
  }
  if (stage !== undefined && !/^[a-z][a-z0-9-]{0,30}$/.test(stage)) {
    throw new OptionError(`--stage ${stage}: the name of a stage is expected, such as sandbox or prod`);
  }
  if (endpoint !== undefined) {
    if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
      throw new OptionError(`--endpoint ${endpoint}: an address such as http://127.0.0.1:4566 is expected`);
    }
    return { kind: 'endpoint', url: endpoint.replace(/\/+$/, ''), stage: stage ?? LAPTOP_STAGE };
  }
  return stage === undefined ? { kind: 'laptop', port } : { kind: 'aws', stage };
}

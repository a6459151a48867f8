/**
 * Lists dead letters, or moves them back to their queue.
 *
 * Always true:
 * - a letter is deleted only after its queue has taken it again: a crash in between doubles it, which is harmless;
 * - FIFO: the order's group is kept, the deduplication id is new, so that nothing is taken for a repeat;
 * - what is only looked at, or is not meant, is visible again at the end;
 * - a letter that comes back meanwhile is not moved again: it would go round for ever.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { type Letter, letterOf } from './letters.ts';
import type { RedriveOptions } from './options.ts';
import type { Place } from './place.ts';

/** Of what is looked at: time to go through thousands; a run that was cut off gives back what it held after it. */
const HIDDEN_SECONDS = 120;
const BATCH = 10;

export interface Outcome {
  /** What was meant, in the order in which it was received: moved, or with no `go` listed. */
  readonly letters: readonly Letter[];
  readonly moved: readonly Letter[];
  /** Moved in this run, and given up again at once. */
  readonly cameBack: number;
  /** Others that are there: not meant, beyond the limit, or held by somebody else (about: SQS counts so). */
  readonly others: number;
  /** What was not done, in words. */
  readonly troubles: readonly string[];
}

type Selection = Pick<RedriveOptions, 'go' | 'reason' | 'message' | 'limit'>;

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

async function receive({ client, deadLetterUrl, pollSeconds }: Place): Promise<readonly Letter[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: deadLetterUrl,
      MaxNumberOfMessages: BATCH,
      VisibilityTimeout: HIDDEN_SECONDS,
      WaitTimeSeconds: pollSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages.map(letterOf);
}

/** Sends it to its queue, then deletes it. Answers the id of the message that it is now. */
async function moveBack({ client, queueUrl, deadLetterUrl }: Place, letter: Letter): Promise<string> {
  const { group, id, body, receipt } = letter;
  const sent = await client.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: body,
      // Made of the letter's own id: a second run after a crash is a repeat, a later letter of the same text is not.
      ...(group === null ? {} : { MessageGroupId: group, MessageDeduplicationId: `redrive-${id}` }),
    }),
  );
  await client.send(new DeleteMessageCommand({ QueueUrl: deadLetterUrl, ReceiptHandle: receipt }));
  return sent.MessageId ?? '';
}

/** Makes them visible again, for the alarm and for others. */
async function release({ client, deadLetterUrl }: Place, letters: readonly Letter[]): Promise<number> {
  let failed = 0;
  for (let start = 0; start < letters.length; start += BATCH) {
    const part = letters.slice(start, start + BATCH);
    const Entries = part.map(({ receipt }, at) => ({
      Id: String(at),
      ReceiptHandle: receipt,
      VisibilityTimeout: 0,
    }));
    const answer = await client.send(
      new ChangeMessageVisibilityBatchCommand({ QueueUrl: deadLetterUrl, Entries }),
    );
    failed += answer.Failed?.length ?? 0;
  }
  return failed;
}

async function count({ client, deadLetterUrl }: Place): Promise<number> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: deadLetterUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return (
    Number(Attributes.ApproximateNumberOfMessages ?? 0) +
    Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0)
  );
}

/** One pass over a dead-letter queue. */
class Pass {
  readonly letters: Letter[] = [];
  readonly moved: Letter[] = [];
  readonly held: Letter[] = [];
  readonly troubles: string[] = [];
  cameBack = 0;
  readonly #place: Place;
  readonly #selection: Selection;
  readonly #seen = new Set<string>();
  /** What they are called since they were moved. */
  readonly #sent = new Set<string>();

  constructor(place: Place, selection: Selection) {
    this.#place = place;
    this.#selection = selection;
  }

  /** Until there is no more, enough, or an error. */
  async run(): Promise<void> {
    while (!this.#isEnough()) {
      const received = await receive(this.#place);
      const fresh = received.filter(({ id }) => !this.#seen.has(id));
      if (fresh.length === 0) return;
      for (const letter of fresh) this.#seen.add(letter.id);
      this.held.push(...fresh);
      for (const letter of fresh) await this.#take(letter);
    }
  }

  #isEnough(): boolean {
    const { limit, message } = this.#selection;
    if (message !== null && this.letters.length > 0) return true;
    return limit !== null && this.letters.length >= limit;
  }

  #isMeant({ id, reason, note }: Letter): boolean {
    const { reason: wanted, message } = this.#selection;
    if (wanted !== null && reason !== wanted) return false;
    return message === null || message === id || message === note?.messageId;
  }

  async #take(letter: Letter): Promise<void> {
    if (this.#sent.has(letter.note?.messageId ?? letter.id)) {
      this.cameBack += 1;
      return;
    }
    if (this.#isEnough() || !this.#isMeant(letter)) return;
    this.letters.push(letter);
    if (!this.#selection.go) return;
    this.#sent.add(await moveBack(this.#place, letter));
    this.moved.push(letter);
    this.held.splice(this.held.indexOf(letter), 1);
  }

  /** Gives back what is held; answers how many others there are. */
  async finish(): Promise<number> {
    const accounted = this.letters.length - this.moved.length + this.cameBack;
    const others = (await count(this.#place)) - accounted;
    const failed = await release(this.#place, this.held);
    if (failed > 0) this.troubles.push(`${failed} are hidden for up to ${HIDDEN_SECONDS} s`);
    return Math.max(0, others);
  }
}

/** Lists what is meant, or with `go` moves it back. Never throws for what the queue refuses: `troubles` says it. */
export async function redrive(place: Place, selection: Selection): Promise<Outcome> {
  const pass = new Pass(place, selection);
  let others = 0;
  try {
    await pass.run();
  } catch (error) {
    pass.troubles.push(`stopped: ${messageOf(error)}`);
  }
  try {
    others = await pass.finish();
  } catch (error) {
    pass.troubles.push(
      `what was looked at is hidden for up to ${HIDDEN_SECONDS} s, then it is there again: ${messageOf(error)}`,
    );
  }
  const { letters, moved, cameBack, troubles } = pass;
  if (selection.message !== null && letters.length === 0) {
    troubles.push(`${selection.message} is not among the dead letters that could be seen`);
  }
  return { letters, moved, cameBack, others, troubles };
}

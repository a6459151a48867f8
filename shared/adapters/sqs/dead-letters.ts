/**
 * Dead letters on SQS: the body unchanged, the reason beside it as message attributes (design section 15).
 *
 * Always true:
 * - no error text leaves here that could carry a key, a signature or a query string;
 * - one message sent twice is one dead letter, two messages are never taken for one;
 * - on a FIFO queue no letter hides another: each has a group of its own, and its order's group beside it.
 */
import {
  type Message,
  type MessageAttributeValue,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import {
  DEAD_LETTER_REASONS,
  type DeadLetter,
  type DeadLetterReason,
  type DeadLetters,
} from '../../ports/dead-letters.ts';

const MAX_ERROR_LENGTH = 500;

export const isFifo = (queueUrl: string): boolean => queueUrl.endsWith('.fifo');

/** What SQS takes in an attribute: text, tabs and line ends; other control characters become blanks. */
const printable = (text: string): string =>
  [...text]
    .map((char) => {
      const code = char.codePointAt(0) ?? 0;
      const isText = (code >= 0x20 && code < 0xd800) || (code >= 0xe000 && code < 0xfffe) || code >= 0x10000;
      return isText || char === '\n' || char === '\t' ? char : ' ';
    })
    .join('');

/** An error's text without what may be secret: query strings, signatures, and anything as long as a key. */
export function safeErrorText(text: string): string {
  const safe = printable(text)
    .replace(/(\b[a-z]+:\/\/[^\s?]+)\?\S*/g, '$1?...')
    .replace(/\b(signature|secret|token|password|api_?key)(["']?\s*[=:]\s*)\S+/gi, '$1$2...')
    .replace(/\bBearer\s+\S+/gi, 'Bearer ...')
    .replace(/[A-Za-z0-9+/=_]{40,}/g, '...')
    .trim();
  if (safe === '') return 'no text';
  return safe.length > MAX_ERROR_LENGTH ? `${safe.slice(0, MAX_ERROR_LENGTH)}...` : safe;
}

const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue });
const number = (value: number): MessageAttributeValue => ({
  DataType: 'Number',
  StringValue: String(value),
});

const attributesOf = (letter: DeadLetter): Record<string, MessageAttributeValue> => ({
  reason: text(letter.reason),
  error: text(safeErrorText(letter.error)),
  function: text(letter.worker),
  message_id: text(letter.messageId),
  receives: number(letter.receives),
  first_received_at: number(letter.firstReceivedAt),
  ...(letter.group === null || letter.group === '' ? {} : { group: text(letter.group) }),
});

export function createDeadLetters(client: SQSClient, queueUrl: string): DeadLetters {
  return {
    async send(letter) {
      const { body, messageId } = letter;
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: body,
          MessageAttributes: attributesOf(letter),
          // The id of the message, not of its text: the same news given up twice is two letters.
          ...(isFifo(queueUrl) ? { MessageGroupId: messageId, MessageDeduplicationId: messageId } : {}),
        }),
      );
    },
  };
}

/** What stands beside a dead letter's body. */
export interface DeadLetterNote extends Pick<DeadLetter, 'error' | 'worker' | 'messageId' | 'group'> {
  readonly reason: DeadLetterReason;
  readonly receives: number | null;
  readonly firstReceivedAt: number | null;
}

const countOf = (value: string | undefined): number | null =>
  value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : null; // not money: a count or a time

/** Null: SQS moved it by itself, because its function died or ran out of time, and nobody could say why. */
export function noteOf({ MessageAttributes = {} }: Message): DeadLetterNote | null {
  const of = (name: string): string | undefined => MessageAttributes[name]?.StringValue;
  const reason = DEAD_LETTER_REASONS.find((one) => one === of('reason'));
  if (reason === undefined) return null;
  return {
    reason,
    error: of('error') ?? '',
    worker: of('function') ?? '',
    messageId: of('message_id') ?? '',
    receives: countOf(of('receives')),
    firstReceivedAt: countOf(of('first_received_at')),
    group: of('group') ?? null,
  };
}

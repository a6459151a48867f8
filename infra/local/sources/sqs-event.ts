/** SQS messages as Lambda hands them to a function, and what its answer means. */
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { TRACE_ATTRIBUTE } from '../services/trace.ts';
import { REGION } from '../template/intrinsics.ts';

/** A received message: what identifies it is there. */
export interface Received {
  readonly message: Message;
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly trace: string | undefined;
}

/** @throws when the queue emulator answers without an id or a receipt */
export function received(message: Message): Received {
  const { MessageId, ReceiptHandle, MessageAttributes } = message;
  if (MessageId === undefined || ReceiptHandle === undefined)
    throw new Error('a message without id or receipt');
  return {
    message,
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    trace: MessageAttributes?.[TRACE_ATTRIBUTE]?.StringValue,
  };
}

const attributeOf = ({ StringValue, BinaryValue, DataType }: MessageAttributeValue) => ({
  ...(StringValue === undefined ? {} : { stringValue: StringValue }),
  ...(BinaryValue === undefined ? {} : { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
  stringListValues: [],
  binaryListValues: [],
  dataType: DataType ?? 'String',
});

/** The event of one batch. */
export const toEvent = (batch: readonly Received[], queueArn: string) => ({
  Records: batch.map(({ message, messageId, receiptHandle, trace }) => ({
    messageId,
    receiptHandle,
    body: message.Body ?? '',
    attributes: { ...message.Attributes, ...(trace === undefined ? {} : { AWSTraceHeader: trace }) },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {})
        .filter(([name]) => name !== TRACE_ATTRIBUTE)
        .map(([name, value]) => [name, attributeOf(value)]),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  })),
});

export type Verdict =
  | { readonly kind: 'done'; readonly failed: ReadonlySet<string> }
  | { readonly kind: 'malformed'; readonly why: string };

/**
 * Reads the answer of a function with ReportBatchItemFailures. Nothing or an empty list: all done. An answer
 * that names no or an unknown message is malformed, and the whole batch counts as failed, as on AWS.
 */
export function readVerdict(answer: unknown, batch: readonly Received[]): Verdict {
  if (answer === null || answer === undefined) return { kind: 'done', failed: new Set() };
  if (typeof answer !== 'object') return { kind: 'malformed', why: `a ${typeof answer}` };
  const list = 'batchItemFailures' in answer ? answer.batchItemFailures : undefined;
  if (list === null || list === undefined) return { kind: 'done', failed: new Set() };
  if (!Array.isArray(list)) return { kind: 'malformed', why: 'batchItemFailures is no list' };
  const ids = new Set(batch.map(({ messageId }) => messageId));
  const failed = new Set<string>();
  for (const item of list as readonly unknown[]) {
    const id =
      typeof item === 'object' && item !== null && 'itemIdentifier' in item ? item.itemIdentifier : undefined;
    if (typeof id !== 'string' || !ids.has(id))
      return { kind: 'malformed', why: `itemIdentifier ${String(id)}` };
    failed.add(id);
  }
  return { kind: 'done', failed };
}

/** The outbox on SQS (design section 15). A message that was not taken is an error of the sender. */
import { createHash } from 'node:crypto';
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { decimalText } from '../../domain/money/decimal.ts';
import { splitReport, TRADES_PER_REPORT } from '../../domain/split-report.ts';
import type { ExecutionReport } from '../../domain/types.ts';
import type { Outbox, ReportNotTaken, TriggerMessage } from '../../ports/messages.ts';
import { encodeReconcile, encodeReport, encodeTrigger, encodeWork } from './messages.ts';

export interface OutboxOptions {
  readonly client: SQSClient;
  readonly submitQueueUrl: string;
  readonly exitsQueueUrl: string;
  readonly executionsQueueUrl: string;
  readonly triggersQueueUrl: string;
  readonly reconcileQueueUrl: string;
}

/** SQS's limits: 15 minutes of delay, ten messages per call. */
const MAX_DELAY_SECONDS = 900;
const BATCH = 10;

const OUR_CLIENT_ID = /^mq(.+)-\d+[ab]?c?$/;

/** The FIFO group: our order, whatever the attempt and leg, so that its reports are worked one after the other. */
export const reportGroup = (report: ExecutionReport): string =>
  OUR_CLIENT_ID.exec(report.clientId)?.[1] ?? report.clientId;

/** Says what the report says, so that its repeat is dropped and any news is not. 64 characters. */
export const reportDeduplicationId = (report: ExecutionReport): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        report.environment,
        report.walletId,
        report.symbol,
        report.clientId,
        report.status,
        decimalText(report.cumulativeQuantity),
        report.fills.map((fill) => fill.tradeId),
        // An amendment changes nothing else.
        report.quantity === undefined ? null : decimalText(report.quantity),
      ]),
    )
    .digest('hex');

function delay(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_DELAY_SECONDS) {
    throw new RangeError(`a delay of ${seconds} s; whole seconds up to ${MAX_DELAY_SECONDS} are possible`);
  }
  return seconds;
}

type Delayed = { readonly message: TriggerMessage; readonly delaySeconds: number };

const messageOf = (report: ExecutionReport) => ({
  MessageBody: encodeReport(report),
  MessageGroupId: reportGroup(report),
  MessageDeduplicationId: reportDeduplicationId(report),
});

/**
 * One report, in parts where it has more trades than a message takes; in order, so a part that is not taken is the last
 * that is tried. The repeat of all of them is harmless.
 */
async function sendReport(client: SQSClient, url: string, report: ExecutionReport): Promise<void> {
  for (const part of splitReport(report)) {
    await client.send(new SendMessageCommand({ QueueUrl: url, ...messageOf(part) }));
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A message that the queue will never take is told apart from a queue that is away. */
async function sendReports(
  client: SQSClient,
  url: string,
  reports: readonly ExecutionReport[],
): Promise<readonly (ReportNotTaken | null)[]> {
  if (reports.length > BATCH) throw new RangeError(`${reports.length} reports; a batch has at most ${BATCH}`);
  const answers: (ReportNotTaken | null)[] = reports.map(() => null);
  const entries: SendMessageBatchRequestEntry[] = [];
  const large: [index: number, report: ExecutionReport][] = [];
  reports.forEach((report, index) => {
    try {
      const message = messageOf(report);
      if (report.fills.length > TRADES_PER_REPORT) large.push([index, report]);
      else entries.push({ Id: String(index), ...message });
    } catch (error) {
      answers[index] = { reason: textOf(error), forEver: true };
    }
  });
  for (const [index, report] of large) {
    try {
      await sendReport(client, url, report);
    } catch (error) {
      answers[index] = { reason: textOf(error), forEver: false };
    }
  }
  if (entries.length === 0) return answers;
  const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));
  for (const { Id, Code, Message, SenderFault } of answer.Failed ?? []) {
    const index = reports.findIndex((_, at) => String(at) === Id);
    answers[index] = { reason: `${Code ?? 'unknown'}: ${Message ?? ''}`, forEver: SenderFault === true };
  }
  return answers;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { client } = options;

  const send = async (url: string, body: string, delaySeconds: number): Promise<void> => {
    const DelaySeconds = delay(delaySeconds);
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, DelaySeconds }));
  };

  /** Answers how many were not taken, and why. */
  const sendBatch = async (part: readonly Delayed[]): Promise<readonly string[]> => {
    const answer = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: options.triggersQueueUrl,
        Entries: part.map(({ message, delaySeconds }, index) => ({
          Id: String(index),
          MessageBody: encodeTrigger(message),
          DelaySeconds: delay(delaySeconds),
        })),
      }),
    );
    return (answer.Failed ?? []).map((failed) => `${failed.Code ?? 'unknown'}: ${failed.Message ?? ''}`);
  };

  return {
    submit: (message, delaySeconds = 0) => send(options.submitQueueUrl, encodeWork(message), delaySeconds),
    exits: (message, delaySeconds = 0) => send(options.exitsQueueUrl, encodeWork(message), delaySeconds),
    reconcile: (message, delaySeconds = 0) =>
      send(options.reconcileQueueUrl, encodeReconcile(message), delaySeconds),
    executions: (report) => sendReport(client, options.executionsQueueUrl, report),
    executionsBatch: (reports) => sendReports(client, options.executionsQueueUrl, reports),
    trigger: (message) => send(options.triggersQueueUrl, encodeTrigger(message), 0),
    async triggers(messages) {
      const parts: Delayed[][] = [];
      for (let start = 0; start < messages.length; start += BATCH) {
        parts.push(messages.slice(start, start + BATCH));
      }
      const results = await Promise.allSettled(parts.map(sendBatch));
      const failures = results.flatMap((result): unknown[] =>
        result.status === 'rejected' ? [result.reason] : result.value.map((text) => new Error(text)),
      );
      if (failures.length > 0) throw new AggregateError(failures, 'trigger messages were not taken');
    },
  };
}

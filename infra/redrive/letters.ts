/** Dead letters as they are received: what they say of themselves, and what they are about. */
import type { Message } from '@aws-sdk/client-sqs';
import { type DeadLetterNote, noteOf } from '../../shared/adapters/sqs/dead-letters.ts';
import { decodeReport, decodeTrigger, decodeWork } from '../../shared/adapters/sqs/messages.ts';
import { unreachable } from '../../shared/domain/result.ts';
import type { TriggerMessage, WorkMessage } from '../../shared/ports/messages.ts';
import { parseVenueClientId } from '../../shared/usecases/derive-ids.ts';
import { type Reason, UNEXPLAINED } from './options.ts';

export interface Letter {
  /** Of the dead letter itself. */
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  /** Of a FIFO queue: the one that it had there, our order's. */
  readonly group: string | null;
  readonly reason: Reason;
  /** Null: SQS moved it by itself. */
  readonly note: DeadLetterNote | null;
  /** When it was first received, else when it was sent; epoch ms. */
  readonly since: number;
  readonly orderId: string | null;
  /** For people: `order X`, `sweep of 14:03:07`. */
  readonly about: string;
}

type Subject = Pick<Letter, 'orderId' | 'about'>;

const ORDER_GROUP = /^[0-9A-Za-z]{22}$/;

function ofWork(message: WorkMessage): Subject {
  if ('orderId' in message) return { orderId: message.orderId, about: `order ${message.orderId}` };
  return 'positionId' in message
    ? { orderId: null, about: `position ${message.positionId}` }
    : { orderId: null, about: `${'stop' in message ? 'stop of ' : ''}wallet ${message.walletId}` };
}

function ofTrigger(message: TriggerMessage): Subject {
  switch (message.kind) {
    case 'wake':
    case 'rebuild':
      return { orderId: null, about: `${message.kind} ${message.symbol}` };
    case 'sweep':
      return { orderId: null, about: `sweep of ${new Date(message.second * 1000).toISOString()}` };
    default:
      return unreachable(message);
  }
}

/** What a body is about, whichever queue it is from; the group is our order where the body cannot be read. */
export function subjectOf(body: string, group: string | null): Subject {
  const work = decodeWork(body);
  if (work.ok) return ofWork(work.value);
  const trigger = decodeTrigger(body);
  if (trigger.ok) return ofTrigger(trigger.value);
  const report = decodeReport(body);
  const clientId = report.ok ? report.value.clientId : null;
  const ours = clientId === null ? null : (parseVenueClientId(clientId)?.orderId ?? null);
  const orderId = ours ?? (report.ok || group === null || !ORDER_GROUP.test(group) ? null : group);
  if (orderId !== null) return { orderId, about: `order ${orderId}` };
  return { orderId: null, about: clientId === null ? '-' : `report of ${clientId}` };
}

/** @throws Error when the queue answers without an id or a receipt */
export function letterOf(message: Message): Letter {
  const { MessageId: id, ReceiptHandle: receipt, Body: body = '', Attributes = {} } = message;
  if (id === undefined || receipt === undefined) throw new Error('a message without id or receipt');
  const note = noteOf(message);
  const group = note?.group ?? Attributes.MessageGroupId ?? null;
  return {
    id,
    receipt,
    body,
    group,
    reason: note?.reason ?? UNEXPLAINED,
    note,
    since: note?.firstReceivedAt ?? Number(Attributes.SentTimestamp ?? 0),
    ...subjectOf(body, group),
  };
}

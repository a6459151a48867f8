/** The one queue that the streamer sends to: triggers. Its role may touch no other. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { createSqsClient } from '../../shared/adapters/sqs/client.ts';
import { encodeTrigger } from '../../shared/adapters/sqs/messages.ts';
import type { Outbox } from '../../shared/ports/messages.ts';

export interface TriggersOutbox extends Pick<Outbox, 'trigger'> {
  close(): void;
}

export function createTriggersOutbox(queueUrl: string): TriggersOutbox {
  const client = createSqsClient();
  return {
    trigger: async (message) => {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: encodeTrigger(message) }));
    },
    close: () => client.destroy(),
  };
}

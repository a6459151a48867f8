/** How many dead letters there are, as SQS counts them (GetQueueAttributes, ApproximateNumberOfMessages). */
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { lazily } from '../../domain/lazily.ts';
import type { DeadLetterCounts } from '../../ports/dead-letters.ts';

const Attributes = lazily(() =>
  z.object({
    ApproximateNumberOfMessages: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  }),
);

/** `urls`: of each queue of dead letters, by the name of the work queue that it belongs to. */
export const createDeadLetterCounts = (
  client: SQSClient,
  urls: Readonly<Record<string, string>>,
): DeadLetterCounts => ({
  read: () =>
    Promise.all(
      Object.entries(urls).map(async ([queue, QueueUrl]) => {
        const AttributeNames = ['ApproximateNumberOfMessages' as const];
        const answer = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
        return { queue, messages: Attributes().parse(answer.Attributes).ApproximateNumberOfMessages };
      }),
    ),
});

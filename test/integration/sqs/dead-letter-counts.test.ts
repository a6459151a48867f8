/** Dead letters are counted as the queue counts them, and nothing is taken. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDeadLetterCounts } from '../../../shared/adapters/sqs/dead-letter-counts.ts';
import { type BareSqs, startBareSqs } from '../../support/sqs.ts';

let sqs: BareSqs;
beforeAll(async () => {
  sqs = await startBareSqs();
});
afterAll(() => sqs?.stop());

it('tells each queue, empty ones too, and the same again', async () => {
  const { server, client } = sqs;
  const urls = {
    submit: server.createQueue('submit-dead').queueUrl,
    exits: server.createQueue('exits-dead').queueUrl,
  };
  for (const MessageBody of ['a', 'b', 'c'])
    await client.send(new SendMessageCommand({ QueueUrl: urls.exits, MessageBody }));
  const counts = createDeadLetterCounts(client, urls);
  const expected = [
    { queue: 'submit', messages: 0 },
    { queue: 'exits', messages: 3 },
  ];
  expect(await counts.read()).toEqual(expected);
  expect(await counts.read()).toEqual(expected);
});

it('throws when one of them is not there', async () => {
  const urls = { submit: `http://127.0.0.1:${sqs.server.port}/000000000000/none` };
  await expect(createDeadLetterCounts(sqs.client, urls).read()).rejects.toThrow();
});

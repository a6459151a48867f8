/** Dead letters are counted as the queue counts them, and nothing is taken. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSqsClient } from '../../../shared/adapters/sqs/client.ts';
import { createDeadLetterCounts } from '../../../shared/adapters/sqs/dead-letter-counts.ts';

let server: FauxqsServer;
let client: ReturnType<typeof createSqsClient>;
beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1' });
  client = createSqsClient({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  client?.destroy();
  await server?.stop();
});

it('tells each queue, empty ones too, and the same again', async () => {
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
  const urls = { submit: `http://127.0.0.1:${server.port}/000000000000/none` };
  await expect(createDeadLetterCounts(client, urls).read()).rejects.toThrow();
});

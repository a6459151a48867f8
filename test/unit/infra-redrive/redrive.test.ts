import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { OptionError } from '../../../infra/command-line.ts';
import { letterOf, subjectOf } from '../../../infra/redrive/letters.ts';
import { parseRedriveOptions } from '../../../infra/redrive/options.ts';
import { chooseSystem, findPlace, type Place } from '../../../infra/redrive/place.ts';
import { redriveJson, redriveText } from '../../../infra/redrive/print.ts';
import { redrive } from '../../../infra/redrive/redrive.ts';

const sqs = mockClient(SQSClient);
// Files of a worker share the class: who comes next has the real one.
afterAll(() => sqs.restore());

const place: Place = {
  client: new SQSClient({ region: 'us-east-1' }),
  queueUrl: 'http://q/executions.fifo',
  deadLetterUrl: 'http://q/dead.fifo',
  pollSeconds: 0,
  title: 'here',
};
const ORDER = 'A'.repeat(22);

const message = (id: string, group: string, attributes: Record<string, string> = {}): Message => ({
  MessageId: id,
  ReceiptHandle: `r-${id}`,
  Body: `body of ${id}`,
  Attributes: { MessageGroupId: group, SentTimestamp: '1790000000000' },
  MessageAttributes: Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  ),
});
const note = { reason: 'failed', error: 'Error: no', function: 'executions', message_id: 'm', group: ORDER };

/** What the dead-letter queue answers, one after the other; then nothing more. */
function holds(...answers: readonly (readonly Message[])[]): void {
  let receives = sqs.on(ReceiveMessageCommand);
  for (const Messages of answers) receives = receives.resolvesOnce({ Messages: [...Messages] });
  receives.resolves({});
}
const commands = () => sqs.calls().map(({ args: [command] }) => command.constructor.name);
const released = () =>
  sqs
    .commandCalls(ChangeMessageVisibilityBatchCommand)
    .flatMap(({ args: [{ input }] }) => input.Entries?.map(({ ReceiptHandle }) => ReceiptHandle));

beforeEach(() => {
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({ MessageId: 'new' });
  sqs.on(DeleteMessageCommand).resolves({});
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: {} });
  sqs.on(ChangeMessageVisibilityBatchCommand).resolves({});
});

const GO = { go: true, reason: null, message: null, limit: null } as const;

describe('moving back', () => {
  it('sends first and deletes then, in the group of the order and under a new id', async () => {
    holds([message('d1', 'd1', note)]);
    expect(await redrive(place, GO)).toMatchObject({ moved: [{ id: 'd1' }], troubles: [] });
    expect(commands().slice(0, 3)).toEqual([
      'ReceiveMessageCommand',
      'SendMessageCommand',
      'DeleteMessageCommand',
    ]);
    expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input).toEqual({
      QueueUrl: place.queueUrl,
      MessageBody: 'body of d1',
      MessageGroupId: ORDER,
      MessageDeduplicationId: 'redrive-d1',
    });
    expect(sqs.commandCalls(DeleteMessageCommand)[0]?.args[0].input).toEqual({
      QueueUrl: place.deadLetterUrl,
      ReceiptHandle: 'r-d1',
    });
  });

  it('keeps a letter that its queue did not take, and gives back all that it held', async () => {
    holds([message('d1', 'd1', note), message('d2', 'd2', note)]);
    sqs.on(SendMessageCommand).rejects(new Error('away'));
    const outcome = await redrive(place, GO);
    expect(outcome).toMatchObject({ moved: [], troubles: ['stopped: Error: away'] });
    expect(commands()).not.toContain('DeleteMessageCommand');
    expect(released()).toEqual(['r-d1', 'r-d2']);
  });

  it('doubles a letter when it could not be deleted, and loses none', async () => {
    holds([message('d1', 'd1', note)]);
    sqs.on(DeleteMessageCommand).rejects(new Error('gone'));
    const outcome = await redrive(place, GO);
    expect(outcome).toMatchObject({ moved: [], troubles: ['stopped: Error: gone'] });
    expect(sqs.commandCalls(SendMessageCommand)).toHaveLength(1);
    expect(released()).toEqual(['r-d1']);
  });

  it('does not move what it has moved before, with a reason or without', async () => {
    holds(
      [message('d1', 'd1', note)],
      [message('d2', 'd2', { ...note, message_id: 'new' }), message('new', ORDER)],
    );
    expect(await redrive(place, GO)).toMatchObject({ moved: [{ id: 'd1' }], cameBack: 2 });
    expect(released()).toEqual(['r-d2', 'r-new']);
  });

  it('leaves those of other reasons, and says how many others there are', async () => {
    holds([message('d1', 'd1', note), message('d2', ORDER)]);
    sqs.on(GetQueueAttributesCommand).resolves({
      Attributes: { ApproximateNumberOfMessages: '3', ApproximateNumberOfMessagesNotVisible: '1' },
    });
    const outcome = await redrive(place, { ...GO, reason: 'unexplained' });
    expect(outcome).toMatchObject({ moved: [{ id: 'd2', reason: 'unexplained', group: ORDER }], others: 4 });
    expect(released()).toEqual(['r-d1']);
  });

  it('says when what it looked at stays hidden for a while', async () => {
    holds([message('d1', 'd1', note)]);
    sqs.on(ChangeMessageVisibilityBatchCommand).rejects(new Error('away'));
    const { troubles } = await redrive(place, { ...GO, go: false });
    expect(troubles).toEqual([expect.stringMatching(/hidden for up to 120 s.*away/)]);
  });
});

describe('what a letter is about', () => {
  it.each([
    [JSON.stringify({ v: 1, orderId: ORDER }), null, ORDER, `order ${ORDER}`],
    [JSON.stringify({ v: 1, positionId: 'p' }), null, null, 'position p'],
    [JSON.stringify({ v: 1, walletId: 'w' }), null, null, 'wallet w'],
    [JSON.stringify({ v: 1, kind: 'wake', symbol: 'BTC/USDT', at: 1 }), null, null, 'wake BTC/USDT'],
    [
      JSON.stringify({ v: 1, kind: 'sweep', shard: 0, second: 1_790_000_000 }),
      null,
      null,
      'sweep of 2026-09-21T14:13:20.000Z',
    ],
    ['garbage', ORDER, ORDER, `order ${ORDER}`],
    ['garbage', 'web_1', null, '-'],
    ['garbage', null, null, '-'],
  ])('%s in group %s', (body, group, orderId, about) => {
    expect(subjectOf(body, group)).toEqual({ orderId, about });
  });
});

describe('the command line', () => {
  it('lists the queue of the system on this machine by default', () => {
    expect(parseRedriveOptions(['executions'])).toEqual({
      queue: 'executions',
      where: { kind: 'laptop', port: null },
      go: false,
      reason: null,
      message: null,
      limit: null,
      json: false,
    });
    expect(
      parseRedriveOptions(['exits', '--go', '--stage', 'prod', '--limit=3', '--reason', 'failed']),
    ).toMatchObject({
      where: { kind: 'aws', stage: 'prod' },
      go: true,
      limit: 3,
      reason: 'failed',
    });
    expect(parseRedriveOptions(['exits', '--endpoint', 'http://h:1/'])).toMatchObject({
      where: { kind: 'endpoint', url: 'http://h:1', stage: 'sandbox' },
    });
    expect(parseRedriveOptions(['--help'])).toBeNull();
  });

  it.each([
    [[], /which queue\? One of: submit, exits, executions, triggers/],
    [['fills'], /no queue fills; there are: submit/],
    [['exits', 'submit'], /one queue at a time/],
    [['exits', '--now'], /unknown option --now/],
    [['exits', '--go', '--go'], /--go is given twice/],
    [['exits', '--limit'], /--limit needs a value/],
    [['exits', '--limit', '0'], /--limit 0: a number above 0/],
    [['exits', '--reason', 'bad'], /--reason bad: one of unreadable/],
    [['exits', '--stage', 'P!'], /--stage P!/],
    [['exits', '--endpoint', 'here'], /--endpoint here/],
    [['exits', '--port', '1', '--stage', 'prod'], /--port.*does not go with --stage/],
  ])('%j is refused', (argv, says) => {
    expect(() => parseRedriveOptions(argv)).toThrow(OptionError);
    expect(() => parseRedriveOptions(argv)).toThrow(says);
  });
});

describe('the place', () => {
  const system = (port: number) => ({
    api: `http://127.0.0.1:${port}`,
    sqsEndpoint: `http://127.0.0.1:${port + 1}`,
  });

  it('is the one system that runs, that of the port, or that on the usual port', () => {
    expect(chooseSystem([system(1000)], null)).toEqual(system(1000));
    expect(chooseSystem([system(1000), system(2000)], 2000)).toEqual(system(2000));
    expect(chooseSystem([system(1000), system(8787)], null)).toEqual(system(8787));
    expect(() => chooseSystem([], null)).toThrow(/npm start.*--stage/);
    expect(() => chooseSystem([system(1000)], 2000)).toThrow(/port 2000; there is one on: 1000/);
    expect(() => chooseSystem([system(1000), system(2000)], null)).toThrow(/--port: 1000, 2000/);
  });

  it.each([
    [
      new QueueDoesNotExist({ message: 'no', $metadata: {} }),
      /no queue moniqo-prod-exits at stage prod: look at/,
    ],
    [new Error('Region is missing'), /set AWS_REGION/],
    [Object.assign(new Error('no provider'), { name: 'CredentialsProviderError' }), /set AWS_PROFILE/],
    [Object.assign(new Error('no'), { name: 'AccessDenied' }), /docs\/operations.md/],
    [new Error('timeout'), /cannot be reached \(Error: timeout\)/],
  ])('that cannot be found says what is missing: %s', async (error, says) => {
    sqs.on(GetQueueUrlCommand).rejects(error);
    await expect(findPlace('exits', { kind: 'aws', stage: 'prod' })).rejects.toThrow(says);
  });
});

describe('what is printed', () => {
  const options = parseRedriveOptions(['executions']);
  const letters = [
    letterOf(message('d1', 'd1', { ...note, error: `Error: ${'long '.repeat(40)}\nat line 2` })),
    letterOf({ ...message('d2', 'strange\u001b[2J'), Body: 'x' }),
  ];
  const outcome = { letters, moved: [], cameBack: 1, others: 2, troubles: ['trouble'] };
  const now = 1_790_000_000_000 + 7_500_000;

  it('is a table for people, whatever the messages say', () => {
    if (options === null) throw new Error('options');
    const text = redriveText(options, 'here', outcome, now);
    expect(text).toMatch(/executions, here: 2 dead letters/);
    expect(text).toMatch(/d1 +failed +2 h +- +order A{22} +Error: long/);
    expect(text).toContain('the function died or ran out of time');
    expect(text).toContain('1 came back at once');
    expect(text).toContain('about 2 more');
    expect(text).toContain('--go');
    expect(text.trimEnd().endsWith('trouble')).toBe(true);
    expect(text).not.toContain('at line 2');
    expect(text).not.toContain('\u001b');
  });

  it('is one document for programs', () => {
    if (options === null) throw new Error('options');
    const document = JSON.parse(
      redriveJson(options, 'here', { ...outcome, moved: letters.slice(0, 1) }, now),
    );
    expect(document).toMatchObject({
      queue: 'executions',
      moved: 1,
      came_back: 1,
      others: 2,
      troubles: ['trouble'],
      dead_letters: [
        {
          message: 'd1',
          reason: 'failed',
          function: 'executions',
          order_id: ORDER,
          age_seconds: 7500,
          moved: true,
        },
        { message: 'd2', reason: 'unexplained', error: null, receives: null, moved: false },
      ],
    });
  });
});

import { SendMessageCommand, type SendMessageCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeadLetters, noteOf, safeErrorText } from '../../../../shared/adapters/sqs/dead-letters.ts';
import type { DeadLetter } from '../../../../shared/ports/dead-letters.ts';

const sqs = mockClient(SQSClient);
// Files of a worker share the class: who comes next has the real one.
afterAll(() => sqs.restore());
beforeEach(() => {
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({});
});

const letter = (changes: Partial<DeadLetter> = {}): DeadLetter => ({
  body: '{"v":1}',
  reason: 'failed',
  error: 'Error: no',
  worker: 'executions',
  messageId: 'm-1',
  receives: 5,
  firstReceivedAt: 1_790_000_000_000,
  group: 'order-1',
  ...changes,
});

async function sent(url: string, one: DeadLetter): Promise<SendMessageCommandInput> {
  await createDeadLetters(new SQSClient({ region: 'us-east-1' }), url).send(one);
  const call = sqs.commandCalls(SendMessageCommand).at(-1);
  if (call === undefined) throw new Error('nothing was sent');
  return call.args[0].input;
}

describe('a dead letter', () => {
  it('carries its reason beside the unchanged body, and reads back as it was written', async () => {
    const { MessageBody, MessageAttributes, MessageGroupId } = await sent('http://q/dead', letter());
    expect(MessageBody).toBe('{"v":1}');
    expect(MessageGroupId).toBeUndefined();
    const { body: _, ...note } = letter();
    expect(noteOf({ ...(MessageAttributes && { MessageAttributes }) })).toEqual(note);
  });

  it('has a group of its own on a FIFO queue, and never collapses with another of the same text', async () => {
    const first = await sent('http://q/dead.fifo', letter({ messageId: 'm-1' }));
    const second = await sent('http://q/dead.fifo', letter({ messageId: 'm-2' }));
    expect([first.MessageGroupId, second.MessageGroupId]).toEqual(['m-1', 'm-2']);
    expect([first.MessageDeduplicationId, second.MessageDeduplicationId]).toEqual(['m-1', 'm-2']);
  });

  it('that SQS moved by itself has no note', () => {
    expect(noteOf({ Body: 'x' })).toBeNull();
    const reason = { DataType: 'String', StringValue: 'something else' };
    expect(noteOf({ MessageAttributes: { reason } })).toBeNull();
  });

  it('of a standard queue has no group', async () => {
    const { MessageAttributes = {} } = await sent('http://q/dead', letter({ group: null }));
    expect(noteOf({ MessageAttributes })?.group).toBeNull();
  });

  it('is not there when the queue did not take it', async () => {
    sqs.on(SendMessageCommand).rejects(new Error('away'));
    await expect(sent('http://q/dead', letter())).rejects.toThrow('away');
  });
});

describe('the text of an error', () => {
  const key = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';

  it.each([
    ['GET https://api.example/v3/order?symbol=BTCUSDT&signature=abc failed', 'symbol=BTCUSDT'],
    ['signature=abc123 is invalid', 'abc123'],
    ['{"secretKey": "x", "secret": "hush"}', 'hush'],
    ['api_key: hush', 'hush'],
    ['authorization: Bearer hush', 'hush'],
    [`key ${key} was refused`, key],
  ])('hides what may be secret: %s', (text, secret) => {
    expect(safeErrorText(text)).not.toContain(secret);
  });

  it('keeps what helps', () => {
    const text = 'Error: fill 123 of 0aBcDeFgHiJkLmNoPqRsTu: order is final\n  at apply-execution.ts:12';
    expect(safeErrorText(text)).toBe(text);
    expect(safeErrorText('POST https://api.example/v3/order?x=1: 503')).toContain(
      'https://api.example/v3/order',
    );
  });

  it('is always something that SQS takes', () => {
    expect(safeErrorText('')).toBe('no text');
    expect(safeErrorText('a\u0000b\u001b[1m')).toBe('a b [1m');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 800 }), (text) => {
        const safe = safeErrorText(text);
        expect(safe.length).toBeGreaterThan(0);
        expect(safe.length).toBeLessThanOrEqual(503);
        expect(/^[\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u.test(safe)).toBe(true);
      }),
    );
  });
});

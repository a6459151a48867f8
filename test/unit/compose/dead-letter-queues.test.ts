import { expect, it } from 'vitest';
import { parseDeadLetterQueues } from '../../../functions/reconcile/dead-letter-queues.ts';

it('reads each queue of dead letters with its address', () => {
  expect(parseDeadLetterQueues('submit=https://a/b/c,exits=http://127.0.0.1:1/0/x.fifo')).toEqual({
    submit: 'https://a/b/c',
    exits: 'http://127.0.0.1:1/0/x.fifo',
  });
});

it.each([
  [undefined, /expected/],
  ['', /expected/],
  ['submit', /"submit" is not NAME=URL/],
  ['submit=,exits=https://a', /"submit=" is not NAME=URL/],
  ['submit=https://a,submit=https://b', /twice/],
])('refuses %s', (text, message) => {
  expect(() => parseDeadLetterQueues(text)).toThrow(message);
});

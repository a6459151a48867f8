import { describe, expect, it } from 'vitest';
import { isRecursive, lineageOf, RECURSION_LIMIT, traceFor } from '../../../infra/local/services/trace.ts';
import { readVerdict, received } from '../../../infra/local/sources/sqs-event.ts';

const batch = ['1', '2'].map((id) => received({ MessageId: id, ReceiptHandle: `r${id}`, Body: id }));

describe('the answer of a function to a batch', () => {
  it.each<[unknown, readonly string[] | 'malformed']>([
    [undefined, []],
    [null, []],
    [{}, []],
    [{ batchItemFailures: null }, []],
    [{ batchItemFailures: [] }, []],
    [{ batchItemFailures: [{ itemIdentifier: '2' }] }, ['2']],
    [{ batchItemFailures: [{ itemIdentifier: '3' }] }, 'malformed'],
    [{ batchItemFailures: [{ itemIdentifier: '' }] }, 'malformed'],
    [{ batchItemFailures: [{}] }, 'malformed'],
    [{ batchItemFailures: [null] }, 'malformed'],
    [{ batchItemFailures: 'all' }, 'malformed'],
    ['done', 'malformed'],
  ])('%j', (answer, expected) => {
    const verdict = readVerdict(answer, batch);
    expect(verdict.kind === 'done' ? [...verdict.failed] : verdict.kind).toEqual(expected);
  });
});

describe('the lineage of a trace', () => {
  it('counts each function along the longest chain of a batch, and keeps the root', () => {
    const first = traceFor('a', []);
    const second = traceFor('b', [first]);
    const third = traceFor('a', [second, traceFor('b', [traceFor('b', [])])]);
    expect(Object.fromEntries(lineageOf(third))).toEqual({ a: 2, b: 2 });
    expect(third.split(';')[0]).toBe(first.split(';')[0]);
  });

  it('is cut at the limit, not before', () => {
    let trace: string | undefined;
    let calls = 0;
    while (!isRecursive('loop', trace)) {
      trace = traceFor('loop', [trace]);
      calls += 1;
    }
    expect(calls).toBe(RECURSION_LIMIT);
    expect(isRecursive('other', trace)).toBe(false);
  });

  it('reads foreign headers as an empty lineage', () => {
    for (const header of [undefined, '', 'Root=1-2-3;Sampled=1', 'Lineage=x', 'Lineage=x:y']) {
      expect(lineageOf(header).size).toBe(0);
    }
  });
});

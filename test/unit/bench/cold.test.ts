/** What `npm run bench -- cold` makes of its processes' words. */
import { describe, expect, it } from 'vitest';
import { rowOf, wrongIn } from '../../bench/cold/cold.ts';
import type { ColdFigures, ColdStart } from '../../bench/cold/measure.ts';

const start = (initMs: number, more: Partial<ColdStart> = {}): ColdStart => ({
  ...{ initMs, coreMs: initMs / 2, hasHandler: true, connections: [] },
  ...more,
});

const figures = (starts: readonly ColdStart[], bytes = 900_000): ColdFigures => ({
  of: {
    name: 'api',
    runsOn: 'lambda',
    file: '/nowhere/index.mjs',
    handler: 'handler',
    environment: {},
    bytes,
    maxBytes: 1_000_000,
  },
  starts,
});

describe('cold starts', () => {
  it('are told by their median and their worst', () => {
    expect(rowOf(figures([start(90), start(120.44), start(300)]))).toMatchObject({
      bundle: 'api',
      bytes: 900_000,
      init_ms: { count: 3, p50: 120.4, max: 300 },
      core_ms: { p50: 60.2, max: 150 },
    });
  });

  it('are wrong without a handler, with a connection while loading, and above the size', () => {
    expect(wrongIn(figures([start(90)]))).toEqual([]);
    expect(wrongIn(figures([start(90), start(90, { hasHandler: false })]))).toEqual([
      'api exports no handler',
    ]);
    expect(wrongIn(figures([start(90, { connections: ['TCPSocketWrap'] })]))).toEqual([
      'api opens a connection while it is loaded',
    ]);
    expect(wrongIn(figures([start(90)], 1_000_001))).toEqual(['api has 1000001 bytes, allowed are 1000000']);
  });
});

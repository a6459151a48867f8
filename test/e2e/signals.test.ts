/** What an AI agent does over HTTP: it holds, tightens, may not loosen, closes; and it repeats itself. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { type PositionAnswer, type Problem, soleExit, type Trader } from '../support/trader.ts';

interface SignalAnswer {
  readonly signal_id: string;
  readonly outcome: string;
  readonly repeated: boolean;
  readonly reason: { readonly code: string } | null;
  readonly exit: { readonly order_id: string } | null;
  readonly position: PositionAnswer;
}
type Refused = Problem & { readonly signal: SignalAnswer };

let system: TestSystem;
let trader: Trader;

beforeAll(async () => {
  system = await startTestSystem();
  trader = system.trader;
});
afterAll(() => system?.stop());

it('an agent watches over a position and gets it out', async () => {
  await system.trade('BTC/USDT', '50000');
  const wallet = await trader.wallet();
  const { positionId } = await trader.buy(wallet, 'BTC/USDT', '0.5', { stop_loss: '49000' });
  const path = `/positions/${positionId}/signals`;
  const say = <T = SignalAnswer>(key: string, body: Readonly<Record<string, unknown>>) =>
    trader.send<T>('POST', path, { key, body: { confidence: '0.9', agent: 'watcher', ...body } });

  const hold = await say('hold', { signal: 'hold', reasoning: 'Trend still bullish' });
  expect(hold).toMatchObject({ status: 201, body: { outcome: 'recorded', reason: null } });
  // By default nothing acts by itself.
  const early = await say('early', { signal: 'close' });
  expect(early).toMatchObject({ status: 201, body: { outcome: 'recorded', reason: { code: 'acting_off' } } });

  const policy = { signal_policy: { act: true, min_confidence: '0.8' } };
  await trader.good('PATCH', `/wallets/${wallet}`, { body: policy });
  const tighter = { signal: 'adjust', adjust: { stop_loss: '49500' } };
  expect(await say('tighter', tighter)).toMatchObject({
    status: 201,
    body: { outcome: 'adjusted', position: { risk_management: { current_stop_loss: '49500' } } },
  });
  await trader.until(positionId, 'armed', (p) => p.risk_management.armed);
  const looser = { signal: 'adjust', adjust: { stop_loss: '49400' } };
  for (const _ of [1, 2]) {
    expect(await say<Refused>('looser', looser)).toMatchObject({
      status: 422,
      body: { code: 'stop_would_loosen', field: 'adjust.stop_loss', signal: { outcome: 'refused' } },
    });
  }
  expect((await say<Problem>('looser', tighter)).body.code).toBe('idempotency_mismatch');

  const closes = await Promise.all(Array.from({ length: 10 }, () => say('out', { signal: 'close' })));
  expect(closes.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
  expect(new Set(closes.map(({ body }) => body.signal_id)).size).toBe(1);
  expect(new Set(closes.map(({ body }) => body.exit?.order_id)).size).toBe(1);
  const closed = await trader.closed(positionId);
  expect(closed).toMatchObject({
    exit: { reason: 'ai_signal', amount: '0.5' },
    ai_monitoring: { should_close: true, close_reason: 'ai_signal', signal_count: 5 },
  });
  expect(soleExit(closed)).toMatchObject({ status: 'filled', exit: { cause: 'ai_signal' } });
  expect(closed.ai_monitoring.ai_signals.map(({ outcome }) => outcome)).toEqual([
    ...['closing', 'refused', 'adjusted', 'recorded', 'recorded'],
  ]);

  expect(await say('late', { signal: 'hold' })).toMatchObject({ status: 409, body: { code: 'not_open' } });
  const page = await trader.good<{ items: readonly unknown[]; next_cursor: string }>(
    'GET',
    `${path}?limit=2`,
  );
  expect(page.items).toHaveLength(2);
  const rest = await trader.good<{ items: readonly { signal_id: string }[]; next_cursor: null }>(
    'GET',
    `${path}?limit=50&cursor=${page.next_cursor}`,
  );
  expect(rest).toMatchObject({ items: { length: 3 }, next_cursor: null });
  expect(rest.items.at(-1)?.signal_id).toBe(hold.body.signal_id);
  const other = await system.userNamed('somebody-else');
  expect((await other.send('GET', path)).status).toBe(404);
});

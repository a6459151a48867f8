import { beforeEach, describe, expect, it } from 'vitest';
import { ApiWorld } from './world.ts';

let world: ApiWorld;
let wallet: string;
let position: string;
let signals: string;

beforeEach(async () => {
  world = new ApiWorld();
  wallet = await world.wallet();
  const body = {
    ...{ wallet_id: wallet, symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.5' },
    protection: { stop_loss: '49000', take_profit: '52000' },
  };
  const order = await world.call('POST', '/api/v1/orders', { key: 'buy', body });
  position = `/api/v1/positions/${order.body.position_id}`;
  signals = `${position}/signals`;
  await world.settle();
});

const change = (signal_policy: unknown, user?: string) =>
  world.call('PATCH', `/api/v1/wallets/${wallet}`, { body: { signal_policy }, ...(user && { user }) });
const say = (body: Record<string, unknown>, key = 'key') => world.call('POST', signals, { key, body });

const HOLD = { signal: 'hold', confidence: '0.75', reasoning: 'Trend still bullish', agent: 'watcher' };
const CLOSE = { signal: 'close', confidence: '0.9', urgency: 'high', reasoning: 'Momentum has gone' };
const tighten = (adjust: Record<string, unknown>) => ({ signal: 'adjust', confidence: '0.9', adjust });

describe('a hold', () => {
  it('is kept, and shown with its position as the specification names it', async () => {
    const taken = await say(HOLD);
    expect(taken).toMatchObject({
      status: 201,
      body: {
        ...{ ...HOLD, urgency: 'low', adjust: null, outcome: 'recorded', reason: null },
        ...{ exit: null, exit_order_id: null, repeated: false, warnings: [] },
        position: {
          status: 'open',
          ai_monitoring: {
            ...{ should_close: false, close_reason: null, close_urgency: 'none', close_confidence: '0' },
            ...{ signal_count: 1, last_signal: { signal: 'hold', outcome: 'recorded' } },
            ai_signals: [{ signal: 'hold', confidence: '0.75', reasoning: 'Trend still bullish' }],
          },
        },
      },
    });
    expect(taken.body.position.ai_monitoring.last_ai_check).toBe(taken.body.timestamp);
    const again = await say(HOLD);
    expect(again).toMatchObject({ status: 200, body: { repeated: true, signal_id: taken.body.signal_id } });
    const [listed] = (await world.call('GET', '/api/v1/positions')).body.items;
    expect(listed.ai_monitoring).toMatchObject({ signal_count: 1, last_signal: { signal: 'hold' } });
    expect(listed.ai_monitoring.ai_signals).toBeUndefined();
  });

  it('of another body under its key is refused', async () => {
    await say(HOLD);
    expect(await say({ ...HOLD, confidence: '0.76' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_mismatch', field: 'Idempotency-Key' },
    });
    expect(await world.call('POST', `${position}/close`, { key: 'key', body: {} })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_mismatch' },
    });
  });
});

describe('a close', () => {
  it('is only kept until the wallet lets signals act', async () => {
    expect(await say(CLOSE, 'first')).toMatchObject({
      status: 201,
      body: {
        outcome: 'recorded',
        reason: { code: 'acting_off' },
        position: {
          status: 'open',
          ai_monitoring: {
            ...{ should_close: true, close_reason: 'ai_signal', close_urgency: 'high' },
            close_confidence: '0.9',
          },
        },
      },
    });
    await change({ act: true, min_confidence: '0.95' });
    expect(await say(CLOSE, 'second')).toMatchObject({
      body: { outcome: 'recorded', reason: { code: 'below_min_confidence', field: 'confidence' } },
    });
    await change({ min_confidence: '0.9' });
    const taken = await say(CLOSE, 'third');
    expect(taken).toMatchObject({
      status: 201,
      body: { outcome: 'closing', exit: { role: 'exit', exit: { cause: 'ai_signal' } } },
    });
    expect(taken.body.exit_order_id).toBe(taken.body.exit.order_id);
    await world.settle();
    expect((await world.call('GET', position)).body).toMatchObject({
      ...{ status: 'closed', exit: { reason: 'ai_signal' } },
      ai_monitoring: { should_close: true, close_reason: 'ai_signal', signal_count: 3 },
    });
    expect(await say(CLOSE, 'third')).toMatchObject({
      status: 200,
      body: { repeated: true, outcome: 'closing', exit: { status: 'filled' } },
    });
    expect(await say(HOLD, 'late')).toMatchObject({
      status: 409,
      body: { code: 'not_open', facts: { status: 'closed', cause: 'ai_signal' } },
    });
  });

  it('that comes second hears of the first, each time, and is kept', async () => {
    await change({ act: true });
    world.isWorked = false;
    await world.call('POST', `${position}/close`, { key: 'hand', body: {} });
    for (const _ of [1, 2]) {
      expect(await say(CLOSE)).toMatchObject({
        status: 409,
        body: {
          ...{ code: 'already_closing', facts: { cause: 'manual', price: '50000' } },
          signal: { signal: 'close', outcome: 'refused', reason: { code: 'already_closing' } },
        },
      });
    }
    expect((await world.call('GET', signals)).body.items).toHaveLength(1);
    expect((await world.call('GET', position)).body.ai_monitoring).toMatchObject({
      ...{ should_close: true, close_reason: 'manual', close_urgency: 'high' },
    });
  });
});

describe('an adjustment', () => {
  beforeEach(() => change({ act: true }));

  it('tightens the stop and shows what was asked', async () => {
    const adjust = {
      ...{ stop_loss: '49500', take_profit: '53000', break_even: {} },
      trailing_stop: { distance_percent: '3', activation_price: '51000' },
    };
    const taken = await say(tighten(adjust));
    expect(taken).toMatchObject({
      status: 201,
      body: {
        outcome: 'adjusted',
        adjust: {
          ...{ stop_loss: '49500', take_profits: [{ price: '53000', share: '1' }] },
          trailing_stop: { distance_percent: '3', activation_price: '51000' },
          break_even: { activation_profit_percent: '1', offset_percent: '0' },
        },
        position: {
          risk_management: { current_stop_loss: '49500', current_take_profit: '53000', armed: true },
        },
      },
    });
    const lines = taken.body.position.actions.filter(
      (line: { action: string }) => line.action === 'protection_changed',
    );
    expect(lines).toMatchObject([{ by: 'ai_signal', signal_id: taken.body.signal_id, stop_loss: '49500' }]);
  });

  it.each([
    ['a lower stop', { stop_loss: '48000' }, 'stop_would_loosen', 'adjust.stop_loss'],
    ['no stop', { stop_loss: null }, 'stop_would_loosen', 'adjust.stop_loss'],
    ['a stop above the market', { stop_loss: '50500' }, 'stop_wrong_side', 'adjust.stop_loss'],
    ['a target below it', { take_profit: '49500' }, 'target_wrong_side', 'adjust.take_profit'],
    [
      'a fine percentage',
      { trailing_stop: { distance_percent: '0.125' } },
      'not_whole_basis_points',
      'adjust.trailing_stop.distance_percent',
    ],
  ])('refuses %s each time, and keeps it', async (_what, adjust, code, field) => {
    for (const _ of [1, 2]) {
      expect(await say(tighten(adjust))).toMatchObject({
        status: 422,
        body: { code, field, signal: { outcome: 'refused', reason: { code } } },
      });
    }
    expect((await world.call('GET', signals)).body.items).toHaveLength(1);
    expect((await world.call('GET', position)).body.risk_management.current_stop_loss).toBe('49000');
  });

  it('loosens where the wallet allows it', async () => {
    await change({ allow_loosen: true });
    expect(await say(tighten({ stop_loss: '48000' }))).toMatchObject({
      status: 201,
      body: { position: { risk_management: { current_stop_loss: '48000' } } },
    });
  });
});

describe('a request that makes no sense', () => {
  it.each<[string, Record<string, unknown>, string, string | null]>([
    ['no signal', { confidence: '0.5' }, 'missing_field', 'signal'],
    ['another word', { ...HOLD, signal: 'sell' }, 'invalid_field', 'signal'],
    ['no confidence', { signal: 'hold' }, 'missing_field', 'confidence'],
    ['a number', { ...HOLD, confidence: 0.5 }, 'number_not_text', 'confidence'],
    ['a percentage', { ...HOLD, confidence: '75' }, 'invalid_field', 'confidence'],
    ['a negative one', { ...HOLD, confidence: '-0.1' }, 'not_positive', 'confidence'],
    ['another urgency', { ...HOLD, urgency: 'none' }, 'invalid_field', 'urgency'],
    ['a novel', { ...HOLD, reasoning: 'x'.repeat(4_001) }, 'invalid_field', 'reasoning'],
    ['a long name', { ...HOLD, agent: 'x'.repeat(101) }, 'invalid_field', 'agent'],
    ['an unknown field', { ...HOLD, close: true }, 'unknown_field', 'close'],
    ['levels with a hold', { ...HOLD, adjust: { stop_loss: '49500' } }, 'invalid_field', 'adjust'],
    ['an adjustment of nothing', { ...HOLD, signal: 'adjust' }, 'missing_field', 'adjust'],
    ['an empty adjustment', tighten({}), 'invalid_field', 'adjust'],
    ['another trigger price', tighten({ trigger_price: 'last' }), 'unknown_field', 'adjust.trigger_price'],
    ['a number as a stop', tighten({ stop_loss: 49_500 }), 'number_not_text', 'adjust.stop_loss'],
    [
      'both kinds of targets',
      tighten({ take_profit: '53000', take_profits: [{ price: '53000', share: '1' }] }),
      'invalid_field',
      'adjust.take_profit',
    ],
  ])('%s', async (_what, body, code, field) => {
    const answer = await say(body);
    expect(answer).toMatchObject({ body: { code, field } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect((await world.call('GET', signals)).body.items).toEqual([]);
  });

  it('needs a key', async () => {
    expect(await world.call('POST', signals, { body: HOLD })).toMatchObject({
      status: 400,
      body: { code: 'idempotency_key_required', field: 'Idempotency-Key' },
    });
  });
});

describe('the history', () => {
  it('is listed newest first, page by page; the position shows the latest ten', async () => {
    for (let n = 0; n < 12; n++) {
      world.now += 1_000;
      await say({ ...HOLD, reasoning: `${n}` }, `key-${n}`);
    }
    const first = await world.call('GET', `${signals}?limit=7`);
    expect(first.body.items.map((one: { reasoning: string }) => one.reasoning)).toEqual([
      ...['11', '10', '9', '8', '7', '6', '5'],
    ]);
    const rest = await world.call('GET', `${signals}?limit=7&cursor=${first.body.next_cursor}`);
    expect(rest.body).toMatchObject({ items: { length: 5 }, next_cursor: null });
    const { ai_monitoring: monitoring } = (await world.call('GET', position)).body;
    expect([monitoring.signal_count, monitoring.ai_signals.length]).toEqual([12, 10]);
    expect(monitoring.ai_signals[0].reasoning).toBe('11');
    expect(await world.call('GET', `${signals}?cursor=nonsense`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor', field: 'cursor' },
    });
    expect(await world.call('GET', `${signals}?limit=0`)).toMatchObject({ status: 400 });
    const at = (n: number): string => first.body.items[n].timestamp;
    const between = `from=${at(2)}&to=${at(0)}`;
    const ids = ({ body }: { body: { items: readonly { signal_id: string }[] } }) =>
      body.items.map(({ signal_id: id }) => id);
    expect(ids(await world.call('GET', `${signals}?${between}`))).toEqual(ids(first).slice(1, 3));
    expect(await world.call('GET', `${signals}?from=${at(0)}&to=${at(2)}`)).toMatchObject({
      ...{ status: 400, body: { code: 'invalid_field', field: 'from' } },
    });
  });

  it('is not there for others, nor are its position and wallet', async () => {
    await say(HOLD);
    const user = 'bob';
    const nowhere = { status: 404, body: { code: 'not_found' } };
    expect(await world.call('GET', signals, { user })).toMatchObject(nowhere);
    expect(await world.call('POST', signals, { user, key: 'key', body: HOLD })).toMatchObject(nowhere);
    expect(await change({ act: true }, user)).toMatchObject(nowhere);
    expect(await world.call('GET', signals, { user: null })).toMatchObject({ status: 401 });
  });
});

describe('the policy of a wallet', () => {
  it('is to do nothing, and what is named is set', async () => {
    const path = `/api/v1/wallets/${wallet}`;
    expect((await world.call('GET', path)).body.signal_policy).toEqual({
      ...{ act: false, min_confidence: '0.8', allow_loosen: false },
    });
    expect(await change({ act: true })).toMatchObject({
      status: 200,
      body: { signal_policy: { act: true, min_confidence: '0.8', allow_loosen: false } },
    });
    expect(await change({ min_confidence: '1', allow_loosen: true })).toMatchObject({
      body: { signal_policy: { act: true, min_confidence: '1', allow_loosen: true } },
    });
    const before = (await world.call('GET', path)).body;
    world.now += 1_000;
    await change({ act: true });
    expect((await world.call('GET', path)).body).toEqual(before);
  });

  it.each<[string, unknown, string, string]>([
    ['nothing', {}, 'invalid_field', 'signal_policy'],
    ['no policy', undefined, 'missing_field', 'signal_policy'],
    ['a word', { act: 'yes' }, 'invalid_field', 'signal_policy.act'],
    ['a percentage', { min_confidence: '80' }, 'invalid_field', 'signal_policy.min_confidence'],
    ['a number', { min_confidence: 0.8 }, 'number_not_text', 'signal_policy.min_confidence'],
    ['an unknown setting', { loosen: true }, 'unknown_field', 'signal_policy.loosen'],
  ])('cannot be %s', async (_what, policy, code, field) => {
    expect(await change(policy)).toMatchObject({ body: { code, field } });
  });
});

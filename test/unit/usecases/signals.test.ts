/** Signals through the use case: made once, carried out once, kept with what became of them. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Adjustment, Signal, SignalAsked, SignalPolicy } from '../../../shared/domain/signal-facts.ts';
import type { Protection } from '../../../shared/domain/types.ts';
import { type CrashPlan, dying } from '../../support/fakes/crash.ts';
import { BTC, USER, WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (text: string) => new Decimal(text);
const TEN = Array.from({ length: 10 }, (_, n) => n);
const stop = (price: string) => ({ stopLoss: { price: d(price) } });
const trailing = (percent: string, from: string | null = null) => ({
  trailingStop: { distance: { percent: d(percent) }, activationPrice: from === null ? null : d(from) },
});

const asked = (change: Partial<SignalAsked> = {}): SignalAsked => ({
  action: 'close',
  confidence: d('0.9'),
  urgency: 'high',
  reasoning: 'momentum has gone',
  agentId: 'watcher',
  adjust: null,
  ...change,
});
const adjusting = (adjust: Adjustment): Partial<SignalAsked> => ({ action: 'adjust', adjust });

function policy(world: World, change: Partial<SignalPolicy>): void {
  const wallet = world.wallets.items.get(WALLET);
  if (wallet === undefined) throw new Error('no wallet');
  const signalPolicy = { ...wallet.signalPolicy, ...change };
  world.wallets.items.set(WALLET, { ...wallet, signalPolicy });
}

/** A position at 50,000 of a wallet whose signals act. */
async function opened(protection: Partial<Protection> = stop('49000')) {
  const world = new World();
  policy(world, { act: true });
  world.tick('50000');
  const { positionId } = await world.openPosition(protection);
  return { world, positionId };
}

const say = (
  world: World,
  positionId: string,
  change: Partial<SignalAsked> = {},
  idempotencyKey = 'key',
  userId = USER,
) => world.useCases.takeSignal({ userId, positionId, idempotencyKey, signal: asked(change) });

async function saidOf(world: World, positionId: string): Promise<readonly Signal[]> {
  return (await world.ledger.signals(positionId, { limit: 100, cursor: null })).items;
}
const stopOf = (world: World, positionId: string) =>
  world.position(positionId).protection.stopLoss?.price.toFixed();
const linesOf = async (world: World, positionId: string, kind: string) =>
  (await world.ledger.actions(positionId)).filter((action) => action.kind === kind);

describe('a close', () => {
  it('is the one exit of its position, with its own cause', async () => {
    const { world, positionId } = await opened();
    const taken = await say(world, positionId);
    expect(taken).toMatchObject({
      ok: true,
      value: {
        repeated: false,
        signal: { outcome: 'closing', reason: null, action: 'close' },
        position: { status: 'closing', flatten: { cause: 'ai_signal' }, signals: { count: 1 } },
        exit: { status: 'pending', exit: { cause: 'ai_signal', flatten: true } },
      },
    });
    if (!taken.ok) return;
    expect(taken.value.signal.exitOrderId).toBe(taken.value.exit?.orderId);
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'ai_signal' });
    expect(await linesOf(world, positionId, 'close_requested')).toMatchObject([
      { facts: { exit_cause: 'ai_signal', signal_id: taken.value.signal.signalId, price: '50000' } },
    ]);
  });

  it('of ten at once is one signal and one exit', async () => {
    const { world, positionId } = await opened();
    const answers = await Promise.all(TEN.map(() => say(world, positionId)));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(10);
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.ok && answer.value.exit?.orderId)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.ok && answer.value.signal.signalId)).size).toBe(1);
    await world.pump();
    expect(world.exitsOf(positionId)).toHaveLength(1);
    expect(await saidOf(world, positionId)).toHaveLength(1);
    expect(world.position(positionId).signals?.count).toBe(1);
  });

  it('takes an entry back that has not filled', async () => {
    const { world } = await opened();
    const bid = { type: 'limit', limitPrice: d('40000'), idempotencyKey: 'bid' } as const;
    const order = await world.place(bid);
    await world.pump();
    expect(await say(world, order.positionId)).toMatchObject({
      ok: true,
      value: { signal: { outcome: 'closing', exitOrderId: null }, exit: null },
    });
    await world.pump();
    expect(world.order(order.orderId).status).toBe('cancelled');
    expect(world.position(order.positionId).status).toBe('closed');
  });

  it('needs no price, and goes also while the wallet takes no entries', async () => {
    const world = new World({ exchange: {} });
    policy(world, { act: true });
    const { positionId } = await world.openPosition(stop('49000'));
    expect(world.position(positionId).status).toBe('open');
    world.account({ pausedAt: world.now });
    world.prices.shown.clear();
    expect(await say(world, positionId)).toMatchObject({
      value: { signal: { outcome: 'closing' }, exit: { exit: { cause: 'ai_signal' } } },
    });
    expect(world.position(positionId).flatten).toMatchObject({ cause: 'ai_signal', price: null });
    world.tick('50000');
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
  });

  it('that comes second is kept with the first cause, and changes nothing', async () => {
    const { world, positionId } = await opened();
    const first = { userId: USER, positionId, quantity: null, idempotencyKey: 'hand' };
    await world.useCases.closePosition(first);
    for (const change of [{}, adjusting(stop('49500'))]) {
      expect(await say(world, positionId, change, JSON.stringify(change))).toMatchObject({
        ok: true,
        value: {
          signal: {
            outcome: 'refused',
            reason: { code: 'already_closing', facts: { cause: 'manual', price: '50000' } },
          },
          exit: null,
        },
      });
    }
    expect(await say(world, positionId, { action: 'hold' }, 'hold')).toMatchObject({
      ok: true,
      value: { signal: { outcome: 'recorded', reason: null } },
    });
    await world.pump();
    expect(world.exitsOf(positionId)).toHaveLength(1);
    expect(world.position(positionId)).toMatchObject({ exitCause: 'manual', signals: { count: 3 } });
  });

  it('and one by hand at the same time are one exit', async () => {
    const { world, positionId } = await opened();
    const byHand = { userId: USER, positionId, quantity: null, idempotencyKey: 'hand' };
    const [hand, signal] = await Promise.all([world.useCases.closePosition(byHand), say(world, positionId)]);
    await world.pump();
    expect(world.exitsOf(positionId)).toHaveLength(1);
    const cause = world.position(positionId).exitCause;
    expect(cause === 'manual').toBe(hand.ok);
    expect(signal).toMatchObject({
      value: { signal: { outcome: cause === 'manual' ? 'refused' : 'closing' } },
    });
  });
});

describe('what is only kept', () => {
  it.each<[string, Partial<SignalPolicy>, Partial<SignalAsked>, string | null]>([
    ['a hold', {}, { action: 'hold', confidence: d('0') }, null],
    ['a close by default', { act: false }, {}, 'acting_off'],
    ['a close below the threshold', { minConfidence: d('0.95') }, {}, 'below_min_confidence'],
    ['an adjustment that changes nothing', {}, adjusting(stop('49000')), 'nothing_to_change'],
    ['an adjustment by default', { act: false }, adjusting(stop('49500')), 'acting_off'],
  ])('%s', async (_what, change, signal, code) => {
    const { world, positionId } = await opened();
    policy(world, change);
    const before = world.position(positionId);
    const taken = await say(world, positionId, signal);
    expect(taken).toMatchObject({
      ok: true,
      value: { signal: { outcome: 'recorded' }, exit: null, repeated: false },
    });
    expect(taken.ok && (taken.value.signal.reason?.code ?? null)).toBe(code);
    const { signals, version, ...after } = world.position(positionId);
    const { signals: _none, version: _old, ...rest } = before;
    expect(after).toEqual(rest);
    expect([signals?.count, version]).toEqual([1, before.version + 1]);
    expect(await linesOf(world, positionId, 'protection_changed')).toEqual([]);
  });

  it('of ten at once is one', async () => {
    const { world, positionId } = await opened();
    const answers = await Promise.all(TEN.map(() => say(world, positionId, { action: 'hold' })));
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    expect(await saidOf(world, positionId)).toHaveLength(1);
  });
});

describe('an adjustment', () => {
  it('changes the protection, with a line of the timeline that names it, and is armed', async () => {
    const { world, positionId } = await opened();
    const answers = await Promise.all(TEN.map(() => say(world, positionId, adjusting(stop('49500.001')))));
    expect(answers.filter((answer) => answer.ok && !answer.value.repeated)).toHaveLength(1);
    const [signal, ...more] = await saidOf(world, positionId);
    expect(more).toEqual([]);
    expect(signal?.outcome).toBe('adjusted');
    expect(stopOf(world, positionId)).toBe('49500.01');
    expect(await linesOf(world, positionId, 'protection_changed')).toMatchObject([
      { facts: { stop_loss: '49500.01', by: 'ai_signal', signal_id: signal?.signalId } },
    ]);
    world.tick('49500');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('that would loosen the stop is kept as refused; the wallet may allow it', async () => {
    const { world, positionId } = await opened();
    expect(await say(world, positionId, adjusting(stop('48000')), 'no')).toMatchObject({
      ok: true,
      value: {
        signal: { outcome: 'refused', reason: { code: 'stop_would_loosen', field: 'adjust.stop_loss' } },
      },
    });
    expect(stopOf(world, positionId)).toBe('49000');
    policy(world, { allowLoosen: true });
    expect(await say(world, positionId, adjusting(stop('48000')), 'yes')).toMatchObject({
      value: { signal: { outcome: 'adjusted' } },
    });
    expect(stopOf(world, positionId)).toBe('48000');
    // The first one stays what it was.
    expect(await say(world, positionId, adjusting(stop('48000')), 'no')).toMatchObject({
      value: { repeated: true, signal: { outcome: 'refused' } },
    });
  });

  it('that the market does not allow is kept as refused, by its own field', async () => {
    const { world, positionId } = await opened();
    expect(await say(world, positionId, adjusting(stop('50001')))).toMatchObject({
      ok: true,
      value: {
        signal: { outcome: 'refused', reason: { code: 'stop_wrong_side', field: 'adjust.stop_loss' } },
        position: { signals: { last: { outcome: 'refused' } } },
      },
    });
    expect(stopOf(world, positionId)).toBe('49000');
  });

  it('without a price is not kept: the same call may succeed in a moment', async () => {
    const { world, positionId } = await opened();
    world.prices.shown.clear();
    const change = adjusting(stop('49500'));
    expect(await say(world, positionId, change)).toMatchObject({ ok: false, error: { code: 'no_price' } });
    expect(await saidOf(world, positionId)).toEqual([]);
    world.tick('50000');
    expect(await say(world, positionId, change)).toMatchObject({
      value: { repeated: false, signal: { outcome: 'adjusted' } },
    });
  });
});

describe('a trailing stop that a signal tightens', () => {
  async function risen() {
    const { world, positionId } = await opened(trailing('2'));
    for (const price of ['52000', '51100', '51500']) {
      world.now += 1_500;
      world.tick(price);
    }
    await world.pump();
    return { world, positionId };
  }

  it('goes on from the best price that it has seen', async () => {
    const { world, positionId } = await risen();
    expect(await say(world, positionId, adjusting(trailing('1.5')))).toMatchObject({
      value: { signal: { outcome: 'adjusted' } },
    });
    expect(world.position(positionId).armings['trailing_stop']).toMatchObject({ peak: d('52000') });
    // 52,000 less 1.5 %
    world.tick('51220.01');
    await world.pump();
    expect(world.position(positionId).status).toBe('open');
    world.tick('51220');
    await world.pump();
    expect(world.position(positionId).flatten?.trigger).toMatchObject({
      level: d('51220'),
      peak: d('52000'),
    });
  });

  it('and of which the index knows more than the tape, goes on from there', async () => {
    const { world, positionId } = await risen();
    world.tick('53000');
    world.tick('52500');
    world.prices.tape.clear();
    await say(world, positionId, adjusting(trailing('1.5')));
    world.tick('52205');
    await world.pump();
    expect(world.position(positionId).flatten?.trigger).toMatchObject({ peak: d('53000') });
  });

  it('also when the index is lost afterwards, and without what was before it', async () => {
    const { world, positionId } = await risen();
    await say(world, positionId, adjusting(trailing('1.5')));
    await world.pump();
    world.now += 3_000;
    world.index.built.delete(BTC);
    world.tick('51400');
    await world.pump();
    await world.pass(3);
    // The fall to 51,100, below the new stop, was before it.
    expect(world.position(positionId).status).toBe('open');
    world.tick('51220');
    await world.pump();
    await world.pass(3);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
  });

  it('is refused where it would trigger at once', async () => {
    const { world, positionId } = await risen();
    expect(await say(world, positionId, adjusting(trailing('0.9')))).toMatchObject({
      value: {
        signal: {
          outcome: 'refused',
          reason: { code: 'stop_wrong_side', field: 'adjust.trailing_stop.distance_percent' },
        },
      },
    });
    expect(world.position(positionId).status).toBe('open');
  });

  it('and has not begun yet, may begin earlier', async () => {
    const { world, positionId } = await opened(trailing('2', '60000'));
    await say(world, positionId, adjusting(trailing('1', '55000')));
    expect(world.position(positionId).armings['trailing_stop']?.peak ?? null).toBeNull();
    world.tick('49000');
    world.tick('55000');
    world.tick('54450');
    await world.pump();
    expect(world.position(positionId).flatten?.trigger).toMatchObject({ peak: d('55000') });
  });
});

describe('a repeat', () => {
  it('answers what stands, also after the position has closed, and changes nothing', async () => {
    const { world, positionId } = await opened();
    const first = await say(world, positionId, adjusting(stop('49500')), 'adjust');
    const change = { ...stop('48000') };
    await world.useCases.changeProtection({ userId: USER, positionId, change });
    expect(await say(world, positionId, adjusting(stop('49500')), 'adjust')).toMatchObject({
      ok: true,
      value: { repeated: true, signal: first.ok ? first.value.signal : null },
    });
    expect(stopOf(world, positionId)).toBe('48000');
    await say(world, positionId, {}, 'close');
    await world.pump();
    expect(await say(world, positionId, {}, 'close')).toMatchObject({
      ok: true,
      value: {
        repeated: true,
        signal: { outcome: 'closing' },
        exit: { status: 'filled' },
        position: { status: 'closed' },
      },
    });
    expect(world.position(positionId).signals?.count).toBe(2);
  });

  it('with another body, or of another call under its key, is refused and changes nothing', async () => {
    const { world, positionId } = await opened();
    await say(world, positionId, { action: 'hold' }, 'hold');
    await world.useCases.changeProtection({
      ...{ userId: USER, positionId, change: stop('49100'), idempotencyKey: 'protect' },
    });
    const { commits } = world.ledger;
    const answers = [
      await say(world, positionId, { action: 'hold', confidence: d('0.5') }, 'hold'),
      await say(world, positionId, { action: 'close' }, 'hold'),
      await say(world, positionId, { action: 'hold', reasoning: null }, 'hold'),
      await say(world, positionId, { action: 'hold' }, 'protect'),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ ok: false, error: { code: 'idempotency_mismatch' } });
    }
    expect(world.ledger.commits).toBe(commits);
    // The same amounts written in another way are the same body.
    expect(await say(world, positionId, { action: 'hold', confidence: d('0.90') }, 'hold')).toMatchObject({
      value: { repeated: true },
    });
  });
});

describe('a position that is not there for it', () => {
  it('is closed: refused with how it stands, and nothing is kept', async () => {
    const { world, positionId } = await opened();
    world.tick('48000');
    await world.pump();
    for (const action of ['hold', 'close'] as const) {
      expect(await say(world, positionId, { action }, action)).toMatchObject({
        ok: false,
        error: { code: 'not_open', facts: { status: 'closed', cause: 'stop_loss' } },
      });
    }
    expect(await saidOf(world, positionId)).toEqual([]);
  });

  it('is of somebody else, or of nobody', async () => {
    const { world, positionId } = await opened();
    const nowhere = { ok: false, error: { code: 'not_found' } };
    expect(await say(world, positionId, {}, 'key', 'user-2')).toMatchObject(nowhere);
    expect(await say(world, 'no-such-position')).toMatchObject(nowhere);
  });
});

describe('a process that dies', () => {
  const at = (plan: CrashPlan, world: World) => {
    const doomed = dying(world.ports, plan);
    return { calls: doomed.calls, useCases: makeUseCases(doomed.ports, { monitorEnabled: true }) };
  };
  const signals: Record<string, Partial<SignalAsked>> = {
    close: {},
    adjustment: adjusting({ ...stop('49500'), ...trailing('1') }),
  };

  for (const [name, change] of Object.entries(signals)) {
    for (const when of ['before', 'after'] as const) {
      for (const isRepeated of [true, false]) {
        const what = isRepeated ? 'which is repeated' : 'of which nobody hears again';
        it(`${when} any call of a ${name}, ${what}, leaves it whole or not at all`, async () => {
          for (let n = 1; n < 30; n++) {
            const { world, positionId } = await opened({ ...stop('49000'), ...trailing('2') });
            const doomed = at({ at: n, when }, world);
            const command = { userId: USER, positionId, idempotencyKey: 'key', signal: asked(change) };
            const answer = await doomed.useCases.takeSignal(command).then(
              () => 'answered',
              () => 'died',
            );
            world.outbox.take();
            if (isRepeated) expect(await say(world, positionId, change)).toMatchObject({ ok: true });
            await world.pass(10);
            const kept = await saidOf(world, positionId);
            expect(kept.length).toBe(isRepeated ? 1 : Math.min(kept.length, 1));
            const position = world.position(positionId);
            expect(position.signals?.count ?? 0).toBe(kept.length);
            if (name === 'close') {
              expect([position.status, world.exitsOf(positionId).length]).toEqual(
                kept.length === 1 ? ['closed', 1] : ['open', 0],
              );
            } else {
              expect(stopOf(world, positionId)).toBe(kept.length === 1 ? '49500' : '49000');
              expect(position.armedVersion).toBe(position.levelsVersion);
            }
            if (answer === 'answered' && doomed.calls() < n) return;
          }
          throw new Error('more calls than expected');
        });
      }
    }
  }
});

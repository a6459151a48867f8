/** A wallet that breaks a limit of loss is paused, stopped, and by its setting closed (design section 12). */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { pauseOf } from '../../../shared/domain/pauses.ts';
import type { RiskLimits } from '../../../shared/domain/risk/limits.ts';
import { dayOf } from '../../../shared/domain/risk/results.ts';
import { Crashed, dying } from '../../support/fakes/crash.ts';
import { USER, WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (text: string) => new Decimal(text);
const own = { userId: USER, walletId: WALLET };
const KINDS: readonly [string, ConstructorParameters<typeof World>[0]][] = [
  ['a demo wallet', {}],
  ['a wallet at an exchange', { exchange: {} }],
];

const limit = async (world: World, limits: Partial<RiskLimits>): Promise<void> => {
  const set = await world.useCases.wallets.setLimits({ ...own, limits });
  if (!set.ok) throw new Error(set.error.message);
};
function pauseStateOf(world: World) {
  const wallet = world.wallets.items.get(WALLET);
  if (wallet === undefined) throw new Error('no wallet');
  return pauseOf(wallet);
}
const breaches = (world: World) => world.logs.filter(({ code }) => code === 'RISK_BREACH');

/** Half a coin from 50,000 on, and an entry that rests. */
async function busy(of: ConstructorParameters<typeof World>[0], limits: Partial<RiskLimits>) {
  const world = new World(of);
  world.tick('50000');
  await limit(world, limits);
  const { positionId } = await world.openPosition();
  const entry = await world.place({ type: 'limit', limitPrice: d('30000'), idempotencyKey: 'resting' });
  await world.pump();
  await world.pass(2);
  return { world, positionId, entryId: entry.orderId };
}

describe.each(KINDS)('%s', (_, of) => {
  it('is paused by a loss of the day, which cancels what rests and keeps what is open', async () => {
    const { world, positionId, entryId } = await busy(of, { maxDailyLoss: d('1000') });
    world.tick('48100');
    await world.pass(6);
    expect(pauseStateOf(world).pausedAt).toBeNull();
    world.tick('47900');
    await world.pass(12);
    const { pausedAt, pauseReason, pauses, stop } = pauseStateOf(world);
    expect(pausedAt).not.toBeNull();
    expect(pauseReason).toMatch(/^risk: max_daily_loss, lost 10\d\d(\.\d+)? of 1000 USD$/);
    expect([pauses, stop]).toEqual([1, null]);
    expect(world.order(entryId)).toMatchObject({
      status: 'cancelled',
      cancelWanted: { cause: 'risk_breach' },
    });
    expect(world.position(positionId).status).toBe('open');
    expect(breaches(world)).toHaveLength(1);
    expect(world.errors()).toEqual(['RISK_BREACH']);
    expect(world.counters.values.get('risk:breaches_total')).toBe('1');
    // Each live position's timeline has it, one of them as the alarm that is pushed.
    const told = [...world.ledger.actionItems.values()]
      .flat()
      .filter(({ facts }) => facts['why'] === 'risk_breach');
    expect(told.map(({ kind }) => kind).toSorted()).toEqual(['alarm', 'risk_breach']);
    expect(told[0]?.facts).toMatchObject({
      on_breach: 'pause',
      max_daily_loss_limit: '1000',
      message: expect.stringContaining('max_daily_loss'),
    });
    const refused = await world.useCases.placeOrder(world.command({ idempotencyKey: 'later' }));
    expect(refused).toMatchObject({
      error: {
        code: 'risk_limit',
        message: expect.stringMatching(/^the wallet is paused .*max_daily_loss \(limit 1000, used 10\d\d/),
        facts: {
          broken: 'max_daily_loss',
          max_daily_loss_limit: '1000',
          max_daily_loss_used: expect.stringMatching(/^10\d\d/),
          pause_reason: pauseReason,
          paused_at: new Date(pausedAt ?? 0).toISOString(),
        },
      },
    });
    const preview = await world.useCases.previewOrder(world.command({ idempotencyKey: 'later' }));
    expect(preview).toMatchObject({ ok: true, value: { refusal: { code: 'risk_limit' } } });
    // Whoever has recovered is paused all the same.
    world.tick('50000');
    const later = await world.useCases.placeOrder(world.command({ idempotencyKey: 'later' }));
    expect(later).toMatchObject({ error: { code: 'wallet_paused', facts: { pause_reason: pauseReason } } });
    // Getting out goes on.
    const closed = await world.useCases.closePosition({
      ...{ ...own, positionId, quantity: null, idempotencyKey: null },
    });
    expect(closed.ok).toBe(true);
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
  });

  it('is closed as well where that is set', async () => {
    const { world, positionId, entryId } = await busy(of, { maxDrawdown: d('1000'), onBreach: 'flatten' });
    world.tick('47900');
    await world.pass(14);
    expect(pauseStateOf(world).pauseReason).toContain('max_drawdown');
    expect(world.order(entryId).status).toBe('cancelled');
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'risk_breach' });
    expect(pauseStateOf(world).stop).toBeNull();
    expect(breaches(world)).toHaveLength(1);
  });

  it('is paused by what was realized, within a second of the fill', async () => {
    const { world, positionId } = await busy(of, { maxDailyLoss: d('1000') });
    await world.pass(6);
    world.tick('47900');
    await world.useCases.closePosition({ ...own, positionId, quantity: null, idempotencyKey: null });
    await world.pump();
    expect(pauseStateOf(world).pausedAt).toBeNull();
    await world.pass(1);
    expect(pauseStateOf(world).pauseReason).toContain('max_daily_loss');
  });
});

describe('a wallet that is paused by its losses', () => {
  it('is so within 5 s of the price, and its open positions’ stops still fire', async () => {
    const { world } = await busy({}, { maxDailyLoss: d('1000') });
    const stop = { stopLoss: { price: d('47000') } };
    const { positionId } = await world.openPosition(stop, { idempotencyKey: 'stopped', quantity: d('0.1') });
    await world.pass(7);
    world.tick('47900');
    const lostAt = world.now;
    await world.pass(8);
    const { pausedAt } = pauseStateOf(world);
    expect((pausedAt ?? Number.POSITIVE_INFINITY) - lostAt).toBeLessThanOrEqual(5_000);
    expect(world.position(positionId).status).toBe('open');
    world.tick('46990');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });
});

describe('a breach', () => {
  it('that somebody resumed from comes again only with the next whole limit, or the next day', async () => {
    const { world } = await busy({}, { maxDailyLoss: d('1000') });
    world.tick('47900');
    await world.pass(6);
    await world.useCases.wallets.resume(own);
    world.tick('46500');
    await world.pass(12);
    expect(pauseStateOf(world).pausedAt).toBeNull();
    // Its entries are refused all the same.
    const refused = await world.useCases.placeOrder(world.command({ idempotencyKey: 'more' }));
    expect(refused).toMatchObject({ error: { code: 'risk_limit', facts: { broken: 'max_daily_loss' } } });
    world.tick('45900');
    await world.pass(6);
    expect(pauseStateOf(world)).toMatchObject({
      pauses: 2,
      pauseReason: expect.stringContaining('of 1000 USD'),
    });
    expect(breaches(world)).toHaveLength(2);

    await world.useCases.wallets.resume(own);
    world.now = (dayOf(world.now) + 1) * 86_400_000;
    world.tick('45900');
    await world.pass(6);
    expect(pauseStateOf(world).pausedAt).toBeNull();
    world.tick('43800');
    await world.pass(6);
    expect(pauseStateOf(world).pauses).toBe(3);
  });

  it('of the drawdown comes again once a new peak was reached in between', async () => {
    const { world, positionId } = await busy({}, { maxDrawdown: d('1000') });
    await world.pass(6);
    world.tick('47900');
    await world.pass(6);
    await world.useCases.wallets.resume(own);
    await limit(world, { onBreach: 'flatten' });
    world.tick('53000');
    await world.pass(6);
    expect(pauseStateOf(world).pausedAt).toBeNull();
    world.tick('50900');
    await world.pass(14);
    expect(pauseStateOf(world)).toMatchObject({
      pauses: 2,
      pauseReason: expect.stringContaining('max_drawdown'),
    });
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'risk_breach' });
  });

  it('is acted on anew when a limit of loss is set that is broken already', async () => {
    const { world } = await busy({}, { maxDailyLoss: d('1000') });
    world.tick('47900');
    await world.pass(6);
    await world.useCases.wallets.resume(own);
    await limit(world, { maxDailyLoss: d('900') });
    await world.pass(2);
    expect(pauseStateOf(world)).toMatchObject({ pauses: 2 });
  });

  it('leaves the reason of a wallet that is paused, and does the rest', async () => {
    const { world, positionId } = await busy({}, { maxDailyLoss: d('1000'), onBreach: 'flatten' });
    await world.useCases.wallets.pause({ ...own, reason: 'holiday' });
    world.tick('47900');
    await world.pass(14);
    expect(pauseStateOf(world)).toMatchObject({ pauseReason: 'holiday', pauses: 1 });
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'risk_breach' });
  });

  it('is none while something open has no price, which is told', async () => {
    const { world } = await busy({}, { maxDailyLoss: d('1000') });
    world.tick('47900');
    world.prices.price = async () => null;
    await world.pass(8);
    expect(pauseStateOf(world).pausedAt).toBeNull();
    expect(world.logs.map(({ code }) => code)).toContain('LOSSES_UNKNOWN');
  });

  it('is acted on whatever the process that found it could still do, and by one of two', async () => {
    let completed = 0;
    let interrupted = 0;
    for (let at = 1; completed < 2; at++) {
      const { world, positionId } = await busy({}, { maxDailyLoss: d('1000'), onBreach: 'flatten' });
      world.tick('47900');
      world.now += 6_000;
      const doomed = dying(world.ports, { at: Math.ceil(at / 2), when: at % 2 === 0 ? 'after' : 'before' });
      const { checkLosses } = makeUseCases(doomed.ports, { monitorEnabled: true });
      try {
        await Promise.all([checkLosses(0), checkLosses(0)]);
        if (doomed.calls() < Math.ceil(at / 2)) completed += 1;
        else interrupted += 1;
      } catch (error) {
        if (!(error instanceof Crashed)) throw error;
        interrupted += 1;
      }
      await world.pass(80);
      expect(world.position(positionId), `died at ${at}`).toMatchObject({
        ...{ status: 'closed', exitCause: 'risk_breach' },
      });
      expect(pauseStateOf(world)).toMatchObject({ pauses: 1, stop: null });
      expect(breaches(world).length).toBeGreaterThanOrEqual(1);
    }
    expect(interrupted).toBeGreaterThan(15);
  });
});

describe('a look at losses', () => {
  it('is made every 3 s while something is open, and not where nothing is or nothing is limited', async () => {
    const { world, positionId } = await busy({}, { maxDailyLoss: d('100000') });
    let looks = 0;
    const look = world.ledger.realizedOn.bind(world.ledger);
    world.ledger.realizedOn = async (...of) => {
      looks += 1;
      return look(...of);
    };
    await world.pass(21);
    expect(looks).toBe(7);
    await world.useCases.closePosition({ ...own, positionId, quantity: null, idempotencyKey: null });
    await world.useCases.cancelAll({ ...own, symbol: null, side: null, idempotencyKey: null });
    await world.pass(3);
    looks = 0;
    await world.pass(60);
    expect(looks).toBe(0);
    await limit(world, { maxDailyLoss: null });
    looks = 0;
    await world.openPosition({}, { idempotencyKey: 'next' });
    await world.pass(20);
    expect(looks).toBe(0);
  });

  it('notes the start of a day within seconds, so that what was lost before is not of it', async () => {
    const { world } = await busy({}, { maxDailyLoss: d('1000') });
    world.tick('48500');
    world.now = (dayOf(world.now) + 1) * 86_400_000 - 2_000;
    world.tick('48500');
    await world.pass(8);
    const { dayStart } = world.ledger.riskItems.get(WALLET) ?? {};
    expect(dayStart).toMatchObject({ day: dayOf(world.now) });
    world.tick('47200');
    await world.pass(6);
    expect(pauseStateOf(world).pausedAt).toBeNull();
  });

  it('that fails for a minute is an alarm, and one that succeeds ends it', async () => {
    const { world } = await busy({}, { maxDailyLoss: d('1000') });
    const list = world.ledger.livePositionsOfWallet.bind(world.ledger);
    const unseen = () => world.counters.values.get('risk:unseen_total') ?? '0';
    const behind = async () => [];
    world.ledger.livePositionsOfWallet = behind;
    await world.pass(25);
    expect(world.logs.map(({ code }) => code)).toContain('LOSSES_CONTENDED');
    world.ledger.livePositionsOfWallet = list;
    await world.pass(10);
    // Anew from here on.
    world.ledger.livePositionsOfWallet = behind;
    await world.pass(25);
    expect([world.errors(), unseen()]).toEqual([[], '0']);
    await world.pass(50);
    expect(world.errors()).toContain('LOSSES_UNSEEN');
    expect(Number(unseen())).toBeGreaterThanOrEqual(1);
  });

  it('is made no more once the wallet is deleted', async () => {
    const world = new World({ exchange: {} });
    world.tick('50000');
    await limit(world, { maxDailyLoss: d('1000'), maxOpenPositions: 3 });
    await world.pass(3);
    expect(await world.useCases.wallets.delete(own)).toMatchObject({ ok: true });
    const dueAt = async () => (await world.ledger.dueLossChecks(0, Number.MAX_SAFE_INTEGER, 10)).length;
    expect(await dueAt()).toBe(1);
    world.now += 3_600_000;
    await world.pass(3);
    expect(await dueAt()).toBe(0);
    expect(world.ledger.riskItems.get(WALLET)?.limits).toMatchObject({
      maxDailyLoss: null,
      maxOpenPositions: 3,
    });
    expect(world.errors()).toEqual([]);
  });

  it('by whoever stood still meanwhile is none: the next one acts', async () => {
    const { world } = await busy({}, { maxDailyLoss: d('1000') });
    world.tick('47900');
    world.now += 6_000;
    const get = world.wallets.get.bind(world.wallets);
    world.wallets.get = async (walletId) => {
      world.now += 40_000;
      return get(walletId);
    };
    await world.useCases.checkLosses(0);
    world.wallets.get = get;
    expect(pauseStateOf(world).pausedAt).toBeNull();
    expect(world.logs.map(({ code }) => code)).toContain('LOOK_TOO_OLD');
    expect(breaches(world)).toEqual([]);
    world.tick('47900');
    await world.pass(8);
    expect(pauseStateOf(world).pausedAt).not.toBeNull();
  });
});

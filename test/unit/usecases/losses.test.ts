/** Limits of loss at work: entries that they refuse, and figures that stay right (design section 12). */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { RiskLimits } from '../../../shared/domain/risk/limits.ts';
import { dayOf } from '../../../shared/domain/risk/results.ts';
import { USER, WALLET, World } from '../../support/fakes/world.ts';
import { sought } from '../venues/bench.ts';

const d = (text: string) => new Decimal(text);
const own = { userId: USER, walletId: WALLET };

const limit = async (world: World, limits: Partial<RiskLimits>) => {
  const set = await world.useCases.wallets.setLimits({ ...own, limits });
  if (!set.ok) throw new Error(set.error.message);
  return set.value;
};
const buy = (world: World, key: string) => world.useCases.placeOrder(world.command({ idempotencyKey: key }));

async function opened(world: World, key: string): Promise<string> {
  const { positionId } = await world.openPosition({}, { idempotencyKey: key });
  return positionId;
}

async function sell(world: World, positionId: string, part: string | null): Promise<void> {
  const quantity = part === null ? null : d(part);
  const sold = await world.useCases.closePosition({ ...own, positionId, quantity, idempotencyKey: null });
  if (!sold.ok) throw new Error(sold.error.message);
  await world.pump();
}

async function close(world: World, positionId: string): Promise<void> {
  await sell(world, positionId, null);
  expect(world.position(positionId).status).toBe('closed');
}

/** Buys half a coin and sells it at that price. */
async function trade(world: World, key: string, from: string, to: string): Promise<void> {
  world.tick(from);
  const positionId = await opened(world, key);
  world.tick(to);
  await close(world, positionId);
}

describe('the loss of a day', () => {
  it('counts what was realized and what is open, and refuses entries with its figures', async () => {
    const world = new World();
    world.tick('50000');
    await limit(world, { maxDailyLoss: d('1000') });
    await trade(world, 'a', '50000', '49000');
    const lost = [...world.ledger.positionItems.values()][0]?.realizedPnl ?? d('0');
    expect(lost.lessThan(-500)).toBe(true);
    const held = await opened(world, 'b');
    world.tick('48100');
    const refused = await buy(world, 'c');
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'risk_limit', facts: { broken: 'max_daily_loss' } },
    });
    const { openFees } = world.position(held);
    const used = lost.negated().plus('450').plus(openFees).toFixed();
    expect(refused).toMatchObject({
      error: { facts: { max_daily_loss_limit: '1000', max_daily_loss_used: used } },
    });
    // Getting out never asks.
    await close(world, held);
    expect((await world.ledger.realizedOn(WALLET, dayOf(world.now))).lessThan('-900')).toBe(true);
    world.now += 86_400_000;
    world.tick('48100');
    expect(await buy(world, 'c')).toMatchObject({ ok: true });
  });

  it('begins with what is open when the day is first looked at', async () => {
    const world = new World();
    world.tick('50000');
    await limit(world, { maxDailyLoss: d('1000') });
    await opened(world, 'a');
    world.tick('48000');
    world.now += 86_400_000;
    world.tick('48000');
    expect(await buy(world, 'b')).toMatchObject({ ok: true });
    const found = await world.useCases.wallets.limits(own);
    expect(found).toMatchObject({ ok: true, value: { risk: { dayStart: { day: dayOf(world.now) } } } });
    if (!found.ok) throw new Error('no limits');
    expect(found.value.results?.dayPnl?.toFixed()).toBe('0');
    await world.pump();
    // Twice half a coin from here on.
    world.tick('46900');
    const refused = await buy(world, 'c');
    expect(refused).toMatchObject({ error: { facts: { broken: 'max_daily_loss' } } });
  });

  it('lets nothing be opened while something open has no price', async () => {
    const world = new World();
    world.tick('50000');
    await limit(world, { maxDailyLoss: d('1000'), maxPositionNotional: d('1000000') });
    await opened(world, 'a');
    const shown = world.prices.price.bind(world.prices);
    let isBlind = true;
    world.prices.price = async (symbol) => (isBlind ? null : shown(symbol));
    const found = await world.useCases.wallets.limits(own);
    expect(found).toMatchObject({ value: { results: { dayPnl: null, unknown: 'no price of BTC/USDT' } } });
    isBlind = false;
    expect(await buy(world, 'b')).toMatchObject({ ok: true });
  });

  it('is shown by a preview, which writes nothing', async () => {
    const world = new World();
    await limit(world, { maxDailyLoss: d('100') });
    await trade(world, 'a', '50000', '49000');
    world.now += 86_400_000;
    world.tick('49000');
    const before = world.ledger.riskItems.get(WALLET);
    const preview = () => world.useCases.previewOrder(world.command({ idempotencyKey: null }));
    expect(await preview()).toMatchObject({ ok: true, value: { risk: { broken: [] } } });
    expect(world.ledger.riskItems.get(WALLET)).toEqual(before);
    world.now -= 86_400_000;
    expect(await preview()).toMatchObject({ value: { risk: { broken: [{ name: 'max_daily_loss' }] } } });
  });
});

describe('the drawdown', () => {
  it('is measured from the highest result since the limit was set, and anew from when it is set again', async () => {
    const world = new World();
    world.tick('50000');
    await limit(world, { maxDrawdown: d('700') });
    await trade(world, 'a', '50000', '52000');
    // Some 900 up; this look is the peak.
    expect(await buy(world, 'b')).toMatchObject({ ok: true });
    await world.pump();
    const peak = world.ledger.riskItems.get(WALLET)?.peak;
    expect(peak?.greaterThan(900)).toBe(true);
    world.tick('50900');
    expect(await buy(world, 'c')).toMatchObject({ ok: true });
    world.tick('50400');
    const refused = await buy(world, 'd');
    expect(refused).toMatchObject({
      error: { facts: { broken: 'max_drawdown', max_drawdown_limit: '700' } },
    });
    await limit(world, { maxOpenPositions: 9 });
    expect(await buy(world, 'd')).toMatchObject({ error: { facts: { broken: 'max_drawdown' } } });
    await limit(world, { maxDrawdown: d('700') });
    expect(await buy(world, 'd')).toMatchObject({ ok: true });
  });
});

describe('a look at results', () => {
  /** Half a coin that has won some 1,000, seen at its peak. */
  async function won() {
    const world = new World();
    world.tick('50000');
    await limit(world, { maxDrawdown: d('500') });
    const positionId = await opened(world, 'a');
    world.tick('52000');
    await world.pass(6);
    expect(world.ledger.riskItems.get(WALLET)?.peak?.greaterThan(900)).toBe(true);
    return { world, positionId };
  }
  const drawdownOf = async (world: World): Promise<number> => {
    const found = await world.useCases.wallets.limits(own);
    if (!found.ok) throw new Error('no limits');
    return found.value.results?.drawdown?.toNumber() ?? Number.NaN;
  };

  it.each([null, '0.25'])(
    'counts what is sold meanwhile once: neither as open nor as lost (%s)',
    async (part) => {
      const { world, positionId } = await won();
      const realizedOn = world.ledger.realizedOn.bind(world.ledger);
      let closes = 0;
      world.ledger.realizedOn = async (...of) => {
        const before = await realizedOn(...of);
        closes += 1;
        if (closes === 1) await sell(world, positionId, part);
        return before;
      };
      // The fee of its exit, and no more.
      expect(await drawdownOf(world)).toBeLessThan(50);
      expect(closes).toBe(2);
    },
  );

  it('is made again where the list has not caught up yet', async () => {
    const { world } = await won();
    const list = world.ledger.livePositionsOfWallet.bind(world.ledger);
    let looks = 0;
    world.ledger.livePositionsOfWallet = async (walletId) => {
      looks += 1;
      return looks < 3 ? [] : list(walletId);
    };
    expect(await drawdownOf(world)).toBe(0);
    expect(looks).toBe(3);
    world.ledger.livePositionsOfWallet = async () => [];
    await expect(world.useCases.wallets.limits(own)).rejects.toThrow('still changing');
    await world.pass(10);
    expect(world.logs.map(({ code }) => code)).toContain('LOSSES_CONTENDED');
    expect(world.wallets.items.get(WALLET)?.demo?.pausedAt).toBeNull();
  });
});

describe('a cooldown', () => {
  it('begins with the last of so many losses in a row, and ends by itself', async () => {
    const world = new World();
    await limit(world, { cooldownAfterLosses: 2, cooldownMinutes: 10 });
    await trade(world, 'a', '50000', '49000');
    await trade(world, 'b', '50000', '51000');
    await trade(world, 'c', '50000', '49000');
    const held = await (async () => {
      world.tick('50000');
      return opened(world, 'd');
    })();
    world.tick('49000');
    await close(world, held);
    const until = new Date(world.now + 600_000).toISOString();
    expect(await buy(world, 'e')).toMatchObject({
      error: { facts: { broken: 'cooldown_after_losses', cooldown_after_losses_used: `2 until ${until}` } },
    });
    world.now += 600_000;
    world.tick('49000');
    expect(await buy(world, 'e')).toMatchObject({ ok: true });
  });

  it('counts a loser once, also one that a late fill of its entry opened again', async () => {
    const world = new World();
    await limit(world, { cooldownAfterLosses: 3, cooldownMinutes: 10 });
    world.tick('50000');
    const { positionId, entryOrderId } = await world.openPosition({}, { idempotencyKey: 'late' });
    world.tick('49000');
    await close(world, positionId);
    const row = () => world.ledger.riskItems.get(WALLET)?.lossRow;
    expect(row()).toBe(1);
    const found = await world.venue.orderStatus(sought(`mq${entryOrderId}-1`));
    if (found.kind !== 'found') throw new Error('absent');
    const [first] = found.report.fills;
    if (first === undefined) throw new Error('no fill');
    const fill = { ...first, tradeId: 'late-1', quantity: d('0.1'), at: world.now };
    const cumulativeQuantity = found.report.cumulativeQuantity.plus('0.1');
    await world.useCases.applyExecution({ ...found.report, fills: [fill], cumulativeQuantity });
    await world.pump();
    await world.pass(5);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', closedAs: 'lost' });
    expect(world.exitsOf(positionId)).toHaveLength(2);
    expect(row()).toBe(1);
    await trade(world, 'next', '50000', '49000');
    expect(row()).toBe(2);
  });
});

describe('setting a limit of loss', () => {
  it('is answered once it is set, whatever can be counted just then', async () => {
    const world = new World();
    world.tick('50000');
    await limit(world, { maxOpenPositions: 5 });
    await opened(world, 'a');
    world.ledger.livePositionsOfWallet = async () => [];
    const set = await world.useCases.wallets.setLimits({ ...own, limits: { maxDailyLoss: d('1000') } });
    expect(set).toMatchObject({
      ok: true,
      value: { risk: { limits: { maxDailyLoss: d('1000') } }, results: null },
    });
    expect(world.logs.map(({ code }) => code)).toContain('RESULTS_NOT_READ');
  });
});

import { describe, expect, it, vi } from 'vitest';
import { makeTriggerWork } from '../../../functions/compose/use-cases.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { oversold } from '../../../shared/domain/positions.ts';
import type { Bar, TrailingLevel, Units } from '../../../shared/domain/triggers/types.ts';
import { UnreadableItemError } from '../../../shared/ports/ledger.ts';
import { makeDispatchSweeps } from '../../../shared/usecases/dispatch-sweeps.ts';
import { replayTape } from '../../../shared/usecases/replay-tape.ts';
import { makeSweep } from '../../../shared/usecases/sweep.ts';
import { BTC, USER, World } from '../../support/fakes/world.ts';
import { makeUseCases } from '../../support/use-cases.ts';

const d = (text: string) => new Decimal(text);
const stop = (price: string) => ({ stopLoss: { price: d(price) } });
const status = (world: World, positionId: string) => world.position(positionId).status;
const kinds = async (world: World, positionId: string) =>
  (await world.ledger.actions(positionId)).map((a) => a.kind);

/** What a newer version has written of this order or position is beyond this one. */
function spoil({ ledger }: World, id: string): void {
  const guarded =
    <T>(read: (ids: readonly string[]) => Promise<T>) =>
    async (ids: readonly string[]): Promise<T> => {
      if (ids.includes(id)) throw new UnreadableItemError(`${id}: not a word of this version`);
      return read(ids);
    };
  const [order, position] = [ledger.order.bind(ledger), ledger.position.bind(ledger)];
  ledger.orders = guarded(ledger.orders.bind(ledger));
  ledger.positions = guarded(ledger.positions.bind(ledger));
  ledger.order = (one) => guarded(() => order(one))([one]);
  ledger.position = (one) => guarded(() => position(one))([one]);
}

describe('an item that cannot be read', () => {
  it('keeps no other stop from being carried out', async () => {
    const world = new World();
    const bad = await world.openPosition(stop('49000'), { idempotencyKey: 'bad' });
    const good = await world.openPosition(stop('49000'), { idempotencyKey: 'good' });
    spoil(world, bad.positionId);
    world.tick('48900');
    await world.pass(3);
    expect(status(world, good.positionId)).toBe('closed');
    expect(status(world, bad.positionId)).toBe('open');
    expect(world.errors()).toContain('HIT_FAILED');
  });

  it('keeps no index from being built again', async () => {
    const world = new World();
    const bad = await world.openPosition(stop('49000'), { idempotencyKey: 'bad' });
    const good = await world.openPosition(stop('49000'), { idempotencyKey: 'good' });
    spoil(world, bad.positionId);
    world.index.flush();
    world.tick('50000');
    await world.pump();
    expect(await world.index.isBuilt(BTC)).toBe(true);
    expect(world.errors()).toContain('LEVELS_UNUSABLE');
    world.tick('48900');
    await world.pass(3);
    expect(status(world, good.positionId)).toBe('closed');
  });

  it.each(['order', 'position'] as const)('keeps no other work from being sent again: %s', async (kind) => {
    const world = new World();
    world.tick('50000');
    world.outbox.fate = () => 'drop';
    const bad = await world.place({ idempotencyKey: 'bad' });
    const good = await world.place({ idempotencyKey: 'good', protection: stop('49000') });
    world.outbox.fate = () => 'deliver';
    if (kind === 'position') {
      await world.pass(3);
      world.outbox.fate = () => 'drop';
      for (const { positionId } of [bad, good]) {
        await world.useCases.closePosition({
          ...{ userId: USER, positionId, idempotencyKey: null, quantity: null },
        });
      }
      world.outbox.fate = () => 'deliver';
    }
    spoil(world, kind === 'order' ? bad.orderId : bad.positionId);
    await world.pass(20);
    expect(world.order(good.orderId).status).toBe('filled');
    if (kind === 'position') expect(status(world, good.positionId)).toBe('closed');
    // Looked at again each minute, not in each sweep.
    expect(world.errors().filter((code) => code === 'WORK_UNREADABLE')).toHaveLength(1);
  });
});

describe('hits', () => {
  it('of one position at once make one exit', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('1') }, activationPrice: null };
    const { positionId } = await world.openPosition({ ...stop('49000'), trailingStop });
    world.tick('40000');
    await world.pump();
    expect(status(world, positionId)).toBe('closed');
    expect(world.exitsOf(positionId)).toHaveLength(1);
  });

  it('of one moment are decided in the order of their ticks, whatever their names', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('1') }, activationPrice: null };
    const takeProfits = [{ price: d('51000'), share: d('1') }];
    const { positionId } = await world.openPosition({ trailingStop, takeProfits });
    world.tick('49500');
    world.tick('51000');
    await world.pump();
    expect(world.position(positionId).exitCause).toBe('trailing_stop');
  });

  it('that come back later than a later hit are decided before it', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('1') }, activationPrice: null };
    const takeProfits = [{ price: d('51000'), share: d('0.5') }];
    const { positionId } = await world.openPosition({ trailingStop, takeProfits });
    world.tick('49500');
    // Its taker dies.
    expect(await world.index.takeHits(BTC, 25, world.clock.now(), 2_000)).toHaveLength(1);
    world.now += 1_000;
    world.tick('51000');
    world.outbox.take();
    world.now += 1_500;
    await world.pass(3);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'trailing_stop' });
    expect(await kinds(world, positionId)).toContain('hit_dropped');
    expect(world.exitsOf(positionId)).toHaveLength(1);
  });

  it.each([
    ['an exit', '1', ['exit_claimed', 'hit_dropped'], ['take_profit']],
    ['a part', '0.5', ['part_claimed', 'exit_claimed'], ['take_profit', 'trailing_stop']],
  ] as const)(
    'that are taken apart: the first claim wins, here %s by the later tick, and the timeline tells of both',
    async (_, share, told, causes) => {
      const world = new World();
      const trailingStop = { distance: { percent: d('1') }, activationPrice: null };
      const takeProfits = [{ price: d('51000'), share: d(share) }];
      const { positionId } = await world.openPosition({ trailingStop, takeProfits });
      world.tick('49500');
      // Its taker is slow, and comes when the later hit is decided.
      expect(await world.index.takeHits(BTC, 25, world.clock.now(), 2_000)).toHaveLength(1);
      world.tick('51000');
      await world.pump();
      world.now += 2_500;
      await world.pass(3);
      expect(world.position(positionId).status).toBe('closed');
      const own = (await world.ledger.actions(positionId)).filter(
        ({ facts }) => facts['tick_id'] !== undefined,
      );
      expect(own.map(({ kind }) => kind)).toEqual(told);
      const [first, second] = own.map(({ facts }) => Number(facts['tick_id']));
      expect(first).toBeGreaterThan(second ?? 0);
      expect(world.exitsOf(positionId).map(({ exit }) => exit?.cause)).toEqual(causes);
      expect(oversold(world.position(positionId)).toFixed()).toBe('0');
    },
  );

  it('reached before an unrelated change still count', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    world.outbox.take();
    // The change commits between the hit and its evaluation; the price has bounced.
    world.tick('50000');
    world.outbox.take();
    const takeProfits = [{ price: d('60000'), share: d('1') }];
    await world.useCases.changeProtection({ userId: USER, positionId, change: { takeProfits } });
    await world.pass(1);
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('of a level that was taken further away are dropped', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    world.outbox.take();
    world.tick('50000');
    world.outbox.take();
    await world.useCases.changeProtection({ userId: USER, positionId, change: stop('48000') });
    await world.pass(2);
    expect(status(world, positionId)).toBe('open');
    world.tick('47999');
    await world.pump();
    expect(status(world, positionId)).toBe('closed');
  });

  it('older than 30 s need the current price: unconfirmed ones are recorded and armed anew', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    world.outbox.take();
    world.now += 31_000;
    world.tick('50000');
    await world.pass(1);
    expect(status(world, positionId)).toBe('open');
    expect(await kinds(world, positionId)).toContain('hit_refused');
    world.tick('48990');
    await world.pump();
    expect(status(world, positionId)).toBe('closed');
  });

  it('older than 30 s that the current price confirms are taken', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    world.outbox.take();
    world.now += 31_000;
    world.tick('48950');
    await world.pass(1);
    expect(status(world, positionId)).toBe('closed');
  });

  it('that nobody can confirm do not spin', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    world.outbox.take();
    world.now += 120_000;
    world.prices.shown.clear();
    await world.pass(3);
    expect((await kinds(world, positionId)).filter((kind) => kind === 'hit_refused')).toHaveLength(1);
    expect(status(world, positionId)).toBe('open');
  });

  it('of a closed position are dropped and settled', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    world.outbox.take();
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'a' });
    await world.pump();
    await world.pass(3);
    expect(world.exitsOf(positionId)).toHaveLength(1);
    expect(await world.index.symbolsWithHits(0, world.now)).toEqual([]);
  });

  it('whose break-even was reached first fire at the moved stop, also after a bounce', async () => {
    const world = new World();
    const breakEven = { activationProfitPercent: d('1'), offsetPercent: d('0') };
    const { positionId } = await world.openPosition({ breakEven, ...stop('49000') });
    // Up to the activation, down through the old stop, up again: all before anybody evaluates.
    for (const price of ['50500', '48000', '52000']) world.tick(price);
    await world.pump();
    await world.pass(2);
    expect(status(world, positionId)).toBe('closed');
  });

  it('are taken by sweeps when every wake-up is lost', async () => {
    const world = new World();
    world.outbox.fate = (sent) => (sent.queue === 'triggers' ? 'drop' : 'deliver');
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    world.outbox.queue = world.outbox.queue.filter((sent) => sent.queue !== 'triggers');
    await world.pass(1);
    expect(status(world, positionId)).toBe('closed');
    expect(world.counters.values.get('om:stops_triggered')).toBe('1');
  });

  it('carry the time from the tick to the wire', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    const at = world.now;
    world.now += 7;
    await world.pump();
    const [exit] = world.exitsOf(positionId);
    expect(exit?.timings).toMatchObject({ tickAt: at, sentAt: at + 7 });
  });
});

describe('a rebuild', () => {
  it('after a flush brings the level back, and the exit of a stop that was touched meanwhile', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.now += 2_000;
    world.tick('50000');
    world.now += 1_000;
    world.tick('48900');
    world.outbox.take();
    world.index.flush();
    world.now += 1_000;
    world.tick('50500');
    await world.pump();
    const closed = world.position(positionId);
    expect(closed).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(closed.flatten?.trigger?.cause).toBe('rebuilt');
  });

  it.each([
    ['ahead', 30_000],
    ['behind', -30_000],
  ])('finds the stop that was touched meanwhile when the clock that armed it was %s', async (_, ms) => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const opened = world.position(positionId);
    const armed = opened.armings['stop_loss'];
    if (armed === undefined) throw new Error('not armed');
    const stop_loss = { ...armed, at: armed.at + ms };
    world.ledger.positionItems.set(positionId, { ...opened, armings: { stop_loss } });
    world.now += 2_000;
    world.tick('50000');
    world.now += 1_000;
    world.tick('48900');
    world.outbox.take();
    world.index.flush();
    world.now += 1_000;
    world.tick('50500');
    await world.pump();
    expect(world.position(positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('does not sell for a price from before a stop was armed by a clock that was behind', async () => {
    const world = new World();
    world.tick('48900');
    world.now += 5_000;
    world.tick('50000');
    world.now += 1_000;
    const { positionId } = await world.openPosition(stop('49000'));
    const opened = world.position(positionId);
    const armed = opened.armings['stop_loss'];
    if (armed === undefined) throw new Error('not armed');
    const stop_loss = { ...armed, at: armed.at - 30_000 };
    world.ledger.positionItems.set(positionId, { ...opened, armings: { stop_loss } });
    world.outbox.take();
    world.index.flush();
    world.now += 1_000;
    world.tick('50500');
    await world.pump();
    expect(status(world, positionId)).toBe('open');
  });

  it('does not sell a position that was opened meanwhile for a refused price from before it', async () => {
    const world = new World();
    world.tick('50000');
    world.index.flush();
    // Refused while the index is away, and sent again after the rebuild: first the one from before the position.
    const before = world.tickOf('48900');
    world.now += 3_000;
    const after = world.tickOf('50500');
    const order = await world.place({ protection: stop('49000') });
    const position = () => world.position(order.positionId);
    await world.pump();
    expect(position()).toMatchObject({ status: 'open', armedVersion: 0 });
    await world.useCases.rebuildSymbol(BTC);
    for (const tick of [before, after]) world.show(tick, after.id);
    await world.useCases.evaluateHits(BTC);
    expect(status(world, order.positionId)).toBe('open');
    await world.pass(3);
    expect(position().armedVersion).toBe(position().levelsVersion);
    world.tick('48990');
    await world.pump();
    expect(position()).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('sells a position that was opened meanwhile by a later touch, though the price comes back', async () => {
    const world = new World();
    world.tick('50000');
    world.index.flush();
    const order = await world.place({ protection: stop('49000') });
    await world.pump();
    await world.useCases.rebuildSymbol(BTC);
    await world.pass(4);
    world.now += 2 * 60_000;
    world.tick('50000');
    world.tick('48900');
    world.tick('50500');
    await world.pump();
    expect(world.position(order.positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('sells it by a later touch, though the price comes back and an earlier one had reached its stop too', async () => {
    const world = new World();
    world.tick('50000');
    world.index.flush();
    const before = world.tickOf('48900');
    world.now += 3_000;
    const after = world.tickOf('50500');
    const order = await world.place({ protection: stop('49000') });
    await world.pump();
    await world.useCases.rebuildSymbol(BTC);
    for (const tick of [before, after]) world.show(tick, after.id);
    world.now += 1_000;
    for (const price of ['48950', '50500']) world.tick(price);
    await world.pump();
    expect(world.position(order.positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('sells a position that was armed before any price by a touch after a rebuild, though the price comes back', async () => {
    const world = new World();
    world.tick('50000');
    world.index.flush();
    const order = await world.place({ protection: stop('49000') });
    const position = () => world.position(order.positionId);
    await world.pump();
    await world.useCases.rebuildSymbol(BTC);
    await world.pass(4);
    expect(position().armings['stop_loss']).toMatchObject({ tick: -1 });
    expect(position().armings['stop_loss']?.laterThan).toBeUndefined();
    world.now += 2_000;
    const seen = world.tickOf('50000');
    world.show(seen);
    world.index.flush();
    await world.useCases.rebuildSymbol(BTC);
    expect(position().armings['stop_loss']).toMatchObject({ tick: -1, laterThan: seen.id });
    world.now += 2_000;
    world.tick('48900');
    world.outbox.take();
    world.index.flush();
    world.now += 1_000;
    world.tick('50500');
    await world.pump();
    expect(position()).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
    expect(position().flatten?.trigger?.cause).toBe('rebuilt');
  });

  it('sells a position that was opened meanwhile where the price is past its stop', async () => {
    const world = new World();
    world.tick('50000');
    world.index.flush();
    const order = await world.place({ protection: stop('49000') });
    await world.pump();
    await world.useCases.rebuildSymbol(BTC);
    world.now += 1_000;
    world.tick('48900');
    await world.pump();
    expect(world.position(order.positionId)).toMatchObject({ status: 'closed', exitCause: 'stop_loss' });
  });

  it('keeps a trailing stop as tight as it was', async () => {
    const world = new World();
    const trailingStop = { distance: { percent: d('2') }, activationPrice: null };
    const { positionId } = await world.openPosition({ trailingStop });
    world.now += 2_000;
    world.tick('52000');
    world.now += 1_000;
    world.index.flush();
    world.tick('51500');
    await world.pump();
    world.tick('50960');
    await world.pump();
    const { flatten } = world.position(positionId);
    expect(flatten?.trigger).toMatchObject({ levelName: 'trailing_stop' });
    expect(flatten?.trigger?.peak?.toFixed()).toBe('52000');
  });

  it('is asked for by whoever finds the index missing, and what could not be armed stays due', async () => {
    const world = new World();
    world.index.flush();
    const { positionId } = await world.openPosition(stop('49000'));
    await world.pass(4);
    const armed = world.position(positionId);
    expect(armed.armedVersion).toBe(armed.levelsVersion);
    expect(await world.index.levels(BTC)).toHaveLength(1);
  });

  it('brings back the levels of resting orders', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place({ type: 'limit', limitPrice: d('49000') });
    await world.pump();
    world.index.flush();
    world.now += 1_000;
    world.tick('50000');
    await world.pump();
    world.tick('48990');
    await world.pump();
    expect(world.order(order.orderId).status).toBe('filled');
  });

  it('runs once for many messages', async () => {
    const world = new World();
    world.index.flush();
    const answers = await Promise.all([1, 2, 3].map(() => world.useCases.rebuildSymbol(BTC)));
    expect(answers.filter((answer) => answer === 'rebuilt')).toHaveLength(1);
    expect(await world.useCases.rebuildSymbol(BTC)).toBe('already_built');
  });

  it('begins again when the cache is lost between its levels and its end', async () => {
    const world = new World();
    await world.openPosition(stop('49000'));
    world.index.flush();
    const load = world.index.loadRebuilt.bind(world.index);
    let losses = 1;
    world.index.loadRebuilt = async (...given) => {
      const answer = await load(...given);
      if (losses > 0) world.index.flush();
      losses -= 1;
      return answer;
    };
    expect(await world.useCases.rebuildSymbol(BTC)).toBe('rebuilt');
    expect(await world.index.levels(BTC)).toHaveLength(1);
    losses = 3;
    world.index.flush();
    await expect(world.useCases.rebuildSymbol(BTC)).rejects.toThrow('lost in each of 3 rebuilds');
    expect(await world.index.isBuilt(BTC)).toBe(false);
  });

  it('does not load what another may have overtaken: its lease was taken over meanwhile', async () => {
    const world = new World();
    await world.openPosition(stop('49000'));
    world.index.flush();
    const loaded = vi.spyOn(world.index, 'loadRebuilt');
    const bars = world.prices.bars.bind(world.prices);
    world.prices.bars = async (...given) => {
      // This process stood still for longer than its lease.
      world.now += 3_000;
      await world.leases.hold(`rebuild:{${BTC}}`, 'another', 2_000);
      return bars(...given);
    };
    expect(await world.useCases.rebuildSymbol(BTC)).toBe('somebody_else');
    expect(loaded).not.toHaveBeenCalled();
    expect((await world.leases.hold(`rebuild:{${BTC}}`, 'another', 2_000)).held).toBe(true);
  });

  it('loads nothing where it stood still between its last look at the lease and the load', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    world.index.flush();
    const load = world.index.loadRebuilt.bind(world.index);
    world.index.loadRebuilt = async (...given) => {
      world.index.loadRebuilt = load;
      // Its lease runs out, the position is closed, and another rebuild begins and ends.
      world.now += 3_000;
      const closed = await world.useCases.closePosition({
        ...{ userId: USER, positionId, idempotencyKey: 'close', quantity: null },
      });
      expect(closed.ok).toBe(true);
      await world.pump();
      await world.useCases.rebuildSymbol(BTC);
      expect(await world.index.isBuilt(BTC)).toBe(true);
      return load(...given);
    };
    expect(await world.useCases.rebuildSymbol(BTC)).toBe('already_built');
    expect(world.position(positionId).status).toBe('closed');
    expect(await world.index.levels(BTC)).toEqual([]);
    expect(world.logs.map(({ code }) => code)).toContain('INDEX_REBUILD_LOST');
  });

  it('begins again where its lease has run out and nobody took it', async () => {
    const world = new World();
    await world.openPosition(stop('49000'));
    world.index.flush();
    const loaded = vi.spyOn(world.index, 'loadRebuilt');
    const bars = world.prices.bars.bind(world.prices);
    let pauses = 1;
    world.prices.bars = async (...given) => {
      world.now += pauses > 0 ? 3_000 : 0;
      pauses -= 1;
      return bars(...given);
    };
    expect(await world.useCases.rebuildSymbol(BTC)).toBe('rebuilt');
    expect(loaded).toHaveBeenCalledTimes(1);
    expect(world.logs.map(({ code }) => code)).toContain('REBUILD_LEASE_RAN_OUT');
  });

  it('of many levels lets others at the process all the while', async () => {
    const world = new World();
    const { positionId } = await world.openPosition(stop('49000'));
    const one = world.position(positionId);
    for (let i = 0; i < 2_000; i++) world.ledger.positionItems.set(`p${i}`, { ...one, positionId: `p${i}` });
    world.index.flush();
    let pauses = 0;
    const sleep = async (ms: number) => {
      expect(ms).toBe(0);
      pauses += 1;
    };
    const useCases = makeUseCases({ ...world.ports, sleep }, { monitorEnabled: true });
    expect(await useCases.rebuildSymbol(BTC)).toBe('rebuilt');
    expect(await world.index.levels(BTC)).toHaveLength(2_001);
    expect(pauses).toBeGreaterThanOrEqual(8);
  });

  it('takes each stretch of the tape once, in its order', () => {
    const prices = (price: number) => ({
      bid: price as Units,
      ask: price as Units,
      last: price as Units,
      mid: price as Units,
    });
    const bar = (second: number, low: number, high: number): Bar => ({
      second,
      low: prices(low),
      high: prices(high),
      close: prices(low),
      firstTick: second,
      lastTick: second,
      count: 1,
    });
    const level = (armedAt: number): TrailingLevel => ({
      kind: 'trailing',
      member: `p${armedAt}|trailing_stop`,
      version: 1,
      source: 'bid',
      side: 'long',
      distance: { bp: 1000 },
      activation: null,
      peak: 1000 as Units,
      armedTick: 1,
      armedAt,
    });
    // Seconds start inside minute 2 (at 150): its high of 1,300 came at its very end.
    const seconds = [bar(150, 1000, 1000), bar(179, 1300, 1300), bar(180, 1290, 1300)];
    const minutes = [bar(60, 1000, 1000), bar(120, 1000, 1300), bar(180, 1290, 1300)];
    const replayed = replayTape([level(30_000), level(155_000)], { seconds, minutes });
    expect(replayed.hits).toEqual([]);
    expect(replayed.levels.map((l) => l.kind === 'trailing' && l.peak)).toEqual([1300, 1300]);
    const fallen = replayTape([level(30_000)], { seconds: [...seconds, bar(181, 1100, 1100)], minutes });
    expect(fallen.hits.map((hit) => hit.level)).toEqual([1170]);
  });
});

describe('sweeps', () => {
  it('cover the next 130 s, the same seconds from every firing', async () => {
    const world = new World();
    const settings = { shards: 2, intervalSeconds: 1, horizonSeconds: 130 };
    const dispatch = makeDispatchSweeps(world.ports, settings);
    expect(await dispatch()).toBe(262);
    const first = world.outbox.take();
    world.now += 60_400;
    await dispatch();
    const seconds = (sent: typeof first) =>
      new Set(sent.map((s) => (s.queue === 'triggers' && s.message.kind === 'sweep' ? s.message.second : 0)));
    const overlap = [...seconds(world.outbox.take())].filter((second) => seconds(first).has(second));
    expect(overlap).toHaveLength(71);
  });

  it('are done once, and not when they are too late', async () => {
    const world = new World();
    const second = Math.floor(world.now / 1000);
    expect(await world.useCases.sweep({ shard: 0, second })).toBe('done');
    expect(await world.useCases.sweep({ shard: 0, second })).toBe('doubled');
    expect(await world.useCases.sweep({ shard: 0, second: second - 6 })).toBe('too_old');
    expect(world.counters.values.get('om:checks_total')).toBe('1');
    expect(world.counters.values.get('om:last_check')).toBe(String(world.now));
  });

  it('take no hit while the monitor is switched off, and leave no work undone that is owed already', async () => {
    const world = new World();
    world.tick('50000');
    const { positionId } = await world.openPosition(stop('49000'));
    world.tick('48900');
    world.outbox.take();
    const late = await world.place({ idempotencyKey: 'late' });
    world.outbox.take();
    world.now += 60_000;
    const off = makeTriggerWork(world.ports, { monitorEnabled: false });
    expect(await off.sweep({ shard: 0, second: Math.floor(world.now / 1000) })).toBe('disabled');
    expect(await off.evaluateHits('BTC/USDT')).toMatchObject({ taken: 0 });
    const sent = world.outbox.take();
    expect(sent).toContainEqual(expect.objectContaining({ message: { orderId: late.orderId } }));
    expect(world.position(positionId).flatten).toBeNull();
    expect(world.counters.values.get('om:last_check')).toBeUndefined();

    // On again: it is long ago, so the price of now has to say the same.
    world.tick('48800');
    await world.useCases.sweep({ shard: 0, second: Math.floor(world.now / 1000) + 1 });
    expect(world.position(positionId).flatten?.cause).toBe('stop_loss');
  });

  it('that are all too late are done, one in each second', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place();
    world.outbox.take();
    const second = Math.floor(world.now / 1000);
    world.now += 60_000;
    // A queue that lags a minute behind hands out nothing else.
    expect(await world.useCases.sweep({ shard: 0, second })).toBe('done');
    expect(world.outbox.queue).toMatchObject([{ queue: 'submit', message: { orderId: order.orderId } }]);
    expect(await world.useCases.sweep({ shard: 0, second: second + 1 })).toBe('too_old');
    world.now += 1_000;
    expect(await world.useCases.sweep({ shard: 0, second: second + 2 })).toBe('done');
    // The present second's own comes too, and finds it done.
    expect(await world.useCases.sweep({ shard: 0, second: second + 61 })).toBe('doubled');
  });

  it('re-drive due work while the cache is away', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place();
    world.outbox.take();
    world.now += 1_000;
    world.leases.once = () => Promise.reject(new Error('connection lost'));
    await expect(world.useCases.sweep({ shard: 0, second: Math.floor(world.now / 1000) })).rejects.toThrow(
      'connection lost',
    );
    expect(world.outbox.queue).toMatchObject([{ queue: 'submit', message: { orderId: order.orderId } }]);
  });

  it('tell how late work is, and which orders nothing is known of, although they cannot go on', async () => {
    const world = new World();
    world.tick('50000');
    const order = await world.place();
    world.outbox.take();
    world.now += 9_000;
    world.outbox.submit = () => Promise.reject(new Error('queue away'));
    const told: Readonly<Record<string, number>>[] = [];
    const ports = {
      ...world.ports,
      metrics: (values: Readonly<Record<string, number>>) => void told.push(values),
    };
    const { redriveDue } = world.useCases;
    const sweep = makeSweep(
      ports,
      { evaluateHits: world.useCases.evaluateHits, redriveDue, checkLosses: async () => 0 },
      true,
    );
    const { since } = order.unknown;
    expect(since).toBeNull();
    await expect(sweep({ shard: 0, second: Math.floor(world.now / 1000) })).rejects.toThrow('queue away');
    expect(told).toEqual([
      { work_overdue_seconds: expect.toSatisfy((n) => n >= 5), orders_unknown_seconds: 0 },
    ]);
  });

  it('space out what keeps failing, and two sweeps do not send the same twice', async () => {
    const world = new World();
    world.tick('50000');
    await world.place();
    world.outbox.take();
    world.now += 1_000;
    const driven = await Promise.all([world.useCases.redriveDue(0), world.useCases.redriveDue(0)]);
    expect(driven[0].driven + driven[1].driven).toBe(1);
    const times = [world.now];
    while (times.length < 5) {
      world.now += 100;
      if ((await world.useCases.redriveDue(0)).driven > 0) times.push(world.now);
    }
    const gaps = times.slice(1).map((at, i) => Math.round((at - (times[i] ?? 0)) / 1000));
    expect(gaps).toEqual([3, 5, 9, 17]);
  });
});

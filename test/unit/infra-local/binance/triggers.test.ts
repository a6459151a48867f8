/** Contingent orders: trigger directions, and the trailing examples of the exchange's own FAQ. */
import { describe, expect, it } from 'vitest';
import type { Params } from '../../../../infra/local/venues/binance/contract.ts';
import { bench, limit } from './world.ts';

const SYMBOL = 'BTCUSDT';

/** Feeds the path and says at which price the order fired; null: not at all. */
function firesAt(params: Params, start: string, path: readonly string[]): string | null {
  const world = bench();
  world.price(start);
  const { orderId } = world.run('order.place', { symbol: SYMBOL, quantity: '0.1', ...params });
  for (const price of path) {
    world.price(price);
    const order = world.run('order.status', { symbol: SYMBOL, orderId: `${orderId}` });
    if (order['status'] !== 'NEW') return price;
  }
  return null;
}

describe('the direction of a trigger', () => {
  const cases = [
    ['STOP_LOSS', 'BUY', '51000', ['50999.99', '51000'], '49000'],
    ['STOP_LOSS', 'SELL', '49000', ['49000.01', '49000'], '51000'],
    ['TAKE_PROFIT', 'BUY', '49000', ['49000.01', '49000'], '51000'],
    ['TAKE_PROFIT', 'SELL', '51000', ['50999.99', '51000'], '49000'],
  ] as const;
  it.each(cases)(
    '%s %s with stop price %s fires at the price or beyond',
    (type, side, stopPrice, path, wrong) => {
      expect(firesAt({ type, side, stopPrice }, '50000', path)).toBe(path[1]);
      const world = bench();
      world.price('50000');
      for (const refused of [wrong, '50000']) {
        expect(
          world.refusal('order.place', { symbol: SYMBOL, type, side, quantity: '0.1', stopPrice: refused }),
        ).toBe('-2010 Order would trigger immediately.');
      }
    },
  );

  it('fires on the trades of accounts too, not only on fed prices', () => {
    const world = bench({ book: { levels: 2, levelNotional: '1000', stepTicks: 10000 } });
    world.price('50000');
    const stop = world.run('order.place', {
      symbol: SYMBOL,
      type: 'STOP_LOSS',
      side: 'SELL',
      quantity: '0.01',
      stopPrice: '49950',
    });
    world.place({ side: 'SELL', type: 'MARKET', quantity: '0.03' }, 1002);
    expect(world.run('order.status', { symbol: SYMBOL, orderId: `${stop['orderId']}` })['isWorking']).toBe(
      true,
    );
  });
});

describe('trailing orders', () => {
  it('stop loss BUY with a stop price: activated, follows the low, fires 5 % above it', () => {
    const terms = { type: 'STOP_LOSS', side: 'BUY', stopPrice: '44000', trailingDelta: '500' };
    expect(firesAt(terms, '40000', ['37000', '45000', '46000', '42000', '44099.99', '44100'])).toBe('44100');
  });
  it('stop loss SELL with a stop price', () => {
    const terms = { type: 'STOP_LOSS', side: 'SELL', stopPrice: '39000', trailingDelta: '1000' };
    expect(firesAt(terms, '40000', ['38500', '41000', '36900.01', '36900'])).toBe('36900');
  });
  it('take profit BUY with a stop price', () => {
    const terms = { type: 'TAKE_PROFIT', side: 'BUY', stopPrice: '38000', trailingDelta: '850' };
    expect(firesAt(terms, '40000', ['41000', '38000', '37000', '40144.99', '40145'])).toBe('40145');
  });
  it('take profit SELL with a stop price', () => {
    const terms = { type: 'TAKE_PROFIT', side: 'SELL', stopPrice: '42000', trailingDelta: '750' };
    expect(firesAt(terms, '40000', ['39000', '42000', '46500', '43012.51', '43012.5'])).toBe('43012.5');
  });
  it('stop loss SELL without a stop price follows at once', () => {
    const terms = { type: 'STOP_LOSS', side: 'SELL', trailingDelta: '700' };
    expect(firesAt(terms, '40000', ['45500', '42315.01', '42315'])).toBe('42315');
  });
  it('shows since when it follows: -1 until its stop price was reached', () => {
    const world = bench();
    world.price('40000');
    const terms = {
      symbol: SYMBOL,
      type: 'TAKE_PROFIT',
      side: 'SELL',
      quantity: '0.1',
      stopPrice: '42000',
      trailingDelta: '500',
    };
    const placed = world.run('order.place', { ...terms, newOrderRespType: 'RESULT' });
    expect(placed).toMatchObject({
      trailingDelta: 500,
      trailingTime: -1,
      workingTime: -1,
      stopPrice: '42000.00000000',
    });
    world.pass(1000);
    world.price('42000');
    expect(world.run('order.status', { symbol: SYMBOL, orderId: `${placed['orderId']}` })).toMatchObject({
      trailingTime: world.now(),
      isWorking: false,
      status: 'NEW',
    });
  });
});

describe('a triggered order', () => {
  const stopLimit = { ...limit('SELL', '0.1', '48900'), type: 'STOP_LOSS_LIMIT', stopPrice: '49000' };

  it('waits with w=false and no working time, then reports w=true before its trade', () => {
    const world = bench();
    world.price('50000');
    world.place(stopLimit);
    expect(world.reports().at(-1)).toMatchObject({ x: 'NEW', X: 'NEW', w: false, P: '49000.00000000' });
    expect(world.reports().at(-1)).not.toHaveProperty('W');
    world.price('48950');
    const [, again, trade] = world.reports();
    expect(again).toMatchObject({ x: 'NEW', X: 'NEW', w: true, W: world.now() });
    expect(trade).toMatchObject({ x: 'TRADE', X: 'FILLED', L: '48949.99000000', m: false });
  });

  it('leaves the extra report out when told so', () => {
    const world = bench({ order: { triggeredReport: false } });
    world.price('50000');
    world.place(stopLimit);
    world.price('48950');
    expect(world.reports().map((one) => one['x'])).toEqual(['NEW', 'TRADE']);
  });

  it('rests at its limit when the market has run away from it', () => {
    const world = bench();
    world.price('50000');
    const { orderId } = world.place(stopLimit);
    world.price('48000');
    expect(world.run('order.status', { symbol: SYMBOL, orderId: `${orderId}` })).toMatchObject({
      status: 'NEW',
      isWorking: true,
    });
  });

  it('expires as REJECTED when the funds do not reach at the trigger', () => {
    const world = bench({ book: { spreadTicks: 100000, levels: 20, levelNotional: '90000' } });
    world.price('50000');
    world.run('order.place', {
      symbol: SYMBOL,
      type: 'STOP_LOSS',
      side: 'BUY',
      quantity: '1.96',
      stopPrice: '51000',
    });
    world.price('51000');
    expect(world.reports().at(-1)).toMatchObject({ x: 'EXPIRED', X: 'EXPIRED', eR: 'REJECTED' });
    expect(world.balance('USDT')).toBe('100000.00000000 0.00000000');
  });
});

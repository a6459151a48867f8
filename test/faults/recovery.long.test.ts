/**
 * Processes die, the cache is emptied, messages are lost, doubled and late: no exit is lost, none is made twice
 * (design sections 4, 10, 14, 15). One system; every test has symbols of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SendGate } from '../support/send-gate.ts';
import { type Interception, startTestSystem, type TestSystem } from '../support/system.ts';
import { type PositionAnswer, soleExit, type Trader } from '../support/trader.ts';
import { until } from '../support/until.ts';

let system: TestSystem;
let trader: Trader;
let gate: SendGate;

beforeAll(async () => {
  gate = await SendGate.start();
  system = await startTestSystem({ environment: { evaluate: { AWS_ENDPOINT_URL_SQS: gate.url } } });
  gate.leadsTo(system.running.sqsEndpoint);
  trader = system.trader;
});
afterAll(async () => {
  await system?.stop();
  await gate?.stop();
});
afterEach(() => {
  system.intercept(null);
  gate.lets = () => true;
});

/** A protected long over 1,000 of the quote. */
async function open(symbol: string, price: string, quantity: string, protection: unknown) {
  await system.trade(symbol, price);
  const wallet = await trader.wallet();
  const { positionId, order } = await trader.buy(wallet, symbol, quantity, protection);
  return { wallet, positionId, orderId: order.order_id };
}

/** One exit order, all of it sold once, the wallet agrees to the last digit. */
async function soldOnce(wallet: string, position: PositionAnswer): Promise<void> {
  const exit = soleExit(position);
  expect(exit).toMatchObject({
    status: 'filled',
    filled_amount: position.entry.amount,
    remaining_amount: '0',
  });
  const orders = await trader.orders(wallet);
  expect(orders.map(({ role, status }) => [role, status]).sort()).toEqual([
    ['entry', 'filled'],
    ['exit', 'filled'],
  ]);
  const balances = await trader.balances(wallet);
  const [base = ''] = position.symbol.split('/');
  expect(balances[base]).toMatchObject({ total: '0', locked: '0' });
  const cash = (Number('100000') + Number(position.exit?.realized_pnl)).toFixed(8);
  expect(Number(balances['USDT']?.total).toFixed(8)).toBe(cash);
}

describe('the streamer is killed', () => {
  it('and exits that were due while it was away come when it is back, by the very tick', async () => {
    const [btc, eth] = [
      await open('BTC/USDT', '50000', '0.02', { stop_loss: '49500' }),
      await open('ETH/USDT', '2000', '0.5', { trailing_stop: { distance_percent: '1' } }),
    ];
    await sleep(1_100);
    await system.trade('ETH/USDT', '2100');
    let tick = 0;
    await system.crashStreamer(() => {
      system.tape.push('BTC/USDT', '49900');
      tick = system.tape.push('BTC/USDT', '49400');
      system.tape.push('BTC/USDT', '50100');
    });
    const stopped = await trader.closed(btc.positionId, 25_000);
    expect(stopped.exit_trigger).toMatchObject({ tick_id: tick, level: '49500', price: '49400' });
    await soldOnce(btc.wallet, stopped);
    // The peak that trailing had reached before is not forgotten.
    expect((await trader.position(eth.positionId)).status).toBe('open');
    const fall = system.tape.push('ETH/USDT', '2079');
    const trailed = await trader.closed(eth.positionId);
    expect(trailed.exit_trigger).toMatchObject({ tick_id: fall, level: '2079', peak: '2100' });
    await soldOnce(eth.wallet, trailed);
  });
});

describe('all keys of the cache are deleted', () => {
  it('and stops, trailing stops and resting orders still come', async () => {
    const stop = await open('SOL/USDT', '100', '10', { stop_loss: '98', take_profit: '200' });
    const trailing = await open('BNB/USDT', '500', '2', { trailing_stop: { distance_percent: '2' } });
    await system.trade('XRP/USDT', '0.5');
    await sleep(1_100);
    await system.trade('BNB/USDT', '520');
    const resting = await trader.order({
      wallet_id: await trader.wallet(),
      symbol: 'XRP/USDT',
      side: 'buy',
      type: 'limit',
      quantity: '1000',
      limit_price: '0.45',
    });
    await trader.untilOrder(resting.order_id, 'rests', (order) => order.status === 'open');
    await system.flushCache();
    const tick = system.tape.push('SOL/USDT', '97.5');
    system.tape.pushAll('BNB/USDT', ['515', '509.6']);
    system.tape.push('XRP/USDT', '0.44');
    const stopped = await trader.closed(stop.positionId);
    expect(stopped.exit_trigger).toMatchObject({ level: '98', price: '97.5', tick_id: tick });
    await soldOnce(stop.wallet, stopped);
    const trailed = await trader.closed(trailing.positionId);
    expect(trailed.exit_trigger).toMatchObject({ level: '509.6', peak: '520', price: '509.6' });
    await soldOnce(trailing.wallet, trailed);
    const filled = await trader.untilOrder(resting.order_id, 'filled', (order) => order.status === 'filled');
    expect(filled.average_fill_price).toBe('0.45');
  });

  // Bars are whole seconds: what is known of the second of the arming is what came in it after the arming alone.
  it.each([
    { symbol: 'ADA/USDT', price: '1', quantity: '1000', level: '0.98', low: '0.97', before: 0, after: 1_200 },
    {
      symbol: 'DOGE/USDT',
      price: '0.1',
      quantity: '10000',
      level: '0.098',
      low: '0.097',
      before: 1_100,
      after: 0,
    },
  ])(
    'after a stop of $symbol was touched, before it was evaluated, and the price came back: the exit comes',
    async (market) => {
      const { symbol, price, quantity, level, low } = market;
      await system.trade(symbol, price);
      await sleep(market.before);
      const wallet = await trader.wallet();
      const { positionId } = await trader.buy(wallet, symbol, quantity, { stop_loss: level });
      await sleep(market.after);
      // Nobody hears of the hit: neither wake-ups nor sweeps are delivered.
      system.intercept((queue, { Body = '' }) =>
        queue === 'triggers' && !Body.includes('rebuild') ? 'drop' : 'deliver',
      );
      await system.trade(symbol, low);
      await system.trade(symbol, price);
      expect((await trader.position(positionId)).status).toBe('open');
      await system.flushCache();
      system.tape.push(symbol, price);
      const closed = await trader.closed(positionId);
      expect(closed.exit_trigger).toMatchObject({ cause: 'rebuilt', level, price: low });
      expect(closed.exit?.reason).toBe('stop_loss');
      await soldOnce(wallet, closed);
    },
  );
});

describe('evaluate', () => {
  it('is killed between its claim and its message: the exit is sent once', async () => {
    const { wallet, positionId } = await open('AVAX/USDT', '20', '50', { stop_loss: '19' });
    let vanished = 0;
    gate.lets = ({ queueUrl }) => {
      if (!queueUrl.includes('xits') || vanished > 0) return true;
      vanished += 1;
      system.running.killFunction('evaluate');
      return false;
    };
    const tick = system.tape.push('AVAX/USDT', '18.9');
    const closed = await trader.closed(positionId, 30_000);
    expect(vanished).toBe(1);
    expect(closed.exit_trigger).toMatchObject({ tick_id: tick });
    await soldOnce(wallet, closed);
  });

  it('is killed while it works again and again: every exit comes once', async () => {
    const symbols = ['LTC/USDT', 'LINK/USDT', 'DOT/USDT'] as const;
    const opened = [];
    for (const symbol of symbols) opened.push(await open(symbol, '50', '2', { stop_loss: '49' }));
    for (const symbol of symbols) {
      system.tape.push(symbol, '48');
      await sleep(15);
      system.running.killFunction('evaluate');
    }
    for (const { wallet, positionId } of opened)
      await soldOnce(wallet, await trader.closed(positionId, 30_000));
  });
});

/** Drops the first delivery of each message of one queue. */
function dropOnce(queue: string): () => number {
  const seen = new Set<string>();
  let dropped = 0;
  system.intercept((name, { Body = '' }): Interception => {
    // Triggers carry their time; what they are about is what counts.
    const what = Body.replace(/"(at|second)":\s*\d+/g, '');
    if (name !== queue || seen.has(what)) return 'deliver';
    seen.add(what);
    dropped += 1;
    return 'drop';
  });
  return () => dropped;
}

describe('every message is lost once', () => {
  it.each([
    ['submit', 'NEAR/USDT', '5', 1],
    ['exits', 'BTC/USDT', '50000', 1],
    ['triggers', 'ETH/USDT', '2000', 2],
  ])('in %s: nothing is lost, nothing is done twice', async (queue, symbol, price, least) => {
    const quantity = { '5': '200', '50000': '0.02', '2000': '0.5' }[price] ?? '1';
    const stop = { '5': '4.9', '50000': '49000', '2000': '1900' }[price] ?? '1';
    const dropped = dropOnce(queue);
    const { wallet, positionId } = await open(symbol, price, quantity, { stop_loss: stop });
    const tick = system.tape.push(symbol, stop);
    const closed = await trader.closed(positionId, 30_000);
    expect(dropped()).toBeGreaterThanOrEqual(least);
    expect(closed.exit_trigger).toMatchObject({ tick_id: tick });
    await soldOnce(wallet, closed);
  });

  it('in executions: the venue is asked, and every fill counts once', async () => {
    const dropped = dropOnce('executions');
    const { wallet, positionId } = await open('SOL/USDT', '100', '10', { stop_loss: '98' });
    system.tape.push('SOL/USDT', '97');
    const closed = await trader.closed(positionId, 60_000);
    expect(dropped()).toBeGreaterThanOrEqual(2);
    await soldOnce(wallet, closed);
    expect(closed.fills).toHaveLength(2);
  });
});

describe('every message comes twice', () => {
  it('and makes no second order, no second fill', async () => {
    let doubled = 0;
    system.intercept(() => {
      doubled += 1;
      return 'double';
    });
    const { wallet, positionId } = await open('BNB/USDT', '500', '2', {
      stop_loss: '450',
      take_profits: [
        { price: '510', share: '0.5' },
        { price: '520', share: '0.5' },
      ],
    });
    system.tape.push('BNB/USDT', '511');
    await trader.until(
      positionId,
      'first rung sold',
      (p) => p.current.amount === '1' && p.risk_management.armed,
    );
    system.tape.push('BNB/USDT', '521');
    const closed = await trader.closed(positionId);
    expect(closed.fills.map(({ role, amount, price }) => [role, amount, price])).toEqual([
      ['entry', '2', '500'],
      ['exit', '1', '511'],
      ['exit', '1', '521'],
    ]);
    expect(closed.exit?.realized_pnl).toBe('29.968');
    expect((await trader.balances(wallet))['USDT']).toMatchObject({ total: '100029.968', locked: '0' });
    expect(await trader.orders(wallet)).toHaveLength(3);
    expect(doubled).toBeGreaterThan(8);
  });

  it('also when all of them are late and out of order', async () => {
    let count = 0;
    system.intercept((queue) => {
      count += 1;
      return queue === 'executions' ? 'double' : { delayMs: (count * 137) % 700 };
    });
    const { wallet, positionId } = await open('XRP/USDT', '0.5', '2000', { stop_loss: '0.49' });
    system.tape.push('XRP/USDT', '0.48');
    await soldOnce(wallet, await trader.closed(positionId, 30_000));
  });
});

it('no message was given up', async () => {
  await until(
    'the dead-letter queues',
    () => system.deadLetters(),
    (found) => found.length === 0,
    1_000,
  );
});

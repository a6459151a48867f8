/**
 * The main job over HTTP: a protected position is opened, followed and closed by what the market does. Every test
 * has a symbol of its own, and makes its prices.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { exitsOf, soleExit, type Trader } from '../support/trader.ts';
import { until } from '../support/until.ts';

let system: TestSystem;
let trader: Trader;

beforeAll(async () => {
  system = await startTestSystem();
  trader = system.trader;
});
afterAll(() => system?.stop());

describe('a position', () => {
  it('has the figures of the specification’s example, to the last digit', async () => {
    await system.trade('BTC/USDT', '50000');
    const wallet = await trader.wallet({ USDT: '100000' });
    const { order, positionId } = await trader.buy(wallet, 'BTC/USDT', '0.5', {
      stop_loss: '49500',
      take_profit: '51500',
    });
    expect(order).toMatchObject({
      status: 'filled',
      filled_amount: '0.5',
      average_fill_price: '50000',
      fees_by_asset: { USDT: '25' },
    });

    await system.trade('BTC/USDT', '51000');
    const [listed] = await trader.positions(wallet);
    expect(listed).toMatchObject({ position_id: positionId, status: 'open' });
    expect(listed?.current).toMatchObject({
      price: '51000',
      value: '25500',
      unrealized_pnl: '475',
      unrealized_pnl_percent: '1.9',
    });

    system.tape.push('BTC/USDT', '51500');
    const closed = await trader.closed(positionId);
    expect(closed.exit).toMatchObject({
      reason: 'take_profit',
      price: '51500',
      amount: '0.5',
      fees: '25.75',
      realized_pnl: '699.25',
      realized_pnl_percent: '2.797',
    });
    const balances = await trader.balances(wallet);
    expect(balances['USDT']).toMatchObject({ free: '100699.25', locked: '0' });
    expect(balances['BTC']?.total ?? '0').toBe('0');
  });

  it('with stop, target and trailing stop is seen with its P&L and closed by its stop when the price falls', async () => {
    await system.trade('ETH/USDT', '2000');
    const wallet = await trader.wallet();
    const { position, positionId } = await trader.buy(wallet, 'ETH/USDT', '1', {
      stop_loss: '1980',
      take_profit: '2200',
      trailing_stop: { distance_percent: '5' },
    });
    expect(position.risk_management).toMatchObject({
      current_stop_loss: '1980',
      current_take_profit: '2200',
      trailing_stop: { enabled: true, distance_percent: '5' },
    });
    await system.trade('ETH/USDT', '1990');
    const [listed] = await trader.positions(wallet);
    // 1 x (1990 - 2000) - 2 of fees
    expect(listed?.current).toMatchObject({ unrealized_pnl: '-12', unrealized_pnl_percent: '-0.6' });

    const tick = system.tape.push('ETH/USDT', '1980');
    const closed = await trader.closed(positionId);
    expect(closed.exit).toMatchObject({ reason: 'stop_loss', price: '1980', realized_pnl: '-23.98' });
    expect(closed.exit_trigger).toMatchObject({
      level_name: 'stop_loss',
      cause: 'tick',
      level: '1980',
      price: '1980',
      tick_id: tick,
    });
    const exit = soleExit(closed);
    expect(exit).toMatchObject({ status: 'filled', side: 'sell', exit: { cause: 'stop_loss' } });
    expect(closed.fills.find((fill) => fill.role === 'exit')?.tick_id).toBe(tick);
    expect(exit.timings.tick_to_sent_ms).toBeGreaterThanOrEqual(0);
  });

  it('is closed by a price that jumps from above its stop to far below it', async () => {
    await system.trade('SOL/USDT', '100');
    const wallet = await trader.wallet();
    const { positionId } = await trader.buy(wallet, 'SOL/USDT', '10', { stop_loss: '99' });
    const tick = system.tape.push('SOL/USDT', '90');
    const closed = await trader.closed(positionId);
    expect(closed.exit_trigger).toMatchObject({ level: '99', price: '90', tick_id: tick, cause: 'tick' });
    expect(closed.exit).toMatchObject({ price: '90', realized_pnl: '-101.9' });
  });

  it('is closed by the first of many ticks that reaches the stop, though the price comes back at once', async () => {
    await system.trade('DOT/USDT', '10');
    const wallet = await trader.wallet();
    const { positionId } = await trader.buy(wallet, 'DOT/USDT', '100', { stop_loss: '9.8' });
    const last = system.tape.pushAll('DOT/USDT', ['9.9', '9.801', '9.79', '9.5', '10.1', '10.2']);
    const closed = await trader.closed(positionId);
    expect(closed.exit_trigger).toMatchObject({ tick_id: last - 3, price: '9.79' });
    expect(closed.exit).toMatchObject({ price: '9.79' });
  });

  it('sells the rungs of its ladder one by one, the last one takes the rest', async () => {
    await system.trade('LTC/USDT', '100');
    const wallet = await trader.wallet();
    const { positionId } = await trader.buy(wallet, 'LTC/USDT', '1.001', {
      stop_loss: '95',
      take_profits: [
        { price: '101', share: '0.5' },
        { price: '102', share: '0.25' },
        { price: '103', share: '0.25' },
      ],
    });
    system.tape.push('LTC/USDT', '101');
    const first = await trader.until(positionId, 'first rung sold', (p) => p.current.amount === '0.501');
    expect(first.status).toBe('open');
    // The next rung and the stop stand for what is left.
    await trader.until(positionId, 'armed again', (p) => p.risk_management.armed);
    system.tape.pushAll('LTC/USDT', ['102', '103']);
    const closed = await trader.closed(positionId);
    // Rungs that are reached together are sold side by side.
    const sold = exitsOf(closed).map((exit) => [exit.filled_amount, exit.average_fill_price]);
    expect(sold.toSorted(([, a], [, b]) => Number(a) - Number(b))).toEqual([
      ['0.5', '101'],
      ['0.25', '102'],
      ['0.251', '103'],
    ]);
    // 50.5 + 25.5 + 25.853 - 100.1, less 0.1 % of each
    expect(closed.exit?.realized_pnl).toBe('1.551047');
    const balances = await trader.balances(wallet);
    expect(balances['USDT']).toMatchObject({ free: '100001.551047', locked: '0' });
  });

  it('moves its stop to break-even and then loses nothing', async () => {
    await system.trade('AVAX/USDT', '20');
    const wallet = await trader.wallet();
    const { positionId } = await trader.buy(wallet, 'AVAX/USDT', '100', {
      stop_loss: '19',
      break_even: { activation_profit_percent: '1' },
    });
    system.tape.push('AVAX/USDT', '20.5');
    const moved = await trader.until(
      positionId,
      'at break-even',
      (p) => p.risk_management.break_even.activated && p.risk_management.armed,
    );
    const stop = moved.risk_management.current_stop_loss;
    // Both fees: 20.02 / 0.999, upwards to the tick.
    expect(stop).toBe('20.041');
    expect(moved.risk_management.current_stop_level).toBe('break_even');
    system.tape.push('AVAX/USDT', '20.041');
    const closed = await trader.closed(positionId);
    expect(closed.exit).toMatchObject({ reason: 'break_even', price: '20.041', realized_pnl: '0.0959' });
  });

  it('trails from its activation on: the stop follows the highest price and never goes back', async () => {
    await system.trade('BNB/USDT', '500');
    const wallet = await trader.wallet();
    const { positionId } = await trader.buy(wallet, 'BNB/USDT', '2', {
      stop_loss: '480',
      trailing_stop: { distance_percent: '1', activation_price: '510' },
    });
    // Not yet activated: a fall of more than the distance means nothing.
    await system.trade('BNB/USDT', '509.99');
    await system.trade('BNB/USDT', '499');
    expect((await trader.position(positionId)).status).toBe('open');
    system.tape.pushAll('BNB/USDT', ['510', '520', '516', '518', '514.81']);
    await system.trade('BNB/USDT', '519');
    expect((await trader.position(positionId)).status).toBe('open');
    const tick = system.tape.push('BNB/USDT', '514.8');
    const closed = await trader.closed(positionId);
    expect(closed.exit).toMatchObject({ reason: 'trailing_stop', price: '514.8' });
    expect(closed.exit_trigger).toMatchObject({ level: '514.8', peak: '520', tick_id: tick });
  });

  it('takes a tighter stop while it is open, and the new one counts', async () => {
    await system.trade('LINK/USDT', '20');
    const wallet = await trader.wallet();
    const { positionId } = await trader.buy(wallet, 'LINK/USDT', '10', { stop_loss: '18' });
    const changed = await trader.good('PATCH', `/positions/${positionId}/protection`, {
      body: { stop_loss: '19.5' },
    });
    expect(changed).toMatchObject({
      risk_management: { current_stop_loss: '19.5', initial_stop_loss: '18' },
    });
    await trader.until(positionId, 'armed', (p) => p.risk_management.armed);
    system.tape.push('LINK/USDT', '19.4');
    const closed = await trader.closed(positionId);
    expect(closed.exit_trigger).toMatchObject({ level: '19.5', price: '19.4' });
  });

  it('is closed by hand once: a second close hears of the first', async () => {
    await system.trade('NEAR/USDT', '5', '1');
    const wallet = await trader.wallet();
    // The market shows one coin at a time, so the exit is still working when the second close comes.
    await system.trade('NEAR/USDT', '5', '20');
    const { positionId } = await trader.buy(wallet, 'NEAR/USDT', '20', { stop_loss: '4' });
    await system.trade('NEAR/USDT', '5', '1');
    const first = await trader.send('POST', `/positions/${positionId}/close`, { body: {}, key: 'out' });
    expect(first.status).toBe(202);
    const second = await trader.send('POST', `/positions/${positionId}/close`, {
      body: {},
      key: 'out again',
    });
    expect([second.status, second.body.code]).toEqual([400, 'invalid_field']);
    const third = await trader.send('POST', `/positions/${positionId}/close`, { body: {}, key: 'out-again' });
    expect([third.status, third.body.code]).toEqual([409, 'already_closing']);
    expect(third.body.facts).toMatchObject({ cause: 'manual' });
    const repeated = await trader.send('POST', `/positions/${positionId}/close`, { body: {}, key: 'out' });
    expect(repeated.status).toBe(202);
    expect(repeated.body).toMatchObject({ repeated: true });
    // The rest is sold at what the market shows then, until nothing is left.
    const closed = await until(
      'closed by hand',
      async () => {
        await system.trade('NEAR/USDT', '5', '10');
        return trader.position(positionId);
      },
      (position) => position.status === 'closed',
    );
    expect(closed.exit).toMatchObject({ reason: 'manual', amount: '20' });
    expect(exitsOf(closed)).toHaveLength(1);
  });

  it('is closed when its wallet has lost more than it may in a day, and the wallet opens nothing more', async () => {
    await system.trade('LTC/USDT', '100');
    const wallet = await trader.wallet();
    const limits = { max_daily_loss: '50', on_breach: 'flatten' };
    expect((await trader.send('PATCH', `/wallets/${wallet}/limits`, { body: limits })).status).toBe(200);
    const { positionId } = await trader.buy(wallet, 'LTC/USDT', '10', { stop_loss: '50' });
    await system.trade('LTC/USDT', '94');
    const closed = await until(
      'closed by its wallet',
      async () => {
        await system.trade('LTC/USDT', '94');
        return trader.position(positionId);
      },
      (position) => position.status === 'closed',
    );
    expect(closed.exit).toMatchObject({ reason: 'risk_breach', amount: '10', price: '94' });
    const { body } = await trader.send('GET', `/wallets/${wallet}`);
    expect(body).toMatchObject({
      paused: true,
      pause_reason: expect.stringMatching(/^risk: max_daily_loss, lost 6/),
    });
  });

  it('goes on being watched when its wallet is paused within 5 s of the loss; an entry gets 403 and the figures', async () => {
    await system.trade('AVAX/USDT', '100');
    const wallet = await trader.wallet();
    const body = { max_daily_loss: '50' };
    expect((await trader.send('PATCH', `/wallets/${wallet}/limits`, { body })).status).toBe(200);
    const { positionId } = await trader.buy(wallet, 'AVAX/USDT', '10', { stop_loss: '90' });
    const lostAt = Date.now();
    await system.trade('AVAX/USDT', '94');
    const { paused_at: pausedAt } = await until(
      'paused',
      async () =>
        (await trader.send<{ paused: boolean; paused_at: string }>('GET', `/wallets/${wallet}`)).body,
      ({ paused }) => paused,
    );
    expect(Date.parse(pausedAt) - lostAt).toBeLessThanOrEqual(5_000);
    const entry = { wallet_id: wallet, symbol: 'AVAX/USDT', side: 'buy', type: 'market', quantity: '1' };
    const refused = await trader.send('POST', '/orders', { body: entry, key: 'after-the-loss' });
    expect(refused).toMatchObject({
      status: 403,
      body: {
        code: 'risk_limit',
        facts: {
          broken: 'max_daily_loss',
          max_daily_loss_limit: '50',
          // 10 x 6, and a fee of 1.
          max_daily_loss_used: '61',
          paused_at: pausedAt,
        },
      },
    });
    expect((await trader.position(positionId)).status).toBe('open');
    const tick = system.tape.push('AVAX/USDT', '89.9');
    const closed = await trader.closed(positionId);
    expect(closed.exit?.reason).toBe('stop_loss');
    expect(closed.exit_trigger).toMatchObject({ tick_id: tick });
  });
});

describe('an order', () => {
  it('sent ten times at once with one key is one order', async () => {
    await system.trade('XRP/USDT', '0.5');
    const wallet = await trader.wallet();
    const body = { wallet_id: wallet, symbol: 'XRPUSDT', side: 'buy', type: 'market', quantity: '100' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        trader.send<{ order_id: string }>('POST', '/orders', { body, key: 'same' }),
      ),
    );
    expect(new Set(answers.map((answer) => answer.body.order_id)).size).toBe(1);
    expect(answers.map((answer) => answer.status).sort()).toEqual([...Array(9).fill(200), 201]);
    const other = await trader.send('POST', '/orders', { body: { ...body, quantity: '200' }, key: 'same' });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_mismatch']);
    const [orders, positions] = [await trader.orders(wallet), await trader.positions(wallet)];
    expect([orders.length, positions.length]).toEqual([1, 1]);
    expect(await trader.balances(wallet)).toMatchObject({
      XRP: { total: '100' },
      USDT: { total: '99949.95', locked: '0' },
    });
  });

  it('with a limit rests, holds its balance back, and fills at its price when the market comes', async () => {
    await system.trade('ADA/USDT', '1');
    const wallet = await trader.wallet({ USDT: '1000' });
    const order = await trader.order({
      wallet_id: wallet,
      symbol: 'ADA/USDT',
      side: 'buy',
      type: 'limit',
      quantity: '100',
      limit_price: '0.9',
      protection: { stop_loss: '0.8' },
    });
    expect(order).toMatchObject({ status: 'open', filled_amount: '0' });
    // 90 and its fee
    expect((await trader.balances(wallet))['USDT']).toMatchObject({ free: '909.91', locked: '90.09' });
    await trader.untilOrder(order.order_id, 'watched', () => true);
    await system.trade('ADA/USDT', '0.95');
    expect((await trader.getOrder(order.order_id)).status).toBe('open');
    system.tape.push('ADA/USDT', '0.88');
    const filled = await trader.untilOrder(order.order_id, 'filled', (o) => o.status === 'filled');
    expect(filled).toMatchObject({ average_fill_price: '0.9', fees_by_asset: { USDT: '0.09' } });
    expect((await trader.balances(wallet))['USDT']).toMatchObject({ free: '909.91', locked: '0' });
    const positionId = filled.position_id ?? '';
    await trader.until(positionId, 'armed', (p) => p.risk_management.armed);
    system.tape.push('ADA/USDT', '0.79');
    expect((await trader.closed(positionId)).exit).toMatchObject({ reason: 'stop_loss', price: '0.79' });
  });

  it('with a stop waits for its price and then buys at the market', async () => {
    await system.trade('DOGE/USDT', '0.1');
    const wallet = await trader.wallet();
    const order = await trader.order({
      wallet_id: wallet,
      symbol: 'DOGE/USDT',
      side: 'buy',
      type: 'stop_loss',
      quantity: '1000',
      stop_price: '0.11',
    });
    expect(order.status).toBe('open');
    await system.trade('DOGE/USDT', '0.1099');
    expect((await trader.getOrder(order.order_id)).status).toBe('open');
    system.tape.push('DOGE/USDT', '0.112');
    const filled = await trader.untilOrder(order.order_id, 'filled', (o) => o.status === 'filled');
    expect(filled.average_fill_price).toBe('0.112');
  });

  it('fills in parts when the market shows less than it wants; each fill is protected', async () => {
    await system.trade('BTC/USD', '40000', '0.4');
    const wallet = await trader.wallet({ USD: '100000' });
    const body = { wallet_id: wallet, symbol: 'BTC/USD', side: 'buy', type: 'market', quantity: '1' };
    const order = await trader.order({ ...body, protection: { stop_loss: '39000' } });
    const positionId = order.position_id ?? '';
    const part = await trader.until(positionId, 'partly filled and armed', (p) => p.risk_management.armed);
    expect(part).toMatchObject({ status: 'open', entry: { amount: '0.4', live: true } });
    system.tape.push('BTC/USD', '40100', '0.5');
    await trader.until(positionId, 'filled further', (p) => p.entry.amount === '0.9');
    system.tape.push('BTC/USD', '40200', '3');
    const filled = await trader.untilOrder(order.order_id, 'filled', (o) => o.status === 'filled');
    // (0.4 x 40000 + 0.5 x 40100 + 0.1 x 40200) / 1
    expect(filled).toMatchObject({ fill_count: 3, average_fill_price: '40070', filled_value: '40070' });
    await trader.until(positionId, 'armed', (p) => p.risk_management.armed && !p.entry.live);
    system.tape.push('BTC/USD', '38000', '0.7');
    await trader.until(positionId, 'partly sold', (p) => p.current.amount === '0.3');
    system.tape.push('BTC/USD', '37900', '0.7');
    const closed = await trader.closed(positionId);
    // 0.7 x 38000 + 0.3 x 37900 = 37970; -2100, less 40.07 and 37.97
    expect(closed.exit).toMatchObject({ price: '37970', realized_pnl: '-2178.04' });
    expect((await trader.balances(wallet))['USD']).toMatchObject({ free: '97821.96', locked: '0' });
  });

  it('that the wallet cannot pay is refused and leaves nothing behind', async () => {
    await system.trade('ETH/USD', '2000');
    const wallet = await trader.wallet({ USD: '1000' });
    const order = await trader.order({
      wallet_id: wallet,
      symbol: 'ETH/USD',
      side: 'buy',
      type: 'market',
      quantity: '1',
    });
    expect(order).toMatchObject({ status: 'rejected', reject: { code: 'insufficient_balance' } });
    expect((await trader.balances(wallet))['USD']).toMatchObject({ free: '1000', locked: '0' });
    const [position] = await trader.positions(wallet);
    expect(position).toMatchObject({ status: 'closed', entry: { amount: '0' } });
  });

  it('that rests can be cancelled: its balance comes back', async () => {
    await system.trade('ETH/BTC', '0.05');
    const wallet = await trader.wallet({ BTC: '1' });
    const order = await trader.order({
      wallet_id: wallet,
      symbol: 'ETH/BTC',
      side: 'buy',
      type: 'limit',
      quantity: '2',
      limit_price: '0.04',
    });
    expect((await trader.balances(wallet))['BTC']).toMatchObject({ free: '0.91992', locked: '0.08008' });
    const cancelled = await trader.send('POST', `/orders/${order.order_id}/cancel`, { body: {} });
    expect(cancelled.status).toBeLessThan(300);
    const done = await trader.untilOrder(order.order_id, 'cancelled', (o) => o.status === 'cancelled');
    expect(done.filled_amount).toBe('0');
    expect((await trader.balances(wallet))['BTC']).toMatchObject({ free: '1', locked: '0' });
    const again = await trader.send('POST', `/orders/${order.order_id}/cancel`, { body: {} });
    expect(again).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    await system.trade('ETH/BTC', '0.039');
    expect((await trader.getOrder(order.order_id)).status).toBe('cancelled');
    const { order: filled } = await trader.buy(wallet, 'ETH/BTC', '1', { stop_loss: '0.03' });
    const late = await trader.send('POST', `/orders/${filled.order_id}/cancel`, { body: {} });
    expect([late.status, late.body.code]).toEqual([409, 'already_final']);
  });
});

describe('the bars of a symbol', () => {
  it('are what was traded, also while they run; before them there is a gap', async () => {
    for (const price of ['0.0007', '0.00075', '0.00069', '0.00071']) await system.trade('XRP/ETH', price);
    interface Bars {
      readonly items: readonly Readonly<Record<string, unknown>>[];
      readonly gaps: readonly { readonly from: string; readonly to: string }[];
      readonly next_cursor: string | null;
    }
    const bars = (query: string) => trader.good<Bars>('GET', `/prices/XRP-ETH/bars?${query}`);
    const [day] = (await bars('interval=1d')).items;
    expect(day).toMatchObject({
      ...{ open: '0.0007', high: '0.00075', low: '0.00069', close: '0.00071', count: 4 },
      ...{ running: true, complete: false, source: 'own' },
    });
    const seconds = await bars('interval=1s&price=bid&limit=60');
    expect(seconds.items[0]).toMatchObject({ close: '0.00071' });
    expect(seconds.items.reduce((sum, bar) => sum + Number(bar['count']), 0)).toBe(4);
    expect(seconds.gaps.length).toBeGreaterThan(0);
    expect(seconds.next_cursor).not.toBeNull();
    const refused = await trader.send('GET', '/prices/XRP-ETH/bars?interval=2h');
    expect([refused.status, refused.body.code, refused.body.field]).toEqual([
      400,
      'invalid_field',
      'interval',
    ]);
  });
});

describe('the services', () => {
  it('say that they are well, with the specification’s figures', async () => {
    interface Health {
      readonly websocket_manager: { messages_received: number; is_running: boolean };
      readonly order_monitor: { checks_performed: number; stops_triggered: number; is_running: boolean };
      readonly overall_status: string;
    }
    const health = await until(
      'health',
      () => system.trader.good<Health>('GET', '/health/services'),
      (seen) => seen.overall_status === 'healthy',
    );
    expect(health.websocket_manager.messages_received).toBeGreaterThan(30);
    expect(health.order_monitor.checks_performed).toBeGreaterThan(0);
    expect(health.order_monitor.stops_triggered).toBeGreaterThan(5);
  });

  it('count a line of the recording that cannot be read, and name it', async () => {
    const line = system.tape.raw('yesterday,BTC/USDT,much,,,');
    await until(
      'the streamer’s log',
      () => system.log('streamer'),
      (log) => log.includes(`line ${line}`),
    );
    expect(system.log('streamer')).toContain('feed_input_skipped');
    await system.trade('BTC/USDT', '50000');
  });
});

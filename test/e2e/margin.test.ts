/** Shorts and leverage on the demo wallet, from their opening to every way out. Every test has a symbol of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { exitsOf, type PositionAnswer, soleExit, type Trader } from '../support/trader.ts';

let system: TestSystem;
let trader: Trader;

beforeAll(async () => {
  system = await startTestSystem();
  trader = system.trader;
});
afterAll(() => system?.stop());

const wallet = (usdt = '100000') => trader.wallet({ USDT: usdt }, { max_leverage: 10 });
const usdtOf = async (walletId: string) => (await trader.balances(walletId))['USDT'];

/** Opens a position on margin at the market, and waits until its levels are armed. */
async function open(
  walletId: string,
  symbol: string,
  quantity: string,
  more: Readonly<Record<string, unknown>>,
): Promise<PositionAnswer> {
  const side = more['position_side'] === 'short' ? 'sell' : 'buy';
  const order = await trader.order({ wallet_id: walletId, symbol, side, type: 'market', quantity, ...more });
  const isArmed = (p: PositionAnswer) => p.status === 'open' && p.risk_management.armed;
  return trader.until(order.position_id ?? '', 'open and armed', isArmed);
}

const liquidated = (positionId: string) =>
  trader.until(positionId, 'liquidated', (position) => position.status === 'liquidated');

describe('a short', () => {
  it('ties up its collateral, is seen with its figures, and is bought back at its stop', async () => {
    await system.trade('ETH/USDT', '2000');
    const walletId = await wallet();
    const position = await open(walletId, 'ETH/USDT', '1', {
      position_side: 'short',
      leverage: 5,
      protection: { stop_loss: '2020', take_profit: '1900' },
    });
    expect(position).toMatchObject({
      side: 'short',
      entry: { leverage: 5, margin_used: '400', value: '2000' },
      current: { margin_used: '400' },
      // 2,000 x 6 / 5 / 1.006, down to the tick
      risk_management: { liquidation_price: '2385.68', current_stop_loss: '2020' },
    });
    expect(await usdtOf(walletId)).toMatchObject({ free: '99598', locked: '400' });
    await system.trade('ETH/USDT', '1990');
    const [listed] = await trader.positions(walletId);
    // 10 - 2 of fees
    expect(listed?.current).toMatchObject({ unrealized_pnl: '8', unrealized_pnl_percent: '0.4' });
    expect(listed?.risk_management.liquidation_price).toBe('2385.68');

    const tick = system.tape.push('ETH/USDT', '2020');
    const closed = await trader.closed(position.position_id);
    expect(closed.exit).toMatchObject({ reason: 'stop_loss', price: '2020', realized_pnl: '-24.02' });
    expect(closed.exit_trigger).toMatchObject({ level_name: 'stop_loss', tick_id: tick });
    expect(soleExit(closed)).toMatchObject({ side: 'buy', status: 'filled' });
    const balances = await trader.balances(walletId);
    expect(balances['USDT']).toMatchObject({ free: '99975.98', locked: '0' });
    expect(balances['ETH']?.total ?? '0').toBe('0');
  });

  it('takes its profit in parts, the last one takes the rest', async () => {
    await system.trade('BNB/USDT', '500');
    const walletId = await wallet();
    const { position_id: id } = await open(walletId, 'BNB/USDT', '2', {
      position_side: 'short',
      protection: {
        take_profits: [
          { price: '490', share: '0.5' },
          { price: '480', share: '0.5' },
        ],
      },
    });
    // Without leverage its whole worth is put up.
    expect(await usdtOf(walletId)).toMatchObject({ locked: '1000' });
    system.tape.push('BNB/USDT', '490');
    await trader.until(id, 'first part bought', (p) => p.current.amount === '1' && p.risk_management.armed);
    expect(await usdtOf(walletId)).toMatchObject({ locked: '500' });
    system.tape.push('BNB/USDT', '480');
    const closed = await trader.closed(id);
    // 10 + 20, less 0.1 % of 1,000, 490 and 480
    expect(closed.exit).toMatchObject({ reason: 'take_profit', realized_pnl: '28.03' });
    expect(exitsOf(closed).map(({ side }) => side)).toEqual(['buy', 'buy']);
    expect(await usdtOf(walletId)).toMatchObject({ free: '100028.03', locked: '0' });
  });

  it('trails the lowest price', async () => {
    await system.trade('SOL/USDT', '100');
    const walletId = await wallet();
    const { position_id: id } = await open(walletId, 'SOL/USDT', '10', {
      position_side: 'short',
      leverage: 2,
      protection: { trailing_stop: { distance_percent: '1' } },
    });
    system.tape.pushAll('SOL/USDT', ['95', '90', '90.8']);
    const tick = system.tape.push('SOL/USDT', '90.9');
    const closed = await trader.closed(id);
    expect(closed.exit).toMatchObject({ reason: 'trailing_stop', price: '90.9', realized_pnl: '89.091' });
    expect(closed.exit_trigger).toMatchObject({ level: '90.9', peak: '90', tick_id: tick });
    expect(await usdtOf(walletId)).toMatchObject({ free: '100089.091', locked: '0' });
  });

  it('is liquidated where its collateral is gone, with a decision of its own', async () => {
    await system.trade('XRP/USDT', '0.5');
    const walletId = await wallet();
    const { position_id: id } = await open(walletId, 'XRP/USDT', '1000', {
      position_side: 'short',
      leverage: 10,
    });
    await system.trade('XRP/USDT', '0.5466');
    expect((await trader.position(id)).status).toBe('open');
    const tick = system.tape.push('XRP/USDT', '0.5467');
    const gone = await liquidated(id);
    // - 46.7 - 0.5 - 0.5467
    expect(gone.exit).toMatchObject({ reason: 'liquidation', price: '0.5467', realized_pnl: '-47.7467' });
    expect(gone.exit_trigger).toMatchObject({ level_name: 'liquidation', level: '0.5467', tick_id: tick });
    expect(gone.actions.map(({ action }) => action)).toContain('exit_claimed');
    expect(await usdtOf(walletId)).toMatchObject({ free: '99952.2533', locked: '0' });
    const again = await trader.send('POST', `/positions/${id}/close`, { body: {}, key: 'too-late' });
    expect([again.status, again.body.code]).toEqual([409, 'not_open']);
  });

  it('is bought back by its resident stop, and by hand in parts', async () => {
    await system.trade('DOT/USDT', '10');
    const walletId = await wallet();
    const { position_id: id } = await open(walletId, 'DOT/USDT', '100', {
      position_side: 'short',
      leverage: 5,
      protection: { stop_loss: '10.5', resident: 'stop' },
    });
    await trader.until(id, 'resting', (p) => p.risk_management.resident.rests_as === 'stop');
    const body = { wallet_id: walletId, symbol: 'DOT/USDT', side: 'buy', type: 'market' };
    await trader.order({ ...body, quantity: '40', position_id: id });
    await trader.until(id, 'resting for the rest', (p) => p.risk_management.resident.amount === '60');
    system.tape.push('DOT/USDT', '10.5');
    const closed = await trader.closed(id);
    // - 60 x 0.5, less 0.1 % of 1,000, 400 and 630
    expect(closed.exit).toMatchObject({ reason: 'stop_loss', amount: '100', realized_pnl: '-32.03' });
    expect(await usdtOf(walletId)).toMatchObject({ free: '99967.97', locked: '0' });
  });

  it('by a limit rests with its collateral, is amended, filled, and another is cancelled', async () => {
    await system.trade('AVAX/USDT', '20');
    const walletId = await wallet('1000');
    const short = { position_side: 'short', leverage: 5, side: 'sell', type: 'limit', symbol: 'AVAX/USDT' };
    const order = await trader.order({ wallet_id: walletId, ...short, quantity: '10', limit_price: '21' });
    expect(await usdtOf(walletId)).toMatchObject({ free: '957.79', locked: '42.21' });
    const path = `/orders/${order.order_id}`;
    const amended = await trader.good<typeof order>('PATCH', path, { body: { quantity: '20' }, key: 'more' });
    const heir = amended.replaced_by ?? amended.order_id;
    await trader.untilOrder(heir, 'resting', (o) => o.status === 'open' && o.requested_amount === '20');
    expect(await usdtOf(walletId)).toMatchObject({ locked: '84.42' });
    system.tape.push('AVAX/USDT', '21');
    await trader.untilOrder(heir, 'filled', (o) => o.status === 'filled');
    const id = order.position_id ?? '';
    const isArmed = (p: PositionAnswer) => p.current.amount === '20' && p.risk_management.armed;
    const position = await trader.until(id, 'armed', isArmed);
    // 21 x 6 / 5 / 1.006
    expect(position.risk_management.liquidation_price).toBe('25.049');
    expect(await usdtOf(walletId)).toMatchObject({ free: '915.58', locked: '84' });
    const other = await trader.order({ wallet_id: walletId, ...short, quantity: '10', limit_price: '22' });
    await trader.good('POST', `/orders/${other.order_id}/cancel`, { body: {} });
    await trader.untilOrder(other.order_id, 'cancelled', (o) => o.status === 'cancelled');
    expect(await usdtOf(walletId)).toMatchObject({ free: '915.58', locked: '84' });
    const refused = await trader.order({ wallet_id: walletId, ...short, quantity: '250', limit_price: '21' });
    const rejected = await trader.untilOrder(refused.order_id, 'refused', (o) => o.status === 'rejected');
    expect(rejected.reject).toMatchObject({
      code: 'insufficient_balance',
      message: '1055.25 USDT needed for margin and fee, 915.58 free',
    });
    await trader.good('POST', `/positions/${id}/close`, { body: {}, key: 'out' });
    const closed = await trader.closed(id);
    expect(closed.exit).toMatchObject({ reason: 'manual', realized_pnl: '-0.84' });
    expect(await usdtOf(walletId)).toMatchObject({ free: '999.16', locked: '0' });
  });
});

describe('a leveraged long', () => {
  it('buys for more than the account has, takes a part of its profit, and is liquidated with the rest', async () => {
    await system.trade('LTC/USDT', '100');
    const walletId = await wallet('200');
    const position = await open(walletId, 'LTC/USDT', '10', {
      leverage: 10,
      protection: { take_profits: [{ price: '105', share: '0.5' }] },
    });
    const id = position.position_id;
    // 100 x 9 / 10 / 0.994, up to the tick
    expect(position.risk_management.liquidation_price).toBe('90.55');
    const balances = await trader.balances(walletId);
    expect(balances['USDT']).toMatchObject({ free: '99', locked: '100' });
    expect(balances['LTC']?.total ?? '0').toBe('0');
    system.tape.push('LTC/USDT', '105');
    const part = await trader.until(
      id,
      'part sold',
      (p) => p.current.amount === '5' && p.risk_management.armed,
    );
    expect(part.risk_management.liquidation_price).toBe('90.55');
    system.tape.push('LTC/USDT', '90.55');
    const gone = await liquidated(id);
    // 25 - 47.25, less 0.1 % of 1,000, 525 and 452.75
    expect(gone.exit).toMatchObject({ reason: 'liquidation', realized_pnl: '-24.22775' });
    expect(await usdtOf(walletId)).toMatchObject({ free: '175.77225', locked: '0' });
  });

  it('is sold at its stop before that', async () => {
    await system.trade('LINK/USDT', '20');
    const walletId = await wallet('100');
    const protection = { stop_loss: '19.5' };
    const { position_id: id } = await open(walletId, 'LINK/USDT', '20', { leverage: 5, protection });
    system.tape.push('LINK/USDT', '19.4');
    const closed = await trader.closed(id);
    // - 12, less 0.1 % of 400 and 388
    expect(closed.exit).toMatchObject({ reason: 'stop_loss', realized_pnl: '-12.788' });
    expect(await usdtOf(walletId)).toMatchObject({ free: '87.212', locked: '0' });
  });
});

describe('a position of the account’s own coins', () => {
  it('is added to by resting orders; its close cancels what rests, and every digit is accounted for', async () => {
    await system.trade('ADA/USDT', '1');
    const walletId = await trader.wallet({ USDT: '1000' });
    const { positionId } = await trader.buy(walletId, 'ADA/USDT', '100', { stop_loss: '0.5' });
    const more = { wallet_id: walletId, symbol: 'ADA/USDT', side: 'buy', position_id: positionId };
    const rests = (limit: string, quantity = '100') =>
      trader.order({ ...more, position_effect: 'open', type: 'limit', limit_price: limit, quantity });
    const first = await rests('0.9');
    const second = await rests('0.7');
    expect([first.status, first.role, second.status]).toEqual(['open', 'entry', 'open']);
    for (const { order_id: id } of [first, second]) await trader.untilOrder(id, 'watched', () => true);
    system.tape.push('ADA/USDT', '0.89');
    const grown = await trader.until(positionId, 'larger', (p) => p.current.amount === '200');
    expect(grown.entry).toMatchObject({ amount: '200', value: '190', price: '0.95', live: true });
    expect(grown.entry.order_ids).toHaveLength(3);
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: 'all' });
    const closed = await trader.closed(positionId);
    // 178 - 190, less 0.1 % of both
    expect(closed.exit).toMatchObject({ amount: '200', realized_pnl: '-12.368' });
    expect((await trader.getOrder(second.order_id)).status).toBe('cancelled');
    expect((await trader.balances(walletId))['USDT']).toMatchObject({ free: '987.632', locked: '0' });
  });

  it('with stop_limit rests at its limit first, and is out by market when that time is over', async () => {
    await system.trade('SOL/USDT', '100');
    const walletId = await trader.wallet();
    const protection = { stop_loss: '99', stop_limit: { percent: '1', seconds: 3 } };
    const { positionId } = await trader.buy(walletId, 'SOL/USDT', '10', protection);
    system.tape.push('SOL/USDT', '95');
    const waiting = await trader.until(positionId, 'closing', (p) => p.status === 'closing');
    expect(waiting.closing?.limit).toMatchObject({ price: '98.01' });
    const closed = await trader.closed(positionId, 15_000);
    const exits = exitsOf(closed).map(
      ({ type, status, filled_amount: filled }) => `${type} ${status} ${filled}`,
    );
    expect(exits).toContain('market filled 10');
    expect(closed.exit).toMatchObject({ reason: 'stop_loss', price: '95' });
    expect((await trader.balances(walletId))['USDT']?.locked).toBe('0');
  });
});

/**
 * Resident protection through API, queues, signed client and the simulated exchange: what rests is in the exchange's own
 * book, gives way to a part, and is sold once whoever is first. The same in a demo wallet.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decimal, sum } from '../../shared/domain/money/decimal.ts';
import { ExchangeTrader, PATIENCE_MS } from '../support/exchange-trader.ts';
import { exitsOf, type PositionAnswer } from '../support/trader.ts';

let trader: ExchangeTrader;

beforeAll(async () => {
  trader = await ExchangeTrader.start();
});
afterAll(() => trader?.system.stop());
beforeEach(() => trader.market('50000'));

const rests = ({ risk_management: { resident } }: PositionAnswer) => resident.order_id !== null;

/** Bought, protected, and with its resident order open. */
async function protectedAt(protection: Record<string, unknown>, walletId = trader.walletId) {
  const { positionId } = await trader.buy(walletId, 'BTC/USDT', '0.01', protection);
  const position = await trader.until(positionId, 'with a resident order', rests, PATIENCE_MS);
  const orderId = position.risk_management.resident.order_id ?? '';
  const order = await trader.untilOrder(orderId, 'open', ({ status }) => status === 'open', PATIENCE_MS);
  return { positionId, position, order };
}

/** What of the account's coins is in the book of the exchange to be sold. */
async function inTheBook(): Promise<readonly { type: string; stopPrice: string; status: string }[]> {
  const { orders } = await trader.control.books(trader.uid);
  return orders
    .filter(({ status, side }) => status === 'NEW' && side === 'SELL')
    .map((one) => ({
      type: String(one['type']),
      stopPrice: decimal(String(one['stopPrice'] ?? '0')).toFixed(),
      status: String(one['status']),
    }));
}

/** Sold exactly once: what was bought without the fee, and nothing is left in the account. */
async function soldOnce(positionId: string): Promise<PositionAnswer> {
  const closed = await trader.closed(positionId, PATIENCE_MS);
  const bought = decimal(closed.entry.amount).minus(closed.entry.fees_by_asset['BTC'] ?? '0');
  const left = decimal(closed.exit?.dust?.amount ?? '0');
  expect(
    decimal(closed.exit?.amount ?? '0')
      .plus(left)
      .toFixed(),
  ).toBe(bought.toFixed());
  const filled = sum(exitsOf(closed).map((order) => decimal(order.filled_amount)));
  expect(filled.toFixed()).toBe(closed.exit?.amount);
  return closed;
}

describe('at the exchange', () => {
  it('a stop rests in its book, and sells there when its last price gets to it', async () => {
    const { positionId, position, order } = await protectedAt({ stop_loss: '49000', resident: 'stop' });
    expect(position.risk_management).toMatchObject({
      stop_loss_order_id: order.order_id,
      armed: true,
      resident: {
        asked: 'stop',
        rests_as: 'stop',
        stop_price: '49000',
        amount: order.requested_amount,
        waits_for: null,
      },
    });
    expect(await inTheBook()).toEqual([{ type: 'STOP_LOSS', stopPrice: '49000', status: 'NEW' }]);
    await trader.system.trade('BTC/USDT', '48990');
    const closed = await soldOnce(positionId);
    expect(closed.exit?.reason).toBe('stop_loss');
    expect(await inTheBook()).toEqual([]);
    const { items } = await trader.good<{ items: { action: string }[] }>(
      'GET',
      `/positions/${positionId}/timeline?limit=200`,
    );
    expect(items.map(({ action }) => action)).toContain('resident_placed');
  });

  it('gives way to a part, and rests again for what is left', async () => {
    const { positionId, order } = await protectedAt({ stop_loss: '48000', resident: 'stop' });
    await trader.good('POST', `/positions/${positionId}/close`, {
      body: { quantity: '0.004' },
      key: randomUUID(),
    });
    const position = await trader.until(
      positionId,
      'resting for the rest',
      (p) => p.risk_management.resident.amount === '0.00599' && decimal(p.current.amount).eq('0.00599'),
      PATIENCE_MS,
    );
    expect(position.risk_management.resident.order_id).not.toBe(order.order_id);
    expect(await inTheBook()).toHaveLength(1);
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
    expect((await soldOnce(positionId)).exit?.reason).toBe('manual');
    expect(await inTheBook()).toEqual([]);
  });

  it('a list takes profit by its other leg', async () => {
    const { positionId, order } = await protectedAt({
      stop_loss: '48000',
      take_profit: '50500',
      resident: 'oco',
    });
    expect(order).toMatchObject({ type: 'oco', limit_price: '50500', stop_price: '48000' });
    expect((await inTheBook()).map(({ type }) => type).sort()).toEqual(['LIMIT_MAKER', 'STOP_LOSS']);
    await trader.system.trade('BTC/USDT', '50600');
    expect((await soldOnce(positionId)).exit?.reason).toBe('take_profit');
    expect(await inTheBook()).toEqual([]);
  });

  it('follows a trailing stop, comes from the wallet, and goes with a PATCH', async () => {
    await trader.good('PATCH', `/wallets/${trader.walletId}`, { body: { resident: 'stop' } });
    const trailing = { trailing_stop: { distance_percent: '2' } };
    const { positionId, order } = await protectedAt(trailing);
    expect(order.stop_price).toBe('49000');
    await trader.market('51000');
    const moved = await trader.until(
      positionId,
      'resting tighter',
      (p) => p.risk_management.resident.stop_price === '49980',
      PATIENCE_MS,
    );
    expect(moved.risk_management.resident.level_name).toBe('trailing_stop');
    await trader.good('PATCH', `/positions/${positionId}/protection`, { body: { resident: 'none' } });
    await trader.until(positionId, 'without one', (p) => !rests(p), PATIENCE_MS);
    expect(await inTheBook()).toEqual([]);
    await trader.good('POST', `/positions/${positionId}/close`, { body: {}, key: randomUUID() });
    await soldOnce(positionId);
    await trader.good('PATCH', `/wallets/${trader.walletId}`, { body: { resident: 'none' } });
  });
});

describe('in a demo wallet', () => {
  it('the stop rests in the demo venue, and sells once', async () => {
    const walletId = await trader.wallet();
    const { positionId } = await protectedAt({ stop_loss: '49000', resident: 'oco' }, walletId);
    await trader.system.trade('BTC/USDT', '48990');
    const closed = await soldOnce(positionId);
    expect(closed.exit?.reason).toBe('stop_loss');
    const { BTC } = await trader.balances(walletId);
    expect(BTC?.total ?? '0').toBe('0');
  });
});

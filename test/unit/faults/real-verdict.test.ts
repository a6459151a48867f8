/** The verdict of `faults --real` can fail: whatever differs between ledger and exchange is found and named. */
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../infra/command-line.ts';
import type { AccountBooks, JsonObject } from '../../../infra/local/venues/binance/contract.ts';
import { applyEntryFill, applyExitFill, entryEnded, maybeClose } from '../../../shared/domain/positions.ts';
import { clientIdOf } from '../../../shared/usecases/derive-ids.ts';
import { type OrderView, orderView } from '../../../shared/usecases/views/order-view.ts';
import { positionView } from '../../../shared/usecases/views/position-view.ts';
import { compareAccount } from '../../faults/real/compare.ts';
import { judgeLetter } from '../../faults/real/letters.ts';
import { parseRealOptions } from '../../faults/real/options.ts';
import { checkClosed } from '../../faults/real/positions.ts';
import { checkIntents } from '../../faults/real/verdict.ts';
import {
  accepted,
  apply,
  BTC,
  claimed,
  d,
  filled,
  newFill,
  newOrder,
  newPosition,
  T0,
} from '../domain/builders.ts';

const START = { USDT: '1000', BTC: '1' };
const orderId = '0123456789012345678901';
const fee = { asset: 'BTC', amount: d('0.00002') };
const fill = newFill('50000', '0.02', { tradeId: '7', fee });
const bought = apply(newOrder({ orderId, quantity: d('0.02') }), claimed(), accepted(), filled(fill));
const view = { ...orderView(bought, [fill]), external_order_id: '5', flow_id: 'key-1' };
const fills = view.fills ?? [];

const row: JsonObject = {
  symbol: 'BTCUSDT',
  orderId: 5,
  orderListId: -1,
  clientOrderId: clientIdOf(bought),
  status: 'FILLED',
  executedQty: '0.02000000',
  cummulativeQuoteQty: '1000.00000000',
};
const trade: JsonObject = {
  symbol: 'BTCUSDT',
  id: 7,
  orderId: 5,
  price: '50000.00000000',
  qty: '0.02000000',
  quoteQty: '1000.00000000',
  commission: '0.00002000',
  commissionAsset: 'BTC',
  isBuyer: true,
};
const balances = {
  USDT: { free: '0.00000000', locked: '0.00000000' },
  BTC: { free: '1.01998000', locked: '0.00000000' },
};
const BOOKS: AccountBooks = { balances, orders: [row], trades: [trade] };

const compare = (orders: readonly OrderView[], books: AccountBooks, foreign: readonly string[] = []) =>
  compareAccount({ name: 'one', start: START, orders }, books, new Set(foreign)).join('\n');

describe('ledger and exchange', () => {
  it('are the same', () => expect(compare([view], BOOKS)).toBe(''));

  it.each<[string, Partial<OrderView>, RegExp]>([
    ['a fill was lost', { fills: [] }, /not booked: trade 7: 0.02 at 50000, fee 0.00002 BTC/],
    [
      'a fill has another price',
      { fills: fills.map((one) => ({ ...one, price: '50001' })) },
      /does not know/,
    ],
    ['a fill has another fee', { fills: fills.map((one) => ({ ...one, fee: '0' })) }, /not booked/],
    ['a fill counts twice', { fills: [...fills, ...fills] }, /2 fills, the exchange has 1/],
    ['the sum is not that of the fills', { filled_amount: '0.03' }, /filled 0.03, its fills 0.02/],
    ['the fees are not those of the fills', { fees_by_asset: {} }, /fees 0 BTC, its fills 0.00002/],
    ['the status is another', { status: 'cancelled' }, /the exchange says FILLED/],
    [
      'the order was taken for one that never was',
      { status: 'failed', external_order_id: null },
      /says FILLED/,
    ],
  ])('%s', (_what, change, found) => expect(compare([{ ...view, ...change }], BOOKS)).toMatch(found));

  it.each<[string, AccountBooks, RegExp]>([
    [
      'the exchange has it twice',
      { ...BOOKS, orders: [row, { ...row, orderId: 6 }] },
      /2 orders at the exchange/,
    ],
    ['the exchange does not have it', { ...BOOKS, orders: [], trades: [] }, /the exchange does not have 5/],
    ['a balance is off by the last digit', withBtc('1.01998001'), /BTC: .* \(off by 0.00000001\)/],
    [
      'an asset came from nowhere',
      { ...BOOKS, balances: { ...balances, ETH: { free: '1', locked: '0' } } },
      /ETH/,
    ],
    [
      'an order that nobody knows',
      { ...BOOKS, orders: [row, { ...row, orderId: 9, clientOrderId: 'theirs' }] },
      /order BTCUSDT:9 \(theirs\) at the exchange is not in the ledger/,
    ],
  ])('%s', (_what, books, found) => expect(compare([view], books)).toMatch(found));

  it('what was made in the app counts for the balances and is nobody’s order', () => {
    const sold = { ...trade, id: 8, orderId: 9, qty: '0.01', quoteQty: '500', isBuyer: false };
    const free = { free: '500', locked: '0' };
    const books: AccountBooks = {
      balances: { USDT: free, BTC: { free: '1.00996', locked: '0' } },
      orders: [row, { ...row, orderId: 9, clientOrderId: 'theirs' }],
      trades: [trade, sold],
    };
    expect(compare([view], books, ['BTCUSDT:9'])).toBe('');
    expect(compare([view], { ...books, balances })).not.toBe('');
  });
});

function withBtc(free: string): AccountBooks {
  return { ...BOOKS, balances: { ...balances, BTC: { free, locked: '0' } } };
}

describe('a position that was closed', () => {
  const exitFill = newFill('51000', '0.01998', { fee: { asset: 'USDT', amount: d('1.01898') } });
  const sold = apply(
    newOrder({ orderId: 'exit-1', side: 'sell', role: 'exit', quantity: d('0.01998') }),
    claimed(),
    accepted(),
    filled(exitFill),
  );
  const held = entryEnded(
    applyEntryFill({ ...newPosition(), entryOrderId: orderId }, fill, bought, T0),
    bought,
    T0,
    BTC,
  );
  const closed = maybeClose(applyExitFill(held, exitFill, sold, T0), BTC, null, T0);
  const position = positionView(closed, null, T0);
  const orders = [view, orderView(sold, [exitFill])];
  const exit = position.exit;
  if (exit === null) throw new Error('the position is not closed');
  const check = (change: Partial<typeof exit>) =>
    checkClosed({ ...position, exit: { ...exit, ...change } }, orders).join('\n');

  it('has realized its cash', () => {
    expect(exit.realized_pnl).toBe('17.96102');
    expect(check({})).toBe('');
  });

  it('is found out when a digit differs', () => {
    expect(check({ realized_pnl: '17.96103' })).toMatch(/realized 17.96103, its cash is 17.96102/);
    expect(check({ amount: '0.02' })).toMatch(/sold 0.02, its fills make 0.01998/);
    expect(check({ dust: { amount: '0.00001', cost: '0' } })).toMatch(/dust 0.00001, its fills make 0/);
  });

  it('has paid a fee that was valued later, once', () => {
    const late = [{ asset: 'BNB', amount: d('0.0001'), price: d('600'), value: d('0.06'), at: T0 }];
    const withLate = [view, orderView({ ...sold, lateFees: late }, [exitFill])];
    const told = (pnl: string) =>
      checkClosed({ ...position, exit: { ...exit, realized_pnl: pnl } }, withLate).join('\n');
    expect(told('17.90102')).toBe('');
    expect(told('17.96102')).toMatch(/its cash is 17.90102/);
  });

  it('may not have sold more than it had, and has to be closed', () => {
    const more = orderView({ ...sold, filledQuantity: d('0.03') }, [{ ...exitFill, quantity: d('0.03') }]);
    expect(checkClosed(position, [view, more]).join('\n')).toMatch(/sold 0.03 of 0.01998/);
    expect(checkClosed(positionView(held, null, T0), [view]).join('\n')).toMatch(/it is open/);
  });
});

describe('a dead letter', () => {
  const report = JSON.stringify({ clientId: clientIdOf(bought), fills: [{ tradeId: '7' }] });
  const judge = (queue: string, body: string, reason: string | null = null, of = view) =>
    judgeLetter({ queue, body, reason }, { orders: [of], positions: [] });

  it('is expected when what it speaks of is done', () => {
    expect(judge('executions-dead-letters', report)).toBeNull();
    expect(judge('exits-dead-letters', JSON.stringify({ orderId }), 'failed')).toBeNull();
    expect(judge('triggers-dead-letters', '{"kind":"sweep"}')).toBeNull();
  });

  it('is a violation when it is not, or when the message itself was the trouble', () => {
    const bare = { ...view, fills: [] };
    expect(judge('executions-dead-letters', report, null, bare)).toMatch(/trades 7 are not booked/);
    expect(judge('executions-dead-letters', report, 'unreadable')).toMatch(/given up as unreadable/);
    expect(judge('submit-dead-letters', '{"orderId":"other"}')).toMatch(/no order here/);
    expect(
      judge('submit-dead-letters', JSON.stringify({ orderId }), null, { ...view, status: 'open' }),
    ).toMatch(/its order is open/);
    expect(judge('exits-dead-letters', 'garbage')).toMatch(/no pointer/);
  });
});

describe('intents', () => {
  const intent = (change: Partial<Parameters<typeof checkIntents>[0][number]> = {}) => ({
    key: 'key-1',
    what: 'market entry',
    orderIds: new Set([orderId]),
    accepted: true,
    ...change,
  });
  it('make one order each', () => expect(checkIntents([intent()], [view])).toEqual([]));

  it('that make two, none, or that nobody had are found', () => {
    expect(checkIntents([intent()], [view, { ...view, order_id: 'other' }]).join('\n')).toMatch(
      /made 2 orders/,
    );
    expect(checkIntents([intent()], []).join('\n')).toMatch(/is not in the ledger[\s\S]*made no order/);
    expect(checkIntents([], [view]).join('\n')).toMatch(/nobody asked for it/);
  });
});

describe('the command line', () => {
  it('has minutes and a seed', () => {
    expect(parseRealOptions(['--real', '--minutes', '1.5', '--seed=7', '--json'])).toEqual({
      minutes: 1.5,
      seed: 7,
      json: true,
      verbose: false,
      help: false,
    });
  });
  it.each([['--minutes', '0'], ['--minutes', 'x'], ['--seed', '-1'], ['--what'], ['--minutes']])(
    'refuses %s %s',
    (...words) => expect(() => parseRealOptions(words)).toThrow(OptionError),
  );
});

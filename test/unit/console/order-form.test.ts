/** The order form: which request its fields make, and what it says of a field before anything is sent. */
import { describe, expect, it } from 'vitest';
import { feeOf } from '../../../console/src/pages/orders/fee-estimate.ts';
import { complaintsOf } from '../../../console/src/pages/orders/field-complaints.ts';
import {
  FIELDS_OF,
  type OrderDraft,
  orderBodyOf,
  typesFor,
} from '../../../console/src/pages/orders/order-form.ts';
import { summaryOf } from '../../../console/src/pages/orders/summary.ts';
import { CreateOrderBody } from '../../../functions/api/schemas/orders.ts';
import { ApiProblem } from '../../../shared/client/client.ts';
import { ORDER_TYPES } from '../../../shared/domain/order-facts.ts';

const EMPTY: OrderDraft = {
  ...{ wallet_id: 'W', symbol: ' BTC/USDT ', purpose: 'long', position_id: '', position_side: '' },
  ...{ type: 'market', amount_in: 'base', quantity: '0.5' },
  ...{ limit_price: '', stop_price: '', stop_limit_price: '', trailing_delta: '' },
  ...{ time_in_force: 'IOC', leverage: '' },
  ...{ stop_loss: '', rungs: [{ price: '', share: '' }], trailing: '' },
  ...{ trailing_distance: '', trailing_activation: '' },
  ...{ break_even: false, break_even_profit: '1', break_even_offset: '', trigger_price: '', resident: '' },
};
const a = (change: Partial<OrderDraft>): OrderDraft => ({ ...EMPTY, ...change });

/** The body, which the API's own schema takes. */
function bodyOf(change: Partial<OrderDraft>) {
  const { body, complaints } = orderBodyOf(a(change));
  expect(complaints).toEqual([]);
  CreateOrderBody().parse(body);
  return body;
}
const wrongs = (change: Partial<OrderDraft>) =>
  orderBodyOf(a(change)).complaints.map(({ field, isMissing }) => `${field}${isMissing ? ' missing' : ''}`);

describe('the request', () => {
  it('of a market buy has what was typed, to the last digit, and nothing besides', () => {
    expect(bodyOf({ quantity: '0.123456789012345678' })).toEqual({
      ...{ wallet_id: 'W', symbol: 'BTC/USDT', side: 'buy', type: 'market' },
      quantity: '0.123456789012345678',
    });
  });

  it('may say how much to spend, of a buy by market alone', () => {
    expect(bodyOf({ amount_in: 'quote', quantity: '100' })).toMatchObject({ quote_quantity: '100' });
    expect(bodyOf({ amount_in: 'quote', type: 'limit', limit_price: '5' })).toMatchObject({
      quantity: '0.5',
    });
    const close = { purpose: 'close', position_id: 'P', position_side: 'short', amount_in: 'quote' } as const;
    expect(bodyOf(close)).toMatchObject({ quantity: '0.5', side: 'buy' });
  });

  it.each([
    ['long', '', 'buy', {}],
    ['short', '', 'sell', { position_side: 'short' }],
    ['add', 'long', 'buy', { position_id: 'P', position_effect: 'open' }],
    ['add', 'short', 'sell', { position_id: 'P', position_effect: 'open' }],
    ['close', 'long', 'sell', { position_id: 'P' }],
    ['close', 'short', 'buy', { position_id: 'P' }],
  ] as const)('to %s (of a %s) goes to the right side', (purpose, position_side, side, more) => {
    const position_id = purpose === 'long' || purpose === 'short' ? '' : 'P';
    const body = bodyOf({ purpose, position_side, position_id, stop_loss: '1', leverage: '3' });
    expect(body).toMatchObject({ side, ...more });
    // Terms and levels are those of what opens a position.
    expect('protection' in (body ?? {})).toBe(position_id === '');
    expect('leverage' in (body ?? {})).toBe(position_id === '');
  });

  it.each(ORDER_TYPES)('of type %s asks for its own prices, and sends no others', (type) => {
    const change = { type, purpose: 'close', position_id: 'P', position_side: 'long' } as const;
    expect(wrongs(change).toSorted()).toEqual(
      FIELDS_OF[type].needs.map((name) => `${name} missing`).toSorted(),
    );
    const typed = { limit_price: '2', stop_price: '1', stop_limit_price: '0.9', trailing_delta: '100' };
    const sent = Object.keys(bodyOf({ ...change, ...typed }) ?? {});
    const own = [...FIELDS_OF[type].needs, ...FIELDS_OF[type].may];
    const prices = sent.filter((name) => name in typed || name === 'time_in_force');
    expect(prices.toSorted()).toEqual(own.toSorted());
  });

  it('has the protection that was asked for', () => {
    const body = bodyOf({
      stop_loss: '49500',
      rungs: [
        { price: '51000', share: '12.5' },
        { price: '', share: '' },
        { price: '52000', share: '87.5' },
      ],
      ...{ trailing: 'percent', trailing_distance: '2.5', trailing_activation: '50500' },
      ...{ break_even: true, break_even_profit: '1.5', break_even_offset: '0' },
      ...{ trigger_price: 'last', resident: 'stop' },
    });
    expect(body?.protection).toEqual({
      stop_loss: '49500',
      take_profits: [
        { price: '51000', share: '0.125' },
        { price: '52000', share: '0.875' },
      ],
      trailing_stop: { distance_percent: '2.5', activation_price: '50500' },
      break_even: { activation_profit_percent: '1.5', offset_percent: '0' },
      ...{ trigger_price: 'last', resident: 'stop' },
    });
  });

  it('sells the whole at a single target without a share', () => {
    const body = bodyOf({ rungs: [{ price: '51000', share: '' }] });
    expect(body?.protection).toEqual({ take_profits: [{ price: '51000', share: '1' }] });
  });
});

describe('a field', () => {
  it.each(['0,5', '1e3', '-1', '0', '0.0', 'x', '1.1234567890123456789', '½'])(
    'does not take %s',
    (quantity) => {
      expect(wrongs({ quantity })).toEqual(['quantity']);
    },
  );

  it('is named as the API names it', () => {
    expect(wrongs({ wallet_id: '', symbol: '', quantity: '' })).toEqual([
      'wallet_id missing',
      'symbol missing',
      'quantity missing',
    ]);
    expect(wrongs({ purpose: 'close' })).toEqual(['position_id missing']);
    expect(wrongs({ amount_in: 'quote', quantity: 'x' })).toEqual(['quote_quantity']);
    expect(wrongs({ leverage: '21' })).toEqual(['leverage']);
    expect(
      wrongs({
        rungs: [
          { price: '', share: '' },
          { price: '5', share: '' },
          { price: 'x', share: '50' },
        ],
        trailing: 'amount',
        break_even: true,
        break_even_profit: '',
        break_even_offset: '-1',
      }),
    ).toEqual([
      'protection.take_profits.0.share missing',
      'protection.take_profits.1.price',
      'protection.trailing_stop.distance_amount missing',
      'protection.break_even.activation_profit_percent missing',
      'protection.break_even.offset_percent',
    ]);
  });

  it('that is empty is wrong once sending was tried; the API’s word stands at its field too', () => {
    const document = {
      ...{ type: 't', title: 'T', status: 422, code: 'stop_wrong_side', field: 'protection.stop_loss' },
      ...{ detail: 'It is above the market.', next_action: 'Put it below.', request_id: 'r' },
    };
    const own = [{ field: 'quantity', text: 'Required.', isMissing: true }];
    const problems = [new ApiProblem('createOrder', 422, 'stop_wrong_side', '', document)];
    const before = complaintsOf({ own, wasTried: false, preview: null, problems });
    expect([...before]).toEqual([['protection.stop_loss', 'It is above the market. Put it below.']]);
    const after = complaintsOf({ own, wasTried: true, preview: null, problems: [] });
    expect([...after]).toEqual([['quantity', 'Required.']]);
  });
});

describe('in words', () => {
  it('an order is one line', () => {
    expect(
      summaryOf({
        side: 'buy',
        symbol: 'BTC/USDT',
        type: 'stop_limit',
        quantity: '0.5',
        stop_price: '9',
        limit_price: '10',
      }),
    ).toBe('buy 0.5 BTC/USDT, stop limit from 9, at 10');
    expect(summaryOf({ side: 'buy', symbol: 'BTC/USDT', type: 'market', quote_quantity: '100' })).toBe(
      'buy BTC/USDT for 100 USDT, market',
    );
  });

  it('names leverage and protection, so that a question about real money leaves nothing out', () => {
    expect(
      summaryOf({
        ...{ side: 'sell', symbol: 'BTC/USDT', type: 'market', quantity: '1', leverage: 3 },
        ...{ position_side: 'short' },
        protection: {
          stop_loss: '52000',
          take_profits: [
            { price: '48000', share: '0.5' },
            { price: '47000', share: '0.5' },
          ],
          trailing_stop: { distance_percent: '2', activation_price: '49000' },
          break_even: { activation_profit_percent: '1' },
        },
      }),
    ).toBe(
      'sell 1 BTC/USDT, market; short, leverage 3; stop loss 52000, targets 48000 and 47000, trailing 2 % from 49000, break-even at 1 %',
    );
    expect(
      summaryOf({
        ...{ side: 'sell', symbol: 'BTC/USDT', type: 'oco', quantity: '1' },
        ...{ limit_price: '9', stop_price: '7', stop_limit_price: '6' },
      }),
    ).toBe('sell 1 BTC/USDT, oco from 7, at 9, stop at 6');
  });

  it('a type that is not offered stays chosen until another is: nothing becomes a market order by itself', () => {
    expect(typesFor(['market', 'limit', 'oco'], 'long', 'limit')).toEqual(['market', 'limit']);
    expect(typesFor(['market', 'limit', 'oco'], 'close', 'limit')).toEqual(['market', 'limit', 'oco']);
    expect(typesFor(['market', 'limit'], 'long', 'trailing_stop')).toEqual([
      'market',
      'limit',
      'trailing_stop',
    ]);
  });

  it('a fee is exact, and unknown where there is no rate', () => {
    expect(feeOf('12345678901234567890.5', '0.001')).toBe('12345678901234567.8905');
    expect(feeOf('100', null)).toBeNull();
    expect(feeOf(null, '0.001')).toBeNull();
  });
});

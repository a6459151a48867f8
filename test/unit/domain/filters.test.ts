import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkRules,
  type RuleCheck,
  type SentOrder,
  tradingRefusal,
} from '../../../shared/domain/filters.ts';
import { referenceOf } from '../../../shared/domain/filters-price.ts';
import { exitLot, lotOf } from '../../../shared/domain/lots.ts';
import { normalise } from '../../../shared/domain/normalise.ts';
import { NO_FACTS, type RuleFacts } from '../../../shared/domain/rule-check.ts';
import { SYMBOL_STATUSES, type SymbolFilter, type SymbolRules } from '../../../shared/domain/symbol-rules.ts';
import type { SymbolSpec } from '../../../shared/domain/symbol-spec.ts';
import { ORDER_TYPES, type OrderType } from '../../../shared/domain/types.ts';
import { BTC, d, NO_PRICES } from './builders.ts';

const symbol = (filters: readonly SymbolFilter[], rules: Partial<SymbolRules> = {}): SymbolSpec => ({
  ...BTC,
  rules: { ...BTC.rules, orderTypes: ORDER_TYPES, ...rules, filters },
});

type Change = Partial<Omit<SentOrder, 'shownQuantity'>>;
const order = (change: Change = {}): SentOrder => ({
  ...NO_PRICES,
  quantity: d(1),
  side: 'buy',
  type: 'limit',
  limitPrice: d(100),
  ...change,
});

function check(filter: SymbolFilter, asked: Change, facts: Partial<RuleFacts> = {}): RuleCheck {
  const found = checkRules(symbol([filter]), order(asked), { ...NO_FACTS, ...facts }).at(-1);
  if (found === undefined) throw new Error('no answer');
  return found;
}
const say = (answer: RuleCheck): string => answer.error?.code ?? answer.outcome;

const PRICE: SymbolFilter = { kind: 'price', min: d('0.5'), max: d(1000), tick: d('0.25') };
const BAND: SymbolFilter = {
  kind: 'percent_price_by_side',
  bidUp: d('1.1'),
  bidDown: d('0.5'),
  askUp: d(2),
  askDown: d('0.9'),
  avgPriceMins: 5,
};
const LOT: SymbolFilter = { kind: 'lot_size', min: d('0.2'), max: d(10), step: d('0.1') };
const MARKET_LOT: SymbolFilter = { kind: 'market_lot_size', min: null, max: d(5), step: d('0.5') };
const NOTIONAL: SymbolFilter = {
  kind: 'notional',
  min: d(10),
  max: d(1000),
  applyMinToMarket: true,
  applyMaxToMarket: false,
  avgPriceMins: 5,
};
const OLD_NOTIONAL: SymbolFilter = {
  kind: 'min_notional',
  min: d(10),
  applyToMarket: false,
  avgPriceMins: 5,
};
const TRAILING: SymbolFilter = {
  kind: 'trailing_delta',
  minAbove: 10,
  maxAbove: 2000,
  minBelow: 20,
  maxBelow: 1500,
};
const market = { type: 'market', limitPrice: null } as const;
const oco = { type: 'oco', side: 'sell', limitPrice: d(120), stopPrice: d(80) } as const;

describe('each filter, exactly at its bounds', () => {
  it.each<[string, SymbolFilter, Change, Partial<RuleFacts>, string]>([
    ['least price', PRICE, { limitPrice: d('0.5') }, {}, 'passed'],
    ['below it', PRICE, { limitPrice: d('0.25') }, {}, 'below_min_price'],
    ['highest price', PRICE, { limitPrice: d(1000) }, {}, 'passed'],
    ['above it', PRICE, { limitPrice: d('1000.25') }, {}, 'above_max_price'],
    ['between two ticks', PRICE, { limitPrice: d('100.1') }, {}, 'not_on_tick'],
    ['a stop price too', PRICE, { ...oco, stopPrice: d('80.1') }, {}, 'not_on_tick'],
    ['a stop limit price too', PRICE, { ...oco, stopLimitPrice: d('79.9') }, {}, 'not_on_tick'],
    ['bounds that are off', { kind: 'price', min: null, max: null, tick: null }, {}, {}, 'passed'],
    ['no price', PRICE, market, {}, 'not_applicable'],

    ['a buy at its upper bound', BAND, { limitPrice: d(110) }, { averagePrice: d(100) }, 'passed'],
    ['a buy above it', BAND, { limitPrice: d('110.01') }, { averagePrice: d(100) }, 'outside_price_band'],
    [
      'a sell has its own',
      BAND,
      { side: 'sell', limitPrice: d('110.01') },
      { averagePrice: d(100) },
      'passed',
    ],
    [
      'a sell below',
      BAND,
      { side: 'sell', limitPrice: d('89.9') },
      { averagePrice: d(100) },
      'outside_price_band',
    ],
    [
      'the reference price goes before the average',
      BAND,
      { limitPrice: d(110) },
      { referencePrice: d(99), averagePrice: d(100) },
      'outside_price_band',
    ],
    ['nothing known', BAND, {}, {}, 'not_checked'],
    [
      'a stop price is free of it',
      BAND,
      { type: 'stop_loss', limitPrice: null, stopPrice: d(1) },
      {},
      'not_applicable',
    ],
    [
      'no minutes: the last price',
      { kind: 'percent_price', up: d('1.1'), down: d('0.9'), avgPriceMins: 0 },
      { limitPrice: d(111) },
      { averagePrice: d(200), lastPrice: d(100) },
      'outside_price_band',
    ],

    ['least quantity', LOT, { quantity: d('0.2') }, {}, 'passed'],
    ['below it', LOT, { quantity: d('0.1') }, {}, 'below_min_quantity'],
    ['largest', LOT, { quantity: d(10) }, {}, 'passed'],
    ['above it', LOT, { quantity: d('10.1') }, {}, 'above_max_quantity'],
    ['between two steps', LOT, { quantity: d('0.25') }, {}, 'not_on_step'],
    ['market orders too', LOT, { ...market, quantity: d('0.1') }, {}, 'below_min_quantity'],
    [
      'nothing, where no least is told',
      { kind: 'market_lot_size', min: null, max: d(5), step: null },
      { ...market, quantity: d(0) },
      {},
      'below_min_quantity',
    ],
    [
      'what a quote amount buys',
      LOT,
      { ...market, quantity: d(0), quoteQuantity: d(20) },
      { currentPrice: d(100) },
      'passed',
    ],
    [
      'what it does not',
      LOT,
      { ...market, quantity: d(0), quoteQuantity: d('19.99') },
      { currentPrice: d(100) },
      'below_min_quantity',
    ],
    ['without a price', LOT, { ...market, quantity: d(0), quoteQuantity: d(20) }, {}, 'not_checked'],
    ['a limit order has no market lot', MARKET_LOT, { quantity: d('5.1') }, {}, 'not_applicable'],
    ['a market order has', MARKET_LOT, { ...market, quantity: d('5.5') }, {}, 'above_max_quantity'],
    ['its step too', MARKET_LOT, { ...market, quantity: d('0.7') }, {}, 'not_on_step'],
    [
      'a stop ends at market',
      MARKET_LOT,
      { type: 'stop_loss', limitPrice: null, stopPrice: d(90), quantity: d(6) },
      {},
      'above_max_quantity',
    ],
    ['an oco whose stop leg does', MARKET_LOT, { ...oco, quantity: d(6) }, {}, 'above_max_quantity'],
    [
      'one whose leg has a limit',
      MARKET_LOT,
      { ...oco, stopLimitPrice: d(79), quantity: d(6) },
      {},
      'not_applicable',
    ],

    ['least worth', NOTIONAL, { quantity: d('0.1') }, {}, 'passed'],
    ['below it', NOTIONAL, { quantity: d('0.09999') }, {}, 'below_min_notional'],
    ['most', NOTIONAL, { quantity: d(10) }, {}, 'passed'],
    ['above it', NOTIONAL, { quantity: d('10.00001') }, {}, 'above_max_notional'],
    [
      'at market by the reference',
      NOTIONAL,
      { ...market, quantity: d('0.1') },
      { averagePrice: d(99) },
      'below_min_notional',
    ],
    ['at market without one', NOTIONAL, market, {}, 'not_checked'],
    ['most is not for market', NOTIONAL, { ...market, quantity: d(50) }, { averagePrice: d(100) }, 'passed'],
    [
      'a quote amount is its own worth',
      NOTIONAL,
      { ...market, quantity: d(0), quoteQuantity: d('9.99') },
      {},
      'below_min_notional',
    ],
    ['an oco by its cheaper leg', NOTIONAL, { ...oco, quantity: d('0.1') }, {}, 'below_min_notional'],
    ['the older filter', OLD_NOTIONAL, { quantity: d('0.09') }, {}, 'below_min_notional'],
    [
      'which leaves market orders out',
      OLD_NOTIONAL,
      { ...market, quantity: d('0.01') },
      { averagePrice: d(1) },
      'not_applicable',
    ],

    [
      'a sell trails below',
      TRAILING,
      { type: 'trailing_stop', side: 'sell', limitPrice: null, trailingDelta: 19 },
      {},
      'trailing_delta_out_of_range',
    ],
    [
      'at its least',
      TRAILING,
      { type: 'trailing_stop', side: 'sell', limitPrice: null, trailingDelta: 20 },
      {},
      'passed',
    ],
    ['a buy above', TRAILING, { type: 'trailing_stop', limitPrice: null, trailingDelta: 10 }, {}, 'passed'],
    [
      'at its most',
      TRAILING,
      { type: 'trailing_stop', limitPrice: null, trailingDelta: 2001 },
      {},
      'trailing_delta_out_of_range',
    ],
    ['no distance', TRAILING, {}, {}, 'not_applicable'],

    ['room for one', { kind: 'max_num_orders', limit: 5 }, {}, { openOrders: 4 }, 'passed'],
    ['no room', { kind: 'max_num_orders', limit: 5 }, {}, { openOrders: 5 }, 'too_many_open_orders'],
    ['an oco is two', { kind: 'max_num_orders', limit: 5 }, oco, { openOrders: 4 }, 'too_many_open_orders'],
    ['of which one is algo', { kind: 'max_num_algo_orders', limit: 5 }, oco, { openAlgoOrders: 4 }, 'passed'],
    [
      'and one a list',
      { kind: 'max_num_order_lists', limit: 1 },
      oco,
      { openOrderLists: 1 },
      'too_many_open_orders',
    ],
    [
      'a limit is no algo order',
      { kind: 'max_num_algo_orders', limit: 5 },
      {},
      { openAlgoOrders: 5 },
      'not_applicable',
    ],
    ['not counted', { kind: 'max_num_orders', limit: 5 }, {}, {}, 'not_checked'],

    ['as much as may be held', { kind: 'max_position', max: d(10) }, {}, { holding: d(9) }, 'passed'],
    [
      'more',
      { kind: 'max_position', max: d(10) },
      { quantity: d('1.1') },
      { holding: d(9) },
      'above_max_position',
    ],
    [
      'a sell frees',
      { kind: 'max_position', max: d(10) },
      { side: 'sell' },
      { holding: d(90) },
      'not_applicable',
    ],
    ['holding not known', { kind: 'max_position', max: d(10) }, {}, {}, 'not_checked'],

    ['icebergs', { kind: 'iceberg_parts', limit: 100 }, {}, {}, 'not_applicable'],
    ['amends', { kind: 'max_num_order_amends', limit: 10 }, {}, {}, 'not_applicable'],
    ['a new kind of filter', { kind: 'unknown', name: 'T_PLUS_SELL', json: '{}' }, {}, {}, 'not_checked'],
  ])('%s: %o', (_what, filter, asked, facts, expected) => {
    expect(say(check(filter, asked, facts))).toBe(expected);
  });

  it('a price that only stands in for the reference never refuses a limit price for sure', () => {
    const answer = check(BAND, { limitPrice: d(200) }, { currentPrice: d(100) });
    expect([answer.outcome, answer.error?.code]).toEqual(['uncertain', 'outside_price_band']);
    expect(answer.figures).toMatchObject({ reference: '100', reference_source: 'current', highest: '110' });
  });

  it('takes the reference in the order that the venue does', () => {
    const all = {
      ...NO_FACTS,
      referencePrice: d(1),
      averagePrice: d(2),
      lastPrice: d(3),
      currentPrice: d(4),
    };
    const source = (facts: RuleFacts, mins: number) => referenceOf(facts, mins)?.source ?? null;
    expect(source(all, 5)).toBe('reference');
    expect(source({ ...all, referencePrice: null }, 5)).toBe('average');
    expect(source({ ...all, referencePrice: null }, 0)).toBe('last');
    expect(source({ ...all, referencePrice: null, averagePrice: null }, 5)).toBe('current');
    expect(source(NO_FACTS, 5)).toBeNull();
  });
});

describe('what the symbol itself allows', () => {
  it.each(SYMBOL_STATUSES)('%s', (status) => {
    const refusal = tradingRefusal(symbol([], { status, venueStatus: status.toUpperCase() }));
    const codes: Record<(typeof SYMBOL_STATUSES)[number], string | null> = {
      trading: null,
      end_of_day: 'symbol_halted',
      halt: 'symbol_halted',
      break: 'symbol_halted',
      cancel_only: 'cancel_only',
      watch_only: 'symbol_watch_only',
      delisted: 'symbol_delisted',
      unknown: 'symbol_not_trading',
    };
    expect(refusal?.code ?? null).toBe(codes[status]);
    if (refusal !== null) expect(refusal.fix).not.toBe('');
  });

  it('no spot trading is not trading', () => {
    expect(tradingRefusal(symbol([], { isSpotTradingAllowed: false }))?.code).toBe('symbol_not_trading');
  });

  it.each<[OrderType, readonly OrderType[], string]>([
    ['stop_loss', ['limit', 'stop_limit'], 'send stop_limit instead'],
    ['take_profit', ['take_profit_limit'], 'send take_profit_limit instead'],
    ['trailing_stop', ['limit'], 'open the position with protection.trailing_stop instead'],
    ['market', ['limit', 'limit_maker'], 'send one of limit, limit_maker'],
  ])('%s is refused where only %o are taken', (type, orderTypes, fix) => {
    const refused = normalise(
      symbol([], { orderTypes }),
      'sell',
      type,
      { ...NO_PRICES, quantity: d(1) },
      d(100),
    );
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'order_type_not_supported', field: 'type', fix },
    });
  });

  it('quote amounts, where they are not taken', () => {
    const spec = symbol([], { quoteOrderQtyMarketAllowed: false });
    const asked = { ...NO_PRICES, quantity: d(0), quoteQuantity: d(20) };
    const error = { code: 'order_type_not_supported', field: 'quote_quantity' };
    expect(normalise(spec, 'buy', 'market', asked, d(100))).toMatchObject({ ok: false, error });
  });

  it('more decimals than an asset has', () => {
    const spec = symbol([], { basePrecision: 2, quotePrecision: 1 });
    const answer = (change: Change) =>
      checkRules(spec, order(change), NO_FACTS).find((c) => c.rule === 'precision')?.error?.field ?? null;
    expect(answer({ quantity: d('0.01') })).toBeNull();
    expect(answer({ quantity: d('0.001') })).toBe('quantity');
    expect(answer({ limitPrice: d('1.01') })).toBe('limit_price');
    expect(answer({ ...market, quantity: d(0), quoteQuantity: d('1.01') })).toBe('quote_quantity');
  });
});

describe('lots', () => {
  it('of market orders are the narrower of both', () => {
    const spec = symbol([LOT, MARKET_LOT]);
    const both = { ...spec, stepSize: d('0.1'), minQuantity: d('0.2'), maxQuantity: d(10) };
    const text = (lot: ReturnType<typeof lotOf>) =>
      [lot.step, lot.min, lot.max].map((x) => x.toFixed()).join(' ');
    expect(text(lotOf(both, false))).toBe('0.1 0.2 10');
    expect(text(exitLot(both))).toBe('0.5 0.2 5');
    expect(text(lotOf({ ...both, rules: { ...both.rules, filters: [LOT] } }, true))).toBe('0.1 0.2 10');
    const least = (filters: readonly SymbolFilter[]) =>
      exitLot({ ...both, minNotional: d(10), rules: { ...both.rules, filters } }).minNotional.toFixed();
    expect([least([NOTIONAL]), least([OLD_NOTIONAL]), least([])]).toEqual(['10', '0', '10']);
  });
});

describe('over any rules', () => {
  const steps = fc.integer({ min: 0, max: 6 }).map((n) => d(10).pow(-n));
  const amount = fc.integer({ min: 1, max: 10 ** 9 }).map((n) => d(n).dividedBy(10 ** 6));
  it('what is normalised passes every rule that can be known, and a second pass changes nothing', () => {
    const taken = new Set<OrderType>();
    fc.assert(
      fc.property(
        fc.constantFrom(...ORDER_TYPES),
        fc.constantFrom('buy' as const, 'sell' as const),
        fc.record({ tick: steps, step: steps, market: fc.option(steps, { nil: null }), least: amount }),
        fc.record({
          quantity: amount,
          price: amount,
          byQuote: fc.boolean(),
          delta: fc.integer({ min: 1, max: 3000 }),
        }),
        (type, side, rules, asked) => {
          const spec: SymbolSpec = {
            ...symbol([
              { kind: 'price', min: rules.tick, max: null, tick: rules.tick },
              { kind: 'lot_size', min: rules.step, max: d(10 ** 9), step: rules.step },
              { kind: 'market_lot_size', min: null, max: null, step: rules.market },
              { ...NOTIONAL, min: rules.least, max: null },
              TRAILING,
            ]),
            tickSize: rules.tick,
            stepSize: rules.step,
            minQuantity: rules.step,
            maxQuantity: d(10 ** 9),
            unitExponent: rules.tick.decimalPlaces() + 2,
          };
          const [near, far] = side === 'sell' ? [d('0.9'), d('1.1')] : [d('1.1'), d('0.9')];
          const stops = type !== 'market' && type !== 'limit' && type !== 'limit_maker';
          const limits = type.includes('limit') || type === 'oco';
          const byQuote = type === 'market' && asked.byQuote;
          const profit = type.startsWith('take_profit');
          const wanted = {
            quantity: byQuote ? d(0) : asked.quantity,
            quoteQuantity: byQuote ? asked.quantity : null,
            limitPrice: limits ? asked.price.times(far) : null,
            stopPrice: stops ? asked.price.times(profit ? far : near) : null,
            stopLimitPrice: null,
            trailingDelta: type === 'trailing_stop' ? asked.delta : null,
          };
          const first = normalise(spec, side, type, wanted, asked.price);
          if (!first.ok) return;
          taken.add(type);
          for (const answer of first.value.checks) expect(answer.outcome).not.toBe('failed');
          const { sent } = first.value;
          expect(sent.quantity.lessThanOrEqualTo(wanted.quantity)).toBe(true);
          const second = normalise(spec, side, type, sent, asked.price);
          expect(second).toMatchObject({ ok: true, value: { sent } });
        },
      ),
      { numRuns: 1000 },
    );
    expect([...taken].sort()).toEqual([...ORDER_TYPES].sort());
  });
});

/** The simulated exchange beside what the real one was recorded to say: members, their order, their types. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../infra/local/venues/binance/contract.ts';
import { createExchange } from '../../../../infra/local/venues/binance/exchange/exchange.ts';
import { Decimal } from '../../../../shared/domain/money/decimal.ts';
import { recording } from '../../../support/recordings.ts';
import { ALICE, atMarket, bench, limit } from './world.ts';

interface Sequences {
  readonly sequences: readonly {
    readonly id: string;
    readonly events: readonly { readonly event?: JsonObject }[];
  }[];
}
interface Answers {
  readonly recorded: readonly { readonly id: string; readonly body: JsonObject }[];
}

const userData = recording('../binance-user-data/sequences.json');
const answers = recording('../binance-rest/order-responses.json');
const infos = ['20250807', '20211012'].map((date) =>
  recording(`../exchange-info/binance-spot-exchangeInfo-${date}.json`),
);

const read = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
const shape = (row: JsonObject | undefined): readonly string[] =>
  Object.entries(row ?? {}).map(([name, value]) => `${name}: ${value === null ? 'null' : typeof value}`);

describe.runIf(!userData.missing)('recorded user data', () => {
  const recorded = (id: string): readonly JsonObject[] => {
    const found = read<Sequences>(userData.file).sequences.find((one) => one.id === id);
    return (found?.events ?? []).map(({ event }) => event).filter((event) => event !== undefined);
  };

  it('has the members of our reports of a market order, in their order', () => {
    const world = bench({ book: { levels: 2, levelNotional: '1000' } }, { [ALICE]: { payFeesInBnb: true } });
    world.price('600', 'BNBUSDT');
    world.price('50000');
    world.place(atMarket('SELL', '0.03'));
    const theirs = recorded('spot-market-sell-new-partial-filled-bnb-fee');
    const ours = world.reports();
    expect(ours.map(shape)).toEqual(theirs.map(shape));
    for (const name of ['x', 'X', 'w', 'm', 'M', 'r', 'C', 'N', 'f']) {
      expect(ours.map((one) => one[name])).toEqual(theirs.map((one) => one[name]));
    }
  });

  it('has those of an expired FOK, which tells its reason since', () => {
    const world = bench();
    world.price('50000');
    world.place(limit('BUY', '0.1', '40000', { timeInForce: 'FOK' }));
    const theirs = recorded('spot-limit-fok-new-expired');
    const ours = world.reports();
    expect(ours.map((one) => shape(one).filter((member) => member !== 'eR: string'))).toEqual(
      theirs.map(shape),
    );
    expect(ours.map((one) => [one['x'], one['X'], one['w']])).toEqual(
      theirs.map((one) => [one['x'], one['X'], one['w']]),
    );
  });
});

describe.runIf(!answers.missing)('recorded answers', () => {
  it('have the members of ours', () => {
    const world = bench();
    world.price('50000');
    const recorded = (id: string): JsonObject | undefined =>
      read<Answers>(answers.file).recorded.find((one) => one.id === id)?.body;
    const full = recorded('post-order-market-buy-full-base-fee');
    const ours = world.place(atMarket('BUY', '0.01'));
    expect(shape(ours)).toEqual(shape(full));
    const firstFill = (row: JsonObject | undefined): JsonObject | undefined =>
      (row?.['fills'] as readonly JsonObject[] | undefined)?.[0];
    expect(shape(firstFill(ours))).toEqual(shape(firstFill(full)));
    const stop = {
      symbol: 'BTCUSDT',
      ...limit('SELL', '0.1', '48000'),
      type: 'STOP_LOSS_LIMIT',
      stopPrice: '49000',
    };
    expect(shape(world.run('order.place', stop))).toEqual(shape(recorded('post-order-stop-loss-limit-ack')));
  });
});

/** A price at least a thousand ticks high, and a quantity worth twice the least that is allowed. */
function plausible(entry: JsonObject): { readonly price: string; readonly quantity: string } {
  const filters = entry['filters'] as readonly JsonObject[];
  const member = (type: string, name: string): string | undefined =>
    filters.find((one) => one['filterType'] === type)?.[name]?.toString();
  const thousandTicks = new Decimal(member('PRICE_FILTER', 'tickSize') ?? '0.01').times(1000);
  const price = Decimal.max(thousandTicks, member('PRICE_FILTER', 'minPrice') ?? 0);
  const least = member('NOTIONAL', 'minNotional') ?? member('MIN_NOTIONAL', 'minNotional') ?? '10';
  const step = new Decimal(member('LOT_SIZE', 'stepSize') ?? '1');
  const quantity = new Decimal(least).times(2).dividedBy(price).toNearest(step, Decimal.ROUND_CEIL);
  return { price: price.toFixed(), quantity: quantity.toFixed() };
}

describe.each(infos)('recorded symbols ($file)', ({ file, missing }) => {
  it.runIf(!missing)('are a market of the simulated exchange', () => {
    const { symbols } = read<{ readonly symbols: readonly JsonObject[] }>(file);
    const exchange = createExchange({ now: () => 1_800_000_000_000, symbols });
    const quotes = Object.fromEntries(symbols.map((one) => [`${one['quoteAsset']}`, '10000000']));
    const setsOf = (one: JsonObject): string[][] => (one['permissionSets'] as string[][] | undefined) ?? [];
    const permissions = symbols.flatMap((one) => setsOf(one).flat());
    exchange.addAccount({ uid: 1, balances: quotes, permissions });
    const shown = exchange.execute('exchangeInfo', null, {}) as { symbols: readonly JsonObject[] };
    expect(shown.symbols.map((one) => one['symbol'])).toEqual(symbols.map((one) => one['symbol']));
    for (const entry of symbols) {
      const symbol = `${entry['symbol']}`;
      const { price, quantity } = plausible(entry);
      exchange.feedPrice(symbol, { last: price });
      const place = () => exchange.execute('order.place', 1, { symbol, ...limit('BUY', quantity, price) });
      if (entry['status'] === 'TRADING') expect(place(), symbol).toMatchObject({ status: 'NEW' });
      else expect(place, symbol).toThrow('Market is closed.');
    }
  });
});

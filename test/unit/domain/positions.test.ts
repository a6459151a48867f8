import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withExit } from '../../../shared/domain/exits.ts';
import { ZERO } from '../../../shared/domain/money/decimal.ts';
import {
  applyEntryFill,
  applyExitFill,
  entryEnded,
  figures,
  freeQuantity,
  isDust,
  maybeClose,
  oversold,
} from '../../../shared/domain/positions.ts';
import type { Fill, Position, Side } from '../../../shared/domain/types.ts';
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
  reported,
  T0,
} from './builders.ts';

const usdt = (amount: string) => ({ asset: 'USDT', amount: d(amount) });
const btc = (amount: string) => ({ asset: 'BTC', amount: d(amount) });
const bnb = (amount: string) => ({ asset: 'BNB', amount: d(amount) });
const text = (value: { toFixed(): string } | null) => value?.toFixed() ?? null;

const buy = newOrder({ quantity: d('0.5') });
const sell = newOrder({ orderId: 'exit-1', role: 'exit', side: 'sell', quantity: d('0.5') });
const example = applyEntryFill(newPosition(), newFill('50000', '0.5', { fee: usdt('25') }), buy, T0);

describe("the specification's example", () => {
  it('is worth 475 (1.9 %) at 51,000', () => {
    const f = figures(example, d(51_000));
    expect([text(f.value), text(f.unrealizedPnl), text(f.unrealizedPnlPercent)]).toEqual([
      '25500',
      '475',
      '1.9',
    ]);
    expect([text(f.entryPrice), text(f.notional), text(f.totalFeesQuote)]).toEqual(['50000', '25000', '25']);
  });

  it('realizes 699.25 (2.797 %) when sold at 51,500 for 25.75', () => {
    const sold = applyExitFill(example, newFill('51500', '0.5', { fee: usdt('25.75') }), sell, T0 + 1);
    const f = figures(sold, null);
    expect([text(f.realizedPnl), text(f.realizedPnlPercent), text(f.exitPrice)]).toEqual([
      '699.25',
      '2.797',
      '51500',
    ]);
    expect([text(f.unrealizedPnl), text(f.totalFeesQuote)]).toEqual(['0', '50.75']);
    expect([text(sold.cost), text(sold.openFees), text(sold.quantity)]).toEqual(['0', '0', '0']);
  });

  it('mirrors for a short', () => {
    const short = applyEntryFill(
      newPosition('sell'),
      newFill('51500', '0.5', { fee: usdt('25.75') }),
      sell,
      T0,
    );
    expect(short.side).toBe('short');
    expect(text(figures(short, d(51_000)).unrealizedPnl)).toBe('224.25');
    const back = applyExitFill(short, newFill('50000', '0.5', { fee: usdt('25') }), buy, T0);
    expect(text(back.realizedPnl)).toBe('699.25');
  });
});

describe('an entry', () => {
  it('opens with its first fill, and grows', () => {
    expect(newPosition().status).toBe('opening');
    expect([example.status, example.openedAt]).toEqual(['open', T0]);
    const more = applyEntryFill(example, newFill('51000', '0.5', { at: T0 + 9 }), buy, T0 + 9);
    expect([more.openedAt, text(figures(more, null).entryPrice)]).toEqual([T0, '50500']);
    expect(figures(more, null)).toMatchObject({
      value: null,
      unrealizedPnl: null,
      unrealizedPnlPercent: null,
    });
  });

  it('a fee in base leaves at its price and is carried as a fee', () => {
    const p = applyEntryFill(newPosition(), newFill('50000', '0.5', { fee: btc('0.0005') }), buy, T0);
    expect([p.quantity, p.cost, p.openFees].map(text)).toEqual(['0.4995', '24975', '25']);
    expect(text(figures(p, d(50_000)).unrealizedPnl)).toBe('-25');
    expect(figures(p, null).totalFeesQuote).toBeNull();
    const short = applyEntryFill(
      newPosition('sell'),
      newFill('50000', '0.5', { fee: btc('0.0005') }),
      sell,
      T0,
    );
    expect([short.quantity, short.cost, short.openFees].map(text)).toEqual(['0.5005', '25025', '25']);
    expect(text(figures(short, d(50_000)).unrealizedPnl)).toBe('-25');
  });

  it('a third fee counts at its value, or is flagged while that is unknown', () => {
    const valued = newFill('50000', '0.5', { fee: bnb('0.04'), feeQuoteValue: d('24') });
    const p = applyEntryFill(newPosition(), valued, buy, T0);
    expect([text(p.openFees), p.unvaluedFees.length]).toEqual(['24', 0]);
    const sold = applyExitFill(p, newFill('51000', '0.25', { fee: usdt('12.75') }), sell, T0);
    expect(figures(sold, null).totalFeesQuote).toBeNull();
    const unknown = applyExitFill(sold, newFill('51000', '0.25', { fee: bnb('0.02') }), sell, T0);
    expect(unknown.unvaluedFees.map((f) => f.amount.toFixed())).toEqual(['0.02']);
    expect(figures(unknown, null).feesByAsset.map((f) => f.asset)).toEqual(['BNB', 'USDT']);
    const both = applyEntryFill(p, newFill('50000', '0.1', { fee: bnb('0.01') }), buy, T0);
    expect(both.unvaluedFees.map((f) => f.amount.toFixed())).toEqual(['0.01']);
  });

  it('moves the levels that hang on the average price', () => {
    const breakEven = { activationProfitPercent: d(1), offsetPercent: ZERO };
    const first = applyEntryFill(newPosition('buy', { breakEven }), newFill('50000', '0.1'), buy, T0);
    expect(first.levelsVersion).toBe(1);
    expect(applyEntryFill(first, newFill('50100', '0.1'), buy, T0).levelsVersion).toBe(2);
  });

  it('that never filled closes the position; an unsettled one does not', () => {
    const p = newPosition();
    const gap = apply(
      newOrder(),
      claimed(),
      accepted(),
      reported({ status: 'cancelled', cumulativeQuantity: d(1) }),
    );
    expect(entryEnded(p, gap, T0, BTC)).toBe(p);
    const cancelled = apply(newOrder(), { kind: 'cancel_wanted', at: T0, cause: 'api' });
    const closed = entryEnded(p, cancelled, T0 + 5, BTC);
    expect(closed).toMatchObject({
      status: 'closed',
      entryLive: false,
      closedAt: T0 + 5,
      dust: null,
      exitCause: null,
    });
    expect(entryEnded(closed, cancelled, T0 + 9, BTC)).toBe(closed);
  });

  it('that filled stays open, also when it is worth less than the least notional', () => {
    const order = apply(newOrder({ quantity: d('0.00002') }), filled(newFill('50000', '0.00002')));
    const p = applyEntryFill(newPosition(), newFill('50000', '0.00002'), order, T0);
    expect(entryEnded(p, order, T0, BTC)).toMatchObject({ status: 'open', entryLive: false });
  });
});

describe('an exit', () => {
  it('charges cost and entry fees in proportion, the last sale takes the rest', () => {
    const entry = newFill('50000', '0.3', { fee: usdt('10') });
    let p = applyEntryFill(newPosition(), entry, buy, T0);
    p = applyExitFill(p, newFill('51000', '0.1'), sell, T0);
    expect(text(p.openFees)).toBe('6.666666666666666667');
    expect(text(p.realizedPnl)).toBe('96.666666666666666667');
    p = applyExitFill(p, newFill('51000', '0.2'), sell, T0);
    expect([p.openFees, p.cost, p.realizedPnl].map(text)).toEqual(['0', '0', '290']);
  });

  it('lowers its reservation, never below zero', () => {
    const reserved = withExit(example, { orderId: 'exit-1', quantity: d('0.3') }, 'stop_loss', T0);
    expect(text(freeQuantity(reserved))).toBe('0.2');
    const partly = applyExitFill(reserved, newFill('51000', '0.2'), sell, T0);
    expect([text(freeQuantity(partly)), text(partly.liveExits[0]?.reserved ?? null)]).toEqual(['0.2', '0.1']);
    const above = applyExitFill(partly, newFill('51000', '0.2'), sell, T0);
    expect([text(freeQuantity(above)), text(above.liveExits[0]?.reserved ?? null)]).toEqual(['0.1', '0']);
  });

  it('a base fee beyond the holding takes from the wallet, at its price, and is no oversale', () => {
    const fill = newFill('51500', '0.5', { fee: btc('0.0005') });
    const p = applyExitFill(example, fill, sell, T0);
    expect([p.quantity, p.cost, p.realizedPnl, oversold(p)].map(text)).toEqual(['0', '0', '699.25', '0']);
    expect(text(freeQuantity(p))).toBe('0');
    expect([oversold(example), oversold(newPosition('sell'))].map(text)).toEqual(['0', '0']);
  });

  it('what is sold beyond the holding passes through without P&L', () => {
    const p = applyExitFill(example, newFill('51500', '0.7', { fee: usdt('25.75') }), sell, T0);
    expect([p.quantity, p.realizedPnl, oversold(p)].map(text)).toEqual(['0', '699.25', '0.2']);
    const short = applyEntryFill(newPosition('sell'), newFill('51500', '0.5'), sell, T0);
    const back = applyExitFill(short, newFill('50000', '0.6'), buy, T0);
    expect([back.quantity, back.realizedPnl, oversold(back)].map(text)).toEqual(['0', '750', '0.1']);
    expect(figures(back, null).totalFeesQuote?.toFixed()).toBe('0');
  });

  it('measures slippage against the price at the decision, against us positive', () => {
    const entry = { ...buy, referencePrice: d(49_990) };
    const bought = applyEntryFill(newPosition(), newFill('50000', '0.5'), entry, T0);
    expect(text(bought.slippage)).toBe('5');
    const sold = applyExitFill(bought, newFill('50900', '0.5'), { ...sell, referencePrice: d(51_000) }, T0);
    expect(text(sold.slippage)).toBe('55');
  });
});

describe('closing', () => {
  const ended = (p: Position): Position => ({ ...p, entryLive: false });
  const flattened = (p: Position): Position => ({
    ...p,
    flatten: {
      cause: 'manual',
      price: d(51_000),
      trigger: null,
      at: T0,
      step: 0,
      retryAt: null,
      shortage: null,
      limit: null,
    },
    status: 'closing',
  });

  it('waits for the entry and the live exits', () => {
    const sold = applyExitFill(example, newFill('51500', '0.5'), sell, T0);
    expect(maybeClose(sold, BTC, null, T0)).toBe(sold);
    const live = withExit(ended(sold), { orderId: 'exit-2', quantity: d('0.1') }, null, T0);
    expect(maybeClose(live, BTC, null, T0)).toBe(live);
    const closed = maybeClose(ended(sold), BTC, null, T0 + 7);
    expect(closed).toMatchObject({ status: 'closed', closedAt: T0 + 7, dust: null, levelsVersion: 2 });
    expect(maybeClose(closed, BTC, null, T0 + 9)).toBe(closed);
  });

  it('keeps dust at its cost and realizes the fees paid for it', () => {
    const fill = newFill('51000', '0.49995');
    const left = ended(applyExitFill(example, fill, sell, T0));
    const closed = maybeClose(flattened(left), BTC, d(51_000), T0);
    expect(closed.dust && [closed.dust.quantity, closed.dust.cost].map(text)).toEqual(['0.00005', '2.5']);
    expect([closed.quantity, closed.openFees, closed.realizedPnl].map(text)).toEqual(['0', '0', '474.95']);
    expect(closed.exitCause).toBe('manual');
  });

  it('by worth only where a price says so, and not while nobody wants out', () => {
    const small = ended({ ...example, quantity: d('0.00005') });
    expect(maybeClose(small, BTC, d(51_000), T0).status).toBe('open');
    expect(maybeClose(flattened(small), BTC, null, T0).status).toBe('closed');
    expect(maybeClose(flattened({ ...small, quantity: d('0.5') }), BTC, d(51_000), T0).status).toBe(
      'closing',
    );
    const grains = ended({ ...example, quantity: d('0.000009') });
    expect(maybeClose(grains, BTC, null, T0).status).toBe('closed');
    expect(isDust(d('0.0001'), BTC, d(50_000))).toBe(false);
    expect(isDust(d('0.0001'), BTC, d('49999.99'))).toBe(true);
    expect(isDust(d('0.0001'), { ...BTC, minQuantity: d('0.001') }, null)).toBe(true);
  });

  it('a late fill counts: what is held again is open again, or sold again', () => {
    const empty = maybeClose(ended(newPosition()), BTC, null, T0 + 1);
    const late = applyEntryFill(empty, newFill('50000', '0.5'), buy, T0 + 2);
    expect(late).toMatchObject({ status: 'open', closedAt: null, levelsVersion: empty.levelsVersion + 1 });
    const sold = flattened(ended(applyExitFill(example, newFill('51000', '0.49995'), sell, T0)));
    const closed = maybeClose(sold, BTC, d(51_000), T0 + 3);
    const again = applyEntryFill(closed, newFill('50000', '0.1'), buy, T0 + 4);
    expect([again.status, text(again.quantity), text(again.cost), again.dust]).toEqual([
      'closing',
      '0.10005',
      '5002.5',
      null,
    ]);
    const gone = applyExitFill(closed, newFill('51000', '0.00005'), sell, T0 + 5);
    expect(gone).toMatchObject({ status: 'closed', closedAt: T0 + 3, dust: null });
    expect(text(gone.quantity)).toBe('0');
    const rest = applyExitFill(closed, newFill('51000', '0.00003'), sell, T0 + 5);
    expect([rest.status, text(rest.quantity), rest.dust]).toEqual(['closing', '0.00002', null]);
  });
});

/** A wallet that knows nothing of positions: what each fill does to its balances. */
function ledgerOf(side: Side, fill: Fill) {
  const sign = side === 'buy' ? 1 : -1;
  const quote = fill.price.times(fill.quantity).times(-sign);
  const base = fill.quantity.times(sign);
  if (fill.fee.asset === 'USDT') return { cash: quote.minus(fill.fee.amount), base };
  if (fill.fee.asset === 'BTC') return { cash: quote, base: base.minus(fill.fee.amount) };
  return { cash: quote.minus(fill.feeQuoteValue ?? ZERO), base };
}

const anyFill = fc.record({
  price: fc.integer({ min: 1, max: 20_000_000 }).map((n) => d(n).dividedBy(100)),
  quantity: fc.integer({ min: 1, max: 1_000_000 }).map((n) => d(n).dividedBy(100_000)),
  asset: fc.constantFrom('USDT', 'BTC', 'BNB'),
  bp: fc.integer({ min: 0, max: 100 }),
  isEntry: fc.boolean(),
  /** How much of what is held an exit sells; above 100 it sells more than that. */
  percent: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 100 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 130 }) },
  ),
});

describe('conservation', () => {
  it('cash + holdings at the mark = start + realized + unrealized, over any fills', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Side>('buy', 'sell'),
        fc.array(anyFill, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 20_000_000 }),
        fc.boolean(),
        (side, fills, markCents, isClosing) => {
          const exitSide = side === 'buy' ? 'sell' : 'buy';
          const [entry, exit] = [
            newOrder({ side }),
            newOrder({ side: exitSide, role: 'exit', orderId: 'exit-1' }),
          ];
          const mark = d(markCents).dividedBy(100);
          let p = newPosition(side);
          let [cash, base] = [ZERO, ZERO];
          for (const f of fills) {
            const isEntry = f.isEntry || p.quantity.isZero();
            const whole = p.quantity.times(f.percent).dividedBy(100).toDecimalPlaces(8);
            const quantity = isEntry || whole.isZero() ? f.quantity : whole;
            const rate = d(f.bp).dividedBy(10_000);
            const value = f.price.times(quantity).times(rate).toDecimalPlaces(8);
            const amount = f.asset === 'BTC' ? quantity.times(rate).toDecimalPlaces(8) : value;
            const fill: Fill = {
              ...newFill('1', '1'),
              price: f.price,
              quantity,
              fee: { asset: f.asset, amount },
              feeQuoteValue: f.asset === 'BNB' ? value : null,
            };
            const held = p.quantity;
            p = isEntry ? applyEntryFill(p, fill, entry, T0) : applyExitFill(p, fill, exit, T0);
            expect(p.quantity.isNegative()).toBe(false);
            const moved = ledgerOf(isEntry ? side : exitSide, fill);
            // What an exit moves beyond the holding is the wallet's own, passed through at the fill's price.
            const beyond = moved.base.abs().minus(held);
            const excess = !isEntry && beyond.greaterThan(0) ? beyond : ZERO;
            cash = cash.plus(moved.cash).plus(excess.times(fill.price).times(side === 'buy' ? -1 : 1));
            base = base.plus(moved.base).plus(excess.times(side === 'buy' ? 1 : -1));
          }
          if (isClosing) p = maybeClose({ ...p, entryLive: false, liveExits: [] }, BTC, mark, T0);
          const f = figures(p, mark);
          const dustGain = p.dust ? p.dust.quantity.times(mark).minus(p.dust.cost) : ZERO;
          const dust = side === 'buy' ? dustGain : dustGain.negated();
          const equity = cash.plus(base.times(mark));
          const pnl = p.realizedPnl.plus(f.unrealizedPnl ?? ZERO).plus(dust);
          expect(pnl.toFixed()).toBe(equity.toFixed());
        },
      ),
      { numRuns: 4_000 },
    );
  });
});

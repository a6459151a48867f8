/** Orders of a wallet at an exchange: who may open, what the venue's answers mean, lists, looks, levels. */
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { ExchangeAccount, ExecutionReport, Fill, Order } from '../../../shared/domain/types.ts';
import type { PlaceOrderCommand } from '../../../shared/usecases/place-order.ts';
import { orderView } from '../../../shared/usecases/views/order-view.ts';
import { BTC, EXCHANGE, START, USER, WALLET, World } from '../../support/fakes/world.ts';

const d = (text: string) => new Decimal(text);
const atExchange = (account: Partial<ExchangeAccount> = {}): World => {
  const world = new World({ exchange: account });
  world.tick('50000');
  return world;
};
const refusalOf = async (world: World, over: Partial<PlaceOrderCommand> = {}): Promise<string> => {
  const placed = await world.useCases.placeOrder(world.command(over));
  return placed.ok ? 'taken' : placed.error.code;
};
const limitBuy = { type: 'limit', limitPrice: d('49000') } as const;

describe('a wallet that may not open positions', () => {
  it.each<[string, Partial<ExchangeAccount>, string]>([
    ['while its keys are checked', { status: 'checking' }, 'wallet_not_ready'],
    [
      'with refused keys',
      { status: 'refused', problem: { code: 'key_rejected', message: 'no such key' } },
      'wallet_not_ready',
    ],
    ['once deleted', { status: 'deleted' }, 'wallet_not_ready'],
    ['while paused', { pausedAt: 1 }, 'wallet_paused'],
    ['active', {}, 'taken'],
  ])('%s', async (_what, account, code) => {
    const world = atExchange(account);
    expect(await refusalOf(world)).toBe(code);
    expect(world.ledger.commits).toBe(code === 'taken' ? 1 : 0);
  });

  it('says what is wrong with the keys', async () => {
    const problem = { code: 'ip_not_allowed', message: 'this address is not on its list' } as const;
    const placed = await atExchange({ status: 'refused', problem }).useCases.placeOrder(
      atExchange().command(),
    );
    expect(placed).toMatchObject({ ok: false, error: { field: 'wallet_id' } });
    if (!placed.ok) expect(placed.error.message).toContain('ip_not_allowed');
  });

  it('in an environment that is not served', async () => {
    const world = atExchange();
    const wallet = world.wallets.items.get(WALLET);
    if (wallet === undefined) throw new Error('no wallet');
    world.wallets.items.set(WALLET, { ...wallet, environment: 'binance_testnet' });
    expect(await refusalOf(world)).toBe('environment_not_served');
  });

  it('is noticed up to the moment of sending', async () => {
    const world = atExchange();
    const order = await world.place();
    world.account({ pausedAt: world.now });
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({
      status: 'rejected',
      refusal: { code: 'wallet_paused' },
    });
    expect(world.position(order.positionId).status).toBe('closed');
    expect(world.venue.placed).toEqual([]);
  });

  /** Pauses, or lets go on, as the API does. */
  const byHand = async (world: World, what: 'pause' | 'resume') => {
    const command = { userId: USER, walletId: WALLET, reason: null };
    const done = await world.useCases.wallets[what](command);
    if (!done.ok) throw new Error(done.error.message);
  };
  const expectPaused = (world: World, order: Order): void => {
    expect(world.order(order.orderId)).toMatchObject({
      status: 'rejected',
      refusal: { code: 'wallet_paused' },
    });
    expect(world.position(order.positionId).status).toBe('closed');
    expect(world.venue.placed).toEqual([]);
  };

  it('is noticed in the claim itself, when it was paused after the last look', async () => {
    const world = atExchange();
    const order = await world.place();
    const { venueTime } = world.venue;
    // The sender has looked at the wallet, and takes its signing time next.
    world.venue.venueTime = async () => {
      await byHand(world, 'pause');
      return venueTime.call(world.venue);
    };
    await world.pump();
    expectPaused(world, order);
  });

  it('sends nothing that was written before a pause, also once it goes on', async () => {
    const world = atExchange();
    const order = await world.place();
    await byHand(world, 'pause');
    await byHand(world, 'resume');
    const later = await world.place({ idempotencyKey: 'later', ...limitBuy });
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({
      status: 'rejected',
      refusal: { code: 'wallet_paused' },
    });
    expect(world.order(later.orderId).status).toBe('open');
  });

  it('sends nothing that was written before a pause which came and went after the last look', async () => {
    const world = atExchange();
    const order = await world.place();
    const { venueTime } = world.venue;
    world.venue.venueTime = async () => {
      await byHand(world, 'pause');
      await byHand(world, 'resume');
      return venueTime.call(world.venue);
    };
    await world.pump();
    expectPaused(world, order);
  });

  it('an order that rested through a pause can be amended once the wallet goes on', async () => {
    const world = atExchange();
    const order = await world.place(limitBuy);
    await world.pump();
    await byHand(world, 'pause');
    await byHand(world, 'resume');
    const change = { limitPrice: d('48000') };
    const command = { userId: USER, orderId: order.orderId, change, idempotencyKey: null };
    expect((await world.useCases.amendOrder(command)).ok).toBe(true);
    await world.pump();
    const heir = world.order(world.order(order.orderId).replacedBy ?? '');
    expect(heir.status).toBe('open');
  });

  it('a busy claim is tried again with a signing time of its own', async () => {
    const world = atExchange();
    world.ledger.busyClaims = 3;
    const order = await world.place();
    await world.pump();
    expect(world.order(order.orderId).status).toBe('filled');
    expect(world.venue.placed).toHaveLength(1);
    const [{ signedAt } = { signedAt: 0 }] = world.venue.placed;
    expect(world.now - signedAt).toBeLessThan(50);
    expect(world.order(order.orderId).send).toMatchObject({ attempt: 1 });
  });

  it('still closes positions and cancels orders', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition();
    const resting = await world.place({ ...limitBuy, idempotencyKey: 'resting' });
    await world.pump();
    world.account({ pausedAt: world.now, status: 'refused' });
    const part = world.command({ side: 'sell', quantity: d('0.2'), positionId, idempotencyKey: 'part' });
    expect((await world.useCases.placeOrder(part)).ok).toBe(true);
    await world.useCases.cancelOrder({ userId: USER, orderId: resting.orderId });
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'all' });
    await world.pump();
    expect(world.position(positionId).status).toBe('closed');
    expect(world.order(resting.orderId).status).toBe('cancelled');
    expect(world.venue.placed.map((p) => p.rank)).toEqual(['entry', 'entry', 'exit', 'exit']);
  });
});

describe('a symbol that does not trade', () => {
  it('takes no entries and no parts; a whole close is taken, says so, and goes on; cancels pass', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition();
    const resting = await world.place({ ...limitBuy, idempotencyKey: 'resting' });
    await world.pump();
    world.rules = { status: 'cancel_only', venueStatus: 'CANCEL_ONLY' };
    expect(await refusalOf(world, { idempotencyKey: 'new' })).toBe('cancel_only');
    const sell = { side: 'sell', quantity: d('0.2'), positionId, idempotencyKey: 'part' } as const;
    expect(await refusalOf(world, sell)).toBe('cancel_only');
    const part = { userId: USER, positionId, quantity: d('0.2'), idempotencyKey: 'part' };
    expect(await world.useCases.closePosition(part)).toMatchObject({ error: { code: 'cancel_only' } });
    const cancelled = await world.useCases.cancelOrder({ userId: USER, orderId: resting.orderId });
    expect(cancelled.ok).toBe(true);
    world.venue.faults = [{ refuse: 'market_closed' }];
    const closed = await world.useCases.closePosition({
      userId: USER,
      positionId,
      quantity: null,
      idempotencyKey: 'all',
    });
    expect(closed).toMatchObject({ ok: true, value: { warnings: [{ code: 'cancel_only' }] } });
    await world.pump();
    expect(world.order(resting.orderId).status).toBe('cancelled');
    expect(world.position(positionId).status).toBe('closing');
    world.rules = {};
    await world.pass(5);
    expect(world.position(positionId).status).toBe('closed');
  });
});

describe("a refusal by a symbol's rules", () => {
  const halted = { status: 'halt', venueStatus: 'HALT' } as const;
  it.each<[string, Partial<World['rules']>, Partial<PlaceOrderCommand>, string, boolean]>([
    ['unknown symbol', {}, { symbol: 'NOPE/USDT' }, 'unknown_symbol', true],
    ['only watched', {}, { symbol: 'XAU/USD' }, 'symbol_watch_only', false],
    ['halted', halted, {}, 'symbol_halted', true],
    ['halted, at a limit', halted, limitBuy, 'symbol_halted', true],
    ['delisted', { status: 'delisted' }, {}, 'symbol_delisted', true],
    ['a filter', {}, { quantity: d('0.00001') }, 'below_min_notional', true],
    ['nothing to do with rules', {}, { side: 'sell' }, 'no_position', false],
  ])('%s: asks for them anew, placed or previewed', async (_what, rules, over, code, asks) => {
    const world = atExchange();
    world.rules = rules;
    expect(await refusalOf(world, over)).toBe(code);
    expect(world.refreshAsked).toEqual(asks ? [EXCHANGE] : []);
    world.refreshAsked.length = 0;
    await world.useCases.previewOrder(world.command(over));
    expect(world.refreshAsked).toEqual(asks ? [EXCHANGE] : []);
  });

  it('of a part to close asks too', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition();
    world.rules = halted;
    const part = { userId: USER, positionId, quantity: d('0.2'), idempotencyKey: 'part' };
    expect(await world.useCases.closePosition(part)).toMatchObject({ error: { code: 'symbol_halted' } });
    expect(world.refreshAsked).toEqual([EXCHANGE]);
  });

  it('at the demo venue asks nobody', async () => {
    const world = new World();
    world.tick('50000');
    expect(await refusalOf(world, { symbol: 'NOPE/USDT' })).toBe('unknown_symbol');
    expect(await refusalOf(world, { quantity: d('0.00001') })).toBe('below_min_notional');
    expect(world.refreshAsked).toEqual([]);
  });

  it('stands, and says so, where nobody could be asked', async () => {
    const world = atExchange();
    world.rules = halted;
    world.symbolRefresh.ask = async () => {
      throw new Error('the cache is away');
    };
    expect(await refusalOf(world)).toBe('symbol_halted');
    expect(world.logs.find(({ code }) => code === 'MESSAGE_NOT_TAKEN')?.fields).toMatchObject({
      error: 'the cache is away',
    });
  });

  it('says whether the symbol is unknown or the rules are', async () => {
    const world = atExchange();
    const say = async () => {
      const placed = await world.useCases.placeOrder(world.command({ symbol: 'NOPE/USDT' }));
      return placed.ok ? null : placed.error.message;
    };
    expect(await say()).toBe(`NOPE/USDT is not a symbol of ${EXCHANGE}`);
    world.hasRules = false;
    expect(await say()).toContain('have not been read yet');
  });

  it.each([limitBuy, {}])('of one that does not trade waits for no price: %j', async (over) => {
    const world = new World({ exchange: {} });
    world.rules = halted;
    expect(await refusalOf(world, over)).toBe('symbol_halted');
    expect(world.now).toBe(START);
    expect(world.prices.shown.size).toBe(0);
    world.rules = {};
    expect(await refusalOf(world)).toBe('no_price');
    expect(world.now).toBeGreaterThan(START);
  });
});

describe('a market order by quote amount', () => {
  it('is filled when the venue says so, not when any number is reached', async () => {
    const world = atExchange();
    world.venue.slices = [d('0.0005')];
    const order = await world.place({ quantity: d('0'), quoteQuantity: d('100.123456789') });
    await world.pump();
    expect(world.venue.placed[0]?.quoteQuantity?.toFixed()).toBe('100.12345678');
    expect(world.order(order.orderId).quantity.isZero()).toBe(true);
    expect(world.order(order.orderId).status).toBe('partially_filled');
    const clientId = `mq${order.orderId}-1`;
    await world.venue.trade(clientId, d('0.0015'), d('50000'));
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'filled' });
    expect(world.position(order.positionId)).toMatchObject({ status: 'open', entryLive: false });
    expect(world.position(order.positionId).quantity.toFixed()).toBe('0.002');
    expect(world.errors()).toEqual([]);
  });

  it.each<[string, Partial<PlaceOrderCommand>, string]>([
    ['with a quantity beside it', { quantity: d('1'), quoteQuantity: d('100') }, 'amount_forbidden'],
    ['of another type', { ...limitBuy, quantity: d('0'), quoteQuantity: d('100') }, 'amount_forbidden'],
    ['below what is traded', { quantity: d('0'), quoteQuantity: d('4.99') }, 'below_min_notional'],
    ['of nothing', { quantity: d('0'), quoteQuantity: d('0') }, 'not_positive'],
  ])('is refused %s', async (_what, over, code) => {
    expect(await refusalOf(atExchange(), over)).toBe(code);
  });

  it('alarms when the venue spends more than it was given', async () => {
    const world = atExchange();
    world.venue.slices = [d('0.0021')];
    await world.place({ quantity: d('0'), quoteQuantity: d('100') });
    await world.pump();
    expect(world.errors()).toContain('ORDER_OVERFILLED');
  });
});

describe("what a refusal of the venue's says beyond its order", () => {
  it.each([
    ['auth', 'key_rejected', 'refused'],
    // The wallet goes on until the check says more.
    ['permission', 'no_trade_permission', 'active'],
  ] as const)('%s: the wallet shows it and is checked', async (refuse, problem, status) => {
    const world = atExchange();
    world.venue.faults = [{ refuse }];
    const order = await world.place();
    // The check itself is tested elsewhere: here, that it is asked for.
    world.outbox.fate = (sent) =>
      sent.queue === 'submit' && 'walletId' in sent.message ? 'drop' : 'deliver';
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'rejected', refusal: { code: refuse } });
    const { exchange } = world.wallets.items.get(WALLET) ?? {};
    expect(exchange).toMatchObject({ status, problem: { code: problem } });
    expect(exchange?.checkWantedAt).not.toBeNull();
  });

  it('about keys that are in use no longer: nothing of those that are', async () => {
    const world = atExchange();
    // Others were taken over while the request, signed with the first ones, was on its way.
    world.venue.keyVersion = 0;
    world.venue.faults = [{ refuse: 'auth' }];
    const order = await world.place();
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'rejected', refusal: { code: 'auth' } });
    expect(world.wallets.items.get(WALLET)?.exchange).toMatchObject({
      status: 'active',
      problem: null,
      checkWantedAt: null,
    });
  });

  it('a symbol that the account may not trade: nothing of its keys, which trade everything else', async () => {
    const world = atExchange();
    world.venue.faults = [{ refuse: 'permission', scope: 'symbol', venueCode: -2010 }];
    const order = await world.place();
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'rejected', refusal: { code: 'permission' } });
    expect(world.wallets.items.get(WALLET)?.exchange).toMatchObject({
      status: 'active',
      problem: null,
      checkWantedAt: null,
    });
    expect(world.errors()).toEqual([]);
  });

  it("the venue's code and filter are kept, shown and logged", async () => {
    const world = atExchange();
    world.venue.faults = [{ refuse: 'filter', filter: 'min_notional', venueCode: -1013 }];
    const { orderId } = await world.place();
    await world.pump();
    const refusal = { code: 'filter', message: 'not enough', venueCode: -1013, filter: 'min_notional' };
    expect(world.order(orderId).refusal).toEqual(refusal);
    const { reject } = orderView(world.order(orderId), null);
    expect(reject).toEqual({
      code: 'filter',
      message: 'not enough',
      venue_code: -1013,
      filter: 'min_notional',
    });
    const logged = world.logs.find(({ code }) => code === 'ORDER_REFUSED');
    expect(logged?.fields).toEqual({ orderId, symbol: BTC, ...refusal });
  });

  it.each(['filter', 'unknown_symbol', 'market_closed'] as const)(
    '%s: rules are read again',
    async (refuse) => {
      const world = atExchange();
      world.venue.faults = [{ refuse }];
      await world.place();
      await world.pump();
      expect(world.refreshAsked).toEqual([EXCHANGE]);
    },
  );

  it('no funds: nothing', async () => {
    const world = atExchange();
    world.venue.faults = [{ refuse: 'insufficient_balance' }];
    await world.place();
    await world.pump();
    expect(world.refreshAsked).toEqual([]);
    expect(world.wallets.items.get(WALLET)?.exchange?.status).toBe('active');
  });
});

describe('absence', () => {
  it('is believed only after a second look past the fence', async () => {
    const world = atExchange();
    world.venue.faults = ['lost_before'];
    world.venue.second = { kind: 'unknown', message: 'no reply' };
    const order = await world.place();
    await world.pump();
    await world.pass(60);
    expect(world.order(order.orderId)).toMatchObject({ status: 'submitted', send: { outcome: 'unknown' } });
    expect(world.venue.secondLooks.length).toBeGreaterThan(0);
    expect(world.venue.secondLooks[0]).toMatchObject({ clientId: `mq${order.orderId}-1`, side: 'buy' });
    world.venue.second = null;
    await world.pass(60);
    expect(world.order(order.orderId).status).toBe('failed');
  });

  it('is refuted by what the second look finds', async () => {
    const world = atExchange();
    world.venue.faults = ['lost_before'];
    const order = await world.place();
    await world.pump();
    const fill = fillOf('t1', '50000', '0.5');
    world.venue.second = {
      kind: 'found',
      report: reportOf(order, `mq${order.orderId}-1`, { status: 'filled', fills: [fill] }),
    };
    await world.pass(40);
    expect(world.order(order.orderId).status).toBe('filled');
    expect(world.position(order.positionId).quantity.toFixed()).toBe('0.5');
  });
});

describe('a look that is asked for', () => {
  it('queries at once, due or not; of a sent order only good news counts', async () => {
    const world = atExchange();
    const order = await world.place(limitBuy);
    await world.pump();
    world.outbox.fate = () => 'drop';
    await world.venue.trade(`mq${order.orderId}-1`, d('0.5'), d('49000'));
    world.outbox.fate = () => 'deliver';
    await world.useCases.advance({ orderId: order.orderId });
    expect(world.order(order.orderId).status).toBe('open');
    await world.useCases.advance({ orderId: order.orderId, look: true });
    expect(world.order(order.orderId).status).toBe('filled');

    world.venue.faults = ['lost_before'];
    const lost = await world.place({ idempotencyKey: 'lost' });
    await world.pump();
    await world.useCases.advance({ orderId: lost.orderId, look: true });
    expect(world.order(lost.orderId).status).toBe('submitted');
  });
});

describe('what the venue says', () => {
  it('of a time that is ahead of ours does not put off what is owed', async () => {
    const world = atExchange();
    const order = await world.place(limitBuy);
    await world.pump();
    const ahead = reportOf(order, `mq${order.orderId}-1`, {
      status: 'partially_filled',
      at: world.now + 600_000,
    });
    await world.useCases.applyExecution({ ...ahead, cumulativeQuantity: d('0.1') });
    const { updatedAt, dueAt, timings } = world.order(order.orderId);
    expect(updatedAt).toBe(world.now);
    expect(timings.acceptedAt).toBe(world.now);
    // Its trade is missing, and asked for soon.
    expect(dueAt).toBeLessThan(world.now + 10_000);
  });

  it('of an order whose absence was believed is alarmed, and its trades count', async () => {
    const world = atExchange();
    world.venue.faults = ['lost_before'];
    const order = await world.place(limitBuy);
    await world.pump();
    await world.pass(40);
    expect(world.order(order.orderId).status).toBe('failed');
    const clientId = `mq${order.orderId}-1`;
    await world.useCases.applyExecution(reportOf(order, clientId, { status: 'new' }));
    expect(world.errors()).toContain('FAILED_ORDER_AT_VENUE');
    const fills = [fillOf('1', '49000', '0.5')];
    await world.useCases.applyExecution(reportOf(order, clientId, { status: 'filled', fills }));
    expect(world.order(order.orderId)).toMatchObject({ status: 'failed', fillCount: 1 });
    expect(world.position(order.positionId)).toMatchObject({ status: 'open' });
  });
});

describe('a sale whose fee is paid in what is sold', () => {
  it('is booked to the last digit, and is no sale of more than there was', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition();
    const executions = world.outbox.executions.bind(world.outbox);
    world.outbox.executions = (report) => {
      const inBase = (fill: Fill) => ({ asset: 'BTC', amount: fill.quantity.times('0.00075') });
      return executions({ ...report, fills: report.fills.map((fill) => ({ ...fill, fee: inBase(fill) })) });
    };
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'all' });
    await world.pump();
    const closed = world.position(positionId);
    expect(closed).toMatchObject({ status: 'closed', dust: null });
    // 25 USDT to get in, 0.000375 BTC to get out.
    expect([closed.quantity, closed.cost, closed.realizedPnl].map(String)).toEqual(['0', '0', '-43.75']);
    expect(world.errors()).toEqual([]);
  });
});

describe('the rank of a question', () => {
  it('is that of an exit only while an exit depends on the answer', async () => {
    const world = atExchange();
    const { positionId, entryOrderId } = await world.openPosition();
    const ranks: string[] = [];
    const orderStatus = world.venue.orderStatus.bind(world.venue);
    world.venue.orderStatus = async (sought) => {
      ranks.push(sought.rank);
      return orderStatus(sought);
    };
    const take = { side: 'sell', type: 'limit', limitPrice: d('60000'), positionId } as const;
    const resting = await world.place({ ...take, quantity: d('0.2'), idempotencyKey: 'take' });
    await world.pump();
    const look = { orderId: resting.orderId, look: true } as const;
    await world.useCases.advance(look);
    expect(ranks).toEqual(['query']);
    world.venue.orders.delete(`mq${resting.orderId}-1`);
    await world.useCases.cancelOrder({ userId: USER, orderId: resting.orderId });
    await world.useCases.advance(look);
    expect(ranks).toEqual(['query', 'exit']);
    world.venue.faults = ['lost_after'];
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'all' });
    world.outbox.fate = ({ queue }) => (queue === 'executions' ? 'drop' : 'deliver');
    await world.pump();
    await world.pass(25);
    expect(ranks.slice(2)).toContain('exit');
    expect(world.order(entryOrderId).status).toBe('filled');
  });
});

describe('a look that the venue does not answer', () => {
  it('is repeated until it does: what a gap has hidden is booked and protected, not left for the quiet time', async () => {
    const world = atExchange();
    const order = await world.place({ ...limitBuy, protection: { stopLoss: { price: d('48000') } } });
    await world.pump();
    await world.pass(10);
    world.outbox.fate = () => 'drop';
    await world.venue.trade(`mq${order.orderId}-1`, d('0.5'), d('49000'));
    world.outbox.fate = () => 'deliver';
    const orderStatus = world.venue.orderStatus.bind(world.venue);
    let asked = 0;
    world.venue.orderStatus = async (sought) => {
      asked += 1;
      return asked <= 2 ? { kind: 'unknown', message: 'its trades add up to less' } : orderStatus(sought);
    };
    await world.useCases.advance({ orderId: order.orderId, look: true });
    expect(world.order(order.orderId).status).toBe('open');
    await world.pass(15);
    expect(asked).toBe(3);
    expect(world.order(order.orderId).status).toBe('filled');
    expect(world.position(order.positionId).armedVersion).toBeGreaterThan(0);
    await world.pass(30);
    expect(asked).toBe(3);
  });
});

describe('a wallet whose keys cannot be used', () => {
  it('rejects an entry; an exit stays owed, is alarmed, and goes when the keys work again', async () => {
    const world = atExchange();
    const { positionId } = await world.openPosition();
    world.venue.unusable = 'the keys cannot be opened';
    const entry = await world.place({ idempotencyKey: 'other' });
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'all' });
    await world.pump();
    await world.pass(90);
    expect(world.order(entry.orderId)).toMatchObject({
      status: 'rejected',
      refusal: { code: 'wallet_unusable' },
    });
    expect(world.exitsOf(positionId)).toMatchObject([{ status: 'pending', send: null }]);
    expect(world.errors()).toContain('WALLET_UNUSABLE');
    // Spaced out: not at every sweep.
    expect(world.errors().filter((code) => code === 'WALLET_UNUSABLE').length).toBeLessThan(25);
    world.venue.unusable = null;
    await world.pass(60);
    expect(world.position(positionId).status).toBe('closed');
  });
});

describe('a resting order that the market has reached', () => {
  it('is asked for after 3 s, then further and further apart, until there is news', async () => {
    const world = atExchange();
    const order = await world.place(limitBuy);
    await world.pump();
    world.tick('48999');
    await world.pump();
    expect(world.order(order.orderId).touchedAt).toBe(world.now);
    let asked = 0;
    const orderStatus = world.venue.orderStatus.bind(world.venue);
    world.venue.orderStatus = async (sought) => {
      asked += 1;
      return orderStatus(sought);
    };
    await world.pass(2);
    expect(asked).toBe(0);
    await world.pass(3);
    expect(asked).toBe(1);
    await world.pass(120);
    expect(asked).toBeLessThan(9);
    await world.venue.trade(`mq${order.orderId}-1`, d('0.5'), d('49000'));
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'filled', touchedAt: null });
  });

  it('remembers the volume of the market that an entry went into, and asks for none with an exit', async () => {
    const world = atExchange();
    world.venue.volume = d('1234.5');
    const order = await world.place({ type: 'market' });
    await world.pump();
    expect(world.order(order.orderId).dayVolume?.toFixed()).toBe('1234.5');
    world.venue.dayVolume = () => Promise.reject(new Error('an exit must not wait for this'));
    const { positionId } = order;
    const close = { userId: USER, positionId, quantity: null, idempotencyKey: 'all' };
    const closed = await world.useCases.closePosition(close);
    expect(closed.ok).toBe(true);
    await world.pump();
    expect(world.position(order.positionId).status).toBe('closed');
  });

  it('of two steps waits at its limit price once its stop price was reached', async () => {
    const world = atExchange();
    const stop = { type: 'stop_limit', stopPrice: d('51000'), limitPrice: d('50500') } as const;
    const order = await world.place(stop);
    await world.pump();
    expect(world.order(order.orderId).triggeredAt).toBeNull();
    world.tick('51000');
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ triggeredAt: world.now, touchedAt: null });
    world.tick('50600');
    await world.pump();
    expect(world.order(order.orderId).touchedAt).toBeNull();
    world.tick('50500');
    await world.pump();
    expect(world.order(order.orderId).touchedAt).toBe(world.now);
  });
});

const fillOf = (tradeId: string, price: string, quantity: string): Fill => ({
  tradeId,
  price: d(price),
  quantity: d(quantity),
  fee: { asset: 'USDT', amount: d('0') },
  feeQuoteValue: null,
  at: 1,
  tickId: null,
  maker: true,
});

const reportOf = (order: Order, clientId: string, over: Partial<ExecutionReport>): ExecutionReport => ({
  walletId: order.walletId,
  environment: EXCHANGE,
  symbol: BTC,
  clientId,
  venueOrderId: '1',
  status: 'new',
  reason: null,
  cumulativeQuantity: (over.fills ?? []).reduce((total, fill) => total.plus(fill.quantity), d('0')),
  fills: [],
  at: order.updatedAt,
  source: 'stream',
  ...over,
});

describe('a one-cancels-other list', () => {
  const list = { type: 'oco', side: 'sell', limitPrice: d('52000'), stopPrice: d('49000') } as const;
  async function listed() {
    const world = atExchange();
    const { positionId } = await world.openPosition();
    const order = await world.place({ ...list, quantity: d('0.5'), positionId, idempotencyKey: 'list' });
    await world.pump();
    const tell = (leg: string, over: Partial<ExecutionReport>) =>
      world.useCases.applyExecution(reportOf(world.order(order.orderId), `mq${order.orderId}-1${leg}`, over));
    const now = () => world.order(order.orderId);
    return { world, positionId, now, tell };
  }

  it('reserves once; a leg that its sibling ended says nothing; the sibling fills it', async () => {
    const { world, positionId, now, tell } = await listed();
    expect(now()).toMatchObject({ status: 'open', type: 'oco' });
    expect(world.position(positionId).liveExits).toMatchObject([{ orderId: now().orderId }]);
    expect(world.position(positionId).liveExits[0]?.reserved.toFixed()).toBe('0.5');
    await tell('b', { status: 'new', venueOrderId: '2' });
    await tell('b', { status: 'expired', reason: 'OCO_TRIGGER' });
    expect(now().status).toBe('open');
    expect(world.outbox.queue).toEqual([]);
    await tell('a', { status: 'partially_filled', fills: [fillOf('t1', '52000', '0.2')] });
    expect(now().status).toBe('partially_filled');
    await tell('a', {
      status: 'filled',
      fills: [fillOf('t2', '52000', '0.3')],
      cumulativeQuantity: d('0.5'),
    });
    expect(now().status).toBe('filled');
    expect(world.position(positionId)).toMatchObject({ status: 'closed', liveExits: [] });
  });

  it('is asked for when a leg ends without a trade for another reason', async () => {
    const { world, now, tell } = await listed();
    await tell('b', { status: 'expired', reason: 'EXECUTION_RULE_PRICE_RANGE_EXCEEDED' });
    expect(now().status).toBe('open');
    expect(world.outbox.queue).toMatchObject([{ queue: 'exits', message: { look: true } }]);
  });

  it('ends with the cancel of a leg, and frees what it held', async () => {
    const { world, positionId, now, tell } = await listed();
    await tell('ac', { status: 'cancelled' });
    expect(now().status).toBe('cancelled');
    expect(world.position(positionId)).toMatchObject({ status: 'open', liveExits: [] });
  });

  it('has a level on either side of the market', async () => {
    const { world, now } = await listed();
    world.tick('48900');
    await world.pump();
    expect(now().touchedAt).toBe(world.now);
  });

  it('gives way to a whole close', async () => {
    const { world, positionId, now } = await listed();
    await world.useCases.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey: 'all' });
    await world.pump();
    expect(now().status).toBe('cancelled');
    expect(world.position(positionId).status).toBe('closed');
  });

  it.each<[string, Partial<PlaceOrderCommand>, string]>([
    ['without a position', { side: 'buy', positionId: null }, 'type_forbidden'],
    ['with its legs the wrong way round', { limitPrice: d('48000') }, 'prices_in_wrong_order'],
    ['with a limit behind the market', { limitPrice: d('49500') }, 'prices_in_wrong_order'],
    ['with a stop above the market', { stopPrice: d('50500') }, 'stop_wrong_side'],
  ])('is refused %s', async (_what, over, code) => {
    const world = atExchange();
    const { positionId } = await world.openPosition();
    const asked = { ...list, quantity: d('0.5'), positionId, idempotencyKey: 'list', ...over };
    expect(await refusalOf(world, asked)).toBe(code);
  });
});

describe('at the demo wallet', () => {
  it.each<[Partial<PlaceOrderCommand>, string]>([
    [{ type: 'trailing_stop', trailingDelta: 100 }, 'protection.trailing_stop'],
    [{ type: 'oco', side: 'sell', limitPrice: d('52000'), stopPrice: d('49000') }, 'protection'],
  ])('%o is what protection does', async (over, named) => {
    const world = new World();
    const { positionId } = await world.openPosition();
    const placed = await world.useCases.placeOrder(
      world.command({
        ...over,
        positionId: over.type === 'oco' ? positionId : null,
        idempotencyKey: 'no',
      }),
    );
    expect(placed).toMatchObject({ ok: false, error: { code: 'order_type_not_supported', field: 'type' } });
    if (!placed.ok) expect(placed.error.fix).toContain(named);
  });
});

describe('what the venue said', () => {
  it.each([
    ['filled at once', {}, 'filled'],
    ['resting', limitBuy, 'open'],
  ] as const)('is kept of an order that its first answer shows %s', async (_, over, status) => {
    const world = atExchange();
    const place = world.venue.placeOrder.bind(world.venue);
    const response = { text: '{"orderId":7}', length: 13 };
    world.venue.placeOrder = async (request) => {
      const answer = await place(request);
      return answer.kind === 'accepted' ? { ...answer, report: { ...answer.report, response } } : answer;
    };
    const { orderId } = await world.place(over);
    await world.pump();
    const order = world.order(orderId);
    expect(order.status).toBe(status);
    expect(order.exchangeResponse).toMatchObject({ ...response, source: 'answer' });
  });
});

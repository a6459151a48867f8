/** Ledger against exchange: the real client and the simulator on one clock; the ledger in memory. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { Order, Position } from '../../../shared/domain/types.ts';
import type { ReconcileStatement } from '../../../shared/ports/reconcile.ts';
import type { Ports } from '../../../shared/usecases/ports.ts';
import { aBinanceWallet } from '../../support/exchange-wallet.ts';
import { START, USER, WALLET, World } from '../../support/fakes/world.ts';
import { makeUseCases, type UseCases } from '../../support/use-cases.ts';
import { type Bench, startBench, UID } from './bench.ts';

const d = (text: string) => new Decimal(text);

let world: World;
let bench: Bench;
let useCases: UseCases;

beforeEach(async () => {
  world = new World({ exchange: { accountUid: String(UID) } });
  bench = await startBench(
    {
      accounts: [{ uid: UID, balances: { USDT: '100000' } }],
      now: () => world.now,
    },
    { now: () => world.now, walletId: WALLET },
  );
  const { wallet, specs } = bench;
  const find: Ports['symbols']['find'] = async (_, text) =>
    [...specs.values()].find((spec) => spec.symbol === text || spec.venueSymbol === text) ?? null;
  const ports: Ports = {
    ...world.ports,
    symbols: { ...world.ports.symbols, find, hasRules: async () => true },
    venues: {
      forWallet: async () => wallet,
      forKeyCheck: async () => wallet,
      demoBook: async () => Promise.reject(new Error('no demo wallet here')),
    },
    accounts: {
      forAccount: async (walletId, rank) => bench.wallets.wallet({ ...aBinanceWallet(), walletId }, rank),
    },
  };
  useCases = makeUseCases(ports, { monitorEnabled: true });
  world.workers = useCases;
  price('50000');
});
afterEach(() => bench.stop());

/** At the exchange and here. */
function price(last: string): void {
  bench.simulator.exchange.feedPrice('BTCUSDT', { last });
  world.tick(last);
}

async function place(over: Parameters<World['command']>[0]): Promise<Order> {
  const placed = await useCases.placeOrder(world.command(over));
  if (!placed.ok) throw new Error(`${placed.error.code}: ${placed.error.message}`);
  await world.pump();
  return world.order(placed.value.order.orderId);
}

async function bought(quantity: string, key = 'buy'): Promise<Position> {
  const order = await place({ quantity: d(quantity), idempotencyKey: key });
  expect(order.status).toBe('filled');
  return world.position(order.positionId);
}

const pass = async (reason: ReconcileStatement['reason'] = 'asked'): Promise<ReconcileStatement> => {
  await useCases.reconcile.wallet(WALLET, reason);
  const statement = await world.reconciles.latest(WALLET);
  if (statement === null) throw new Error('no statement');
  return statement;
};

const inTheApp = (operation: string, params: Readonly<Record<string, string>>) =>
  bench.simulator.exchange.execute(operation as 'order.place', UID, params);

const total = (asset: string): Decimal => {
  const { free = '0', locked = '0' } = bench.simulator.exchange.books(UID).balances[asset] ?? {};
  return d(free).plus(locked);
};

const free = (asset: string) => d(bench.simulator.exchange.books(UID).balances[asset]?.free ?? '0');

const differences = ({ differences: found }: ReconcileStatement) =>
  found.map(({ kind, asset, expected, actual, confirmed }) => ({ kind, asset, expected, actual, confirmed }));

describe('a comparison', () => {
  it('agrees on what was traded here, and its second pass changes nothing', async () => {
    await bought('0.02');
    const first = await pass();
    expect(first).toMatchObject({ status: 'in_agreement', differences: [], corrections: [] });
    expect(first.counts).toMatchObject({ trades: 1, orders: 1 });
    expect(first.assets.map(({ asset }) => asset)).toEqual(['BTC', 'USDT']);
    const { commits } = world.ledger;
    world.now += 1_000;
    expect(await pass()).toMatchObject({ status: 'in_agreement', counts: { trades: 0 } });
    expect(world.ledger.commits).toBe(commits);
  });

  it('finds the fill of an order that nobody told of', async () => {
    const order = await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('49000') });
    expect(order.status).toBe('open');
    expect((await pass()).status).toBe('in_agreement');
    price('48900');
    world.now += 1_000;
    const found = await pass();
    expect(found.status).toBe('correcting');
    expect(found.corrections).toMatchObject([{ kind: 'ask_order', orderId: order.orderId }]);
    await world.pump();
    expect(world.order(order.orderId).status).toBe('filled');
    world.now += 5_000;
    expect((await pass('follow_up')).status).toBe('in_agreement');
    const position = world.position(order.positionId);
    expect(position.quantity.toFixed()).toBe(total('BTC').toFixed());
  });

  it('finds the fill of an attempt that was thought void', async () => {
    const { positionId } = await bought('0.02');
    await useCases.closePosition({
      ...{ userId: USER, positionId, quantity: d('0.01'), idempotencyKey: 'part' },
    });
    await world.pump();
    const [exit] = world.exitsOf(positionId);
    expect(exit).toMatchObject({ status: 'filled', send: { attempt: 1 } });
    await pass();
    // As if it had been the second one: the first is the venue's only now, and nobody has heard of it.
    const orderId = exit?.orderId ?? '';
    const sale = { symbol: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity: '0.004' };
    inTheApp('order.place', { ...sale, newClientOrderId: `mq${orderId}-2` });
    world.now += 1_000;
    const found = await pass();
    expect(found).toMatchObject({ status: 'correcting', corrections: [{ kind: 'ask_order', orderId }] });
    await world.pump();
    expect(world.order(orderId).filledQuantity.toFixed()).toBe('0.014');
    expect(world.position(positionId).quantity.toFixed()).toBe(total('BTC').toFixed());
    expect(world.errors()).toEqual(['REPORT_OF_OTHER_ATTEMPT', 'ORDER_OVERFILLED']);
    world.now += 5_000;
    expect(await pass('follow_up')).toMatchObject({ status: 'in_agreement', differences: [] });
  });

  it('says again what is missing while its report is lost on the way', async () => {
    const order = await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('49000') });
    await pass();
    price('48900');
    world.outbox.fate = ({ queue }) => (queue === 'executions' ? 'drop' : 'deliver');
    for (let i = 0; i < 2; i++) {
      world.now += 5_000;
      expect((await pass()).status).toBe('correcting');
    }
    world.outbox.fate = () => 'deliver';
    world.now += 5_000;
    await pass();
    await world.pump();
    expect(world.order(order.orderId).status).toBe('filled');
    expect((await pass()).status).toBe('in_agreement');
  });

  it('sees an order cancelled in the app, and lists what others have placed without touching it', async () => {
    const order = await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('40000') });
    inTheApp('order.place', {
      ...{ symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' },
      ...{ quantity: '0.01', price: '39000' },
    });
    inTheApp('order.cancel', { symbol: 'BTCUSDT', orderId: order.venueOrderId ?? '' });
    world.now += 1_000;
    const found = await pass();
    expect(found.foreignOrders).toMatchObject([{ symbol: 'BTC/USDT', side: 'buy', type: 'LIMIT' }]);
    await world.pump();
    expect(world.order(order.orderId).status).toBe('cancelled');
    world.now += 5_000;
    expect(await pass()).toMatchObject({ status: 'in_agreement', counts: { foreignOrders: 1 } });
    const open = bench.simulator.exchange.books(UID).orders.filter((one) => one['status'] === 'NEW');
    expect(open).toHaveLength(1);
  });

  it('knows an order that was amended in the app: one look settles it, and it is not listed as a stranger’s', async () => {
    const order = await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('40000') });
    expect((await pass()).status).toBe('in_agreement');
    const number = order.venueOrderId ?? '';
    inTheApp('order.amend.keepPriority', { symbol: 'BTCUSDT', orderId: number, newQty: '0.015' });
    world.now += 1_000;
    const found = await pass();
    expect(found).toMatchObject({ status: 'correcting', counts: { foreignOrders: 0 } });
    await world.pump();
    expect(world.order(order.orderId)).toMatchObject({ status: 'open' });
    expect(world.order(order.orderId).quantity.toFixed()).toBe('0.015');
    world.now += 5_000;
    expect(await pass()).toMatchObject({ status: 'in_agreement', corrections: [], differences: [] });
  });

  it('does not count what was traded in the app on a symbol before it was first looked at', async () => {
    await bought('0.02');
    await pass();
    bench.simulator.exchange.feedPrice('ETHUSDT', { last: '2000' });
    const btc = world.prices.shown.get('BTC/USDT');
    if (btc === undefined) throw new Error('no price');
    const prices = { bid: '2000', ask: '2000', last: '2000' };
    world.prices.shown.set('ETH/USDT', { ...btc, ...prices, symbol: 'ETH/USDT' });
    world.now += 1_000;
    inTheApp('order.place', { symbol: 'ETHUSDT', side: 'BUY', type: 'MARKET', quantity: '0.5' });
    world.now += 1_000;
    await pass();
    world.now += 61_000;
    // On a symbol that is not looked at: seen twice, it is the new starting point.
    expect((await pass()).differences.every(({ confirmed }) => confirmed)).toBe(true);
    world.now += 61_000;
    expect((await pass()).status).toBe('in_agreement');
    const more = { symbol: 'ETH/USDT', quantity: d('0.5'), limitPrice: d('1900'), idempotencyKey: 'eth' };
    await place({ ...more, type: 'limit' });
    world.now += 1_000;
    expect(await pass()).toMatchObject({ status: 'in_agreement', differences: [] });
  });

  it('takes a trade in the app for nobody’s, though an order of ours on another symbol has the same number', async () => {
    bench.simulator.exchange.feedPrice('ETHUSDT', { last: '2000' });
    const btc = world.prices.shown.get('BTC/USDT');
    if (btc === undefined) throw new Error('no price');
    const prices = { bid: '2000', ask: '2000', last: '2000' };
    world.prices.shown.set('ETH/USDT', { ...btc, ...prices, symbol: 'ETH/USDT' });
    const bought = { symbol: 'ETHUSDT', side: 'BUY', type: 'MARKET', quantity: '0.5' };
    const theirs = inTheApp('order.place', bought) as { readonly orderId: number };
    const ours = await place({ quantity: d('0.02'), idempotencyKey: 'btc' });
    expect(ours.venueOrderId).toBe(String(theirs.orderId));
    const more = { symbol: 'ETH/USDT', quantity: d('0.5'), limitPrice: d('1900'), idempotencyKey: 'eth' };
    await place({ ...more, type: 'limit' });
    const found = await pass();
    expect(found).toMatchObject({ status: 'in_agreement', corrections: [], differences: [] });
    expect(found.foreignTrades).toMatchObject([{ symbol: 'ETH/USDT', venueOrderId: ours.venueOrderId }]);
  });

  it('cancels what rests at the exchange a minute after it has ended here, and books what it traded', async () => {
    const order = await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('49000') });
    // Its absence was believed, and was none.
    const ended = { ...order, status: 'failed', timings: { ...order.timings, finalAt: world.now } } as const;
    await world.ledger.commit({ orders: [{ before: order, after: ended }] });
    const listed = { kind: 'order_open_at_venue', orderId: order.orderId };
    world.now += 59_000;
    expect(await pass()).toMatchObject({ status: 'differences', differences: [listed] });
    expect(total('USDT').minus(free('USDT')).toFixed()).toBe('980');
    world.now += 1_000;
    expect(await pass()).toMatchObject({
      differences: [listed],
      corrections: [{ kind: 'ask_order', detail: 'open_at_venue, cancel sent' }],
    });
    expect(world.errors()).toContain('STRAY_ORDER_CANCELLED');
    await world.pump();
    expect(world.order(order.orderId).status).toBe('failed');
    world.now += 5_000;
    expect(await pass()).toMatchObject({ status: 'in_agreement', differences: [] });
    expect(free('USDT').toFixed()).toBe('100000');
  });

  it('says of a cancel whose reply is lost no more than is known, and sends it again where the order is still open', async () => {
    const order = await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('49000') });
    const ended = { ...order, status: 'failed', timings: { ...order.timings, finalAt: world.now } } as const;
    await world.ledger.commit({ orders: [{ before: order, after: ended }] });
    world.now += 61_000;
    const lost = { when: { operation: 'order.cancel' }, times: 1, do: { kind: 'lose_request' } };
    bench.simulator.addFaults([lost]);
    await pass();
    expect(world.errors()).toContain('STRAY_ORDER_CANCEL_UNKNOWN');
    expect(world.errors()).not.toContain('STRAY_ORDER_CANCELLED');
    world.now += 5_000;
    await pass();
    expect(world.errors()).toContain('STRAY_ORDER_CANCELLED');
    expect(free('USDT').toFixed()).toBe('100000');
  });

  it('cancels both legs of a list with one request', async () => {
    const { positionId } = await bought('0.02');
    const list = { type: 'oco', side: 'sell', limitPrice: d('52000'), stopPrice: d('49000') } as const;
    const order = await place({ ...list, quantity: d('0.01'), positionId, idempotencyKey: 'list' });
    expect(order.status).toBe('open');
    const ended = {
      ...order,
      status: 'cancelled',
      timings: { ...order.timings, finalAt: world.now },
    } as const;
    await world.ledger.commit({ orders: [{ before: order, after: ended }] });
    world.now += 61_000;
    await pass();
    const cancels = world.logs.filter(({ code }) => code === 'STRAY_ORDER_CANCELLED');
    expect(cancels).toMatchObject([{ fields: { orderId: order.orderId, outcome: 'cancelled' } }]);
    expect(free('BTC').equals(total('BTC'))).toBe(true);
  });

  it('books coins sold in the app at what they brought, when two looks a minute apart see them gone', async () => {
    const first = await bought('0.02', 'one');
    world.now += 1_000;
    const second = await bought('0.02', 'two');
    await pass();
    price('51000');
    inTheApp('order.place', { symbol: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity: '0.03' });
    world.now += 1_000;
    expect(await pass()).toMatchObject({
      status: 'differences',
      foreignTrades: [{ side: 'sell' }],
      differences: [{ kind: 'shortfall', asset: 'BTC', confirmed: false }],
    });
    expect(world.position(second.positionId).quantity.toFixed()).toBe(second.quantity.toFixed());
    world.now += 61_000;
    expect((await pass()).corrections.map(({ kind }) => kind)).toEqual(['book_external', 'book_external']);
    expect(world.errors()).toContain('COINS_SOLD_OUTSIDE');
    world.now += 5_000;
    expect(await pass()).toMatchObject({ status: 'in_agreement', corrections: [] });
    const [old, recent] = [first, second].map(({ positionId }) => world.position(positionId));
    expect(recent).toMatchObject({ status: 'closed', exitCause: 'external' });
    expect(old?.status).toBe('open');
    expect(old?.quantity.toFixed()).toBe(total('BTC').toFixed());
    // Cash in the account = start + P&L - what is held, at cost and with its fees; exactly.
    const pnl = [old, recent].reduce((sum, p) => sum.plus(p?.realizedPnl ?? 0), d('0'));
    const invested = (old?.cost ?? d('0')).plus(old?.openFees ?? 0).plus(recent?.dust?.cost ?? 0);
    expect(total('USDT').plus(invested).minus(pnl).toDecimalPlaces(8).toFixed()).toBe('100000');
  });

  it('remembers what it has booked as sold outside though it was overtaken then', async () => {
    await bought('0.02');
    await pass();
    inTheApp('order.place', { symbol: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity: '0.01' });
    world.now += 1_000;
    await pass();
    world.now += 61_000;
    const save = world.reconciles.save.bind(world.reconciles);
    // Somebody asks for a comparison while this one runs.
    world.reconciles.save = async (change, statement) =>
      statement === null ? save(change, statement) : false;
    expect(await useCases.reconcile.wallet(WALLET, 'follow_up')).toBe('overtaken');
    world.reconciles.save = save;
    expect(world.errors()).toContain('COINS_SOLD_OUTSIDE');
    const booked = (await world.reconciles.state(WALLET))?.externals ?? [];
    expect(booked.map(({ asset, quantity }) => `${quantity.toFixed()} ${asset}`)).toHaveLength(1);
    world.now += 5_000;
    expect(await pass()).toMatchObject({ status: 'in_agreement', corrections: [] });
    expect((await world.reconciles.state(WALLET))?.externals).toEqual(booked);
  });

  it('takes a deposit for one when it is seen twice, alarmed once', async () => {
    await bought('0.02');
    await pass();
    const held = total('USDT');
    bench.simulator.exchange.adjustBalance(UID, 'USDT', '500');
    world.now += 1_000;
    const balance = {
      kind: 'balance',
      asset: 'USDT',
      expected: held.toFixed(),
      actual: held.plus(500).toFixed(),
    };
    expect(differences(await pass())).toEqual([{ ...balance, confirmed: false }]);
    expect(world.errors()).not.toContain('LEDGER_DIFFERS');
    world.now += 61_000;
    expect(differences(await pass('follow_up'))).toEqual([{ ...balance, confirmed: true }]);
    world.now += 61_000;
    expect((await pass()).status).toBe('in_agreement');
    expect(world.errors().filter((code) => code === 'LEDGER_DIFFERS')).toHaveLength(1);
  });

  it('lists orders that the exchange does not know any more, and does not hammer it', async () => {
    const order = await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('40000') });
    await pass();
    bench.simulator.exchange.reset();
    world.now += 1_000;
    const found = await pass();
    expect(found.differences).toMatchObject([{ kind: 'order_missing_at_venue', orderId: order.orderId }]);
    expect(found.status).toBe('differences');
    const state = await world.reconciles.state(WALLET);
    expect((state?.dueAt ?? 0) - world.now).toBeGreaterThan(10 * 60_000);
    expect(world.order(order.orderId).status).toBe('open');
  });

  it('looks again soon at what is on its way, then further and further apart: all wallets share a budget', async () => {
    await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('49000') });
    await pass();
    price('48900');
    world.outbox.fate = ({ queue }) => (queue === 'executions' ? 'drop' : 'deliver');
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      world.now += 5_000;
      expect((await pass()).status).toBe('correcting');
      waits.push((((await world.reconciles.state(WALLET))?.dueAt ?? 0) - world.now) / 1_000);
    }
    expect(waits).toEqual([5, 10, 20, 40, 61, 61]);
    world.outbox.fate = () => 'deliver';
    await pass();
    await world.pump();
    world.now += 5_000;
    expect((await pass()).status).toBe('in_agreement');
    expect((await world.reconciles.state(WALLET))?.unsettled).toBe(0);
  });

  it('leaves out a symbol that the exchange has taken off its list: it refuses every question about it', async () => {
    await bought('0.02');
    await pass();
    const spec = bench.specs.get('BTCUSDT');
    if (spec === undefined) throw new Error('no BTC');
    const rules = { ...spec.rules, status: 'delisted' } as const;
    (bench.specs as Map<string, typeof spec>).set('BTCUSDT', { ...spec, venueSymbol: 'GONEUSDT', rules });
    world.now += 60_000;
    expect(await useCases.reconcile.wallet(WALLET, 'asked')).toBe('in_agreement');
    world.now += 60_000;
    // Its open orders are not asked for by name either.
    expect(await useCases.reconcile.wallet(WALLET, 'gap')).toBe('in_agreement');
  });

  it('leaves all as it was while the exchange cannot be asked, and is due again', async () => {
    await bought('0.02');
    const before = await pass();
    bench.simulator.addFaults([
      { do: { kind: 'server_error', executed: false }, when: { operation: 'account.status' } },
    ]);
    world.now += 1_000;
    expect(await useCases.reconcile.wallet(WALLET, 'asked')).toBe('unavailable');
    expect(await world.reconciles.latest(WALLET)).toEqual(before);
    expect(await world.reconciles.state(WALLET)).toMatchObject({ failures: 1, dueAt: world.now + 30_000 });
  });

  it('that is killed each time it runs comes back later and later, and leaves the workers to other wallets', async () => {
    await bought('0.02');
    await pass();
    const list = world.ledger.livePositionsOfWallet.bind(world.ledger);
    world.ledger.livePositionsOfWallet = () => Promise.reject(new Error('killed'));
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      world.now = (await world.reconciles.state(WALLET))?.dueAt ?? 0;
      expect(await useCases.reconcile.schedule()).toMatchObject({ sent: 1 });
      await expect(useCases.reconcile.wallet(WALLET, 'scheduled')).rejects.toThrow('killed');
      waits.push((((await world.reconciles.state(WALLET))?.dueAt ?? 0) - world.now) / 1_000);
      expect(await useCases.reconcile.wallet(WALLET, 'scheduled')).toBe('not_due');
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
    world.ledger.livePositionsOfWallet = list;
    expect((await pass()).status).toBe('in_agreement');
    expect((await world.reconciles.state(WALLET))?.failures).toBe(0);
  });

  it('after a gap asks for open orders where the ledger has something, and never puts the whole pass off by it', async () => {
    await bought('0.02');
    const asked = async (reason: ReconcileStatement['reason']) => {
      const from = bench.budget.asks.length;
      const { openOrdersOf, status } = await pass(reason);
      // The time is asked for now and then, in the rank of exits.
      const asks = bench.budget.asks.slice(from).filter(({ rank }) => rank !== 'exit');
      expect([...new Set(asks.map(({ rank }) => rank))]).toEqual(['comparison']);
      return { openOrdersOf, status, weight: asks.reduce((sum, { weight }) => sum + weight, 0) };
    };
    const agreed = { status: 'in_agreement' };
    // None that asked for all went before it.
    expect(await asked('gap')).toEqual({ ...agreed, openOrdersOf: null, weight: 140 });
    const wholeAt = world.now;
    for (let i = 1; i <= 2; i++) {
      world.now = wholeAt + i * 7 * 60_000;
      expect(await asked('gap')).toEqual({ ...agreed, openOrdersOf: ['BTC/USDT'], weight: 66 });
      expect((await world.reconciles.state(WALLET))?.dueAt).toBe(wholeAt + 15 * 60_000);
    }
    world.now = wholeAt + 15 * 60_000;
    expect(await asked('gap')).toEqual({ ...agreed, openOrdersOf: null, weight: 140 });
    world.now += 1_000;
    expect(await asked('asked')).toMatchObject({ openOrdersOf: null });
    // A wish that was there first is answered by whichever pass comes first.
    world.now += 1_000;
    const before = await world.reconciles.state(WALLET);
    if (before === null) throw new Error('no state');
    await world.reconciles.save({ before, after: { ...before, wantedAt: world.now } }, null);
    expect(await asked('gap')).toMatchObject({ openOrdersOf: null });
  });

  it('goes on asking for all while orders are open that nobody here knows', async () => {
    const order = await place({ type: 'limit', quantity: d('0.02'), limitPrice: d('40000') });
    world.ledger.orderItems.delete(order.orderId);
    for (const reason of ['gap', 'gap', 'follow_up'] as const) {
      world.now += 15 * 60_000;
      expect(await pass(reason)).toMatchObject({
        openOrdersOf: null,
        differences: [{ kind: 'unknown_own_order', orderId: order.orderId }],
      });
    }
  });

  it('for which the budget has no room has not failed: it comes back when there is, for the reason it had', async () => {
    await bought('0.02');
    await pass();
    const refusal = { granted: false, code: 'weight_exhausted', retryAfterMs: 40_000 } as const;
    const waits: number[] = [];
    world.now += 60_000;
    const since = world.now;
    for (const reason of ['gap', 'follow_up', 'scheduled', 'follow_up'] as const) {
      bench.budget.refusals.push(refusal);
      expect(await useCases.reconcile.wallet(WALLET, reason)).toBe('waiting');
      const state = await world.reconciles.state(WALLET);
      expect(state).toMatchObject({ failures: 0, waitingSince: since, reason: 'gap' });
      waits.push((state?.dueAt ?? 0) - world.now);
      const [sent] = world.outbox.queue.filter(({ queue }) => queue === 'reconcile').slice(-1);
      expect(sent).toMatchObject({
        message: { reason: 'follow_up' },
        delaySeconds: Math.ceil((waits.at(-1) ?? 0) / 1000),
      });
      expect(await useCases.reconcile.wallet(WALLET, 'follow_up')).toBe('not_due');
      world.now = state?.dueAt ?? 0;
    }
    // Behind the looks that waited as well; the longer it has waited the sooner.
    const most = [65_000, 65_000, 55_000, 50_000];
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(45_000);
      expect(wait).toBeLessThanOrEqual(most[i] ?? 0);
    }
    expect(await pass('follow_up')).toMatchObject({ reason: 'gap', status: 'in_agreement' });
    expect(await world.reconciles.state(WALLET)).toMatchObject({ waitingSince: null, reason: null });
  });

  it('takes the rank of other queries after 15 min without room, and not before', async () => {
    await bought('0.02');
    await pass();
    // Others use more than comparisons may, less than queries may.
    const grant = bench.budget.ask.bind(bench.budget);
    bench.budget.ask = async (ask) => {
      if (ask.rank === 'comparison') {
        bench.budget.refusals.push({ granted: false, code: 'weight_exhausted', retryAfterMs: 30_000 });
      }
      return grant(ask);
    };
    world.now += 60_000;
    const since = world.now;
    const from = bench.budget.asks.length;
    let outcome = await useCases.reconcile.wallet(WALLET, 'gap');
    while (outcome === 'waiting') {
      const { oldestWaitMs } = await useCases.reconcile.schedule();
      expect(oldestWaitMs).toBe(world.now - since);
      world.now = (await world.reconciles.state(WALLET))?.dueAt ?? 0;
      outcome = await useCases.reconcile.wallet(WALLET, 'follow_up');
    }
    expect(outcome).toBe('in_agreement');
    expect(world.now - since).toBeGreaterThanOrEqual(15 * 60_000);
    expect(world.now - since).toBeLessThan(16 * 60_000);
    const asks = bench.budget.asks.slice(from).filter(({ rank }) => rank === 'query');
    expect(asks.reduce((sum, { weight }) => sum + weight, 0)).toBe(140);
    // The next one has not waited.
    world.now += 1_000;
    expect(await useCases.reconcile.wallet(WALLET, 'gap')).toBe('waiting');
  });

  it('waits no longer than for a whole pass, though the exchange has banned us for days', async () => {
    await bought('0.02');
    await pass();
    bench.budget.refusals.push({ granted: false, code: 'blocked', retryAfterMs: 3 * 86_400_000 });
    expect(await useCases.reconcile.wallet(WALLET, 'gap')).toBe('waiting');
    expect((await world.reconciles.state(WALLET))?.dueAt).toBe(world.now + 15 * 60_000);
  });

  it('is written once when two run side by side', async () => {
    await bought('0.02');
    const outcomes = await Promise.all([1, 2].map(() => useCases.reconcile.wallet(WALLET, 'gap')));
    expect(outcomes.sort()).toEqual(['in_agreement', 'overtaken']);
  });
});

describe('the schedule', () => {
  it('sends a message for every wallet that is due, and none for one that is not', async () => {
    expect(await useCases.reconcile.schedule()).toMatchObject({ sent: 1 });
    await world.pump();
    expect(await world.reconciles.latest(WALLET)).toMatchObject({ reason: 'first', startedAt: START });
    world.now += 14 * 60_000;
    expect(await useCases.reconcile.schedule()).toMatchObject({ sent: 0 });
    world.now += 61_000;
    expect(await useCases.reconcile.schedule()).toMatchObject({ sent: 1 });
    await world.pump();
    expect(await world.reconciles.latest(WALLET)).toMatchObject({ reason: 'scheduled' });
  });

  it('says how many wait for room, and since when the oldest should have been compared', async () => {
    await bought('0.02');
    await pass();
    const told = () => world.counters.read(['reconcile:waiting', 'reconcile:waiting_since']);
    expect(await useCases.reconcile.schedule()).toMatchObject({ sent: 0, waiting: 0, oldestWaitMs: 0 });
    expect(await told()).toEqual({ 'reconcile:waiting': '0', 'reconcile:waiting_since': '0' });
    bench.budget.refusals.push({ granted: false, code: 'weight_exhausted', retryAfterMs: 40_000 });
    expect(await useCases.reconcile.wallet(WALLET, 'gap')).toBe('waiting');
    const since = world.now;
    world.now += 20_000;
    expect(await useCases.reconcile.schedule()).toMatchObject({ sent: 0, waiting: 1, oldestWaitMs: 20_000 });
    expect(await told()).toEqual({ 'reconcile:waiting': '1', 'reconcile:waiting_since': String(since) });
    // The exchange is away: none waits for room, and it is due all the same.
    const before = await world.reconciles.state(WALLET);
    if (before === null) throw new Error('no state');
    await world.reconciles.save({ before, after: { ...before, waitingSince: null, dueAt: since } }, null);
    expect(await useCases.reconcile.schedule()).toMatchObject({ sent: 1, waiting: 0, oldestWaitMs: 20_000 });
  });

  it('goes on while the cache is away', async () => {
    world.counters.set = () => Promise.reject(new Error('away'));
    expect(await useCases.reconcile.schedule()).toMatchObject({ sent: 1 });
  });
});

/**
 * Bots: each opens a position and then does to it what bots do, at times and in ways that the seed draws.
 *
 * A new command is one more entry in `FOLLOW_UPS`.
 */
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import type { SignalAsked } from '../../../shared/domain/signal-facts.ts';
import type { OrderType, Position, Protection, TimeInForce } from '../../../shared/domain/types.ts';
import { exitOrderIdFor, orderIdFor, positionIdFor } from '../../../shared/usecases/derive-ids.ts';
import type { PlaceOrderCommand } from '../../../shared/usecases/place-order.ts';
import { type Api, askAgain, drawRepeats } from './clients.ts';
import { SYMBOL } from './exchange.ts';
import { type Intents, noteAnswers } from './intents.ts';
import { type Outside, USER } from './outside.ts';
import type { Market } from './prices.ts';
import type { Chance } from './random.ts';

export interface Stage {
  readonly api: Api;
  readonly market: Market;
  readonly outside: Outside;
  readonly intents: Intents;
}

export interface BotPlan {
  readonly name: string;
  readonly walletId: string;
  readonly startAt: number;
  /** Nothing is asked for after this. */
  readonly endAt: number;
}

/** What a bot works on. */
interface Target {
  readonly name: string;
  readonly orderId: string;
  readonly positionId: string;
}

type Prices = Pick<Market, 'away'>;

/** What is above for a long is below for a short. */
const mirrored = (market: Market): Prices => ({ away: (bp) => market.away(-bp) });

/** In a wallet that lends most positions are on margin. Drawn apart: what else bots do stays as it was. */
function drawMargin({ outside }: Stage, walletId: string, chance: Chance): Partial<PlaceOrderCommand> {
  if (outside.wallets.items.get(walletId)?.demo?.maxLeverage == null) return {};
  const leverage = chance.pick([1, 5, 20, 100, 100]);
  const kind = chance.weighted({ short: 5, long: 3, plain: 2 });
  if (kind === 'plain') return {};
  return kind === 'short' ? { side: 'sell', positionSide: 'short', leverage } : { leverage };
}

const isShort = ({ outside }: Stage, { orderId }: Target): boolean =>
  outside.ledger.orderItems.get(orderId)?.side === 'sell';

/** The market as the target's side sees it. */
const marketOf = (stage: Stage, target: Target): Prices =>
  isShort(stage, target) ? mirrored(stage.market) : stage.market;

const amount = (chance: Chance, low: number, high: number): Decimal =>
  new Decimal(`0.${String(chance.between(low, high)).padStart(4, '0')}`);

const ENTRY_TYPES: Readonly<Partial<Record<OrderType, number>>> = {
  market: 55,
  limit: 24,
  limit_maker: 4,
  stop_limit: 6,
  stop_loss: 4,
  take_profit_limit: 4,
  trailing_stop: 3,
};

function drawEntry(chance: Chance, market: Prices): Partial<PlaceOrderCommand> {
  const type = chance.weighted(ENTRY_TYPES as Record<OrderType, number>);
  const at = (bp: number): Decimal => new Decimal(market.away(bp));
  const timeInForce: TimeInForce = chance.happens(0.2) ? 'IOC' : 'GTC';
  switch (type) {
    case 'market':
      return chance.happens(0.2)
        ? { type, quantity: new Decimal(0), quoteQuantity: new Decimal(chance.between(50, 9000)) }
        : { type };
    case 'limit':
      return { type, timeInForce, limitPrice: at(chance.between(-40, 15)) };
    case 'limit_maker':
      return { type, limitPrice: at(-chance.between(2, 40)) };
    case 'stop_limit': {
      const stop = chance.between(3, 30);
      return { type, stopPrice: at(stop), limitPrice: at(stop + chance.between(0, 20)) };
    }
    case 'stop_loss':
      return { type, stopPrice: at(chance.between(3, 30)) };
    case 'take_profit_limit': {
      const stop = chance.between(3, 30);
      return { type, stopPrice: at(-stop), limitPrice: at(-stop + chance.between(-5, 20)) };
    }
    default:
      return { type, trailingDelta: chance.between(10, 100) };
  }
}

function drawProtection(chance: Chance, market: Prices): Partial<Protection> | null {
  if (chance.happens(0.1)) return null;
  const at = (bp: number): Decimal => new Decimal(market.away(bp));
  const rungs = chance.weighted({ '0': 3, '1': 3, '2': 2, '3': 2 });
  const shares: Readonly<Record<string, readonly string[]>> = {
    '0': [],
    '1': [chance.happens(0.5) ? '1' : '0.5'],
    '2': ['0.5', '0.5'],
    '3': ['0.3', '0.3', '0.4'],
  };
  const first = chance.between(10, 60);
  return {
    ...(chance.happens(0.75) && { stopLoss: { price: at(-chance.between(10, 120)) } }),
    takeProfits: (shares[rungs] ?? []).map((share, i) => ({
      price: at(first + i * chance.between(10, 40)),
      share: new Decimal(share),
    })),
    ...(chance.happens(0.35) && {
      trailingStop: {
        distance: { percent: new Decimal(`0.${chance.between(10, 90)}`) },
        activationPrice: chance.happens(0.3) ? at(chance.between(5, 40)) : null,
      },
    }),
    ...(chance.happens(0.2) && {
      breakEven: { activationProfitPercent: new Decimal('0.3'), offsetPercent: new Decimal(0) },
    }),
  };
}

/** The stops of some wait to be confirmed. Drawn apart: all else that a bot does stays as it was. */
function withDelay(protection: Partial<Protection> | null, chance: Chance): Partial<Protection> | null {
  if (protection === null || !chance.happens(0.3)) return protection;
  const confirmMaxPercent = new Decimal(chance.pick(['0.2', '0.5', '1', '3']));
  return { ...protection, confirmSeconds: chance.between(1, 12), confirmMaxPercent };
}

/** The stops of some rest at a limit first; never of what is on margin. Drawn apart, too. */
function withStopLimit(protection: Partial<Protection> | null, chance: Chance): Partial<Protection> | null {
  if (protection === null || !chance.happens(0.25)) return protection;
  const percent = new Decimal(chance.pick(['0', '0.05', '0.2', '1']));
  return { ...protection, stopLimit: { percent, seconds: chance.between(1, 15) } };
}

/** Some close in time, whatever the price: so long after the first fill, or at a time. Drawn apart, too. */
function withTimeStop(protection: Partial<Protection> | null, chance: Chance, now: number) {
  if (!chance.happens(0.2)) return protection;
  const timeStop = chance.happens(0.5)
    ? { maxSeconds: chance.between(2, 40) }
    : { until: now + chance.between(3_000, 60_000) };
  return { ...protection, timeStop };
}

/** Half of them want their stop at the exchange, too. Of its own chance: what else they do stays as it was. */
function drawResident(chance: Chance, protection: Partial<Protection> | null): Partial<Protection> | null {
  const resident = chance.weighted({ none: 4, stop: 3, oco: 3 });
  return protection === null || resident === 'none' ? protection : { ...protection, resident };
}

type FollowUp = (stage: Stage, chance: Chance, target: Target, n: number) => Promise<void>;

const positionOf = ({ outside }: Stage, { positionId }: Target): Position | undefined =>
  outside.ledger.positionItems.get(positionId);

const cancel: FollowUp = async ({ api, intents }, chance, { orderId, name }, n) => {
  const intent = intents.begin('cancel', `${name}-cancel-${n}`);
  const answers = await askAgain(api, chance, drawRepeats(chance), (uc) =>
    uc.cancelOrder({ userId: USER, orderId }),
  );
  noteAnswers(intent, answers, (order) => order);
};

const close: FollowUp = async ({ api, intents }, chance, { positionId, name }, n) => {
  const idempotencyKey = `${name}-close-${n}`;
  const intent = intents.begin('close', idempotencyKey);
  const answers = await askAgain(api, chance, drawRepeats(chance), (uc) =>
    uc.closePosition({ userId: USER, positionId, quantity: null, idempotencyKey }),
  );
  noteAnswers(intent, answers, ({ order }) => order);
};

const part: FollowUp = async (stage, chance, target, n) => {
  const held = positionOf(stage, target)?.quantity ?? new Decimal('0.01');
  const share = chance.pick(['0.2', '0.5', '0.7', '1']);
  const quantity = held.times(share).toDecimalPlaces(5, Decimal.ROUND_DOWN);
  if (!quantity.greaterThan(0)) return;
  const idempotencyKey = `${target.name}-part-${n}`;
  const intent = stage.intents.begin('part', idempotencyKey);
  const { positionId } = target;
  const changedMind = takeBack(stage, chance.fork(idempotencyKey), target, { idempotencyKey, n });
  const answers = await askAgain(stage.api, chance, drawRepeats(chance), (uc) =>
    uc.closePosition({ userId: USER, positionId, quantity, idempotencyKey }),
  );
  noteAnswers(intent, answers, ({ order }) => order);
  await changedMind;
};

/** One part of three is cancelled: before it is answered, on its way, or while the coins that it lacks are looked for. */
async function takeBack(
  stage: Stage,
  chance: Chance,
  target: Target,
  { idempotencyKey: key, n }: { readonly idempotencyKey: string; readonly n: number },
): Promise<void> {
  if (!chance.happens(1 / 3)) return;
  const { kernel } = stage.api.gate;
  const orderId = exitOrderIdFor({ positionId: target.positionId, key });
  await kernel.sleep(chance.between(0, chance.pick([100, 1_500, 6_000])));
  await cancel(stage, chance, { ...target, orderId }, 300 + n);
}

/** A sell that names its position, resting at the exchange: a resident exit. */
const sell: FollowUp = async (stage, chance, target, n) => {
  const position = positionOf(stage, target);
  if (position === undefined) return;
  const quantity = position.quantity
    .times(chance.pick(['0.3', '0.6', '1']))
    .toDecimalPlaces(5, Decimal.ROUND_DOWN);
  if (!quantity.greaterThan(0)) return;
  const market = marketOf(stage, target);
  const at = (bp: number): Decimal => new Decimal(market.away(bp));
  const kind = chance.weighted({ limit: 4, market: 2, stop_loss: 2, stop_limit: 1, oco: 2 });
  const below = -chance.between(5, 50);
  const form: Readonly<Record<typeof kind, Partial<PlaceOrderCommand>>> = {
    limit: { limitPrice: at(chance.between(-5, 40)) },
    market: {},
    stop_loss: { stopPrice: at(below) },
    stop_limit: { stopPrice: at(below), limitPrice: at(below - chance.between(0, 20)) },
    oco: { limitPrice: at(chance.between(5, 40)), stopPrice: at(below) },
  };
  const key = `${target.name}-sell-${n}`;
  const intent = stage.intents.begin('part', key);
  const command = commandOf(position.walletId, key, {
    ...form[kind],
    type: kind,
    side: isShort(stage, target) ? 'buy' : 'sell',
    quantity,
    positionId: target.positionId,
  });
  const answers = await askAgain(stage.api, chance, drawRepeats(chance), (uc) => uc.placeOrder(command));
  noteAnswers(intent, answers, ({ order }) => order);
  if (chance.happens(0.3)) return;
  await stage.api.gate.kernel.sleep(chance.between(50, 8_000));
  const [orderId] = intent.orderIds;
  if (orderId === undefined || chance.happens(0.5)) await close(stage, chance, target, 200 + n);
  else await cancel(stage, chance, { ...target, orderId }, 100 + n);
};

const protect: FollowUp = async (stage, chance, target, n) => {
  const { api, intents } = stage;
  const { positionId, name } = target;
  const market = marketOf(stage, target);
  const intent = intents.begin('protection', `${name}-protect-${n}`);
  const own = chance.fork(`resident ${n}`);
  const drawn = withDelay(drawProtection(chance, market), chance.fork(`delay-${n}`)) ?? {};
  const asked = own.happens(0.5) ? { ...drawn, resident: own.pick(['none', 'stop', 'oco'] as const) } : drawn;
  const change = withTimeStop(asked, chance.fork(`time-stop-${n}`), api.gate.kernel.now) ?? {};
  const answers = await askAgain(api, chance, { times: 2, isEager: false, inParallel: false }, (uc) =>
    uc.changeProtection({ userId: USER, positionId, change }),
  );
  noteAnswers(intent, answers, () => null);
};

/** An agent's word: it may close, or tighten what protects; in the wallets of these runs signals act. */
const signal: FollowUp = async (stage, chance, target, n) => {
  const { positionId, name } = target;
  const action = chance.weighted({ close: 2, adjust: 3, hold: 1 });
  const { stopLoss = null, trailingStop = null } = drawProtection(chance, marketOf(stage, target)) ?? {};
  const levels = { ...(stopLoss && { stopLoss }), ...(trailingStop && { trailingStop }) };
  const asked: SignalAsked = {
    action,
    confidence: amount(chance, 3_000, 9_999),
    urgency: 'high',
    reasoning: null,
    agentId: name,
    adjust: action === 'adjust' ? levels : null,
  };
  const idempotencyKey = `${name}-signal-${n}`;
  const intent = stage.intents.begin('signal', idempotencyKey);
  const answers = await askAgain(stage.api, chance, drawRepeats(chance), (uc) =>
    uc.takeSignal({ userId: USER, positionId, idempotencyKey, signal: asked }),
  );
  noteAnswers(intent, answers, ({ exit }) => exit);
};

/** Less of it, or another price: in its place where the exchange can, else a new order in its stead. */
const amend: FollowUp = async (stage, chance, target, n) => {
  const { orderId, name } = target;
  const order = stage.outside.ledger.orderItems.get(orderId);
  if (order === undefined) return;
  const quantity = order.quantity
    .times(chance.pick(['0.4', '0.8', '1.5']))
    .toDecimalPlaces(5, Decimal.ROUND_DOWN);
  const limitPrice = new Decimal(marketOf(stage, target).away(chance.between(-40, 15)));
  const change =
    order.limitPrice === null || chance.happens(0.5)
      ? { quantity }
      : { limitPrice, ...(chance.happens(0.5) && { quantity }) };
  const idempotencyKey = `${name}-amend-${n}`;
  // One more order may take its place, and only one.
  const intent = stage.intents.begin('amend', idempotencyKey);
  const answers = await askAgain(stage.api, chance, drawRepeats(chance), (uc) =>
    uc.amendOrder({ userId: USER, orderId, change, idempotencyKey }),
  );
  noteAnswers(intent, answers, () => null);
};

const cancelAll: FollowUp = async ({ api, intents, outside }, chance, { orderId, name }, n) => {
  const walletId = outside.ledger.orderItems.get(orderId)?.walletId;
  if (walletId === undefined) return;
  const idempotencyKey = `${name}-cancel-all-${n}`;
  const intent = intents.begin('cancel', idempotencyKey);
  const answers = await askAgain(api, chance, drawRepeats(chance), (uc) =>
    uc.cancelAll({ userId: USER, walletId, symbol: null, side: null, idempotencyKey }),
  );
  noteAnswers(intent, answers, () => null);
};

const compare: FollowUp = async ({ api, intents, outside }, chance, { orderId, name }, n) => {
  const walletId = outside.ledger.orderItems.get(orderId)?.walletId;
  if (walletId === undefined) return;
  const intent = intents.begin('compare', `${name}-compare-${n}`);
  const answers = await askAgain(api, chance, { times: 2, isEager: false, inParallel: false }, (uc) =>
    uc.reconcile.ask({ userId: USER, walletId }),
  );
  noteAnswers(intent, answers, () => null);
};

/** More of the position, at the market or resting; some are amended or cancelled then, or the position is closed. */
const add: FollowUp = async (stage, chance, target, n) => {
  const order = stage.outside.ledger.orderItems.get(target.orderId);
  if (order === undefined) return;
  const at = (bp: number): Decimal => new Decimal(marketOf(stage, target).away(bp));
  const kind = chance.weighted({ market: 3, limit: 5, stop_loss: 1 });
  const form: Readonly<Record<typeof kind, Partial<PlaceOrderCommand>>> = {
    market: {},
    limit: { limitPrice: at(chance.between(-40, 10)) },
    stop_loss: { stopPrice: at(chance.between(3, 30)) },
  };
  const key = `${target.name}-add-${n}`;
  const intent = stage.intents.begin('entry', key);
  const command = commandOf(order.walletId, key, {
    ...form[kind],
    type: kind,
    side: order.side,
    quantity: amount(chance, 2, 900),
    positionId: target.positionId,
    positionEffect: 'open',
  });
  const answers = await askAgain(stage.api, chance, drawRepeats(chance), (uc) => uc.placeOrder(command));
  noteAnswers(intent, answers, ({ order: made }) => made);
  const [orderId] = intent.orderIds;
  const then = chance.weighted({ nothing: 5, cancel: 2, amend: 2, close: 1 });
  if (then === 'nothing') return;
  await stage.api.gate.kernel.sleep(chance.between(0, chance.pick([200, 2_000, 8_000])));
  const own = orderId === undefined ? target : { ...target, orderId };
  await { cancel, amend, close }[then](stage, chance, own, 400 + n);
};

/** One bot of three adds to what it has opened, up to three times. Drawn apart: all else stays as it was. */
async function addMore(stage: Stage, chance: Chance, target: Target, endAt: number): Promise<void> {
  if (!chance.happens(1 / 3)) return;
  const { kernel } = stage.api.gate;
  const times = chance.between(1, 3);
  const one = async (n: number): Promise<void> => {
    await kernel.sleep(chance.between(0, Math.max(0, endAt - kernel.now)));
    await add(stage, chance.fork(`${n}`), target, n);
  };
  await Promise.all(Array.from({ length: times }, (_, n) => one(n)));
}

const FOLLOW_UPS: Readonly<Record<string, { readonly run: FollowUp; readonly weight: number }>> = {
  cancel: { run: cancel, weight: 4 },
  close: { run: close, weight: 3 },
  part: { run: part, weight: 3 },
  sell: { run: sell, weight: 4 },
  protect: { run: protect, weight: 2 },
  signal: { run: signal, weight: 2 },
  amend: { run: amend, weight: 3 },
  'cancel-all': { run: cancelAll, weight: 1 },
  compare: { run: compare, weight: 2 },
};
const WEIGHTS = Object.fromEntries(Object.entries(FOLLOW_UPS).map(([name, { weight }]) => [name, weight]));

function commandOf(walletId: string, key: string, over: Partial<PlaceOrderCommand>): PlaceOrderCommand {
  return {
    userId: USER,
    walletId,
    symbol: SYMBOL,
    side: 'buy',
    type: 'market',
    timeInForce: 'GTC',
    quantity: new Decimal('0.01'),
    quoteQuantity: null,
    limitPrice: null,
    stopPrice: null,
    stopLimitPrice: null,
    trailingDelta: null,
    clientOrderId: null,
    idempotencyKey: key,
    protection: null,
    positionId: null,
    positionSide: null,
    leverage: null,
    flowId: null,
    executionId: null,
    marketConditions: null,
    aiReasoning: null,
    aiConfidence: null,
    aiAgentId: null,
    metadata: {},
    tags: [],
    notes: null,
    ...over,
  };
}

/** Runs to its end; what it does later overlaps with what it did before. */
export async function runBot(stage: Stage, chance: Chance, plan: BotPlan): Promise<void> {
  const { kernel } = stage.api.gate;
  const { walletId, name } = plan;
  await kernel.sleep(plan.startAt - kernel.now);
  const margin = drawMargin(stage, walletId, chance.fork('margin'));
  const market = margin.side === 'sell' ? mirrored(stage.market) : stage.market;
  const quantity = amount(chance, 2, 3000);
  const entry = drawEntry(chance, market);
  const delayed = withDelay(drawProtection(chance, market), chance.fork('delay'));
  const resting = drawResident(chance.fork('resident'), delayed);
  const command = commandOf(walletId, name, {
    quantity,
    ...entry,
    ...margin,
    protection: withTimeStop(
      margin.leverage === undefined ? withStopLimit(resting, chance.fork('stop-limit')) : resting,
      chance.fork('time-stop'),
      kernel.now,
    ),
  });
  const orderId = orderIdFor({ walletId, clientOrderId: null, idempotencyKey: name });
  const target: Target = { name, orderId, positionId: positionIdFor(orderId) };
  const intent = stage.intents.begin('entry', name);
  const running: Promise<void>[] = [];
  const follow = async (n: number): Promise<void> => {
    await kernel.sleep(chance.between(0, Math.max(0, plan.endAt - kernel.now)));
    const followUp = FOLLOW_UPS[chance.weighted(WEIGHTS)];
    if (followUp !== undefined) await followUp.run(stage, chance, target, n);
  };
  const count = chance.between(0, 4);
  for (let n = 0; n < count; n++) running.push(follow(n));
  running.push(addMore(stage, chance.fork('add'), target, plan.endAt));
  // Some do not even wait for the answer.
  if (chance.happens(0.15)) {
    running.push(kernel.sleep(chance.between(0, 400)).then(() => cancel(stage, chance, target, 99)));
  }
  const answers = await askAgain(stage.api, chance, drawRepeats(chance), (uc) => uc.placeOrder(command));
  noteAnswers(intent, answers, ({ order }) => order);
  await Promise.all(running);
}

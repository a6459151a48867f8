/**
 * The way of one position over the API, as a user of it goes: price, wallet, balance, preview, order, fill, position with its
 * stop, close, profit, balance again, statement; what is told over the WebSocket, where its address is given. Each step checks
 * what it is answered; the profit is reckoned anew from the fills.
 *
 * Always true: what it opened it closes, also when a step fails, is interrupted, or is not answered; the keys of an exchange
 * that it brought are deleted with their wallet. What could not be put away is said.
 */
import { type ApiClient, ApiProblem } from '../../shared/client/client.ts';
import type { AnswerTo } from '../../shared/client/contract.ts';
import type { EventView } from '../../shared/client/push.ts';
import { type Decimal, decimal, sum } from '../../shared/domain/money/decimal.ts';
import type { VenueKeys } from './access.ts';
import { isTold, type OpenEvents } from './events.ts';
import { exchangeTrouble } from './health.ts';
import type { SmokeOptions } from './options.ts';
import { expectedProfit, isSameAmount } from './profit.ts';
import { leavesUnclear, type Opened, putAway, type Wish } from './put-away.ts';
import { SmokeFailure, type Steps } from './report.ts';
import { checkStatement } from './statement.ts';
import { goOn, until } from './wait.ts';

type Position = AnswerTo<'getPosition'>;
type Order = AnswerTo<'getOrder'>;

export interface SmokeTask extends Pick<SmokeOptions, 'venue' | 'symbol' | 'spend' | 'walletId'> {
  /** Of the exchange's account; null on the demo wallet, and where the wallet is there. */
  readonly keys: VenueKeys | null;
  /** Null: the WebSocket is not tested. */
  readonly events: OpenEvents | null;
}

/** Waits of one step. A symbol that nobody has followed is asked for first; a full comparison reads every trade. */
export interface Patience {
  readonly priceMs: number;
  readonly orderMs: number;
  readonly statementMs: number;
  readonly pollMs: number;
}

export const PATIENCE: Patience = { priceMs: 90_000, orderMs: 60_000, statementMs: 180_000, pollMs: 500 };

/** The stop: so far below that it is not reached on the way. */
const STOP_SHARE = decimal('0.9');
const DEMO_FUNDS = '10000';
const WAIT_SECONDS = 10;

/**
 * Takes every step. When `stop` is aborted no further one is taken, waits end, and what was opened is put away; a request
 * that is on its way is waited for. @throws what a step failed with; the step is in `steps`
 */
export async function runScenario(
  client: ApiClient,
  task: SmokeTask,
  steps: Steps,
  stop: AbortSignal,
  patience: Patience = PATIENCE,
): Promise<void> {
  await new Scenario(client, task, steps, stop, patience).run();
}

class Scenario {
  readonly #client: ApiClient;
  readonly #task: SmokeTask;
  readonly #steps: Steps;
  readonly #patience: Patience;
  readonly #quote: string;
  readonly #stop: AbortSignal;
  /** What is to be put away at the end. */
  readonly #opened: Opened;
  readonly #heard: EventView[] = [];
  #socket: { close(): void } | null = null;

  constructor(client: ApiClient, task: SmokeTask, steps: Steps, stop: AbortSignal, patience: Patience) {
    this.#client = client;
    this.#task = task;
    this.#steps = steps;
    this.#stop = stop;
    this.#patience = patience;
    this.#opened = { walletId: task.walletId, wallet: null, order: null, positionId: null };
    this.#quote = task.symbol.split('/')[1] ?? '';
  }

  async run(): Promise<void> {
    try {
      await this.#takeSteps();
    } finally {
      this.#socket?.close();
      await putAway(this.#client, this.#steps, this.#opened, this.#patience);
    }
  }

  #take<T>(name: string, work: () => Promise<readonly [string, T]>): Promise<T> {
    return this.#steps.take(name, () => {
      goOn(this.#stop);
      return work();
    });
  }

  /** Notes what is asked for before it is, and whether it is known what became of it. */
  async #asking<T>(wish: Wish, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      wish.isUnclear = leavesUnclear(error);
      throw error;
    }
  }

  async #takeSteps(): Promise<void> {
    const { symbol } = this.#task;
    await this.#take('services', () => this.#services());
    const price = await this.#take('price', () => this.#price());
    const walletId = await this.#take('wallet', () => this.#wallet());
    const before = await this.#take('balance', async () => {
      const found = await this.#balance(walletId, 'before');
      if (found[1].greaterThanOrEqualTo(this.#task.spend)) return found;
      throw new SmokeFailure(`${found[0]}: less than the ${this.#task.spend} to be spent (--spend)`);
    });
    const order: Wish = { name: `smoke-${crypto.randomUUID()}`, isUnclear: false };
    const body = {
      wallet_id: walletId,
      symbol,
      client_order_id: order.name,
      side: 'buy',
      type: 'market',
      quote_quantity: this.#task.spend,
      // To the venue's tick it is rounded there; the preview below shows it.
      protection: { stop_loss: price.times(STOP_SHARE).toSignificantDigits(6).toFixed() },
    } as const;
    await this.#take('preview', async () => {
      const { accepted, refusal, sent, market_price } = await this.#client.call('previewOrder', { body });
      if (!accepted) throw new SmokeFailure(`it would be refused: ${refusal?.code}: ${refusal?.detail}`);
      const amount =
        sent.quote_quantity === null ? sent.quantity : `${sent.quote_quantity} ${this.#quote} of`;
      return [`${amount} ${symbol} at about ${market_price} would be taken`, null];
    });
    if (this.#task.events !== null) await this.#take('socket', () => this.#listen());
    const { orderId, positionId } = await this.#take('order', async () => {
      this.#opened.order = order;
      const placed = await this.#asking(order, () =>
        this.#client.call('createOrder', { body, key: order.name, waitSeconds: WAIT_SECONDS }),
      );
      const positionId = placed.position_id ?? this.#missing('the entry order names no position');
      this.#opened.positionId = positionId;
      return [`${placed.order_id} ${placed.status}`, { orderId: placed.order_id, positionId }];
    });
    await this.#take('fill', () => this.#fill(orderId));
    await this.#take('position', () => this.#openPosition(positionId));
    await this.#take('health', () => this.#health());
    await this.#take('close', () => this.#close(positionId));
    if (this.#socket !== null) await this.#take('events', () => this.#events(orderId, positionId));
    const closed = await this.#take('profit', () => this.#profit(positionId));
    await this.#take('balance after', () => this.#balanceAfter(walletId, before, closed));
    await this.#take('statement', () => this.#statement(walletId, closed));
  }

  async #services(): Promise<readonly [string, null]> {
    const { overall_status: status, binance } = await this.#client.call('healthServices', {});
    const { venue } = this.#task;
    if (venue !== 'demo' && binance?.environment !== venue) {
      const served = binance?.environment ?? 'no Binance';
      throw new SmokeFailure(`this system serves ${served}, not ${venue} (-c binance= of the deployment)`);
    }
    return [`the API answers: ${status}`, null];
  }

  /** A deployment of this minute may not have swept yet, and a wallet of this minute may not be listened to yet. */
  async #health(): Promise<readonly [string, null]> {
    const { venue } = this.#task;
    type Health = AnswerTo<'healthServices'>;
    const troubleOf = ({ overall_status: status, binance }: Health): string | null => {
      if (status !== 'healthy') return `GET /api/v1/health/services says ${status}, and what`;
      return venue === 'demo' ? null : exchangeTrouble(binance);
    };
    const {
      order_monitor: monitor,
      websocket_manager: streams,
      binance,
    } = await this.#until(
      (last) => `healthy services: ${troubleOf(last)}`,
      this.#patience.priceMs,
      () => this.#client.call('healthServices', {}),
      (health) => troubleOf(health) === null,
    );
    const found = `last check ${monitor.last_check}, ${monitor.orders_monitored} orders; prices from ${streams.source}`;
    const news = venue === 'demo' ? '' : `; user data of ${binance?.user_data.subscribed} wallets`;
    return [`healthy: ${found}${news}`, null];
  }

  async #listen(): Promise<readonly [string, null]> {
    const { events } = this.#task;
    if (events === null) return this.#missing('no address of the WebSocket');
    this.#socket = await events((event) => void this.#heard.push(event));
    return ['subscribed to orders and positions', null];
  }

  async #events(orderId: string, positionId: string): Promise<readonly [string, null]> {
    await this.#until(
      () => `the filled order and the closed position to be told; ${this.#heard.length} events came`,
      this.#patience.orderMs,
      () => this.#heard,
      (heard) => isTold(heard, orderId, positionId),
    );
    return [`${this.#heard.length} came, the filled order and the closed position among them`, null];
  }

  async #price(): Promise<readonly [string, Decimal]> {
    const found = await this.#until(
      `a price of ${this.#task.symbol}`,
      this.#patience.priceMs,
      async () => {
        const { items } = await this.#client.call('listPrices', { query: { symbols: [this.#task.symbol] } });
        return items[0] ?? null;
      },
      (price) => price !== null,
    );
    if (found === null) return this.#missing('no price');
    return [`${found.last} from ${found.source}, ${found.age_ms} ms old`, decimal(found.last)];
  }

  async #wallet(): Promise<readonly [string, string]> {
    const { walletId, venue } = this.#task;
    if (walletId !== null) {
      const wallet = await this.#client.call('getWallet', { params: { wallet_id: walletId } });
      if (wallet.paused) throw new SmokeFailure(`the wallet is paused: ${wallet.pause_reason}`);
      if (wallet.environment !== venue) throw new SmokeFailure(`the wallet is at ${wallet.environment}`);
      return [`${wallet.wallet_id} (${wallet.name})`, wallet.wallet_id];
    }
    const { wallet_id } = await this.#makeWallet();
    this.#opened.walletId = wallet_id;
    if (venue === 'demo') return [`${wallet_id}, new, ${DEMO_FUNDS} ${this.#quote}`, wallet_id];
    const checked = await this.#until(
      'the keys to be checked',
      this.#patience.orderMs,
      () => this.#client.call('getWallet', { params: { wallet_id } }),
      ({ status }) => status !== 'checking',
    );
    if (checked.status !== 'active') {
      throw new SmokeFailure(`the exchange's keys: ${checked.problem?.code}: ${checked.problem?.message}`);
    }
    return [`${wallet_id}, new, keys ...${checked.key_hint} are good`, wallet_id];
  }

  async #makeWallet(): Promise<{ readonly wallet_id: string }> {
    const { keys, venue } = this.#task;
    // Its own, so that it is found when the answer is lost.
    const wish: Wish = { name: `smoke ${crypto.randomUUID()}`, isUnclear: false };
    const { name } = wish;
    try {
      if (venue === 'demo') {
        const starting_balances = { [this.#quote]: DEMO_FUNDS };
        return await this.#client.call('createWallet', {
          body: { name, type: 'demo', starting_balances },
        });
      }
      if (keys === null) return this.#missing('no keys were given');
      // A demo wallet stays: it holds play money and costs nothing.
      this.#opened.wallet = wish;
      return await this.#asking(wish, () =>
        this.#client.call('createWallet', {
          body: { name, type: 'binance', environment: venue, ...keys },
          waitSeconds: WAIT_SECONDS,
        }),
      );
    } catch (error) {
      // The gateway's own 403 has no problem document.
      if (error instanceof ApiProblem && error.status === 403) {
        throw new SmokeFailure(
          'this token may not make a wallet: sign in at the admin client, or name one of yours with --wallet',
        );
      }
      throw error;
    }
  }

  async #balance(walletId: string, when: string): Promise<readonly [string, Decimal]> {
    const params = { wallet_id: walletId };
    const { balances, as_of } = await this.#client.call('getBalances', { params, waitSeconds: WAIT_SECONDS });
    const free = decimal(balances.find(({ asset }) => asset === this.#quote)?.free ?? '0');
    return [`${free} ${this.#quote} free ${when}, as of ${as_of}`, free];
  }

  async #fill(orderId: string): Promise<readonly [string, Order]> {
    const order = await this.#until(
      'the order to be filled',
      this.#patience.orderMs,
      () => this.#client.call('getOrder', { params: { order_id: orderId } }),
      ({ status }) => ['filled', 'rejected', 'failed', 'expired', 'cancelled'].includes(status),
    );
    if (order.status !== 'filled') throw new SmokeFailure(`the order is ${order.status}`);
    const fills = order.fills ?? [];
    const total = sum(fills.map(({ amount }) => decimal(amount)));
    if (!total.equals(order.filled_amount)) {
      throw new SmokeFailure(`its fills make ${total}, the order says ${order.filled_amount}`);
    }
    return [`${total} at ${order.average_fill_price} in ${fills.length} fill(s)`, order];
  }

  async #openPosition(positionId: string): Promise<readonly [string, Position]> {
    const position = await this.#until(
      'the position to be open, with its stop armed',
      this.#patience.orderMs,
      () => this.#read(positionId),
      ({ status, risk_management: { armed } }) => status === 'open' && armed,
    );
    const { current, risk_management } = position;
    const stop = risk_management.current_stop_loss ?? this.#missing('the position has no stop');
    return [`open, ${current.amount}, stop ${stop} armed, P&L ${current.unrealized_pnl} now`, position];
  }

  async #close(positionId: string): Promise<readonly [string, null]> {
    const params = { position_id: positionId };
    await this.#client.call('closePosition', { params, body: {}, waitSeconds: WAIT_SECONDS });
    const { exit } = await this.#until(
      'the position to be closed',
      this.#patience.orderMs,
      () => this.#read(positionId),
      ({ status }) => status === 'closed',
    );
    // What was opened is gone.
    this.#opened.order = null;
    return [`${exit?.amount} at ${exit?.price}, cause ${exit?.reason}`, null];
  }

  async #profit(positionId: string): Promise<readonly [string, Position]> {
    const position = await this.#read(positionId);
    const { exit, fills, fees } = position;
    if (exit === null) return this.#missing('a closed position without an exit');
    const expected = expectedProfit(fills, exit.dust, this.#task.symbol);
    const paid = Object.entries(fees.fees_by_asset).map(([asset, amount]) => `${amount} ${asset}`);
    const told = `${exit.realized_pnl} ${this.#quote} (${exit.realized_pnl_percent} %), fees ${paid.join(' + ') || 'none'}`;
    if (expected === null) return [`${told}; a fee has no value yet, so it is not reckoned anew`, position];
    if (!isSameAmount(expected, decimal(exit.realized_pnl))) {
      throw new SmokeFailure(`the API says ${exit.realized_pnl}, its fills make ${expected}`);
    }
    return [`${told}, as its fills make`, position];
  }

  /** Of a wallet that nobody else trades with, the difference is the profit; where dust stays, that and its cost. */
  async #balanceAfter(
    walletId: string,
    before: Decimal,
    { exit, fees }: Position,
  ): Promise<readonly [string, null]> {
    const [detail, after] = await this.#balance(walletId, 'after');
    const unchecked = (why: string) => [`${detail}; NOT CHECKED against the profit: ${why}`, null] as const;
    if (this.#task.venue !== 'demo') return unchecked('others may use the account');
    if (this.#task.walletId !== null) return unchecked('others may trade with the wallet');
    const inQuote = Object.keys(fees.fees_by_asset).every((asset) => asset === this.#quote);
    if (!inQuote || exit === null) return unchecked('fees were paid in other assets');
    const expected = before.plus(exit.realized_pnl).minus(exit.dust?.cost ?? '0');
    if (!isSameAmount(after, expected)) {
      throw new SmokeFailure(`${after} ${this.#quote} are free, ${before} and the profit make ${expected}`);
    }
    return [`${detail}: ${before} and the profit`, null];
  }

  async #statement(
    walletId: string,
    { created_at: since, fills }: Position,
  ): Promise<readonly [string, null]> {
    const traded = { walletId, isDemo: this.#task.venue === 'demo', since, trades: fills.length };
    const { statementMs, pollMs } = this.#patience;
    const told = await checkStatement(this.#client, traded, statementMs, { pollMs, stop: this.#stop });
    return [told, null];
  }

  #read(positionId: string): Promise<Position> {
    return this.#client.call('getPosition', { params: { position_id: positionId } });
  }

  #missing(what: string): never {
    throw new SmokeFailure(what);
  }

  #until<T>(
    what: string | ((last: T) => string),
    withinMs: number,
    read: () => Promise<T> | T,
    isSo: (value: T) => boolean,
  ): Promise<T> {
    return until(what, withinMs, read, isSo, { pollMs: this.#patience.pollMs, stop: this.#stop });
  }
}

/** A trader with a wallet on the Binance simulator, and what the exchange itself says about the account. */
import { randomUUID } from 'node:crypto';
import type { SystemOptions } from '../../infra/local/system.ts';
import { type Decimal, decimal } from '../../shared/domain/money/decimal.ts';
import type { OrderView } from '../../shared/usecases/views/order-view.ts';
import { SimulatorControl } from './simulator.ts';
import { startTestSystem, type TestSystem } from './system.ts';
import { type Answer, type Send, Trader } from './trader.ts';
import { until } from './until.ts';

export const PATIENCE_MS = 30_000;

export interface WalletAnswer {
  readonly wallet_id: string;
  readonly status: string;
  readonly environment: string;
  readonly account_uid: string | null;
  readonly key_hint: string | null;
  readonly problem: { readonly code: string } | null;
  readonly warnings: readonly string[];
}

interface Keys {
  readonly apiKey: string;
  readonly secret: string;
}

/** Keeps every answer, so that they can be searched for what must not be in them. */
class RecordingTrader extends Trader {
  readonly answers: string[] = [];

  override async send<T>(method: string, path: string, send: Send = {}): Promise<Answer<T>> {
    const answer = await super.send<T>(method, path, send);
    this.answers.push(JSON.stringify([...answer.headers, answer.body]));
    return answer;
  }
}

export class ExchangeTrader extends RecordingTrader {
  readonly system: TestSystem;
  readonly control: SimulatorControl;
  readonly uid: number;
  readonly keys: Keys;
  walletId = '';

  private constructor(
    system: TestSystem,
    control: SimulatorControl,
    account: Keys & { readonly uid: number },
  ) {
    super(system.running.api, system.running.token);
    this.system = system;
    this.control = control;
    this.uid = account.uid;
    this.keys = account;
  }

  /** A system with the simulator, trading rules read, BTC/USDT at 50,000, and a wallet whose keys were found good. */
  static async start(options: Pick<SystemOptions, 'simulatorArgs'> = {}): Promise<ExchangeTrader> {
    const system = await startTestSystem({ simulator: true, ...options });
    try {
      const { simulator } = system.running;
      const account = simulator?.accounts.find(({ keyType }) => keyType === 'hmac');
      if (simulator === null || account === undefined) throw new Error('no simulator, or no key of it');
      const trader = new ExchangeTrader(system, new SimulatorControl(simulator.controlUrl), account);
      const { wallet_id: walletId } = await trader.good<WalletAnswer>('POST', '/wallets', {
        key: randomUUID(),
        body: { type: 'binance', name: 'first', ...keysBody(account) },
      });
      trader.walletId = walletId;
      const { status } = await trader.checked(walletId);
      if (status !== 'active') throw new Error(`the wallet is ${status}`);
      await trader.market('50000');
      await until(
        'the trading rules',
        async () => (await trader.send('GET', `/symbols/BTC-USDT?wallet_id=${walletId}`)).status,
        (answer) => answer === 200,
        PATIENCE_MS,
      );
      await trader.listensToUserData();
      return trader;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  walletNow(walletId: string = this.walletId): Promise<WalletAnswer> {
    return this.good('GET', `/wallets/${walletId}`);
  }

  /** The wallet once its keys have been tried. */
  checked(walletId: string = this.walletId): Promise<WalletAnswer> {
    return until(
      'checked',
      () => this.walletNow(walletId),
      ({ status }) => status !== 'checking',
      PATIENCE_MS,
    );
  }

  /** Until then fills are found by asking only. */
  async listensToUserData(): Promise<void> {
    await until(
      'subscribed to user data',
      async () => {
        const health = await this.good<{ binance?: { user_data: { subscribed: number } } }>(
          'GET',
          '/health/services',
        );
        return health.binance?.user_data.subscribed ?? 0;
      },
      (subscribed) => subscribed > 0,
      PATIENCE_MS,
    );
  }

  /** The price of the system, and of the simulator once it has followed. */
  async market(price: string): Promise<void> {
    await this.system.trade('BTC/USDT', price);
    await until(
      `${price} at the simulator`,
      async () => {
        const url = `${this.system.running.simulator?.restUrl}/api/v3/ticker/price?symbol=BTCUSDT`;
        return ((await (await fetch(url)).json()) as { price?: string }).price ?? '0';
      },
      (shown) => decimal(shown).eq(price),
      PATIENCE_MS,
    );
  }

  /** What the account holds of an asset at the exchange, free and locked. */
  async held(asset: string): Promise<Decimal> {
    const balance = (await this.control.books(this.uid)).balances[asset];
    return balance === undefined ? decimal('0') : decimal(balance.free).plus(balance.locked);
  }

  /** How often the exchange was asked for an order's state. */
  async queries(): Promise<number> {
    return (await this.control.requests())['order.status']?.requests ?? 0;
  }

  /** The trades that the exchange has of an order, in the words of ours. */
  async tradesOf({ external_order_id: id }: OrderView): Promise<readonly TradeRow[]> {
    const { trades } = await this.control.books(this.uid);
    return trades
      .filter((trade) => String(trade['orderId']) === id)
      .map((trade) => ({
        trade_id: String(trade['id']),
        amount: decimal(String(trade['qty'])).toFixed(),
        price: decimal(String(trade['price'])).toFixed(),
        fee: decimal(String(trade['commission'])).toFixed(),
        fee_currency: String(trade['commissionAsset']),
      }))
      .sort(byId);
  }

  /** The fills that we have booked, in the same words. */
  async fillsOf(orderId: string): Promise<readonly TradeRow[]> {
    const { fills = [] } = await this.getOrder(orderId);
    return fills
      .map(({ trade_id, amount, price, fee, fee_currency }) => ({
        trade_id,
        amount,
        price,
        fee,
        fee_currency,
      }))
      .sort(byId);
  }
}

export interface TradeRow {
  readonly trade_id: string;
  readonly amount: string;
  readonly price: string;
  readonly fee: string;
  readonly fee_currency: string;
}

const byId = (a: TradeRow, b: TradeRow): number => (a.trade_id < b.trade_id ? -1 : 1);

export const keysBody = ({ apiKey, secret }: Keys) => ({ api_key: apiKey, secret_key: secret });

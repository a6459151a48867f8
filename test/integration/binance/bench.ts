/** A wallet at a simulator in this process, with accounts, prices and a budget that remembers. */
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../../infra/local/venues/binance/start.ts';
import { Decimal } from '../../../shared/domain/money/decimal.ts';
import { findSymbol, type SymbolSpec } from '../../../shared/domain/symbols.ts';
import type { OrderType, Side } from '../../../shared/domain/types.ts';
import type { Credentials } from '../../../shared/ports/keys.ts';
import type { ExchangeWallet, OrderSought, PlaceRequest } from '../../../shared/ports/venue.ts';
import { requireAnswer } from '../../../shared/venues/binance/outcomes.ts';
import { type BinanceWallets, createBinanceWallets } from '../../../shared/venues/binance/wallets.ts';
import { ACCOUNT_UID, aBinanceWallet } from '../../support/exchange-wallet.ts';
import { RecordingBudget } from '../../support/recording-budget.ts';

export const UID = ACCOUNT_UID;
export const OTHER_UID = 1002;

export interface Bench {
  readonly simulator: Simulator;
  readonly budget: RecordingBudget;
  readonly wallets: BinanceWallets;
  readonly wallet: ExchangeWallet;
  readonly logged: string[];
  readonly specs: ReadonlyMap<string, SymbolSpec>;
  /** A wallet of this bench with other keys. */
  withKeys(credentials: Credentials): Promise<ExchangeWallet>;
  request(change: Partial<PlaceRequest>): Promise<PlaceRequest>;
  sought(request: PlaceRequest, venueOrderId?: string | null): OrderSought;
  stop(): Promise<void>;
}

let count = 0;
const newId = (): string => {
  count += 1;
  return `mq${String(count).padStart(22, '0')}-1`;
};

/** `now`: the wallet's clock, where it is not the machine's; `walletId`: what it is called here. */
export async function startBench(
  options: SimulatorOptions = {},
  { now = Date.now, walletId = 'w1' }: { readonly now?: () => number; readonly walletId?: string } = {},
): Promise<Bench> {
  const balances = { USDT: '100000', BTC: '2', BNB: '0' };
  const simulator = await startSimulator({
    accounts: [
      { uid: UID, balances },
      { uid: OTHER_UID, balances },
    ],
    ...options,
  });
  simulator.exchange.feedPrice('BTCUSDT', { last: '50000.00' });
  const budget = new RecordingBudget();
  const logged: string[] = [];
  const tell = (code: string, fields?: unknown): void => {
    logged.push(`${code} ${JSON.stringify(fields ?? {})}`);
  };
  const key = simulator.createKey({ uid: UID });
  let credentials: Credentials = { keyType: 'hmac', apiKey: key.apiKey, secret: key.secret ?? '' };
  const specs = new Map<string, SymbolSpec>();
  const parts = {
    environment: 'binance_simulator',
    endpoints: { rest: simulator.restUrl },
    opener: { open: async () => credentials },
    budget,
    symbols: {
      find: async (_: unknown, text: string) => findSymbol(text, (name) => specs.get(name) ?? null),
    },
    clock: { now },
    log: { debug: tell, info: tell, warn: tell, error: tell },
    sleep: async () => undefined,
    ...(simulator.certificate === null ? {} : { http: { ca: simulator.certificate } }),
  } as const;
  const wallets = createBinanceWallets(parts);
  for (const spec of requireAnswer(await wallets.venue.market.exchangeInfo()).symbols)
    specs.set(spec.venueSymbol, spec);
  const wallet = await wallets.wallet({ ...aBinanceWallet(), walletId });
  let keyVersion = 1;
  return {
    simulator,
    budget,
    wallets,
    wallet,
    logged,
    specs,
    async withKeys(other) {
      credentials = other;
      keyVersion += 1;
      return wallets.wallet(aBinanceWallet({ keyVersion }));
    },
    async request(change) {
      return {
        clientId: newId(),
        symbol: 'BTC/USDT',
        side: 'buy' as Side,
        type: 'market' as OrderType,
        timeInForce: 'GTC',
        margin: null,
        quantity: new Decimal('0.01'),
        quoteQuantity: null,
        limitPrice: null,
        stopPrice: null,
        stopLimitPrice: null,
        trailingDelta: null,
        signedAt: await wallet.venueTime(),
        recvWindowMs: 2_000,
        rank: 'entry',
        trigger: null,
        ...change,
      };
    },
    sought: (request, venueOrderId = null) => ({
      symbol: request.symbol,
      clientId: request.clientId,
      venueOrderId,
      side: request.side,
      type: request.type,
      quantity: request.quantity,
      signedAt: request.signedAt,
      rank: 'query',
    }),
    async stop() {
      wallets.venue.close();
      await simulator.stop();
    },
  };
}

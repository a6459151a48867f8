/**
 * Wallets over fakes of the outside, the real sealing with a key file, and the API in front: while the API waits,
 * submit's queue is worked.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { limitOperations } from '../../functions/api/limits.ts';
import { ROUTES } from '../../functions/api/routes.ts';
import { translateError } from '../../functions/api/translate.ts';
import { walletKeyOperations } from '../../functions/api/wallet-keys.ts';
import { walletOperations } from '../../functions/api/wallets.ts';
import { createKeyCipher } from '../../shared/adapters/keys/cipher.ts';
import { createKeyFile } from '../../shared/adapters/keys/key-file.ts';
import { builtInDirectory } from '../../shared/adapters/symbols/built-in.ts';
import { ZERO } from '../../shared/domain/money/decimal.ts';
import { symbolRegistry } from '../../shared/domain/symbols.ts';
import type { Environment, ExchangeAccount, KeyProblem, Wallet } from '../../shared/domain/types.ts';
import { type HttpHandler, httpHandler } from '../../shared/http/handler.ts';
import { SCOPES } from '../../shared/http/scopes.ts';
import type { Credentials, KeyCipher } from '../../shared/ports/keys.ts';
import { KeyUnreadableError } from '../../shared/ports/keys.ts';
import type { Log, LogFields } from '../../shared/ports/runtime.ts';
import type { WalletStreamStatus } from '../../shared/ports/user-data.ts';
import {
  type Balance,
  type DemoVenueBook,
  type ExchangeWallet,
  type KeyCheck,
  type VenueFactory,
  VenueUnavailableError,
  type VenueWallet,
  WalletUnusableError,
} from '../../shared/ports/venue.ts';
import { makeChangeAccount } from '../../shared/usecases/change-account.ts';
import { makeCheckKeys, makeMarkKeyProblem } from '../../shared/usecases/check-keys.ts';
import { makeCreateWallet } from '../../shared/usecases/create-wallet.ts';
import { makeRedriveWallets } from '../../shared/usecases/redrive-wallets.ts';
import { NOTHING_STOPPED } from '../../shared/usecases/stop-wallet.ts';
import { makeReadWallets } from '../../shared/usecases/views/read-wallets.ts';
import { makeWalletCommands } from '../../shared/usecases/wallet-commands.ts';
import { MemoryPrices } from './fakes/memory-cache.ts';
import { MemoryLedger, MemoryWallets } from './fakes/memory-ledger.ts';
import { MemoryOutbox } from './fakes/memory-outbox.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came
  readonly body: any;
}

/** The exchange's side of the keys: which exist, whose they are, what they may do. */
export class FakeExchange implements VenueFactory {
  /** By API key. One that is missing is not known to the exchange. */
  readonly accounts = new Map<
    string,
    { uid: string; secret: string; problem?: KeyProblem; warnings?: string[] }
  >();
  held: readonly Balance[] = [];
  isDown = false;
  checks = 0;
  balanceReads = 0;
  /** Runs while a check is on its way. */
  meanwhile: (() => Promise<void>) | null = null;
  private readonly wallets: MemoryWallets;
  private readonly cipher: KeyCipher;

  constructor(wallets: MemoryWallets, cipher: KeyCipher) {
    this.wallets = wallets;
    this.cipher = cipher;
  }

  knows(keys: Credentials, uid: string, more: { problem?: KeyProblem; warnings?: string[] } = {}): void {
    this.accounts.set(keys.apiKey, { uid, secret: keys.secret, ...more });
  }

  async forKeyCheck(walletId: string): Promise<ExchangeWallet> {
    const keys = await this.open(walletId, true);
    const checkKey = (): Promise<KeyCheck> => this.check(keys);
    return { checkKey } as ExchangeWallet; // nothing else of it is called
  }

  async forWallet(walletId: string): Promise<VenueWallet> {
    await this.open(walletId, false);
    const balances = async (): Promise<readonly Balance[]> => {
      this.balanceReads += 1;
      if (this.isDown) throw new VenueUnavailableError('no route to the exchange');
      return this.held;
    };
    return { balances } as VenueWallet; // nothing else of it is called
  }

  async demoBook(): Promise<DemoVenueBook> {
    return { open: async () => undefined, work: async () => ({ live: false }) };
  }

  private async open(walletId: string, waiting: boolean): Promise<Credentials> {
    const wallet = await this.wallets.get(walletId);
    if (!wallet?.exchange) throw new Error(`no wallet ${walletId}`);
    const { exchange, userId } = wallet;
    const sealed = (waiting ? exchange.pendingKeys : null) ?? exchange;
    try {
      return await this.cipher.open(sealed.sealedKeys, { walletId, userId });
    } catch (error) {
      if (!(error instanceof KeyUnreadableError)) throw error;
      throw new WalletUnusableError(error.message);
    }
  }

  private async check(keys: Credentials): Promise<KeyCheck> {
    this.checks += 1;
    const meanwhile = this.meanwhile;
    this.meanwhile = null;
    await meanwhile?.();
    if (this.isDown) {
      const message = 'the exchange cannot be reached';
      return { ok: false, retry: true, problem: { code: 'venue_unreachable', message } };
    }
    const account = this.accounts.get(keys.apiKey);
    const refuse = (problem: KeyProblem): KeyCheck => ({ ok: false, retry: false, problem });
    if (account === undefined)
      return refuse({ code: 'key_rejected', message: 'the exchange does not know it' });
    if (account.secret !== keys.secret) return refuse({ code: 'bad_signature', message: 'not its secret' });
    if (account.problem !== undefined) return refuse(account.problem);
    return { ok: true, accountUid: account.uid, warnings: account.warnings ?? [] };
  }
}

type WalletRoute = Exclude<
  Extract<(typeof ROUTES)[number], { path: `/api/v1/wallets${string}` }>,
  { path: `${string}/reconcil${string}` }
>;
const ROUTES_OF_WALLETS = ROUTES.filter(
  (route): route is WalletRoute =>
    route.path.startsWith('/api/v1/wallets') && !route.path.includes('/reconcil'),
);

export class WalletWorld {
  now = Date.UTC(2026, 10, 22, 12);
  /** False: nobody works submit's queue while the API waits. */
  isWorked = true;
  /** Everything that was said anywhere: logs and answers. */
  readonly said: string[] = [];
  readonly logs: { readonly level: string; readonly code: string; readonly fields: LogFields }[] = [];
  readonly wallets = new MemoryWallets();
  readonly ledger = new MemoryLedger({ wallets: this.wallets });
  readonly prices = new MemoryPrices({ now: () => this.now });
  readonly outbox = new MemoryOutbox();
  /** What streamers say, by wallet; null = nobody can be asked. */
  streams: Map<string, WalletStreamStatus> | null = new Map();
  readonly exchange: FakeExchange;
  /** Wallets whose pauses have something to cancel or close. */
  readonly stopsAsked: string[] = [];
  readonly checkKeys: ReturnType<typeof makeCheckKeys>;
  readonly markKeyProblem: ReturnType<typeof makeMarkKeyProblem>;
  readonly redriveWallets: ReturnType<typeof makeRedriveWallets>;
  readonly commands: ReturnType<typeof makeWalletCommands>;
  readonly handler: HttpHandler;

  constructor(
    cipher: KeyCipher,
    served: readonly Environment[] = ['demo', 'binance_testnet'],
    /** Another exchange than the fake one. */
    venues?: (wallets: MemoryWallets, log: Log) => VenueFactory,
  ) {
    this.exchange = new FakeExchange(this.wallets, cipher);
    const tell =
      (level: string) =>
      (code: string, fields: LogFields = {}): void => {
        this.logs.push({ level, code, fields });
        this.said.push(JSON.stringify({ level, code, fields }));
      };
    const log: Log = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
    const ports = {
      wallets: this.wallets,
      ledger: this.ledger,
      prices: this.prices,
      symbols: builtInDirectory(symbolRegistry()),
      outbox: this.outbox,
      venues: venues?.(this.wallets, log) ?? this.exchange,
      served,
      clock: { now: (): number => this.now },
      ids: { token: () => randomUUID() },
      log,
      sleep: async (ms: number) => {
        this.now += ms;
        if (this.isWorked) await this.work();
      },
    };
    this.checkKeys = makeCheckKeys(ports);
    this.markKeyProblem = makeMarkKeyProblem(ports, makeChangeAccount(ports));
    this.redriveWallets = makeRedriveWallets(ports);
    // No orders are worked here: what a stop cancels and closes is tested over the whole system.
    this.commands = makeWalletCommands(ports, cipher, async (walletId) => {
      this.stopsAsked.push(walletId);
      return NOTHING_STOPPED;
    });
    const userData = {
      readWallet: async (environment: Environment, walletId: string) => {
        if (this.streams === null) throw new Error('the cache is away');
        return environment === 'binance_testnet' ? (this.streams.get(walletId) ?? null) : null;
      },
    };
    const deps = {
      commands: { createWallet: makeCreateWallet(ports), wallets: this.commands },
      reads: { wallets: makeReadWallets({ ...ports, userData }) },
      wallets: this.wallets,
      clock: ports.clock,
      sleep: ports.sleep,
    };
    this.handler = httpHandler({
      routes: ROUTES_OF_WALLETS,
      operations: { ...walletOperations(deps), ...walletKeyOperations(deps), ...limitOperations(deps) },
      log,
      clock: ports.clock,
      translate: translateError,
    });
  }

  /** Works submit's queue as it stands. */
  async work(): Promise<void> {
    for (const sent of this.outbox.take()) {
      if (sent.queue === 'submit' && 'walletId' in sent.message) await this.checkKeys(sent.message.walletId);
    }
  }

  /** Calls an operation as `alice`, unless told otherwise. */
  async call(
    method: string,
    path: string,
    call: { user?: string; body?: unknown; key?: string; prefer?: string } = {},
  ): Promise<Answer> {
    const [, , , , id, ...rest] = path.split('/');
    const pattern = ['/api/v1/wallets', ...(id === undefined ? [] : ['{wallet_id}']), ...rest].join('/');
    const response = await this.handler(
      {
        routeKey: `${method} ${pattern}`,
        rawPath: path,
        headers: {
          ...(call.key !== undefined && { 'Idempotency-Key': call.key }),
          ...(call.prefer !== undefined && { Prefer: call.prefer }),
        },
        ...(id !== undefined && { pathParameters: { wallet_id: id } }),
        isBase64Encoded: false,
        requestContext: {
          requestId: 'req-1',
          authorizer: { jwt: { claims: { sub: call.user ?? 'alice', scope: SCOPES.join(' ') } } },
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      },
      {} as Context,
    );
    this.said.push(response.body, JSON.stringify(response.headers));
    return { status: response.statusCode, headers: response.headers, body: JSON.parse(response.body) };
  }

  /** Connects an account that the exchange knows; answers the wallet's id. */
  async connect(keys: Credentials, uid: string, user = 'alice'): Promise<string> {
    this.exchange.knows(keys, uid);
    const made = await this.call('POST', WALLETS, { user, body: walletBody(keys) });
    if (made.status !== 201) throw new Error(`${made.status}: ${JSON.stringify(made.body)}`);
    return made.body.wallet_id;
  }

  wallet(walletId: string): Wallet {
    const wallet = this.wallets.items.get(walletId);
    if (wallet === undefined) throw new Error(`no wallet ${walletId}`);
    return wallet;
  }

  account(walletId: string): ExchangeAccount {
    const { exchange } = this.wallet(walletId);
    if (exchange === null) throw new Error(`${walletId} is at no exchange`);
    return exchange;
  }
}

export const WALLETS = '/api/v1/wallets';

export const keysBody = ({ keyType, apiKey, secret }: Credentials): Record<string, string> =>
  keyType === 'hmac' ? { api_key: apiKey, secret_key: secret } : { api_key: apiKey, private_key: secret };

export const walletBody = (keys: Credentials, more: object = {}): Record<string, unknown> => ({
  name: 'mine',
  type: 'binance',
  ...keysBody(keys),
  ...more,
});

export const balance = (asset: string, free: Balance['free'], locked = ZERO): Balance => ({
  asset,
  free,
  locked,
});

/** A key file of its own for one test file. */
export async function testCipher(): Promise<{ readonly cipher: KeyCipher; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'moniqo-wallets-'));
  const path = join(folder, 'key');
  await createKeyFile(path);
  return {
    cipher: createKeyCipher(`file:${path}`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

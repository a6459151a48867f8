/** A user-data source against a server of 127.0.0.1, and everything that it tells. */
import { createOpenConnection } from '../../../../../shared/adapters/ws/connection.ts';
import type { ConnectionSettings } from '../../../../../shared/adapters/ws/settings.ts';
import { symbolRegistry } from '../../../../../shared/domain/symbols.ts';
import type { ExecutionReport } from '../../../../../shared/domain/types.ts';
import { KeyUnreadableError } from '../../../../../shared/ports/keys.ts';
import type { BudgetAnswer, BudgetFacts } from '../../../../../shared/ports/rate-budget.ts';
import type { ForeignOrder, UserDataSource, UserDataWallet } from '../../../../../shared/ports/user-data.ts';
import type { UserDataSettings } from '../../../../../shared/venues/binance/user-data/parts.ts';
import { createUserDataSource } from '../../../../../shared/venues/binance/user-data/user-data-source.ts';
import { UserDataServer } from '../../../../support/user-data-server.ts';

export class SourceWorld {
  readonly server = new UserDataServer();
  readonly reports: ExecutionReport[] = [];
  readonly looks: string[] = [];
  readonly listsDone: string[] = [];
  readonly foreign: ForeignOrder[] = [];
  readonly gaps: string[] = [];
  readonly logged: { readonly code: string; readonly fields: unknown }[] = [];
  readonly corrections: BudgetFacts[] = [];
  readonly blocks: number[] = [];
  grant: () => BudgetAnswer = () => ({ granted: true, grantId: 'g' });
  find: (text: string) => Promise<ReturnType<ReturnType<typeof symbolRegistry>['find']>>;
  venueOffset = 0;
  keysAway = false;
  remeasured = 0;
  source: UserDataSource | null = null;

  constructor() {
    const registry = symbolRegistry();
    this.find = async (text) => registry.find(text);
  }

  async start(
    settings: Partial<UserDataSettings> = {},
    connection: Partial<ConnectionSettings> = {},
  ): Promise<UserDataSource> {
    await this.server.start();
    const tell = (code: string, fields: unknown = {}): void => void this.logged.push({ code, fields });
    const log = { debug: tell, info: tell, warn: tell, error: tell };
    const clock = { now: () => Date.now() };
    this.source = createUserDataSource({
      environment: 'binance_testnet',
      url: this.server.url,
      openConnection: createOpenConnection({
        clock,
        log,
        settings: { firstWaitMs: 10, longestWaitMs: 50, closeMs: 50, ...connection },
      }),
      keys: {
        open: async (sealed, { walletId }) => {
          if (this.keysAway) throw new Error('the key service is away');
          if (!sealed.endsWith(walletId)) throw new KeyUnreadableError('not of this wallet');
          return { keyType: 'hmac', apiKey: `key-${sealed}`, secret: `secret-${sealed}` };
        },
      },
      venueClock: {
        venueTime: async () => Date.now() + this.venueOffset,
        distrust: () => {
          this.remeasured += 1;
          this.venueOffset = 0;
        },
      },
      symbols: { find: async (_, text) => this.find(text) },
      budget: {
        ask: async () => this.grant(),
        correct: async (facts) => void this.corrections.push(facts),
        block: async ({ until }) => void this.blocks.push(until),
      },
      clock,
      log,
      handlers: {
        onListDone: (walletId, clientId) => void this.listsDone.push(`${walletId} ${clientId}`),
        onReport: (report) => void this.reports.push(report),
        onLook: (walletId, clientId, reason) => void this.looks.push(`${walletId} ${clientId} ${reason}`),
        onForeign: (order) => void this.foreign.push(order),
        onGap: (walletId, reason) => void this.gaps.push(`${walletId}: ${reason}`),
      },
      settings: {
        syncMs: 20,
        retryMs: 30,
        refusedRetryMs: 60,
        symbolRetryMs: 10,
        requestTimeoutMs: 400,
        ...settings,
      },
    });
    return this.source;
  }

  /** A wallet of the server's own knowledge. */
  wallet(nth: number, keyVersion = 1): UserDataWallet {
    const walletId = `w${nth}`;
    const sealedKeys = `v${keyVersion}-${walletId}`;
    this.server.secrets.set(`key-${sealedKeys}`, `secret-${sealedKeys}`);
    return { walletId, userId: 'u1', keyVersion, sealedKeys };
  }

  health(walletId: string) {
    return this.source?.health().wallets.find((wallet) => wallet.walletId === walletId) ?? null;
  }

  codes(): readonly string[] {
    return this.logged.map(({ code }) => code);
  }

  async stop(): Promise<void> {
    await this.source?.stop();
    await this.server.stop();
  }
}

export const apiKeyOf = (wallet: UserDataWallet): string => `key-${wallet.sealedKeys}`;

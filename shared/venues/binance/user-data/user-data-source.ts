/** All wallets of an environment, spread over as many connections as they need. */
import type { UserDataHealth, UserDataSource, UserDataWallet } from '../../../ports/user-data.ts';
import { messageOf, USER_DATA_DEFAULTS, type UserDataParts, type UserDataSettings } from './parts.ts';
import { UserDataConnection } from './user-data-connection.ts';
import type { KnownSymbols } from './wallet-stream.ts';

export type UserDataOptions = Omit<UserDataParts, 'settings'> & {
  readonly settings?: Partial<UserDataSettings>;
};

export function createUserDataSource(options: UserDataOptions): UserDataSource {
  const settings = { ...USER_DATA_DEFAULTS, ...options.settings };
  const parts: UserDataParts = { ...options, settings };
  const known: KnownSymbols = new Map();
  const connections = new Set<UserDataConnection>();
  /** Connections that lost their last wallet, on their way out. */
  const leaving = new Set<Promise<void>>();
  let made = 0;
  let stopped = false;

  const connectionOf = (walletId: string): UserDataConnection | null =>
    [...connections].find((connection) => connection.keyVersionOf(walletId) !== null) ?? null;

  const withRoom = (): UserDataConnection => {
    const found = [...connections].find(({ size }) => size < settings.walletsPerConnection);
    if (found !== undefined) return found;
    made += 1;
    const connection = new UserDataConnection(`user-data ${made}`, parts, known);
    connections.add(connection);
    return connection;
  };

  const tellFailure = (error: unknown): void => {
    parts.log.error('user_data_sync_failed', { error: messageOf(error) });
  };
  const sync = (): void => {
    for (const connection of connections) connection.sync().catch(tellFailure);
  };
  const timer = setInterval(sync, settings.syncMs);

  const leave = (connection: UserDataConnection): void => {
    connections.delete(connection);
    const gone: Promise<void> = connection
      .stop()
      .catch(tellFailure)
      .finally(() => leaving.delete(gone));
    leaving.add(gone);
  };

  const watch = (wallets: readonly UserDataWallet[]): void => {
    if (stopped) return;
    const wanted = new Map(wallets.map((wallet) => [wallet.walletId, wallet]));
    for (const connection of connections) {
      for (const walletId of connection.walletIds) {
        if (!wanted.has(walletId)) connection.remove(walletId);
      }
    }
    const fresh = new Set<UserDataConnection>();
    for (const wallet of wanted.values()) {
      const present = connectionOf(wallet.walletId);
      if (present?.keyVersionOf(wallet.walletId) === wallet.keyVersion) continue;
      // Other keys of the same account: only one subscription of it can be on a connection, so the old one goes first.
      present?.remove(wallet.walletId);
      const connection = present ?? withRoom();
      connection.add(wallet);
      fresh.add(connection);
    }
    for (const connection of connections) {
      if (connection.size === 0) leave(connection);
      else if (fresh.has(connection) && !started.has(connection)) {
        started.add(connection);
        connection.start();
      }
    }
    sync();
  };
  const started = new WeakSet<UserDataConnection>();

  return {
    watch,
    health: (): UserDataHealth => ({
      connections: [...connections].map((connection) => connection.stats()),
      wallets: [...connections].flatMap((connection) => connection.health()),
    }),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await Promise.all([...connections].map((connection) => connection.stop()));
      await Promise.all(leaving);
    },
  };
}

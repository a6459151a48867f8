/**
 * Machine clients of a user: registering one, changing its settings, revoking it (design section 17).
 *
 * Whoever issues its tokens (Cognito, the laptop's issuer) knows its secrets; here is only whom it acts for and how far.
 * A revoked client never comes back: its id stays taken, so that a token that is still out opens nothing for anybody.
 */
import { type ApiClient, type ClientLimits, type ClientScope, UNUSED } from '../domain/clients.ts';
import { ok, type Result } from '../domain/result.ts';
import { untilWritten } from './conflicts.ts';
import { canonicalHash } from './derive-ids.ts';
import type { Ports } from './ports.ts';
import { notFound, type Refusal, refuse } from './refusal.ts';

type Needs = Pick<Ports, 'clients' | 'wallets' | 'symbols' | 'served' | 'clock' | 'ids' | 'sleep' | 'log'>;

export interface ClientSettings {
  readonly name: string;
  readonly scopes: readonly ClientScope[];
  /** Symbols in any known format. */
  readonly limits: ClientLimits;
}

export interface RegisterClientCommand extends ClientSettings {
  readonly userId: string;
  readonly clientId: string;
}

export interface ClientCommand {
  readonly userId: string;
  readonly clientId: string;
}

/** What is named is set; the rest stays. */
export interface ChangeClientCommand extends ClientCommand {
  readonly name?: string;
  readonly scopes?: readonly ClientScope[];
  readonly limits?: Partial<ClientLimits>;
}

export interface ClientRegistered {
  readonly client: ApiClient;
  /** True when it had been registered with these very settings before. */
  readonly repeated: boolean;
}

export type ClientCommands = ReturnType<typeof makeClientCommands>;

const settingsHash = ({ name, scopes, limits }: ClientSettings): string =>
  canonicalHash({ name, scopes, limits });

export function makeClientCommands(ports: Needs) {
  const { clients, wallets, clock, log } = ports;

  const own = async ({ userId, clientId }: ClientCommand): Promise<ApiClient | null> => {
    const client = await clients.get(clientId);
    return client?.userId === userId ? client : null;
  };

  async function canonicalSymbol(text: string): Promise<string | null> {
    for (const environment of ports.served) {
      const spec = await ports.symbols.find(environment, text);
      if (spec !== null) return spec.symbol;
    }
    return null;
  }

  /** Wallets of its user, and symbols by their canonical names, each once. */
  async function named<L extends Partial<ClientLimits>>(
    userId: string,
    limits: L,
  ): Promise<Result<L, Refusal>> {
    for (const walletId of limits.allowedWallets ?? []) {
      const wallet = await wallets.get(walletId);
      if (wallet?.userId !== userId) return notFound('wallet', 'allowed_wallets');
    }
    if (limits.allowedSymbols == null) return ok(limits);
    const symbols = new Set<string>();
    for (const text of limits.allowedSymbols) {
      const symbol = await canonicalSymbol(text);
      if (symbol === null) {
        const message = `${text.slice(0, 40)} is not a symbol that is traded here`;
        return refuse('unknown_symbol', 'allowed_symbols', message, 'GET /api/v1/symbols lists them');
      }
      symbols.add(symbol);
    }
    return ok({ ...limits, allowedSymbols: [...symbols].sort() });
  }

  async function register(command: RegisterClientCommand): Promise<Result<ClientRegistered, Refusal>> {
    const { userId, clientId, name, scopes } = command;
    const limits = await named(userId, command.limits);
    if (!limits.ok) return limits;
    const now = clock.now();
    const asked: ApiClient = {
      ...{ ...UNUSED, clientId, version: 0, userId, name, scopes, limits: limits.value },
      ...{ createdAt: now, updatedAt: now, revokedAt: null },
    };
    if (await clients.create(asked)) {
      log.info('CLIENT_REGISTERED', { clientId, scopes: scopes.join(' ') });
      return ok({ client: { ...asked, version: 1 }, repeated: false });
    }
    const there = await own(command);
    const isSame = there?.revokedAt === null && settingsHash(there) === settingsHash(asked);
    if (there !== null && isSame) return ok({ client: there, repeated: true });
    const message = 'a client of this id is registered already';
    return refuse('client_exists', 'client_id', message, 'change it with PATCH, or register another client');
  }

  /** Writes what `to` makes of it; null = it stays as it is. */
  const changed = (
    command: ClientCommand,
    to: (client: ApiClient) => Result<ApiClient | null, Refusal>,
  ): Promise<Result<ApiClient, Refusal>> =>
    untilWritten(ports, `client ${command.clientId}`, async () => {
      const before = await own(command);
      if (before === null) return notFound('client', 'client_id');
      const wanted = to(before);
      if (!wanted.ok) return wanted;
      if (wanted.value === null) return ok(before);
      const after = { ...wanted.value, updatedAt: clock.now() };
      if (!(await clients.update({ before, after }))) return 'conflict';
      return ok({ ...after, version: before.version + 1 });
    });

  async function change(command: ChangeClientCommand): Promise<Result<ApiClient, Refusal>> {
    const limits = await named(command.userId, command.limits ?? {});
    if (!limits.ok) return limits;
    const done = await changed(command, (client) => {
      if (client.revokedAt !== null) {
        const message = 'the client was revoked';
        return refuse('client_revoked', 'client_id', message, 'register another client');
      }
      const wanted = {
        ...client,
        name: command.name ?? client.name,
        scopes: command.scopes ?? client.scopes,
        limits: { ...client.limits, ...limits.value },
      };
      return ok(settingsHash(wanted) === settingsHash(client) ? null : wanted);
    });
    if (done.ok) log.info('CLIENT_CHANGED', { clientId: command.clientId, version: done.value.version });
    return done;
  }

  async function revoke(command: ClientCommand): Promise<Result<ApiClient, Refusal>> {
    const done = await changed(command, (client) =>
      ok(client.revokedAt === null ? { ...client, revokedAt: clock.now() } : null),
    );
    if (done.ok) log.info('CLIENT_REVOKED', { clientId: command.clientId });
    return done;
  }

  return { own, register, change, revoke, list: clients.ofUser.bind(clients) };
}

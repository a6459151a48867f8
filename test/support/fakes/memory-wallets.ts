import type { Environment, Wallet } from '../../../shared/domain/types.ts';
import { hasUsableKeys, isDeleted, nextDueCheck } from '../../../shared/domain/wallets.ts';
import type {
  BalanceSnapshot,
  DueCheck,
  Page,
  WalletChange,
  WalletStore,
} from '../../../shared/ports/ledger.ts';

/** Holds what the real wallet store holds, with the same conflicts. */
export class MemoryWallets implements WalletStore {
  readonly items = new Map<string, Wallet>();
  readonly claims = new Map<string, string>();
  readonly snapshots = new Map<string, BalanceSnapshot>();
  private readonly moved = new Map<string, number>();

  async create(wallet: Wallet): Promise<boolean> {
    if (this.items.has(wallet.walletId)) return false;
    this.items.set(wallet.walletId, { ...wallet, version: 1 });
    return true;
  }

  async get(walletId: string): Promise<Wallet | null> {
    return this.items.get(walletId) ?? null;
  }

  async ofUser(userId: string, query: { limit: number; cursor: string | null }): Promise<Page<Wallet>> {
    const own = [...this.items.values()].filter((w) => w.userId === userId && !isDeleted(w));
    const from = query.cursor === null ? 0 : Number.parseInt(query.cursor, 10);
    const to = from + query.limit;
    return { items: own.slice(from, to), cursor: to < own.length ? String(to) : null };
  }

  async update({ before, after }: WalletChange): Promise<boolean> {
    if (this.items.get(after.walletId)?.version !== before.version) return false;
    this.items.set(after.walletId, { ...after, version: before.version + 1 });
    this.moved.delete(after.walletId);
    const account = claimKey(after);
    if (isDeleted(after) && account !== null && this.claims.get(account) === after.walletId) {
      this.claims.delete(account);
    }
    return true;
  }

  async claimAccount(change: WalletChange): Promise<'done' | 'conflict' | 'taken'> {
    const account = claimKey(change.after);
    if (account === null) throw new Error('an account is claimed without naming it');
    const owner = this.claims.get(account);
    if (owner !== undefined && owner !== change.after.walletId) return 'taken';
    if (!(await this.update(change))) return 'conflict';
    this.claims.set(account, change.after.walletId);
    return 'done';
  }

  async exchangeWallets(environment: Environment): Promise<readonly Wallet[]> {
    return [...this.items.values()].filter(
      (w) => w.environment === environment && w.exchange !== null && hasUsableKeys(w.exchange),
    );
  }

  async refusedWallets(environment: Environment): Promise<number> {
    return [...this.items.values()].filter(
      (w) => w.environment === environment && w.exchange?.status === 'refused',
    ).length;
  }

  async dueChecks(now: number, limit: number): Promise<readonly DueCheck[]> {
    return [...this.items.values()]
      .flatMap(({ walletId, exchange }) => {
        const dueAt = exchange === null ? null : nextDueCheck(exchange);
        return dueAt === null ? [] : [{ walletId, dueAt: this.moved.get(walletId) ?? dueAt }];
      })
      .filter((check) => check.dueAt <= now)
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit);
  }

  async moveCheck(check: DueCheck, to: number): Promise<boolean> {
    const isDue = (await this.dueChecks(Number.MAX_SAFE_INTEGER, this.items.size)).some(
      ({ walletId, dueAt }) => walletId === check.walletId && dueAt === check.dueAt,
    );
    if (isDue) this.moved.set(check.walletId, to);
    return isDue;
  }

  async balances(walletId: string): Promise<BalanceSnapshot | null> {
    return this.snapshots.get(walletId) ?? null;
  }

  async saveBalances(walletId: string, snapshot: BalanceSnapshot): Promise<void> {
    const known = this.snapshots.get(walletId);
    if (known === undefined || known.asOf < snapshot.asOf) this.snapshots.set(walletId, snapshot);
  }
}

const claimKey = ({ environment, exchange }: Wallet): string | null =>
  exchange === null || exchange.accountUid === null ? null : `${environment}#${exchange.accountUid}`;

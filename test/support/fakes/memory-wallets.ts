/** The wallet store in memory, held to the real one by test/contracts/wallets.ts. */
import type { Environment, Wallet } from '../../../shared/domain/types.ts';
import { hasUsableKeys, isDeleted, nextDueWallet } from '../../../shared/domain/wallets.ts';
import type {
  BalanceSnapshot,
  DueWallet,
  Page,
  WalletChange,
  WalletStore,
} from '../../../shared/ports/ledger.ts';
import { frozen } from './frozen.ts';
import { type IndexLag, Lagging } from './lagging.ts';
import { pageOf } from './page.ts';

/** Holds what the real wallet store holds, with the same conflicts. Lists and indexes may lag behind the writes. */
export class MemoryWallets implements WalletStore {
  readonly items = new Map<string, Wallet>();
  readonly claims = new Map<string, string>();
  readonly snapshots = new Map<string, BalanceSnapshot>();
  private readonly index: Lagging<Wallet>;
  /** Checks that were moved on, by the wallet as it stood then. */
  private readonly moved = new WeakMap<Wallet, number>();

  constructor({ lag }: { readonly lag?: IndexLag } = {}) {
    this.index = new Lagging(this.items, lag ?? null);
  }

  async create(wallet: Wallet): Promise<boolean> {
    if (this.items.has(wallet.walletId)) return false;
    this.put({ ...wallet, version: 1 });
    return true;
  }

  async get(walletId: string): Promise<Wallet | null> {
    return this.items.get(walletId) ?? null;
  }

  async ofUser(userId: string, query: { limit: number; cursor: string | null }): Promise<Page<Wallet>> {
    const own = this.index.read().filter((w) => w.userId === userId && !isDeleted(w));
    return pageOf(`wallets/by_user/${userId}`, own, (wallet) => wallet.walletId, query);
  }

  async update(change: WalletChange): Promise<boolean> {
    return this.write(change);
  }

  async claimAccount(change: WalletChange): Promise<'done' | 'conflict' | 'taken'> {
    const account = claimKey(change.after);
    if (account === null)
      throw new Error(`wallet ${change.after.walletId} claims an account without naming it`);
    const owner = this.claims.get(account);
    if (owner !== undefined && owner !== change.after.walletId) return 'taken';
    if (!this.write(change)) return 'conflict';
    this.claims.set(account, change.after.walletId);
    return 'done';
  }

  async exchangeWallets(environment: Environment): Promise<readonly Wallet[]> {
    return this.index
      .read()
      .filter((w) => w.environment === environment && w.exchange !== null && hasUsableKeys(w.exchange))
      .sort((a, b) => (a.walletId < b.walletId ? -1 : 1));
  }

  async refusedWallets(environment: Environment): Promise<number> {
    return this.index.read().filter((w) => w.environment === environment && w.exchange?.status === 'refused')
      .length;
  }

  async dueWallets(now: number, limit: number): Promise<readonly DueWallet[]> {
    return this.index
      .read()
      .flatMap((wallet) => {
        const dueAt = this.checkDue(wallet);
        return dueAt === null || dueAt > now ? [] : [{ walletId: wallet.walletId, dueAt }];
      })
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit);
  }

  /** Leaves the version alone: whoever read the wallet before may still write it. */
  async moveWallet({ walletId, dueAt }: DueWallet, to: number): Promise<boolean> {
    const wallet = this.items.get(walletId);
    if (wallet === undefined || this.checkDue(wallet) !== dueAt) return false;
    const again = { ...wallet };
    this.put(again);
    this.moved.set(again, to);
    return true;
  }

  async balances(walletId: string): Promise<BalanceSnapshot | null> {
    return this.snapshots.get(walletId) ?? null;
  }

  async saveBalances(walletId: string, snapshot: BalanceSnapshot): Promise<void> {
    const known = this.snapshots.get(walletId);
    if (known !== undefined && known.asOf >= snapshot.asOf) return;
    this.snapshots.set(walletId, frozen({ ...snapshot }));
  }

  private write({ before, after }: WalletChange): boolean {
    if (before.walletId !== after.walletId) {
      throw new Error(`a change from ${before.walletId} to ${after.walletId} is not one wallet's`);
    }
    if (this.items.get(after.walletId)?.version !== before.version) return false;
    this.put({ ...after, version: before.version + 1 });
    const account = claimKey(after);
    if (isDeleted(after) && account !== null && this.claims.get(account) === after.walletId) {
      this.claims.delete(account);
    }
    return true;
  }

  private put(wallet: Wallet): void {
    this.index.writing(wallet.walletId);
    this.items.set(wallet.walletId, frozen(wallet));
  }

  private checkDue(wallet: Wallet): number | null {
    const dueAt = nextDueWallet(wallet);
    return dueAt === null ? null : (this.moved.get(wallet) ?? dueAt);
  }
}

const claimKey = ({ environment, exchange }: Wallet): string | null =>
  exchange === null || exchange.accountUid === null ? null : `${environment}#${exchange.accountUid}`;
